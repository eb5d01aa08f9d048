"""A defect planted in a spec is found, and the command printed with it places the call that shows it."""

import shlex
from pathlib import Path

import pytest

from cctoolkit.__main__ import run

SPEC = """\
project: {{id: planted, title: Line, client: C, language: en, time_zone: Europe/Warsaw, stage: live}}
numbers:
  - {{number: "+48 22 123 45 60", country: PL, entry: asked}}
  - {{number: "+48 22 123 45 61", country: PL, entry: sales}}
trunks: {{pbx: {{address: 10.0.0.1}}}}
calendars:
  office: {{hours: {{mon-fri: ["09:00-18:00"]}}, dates: [{{date: "2026-12-24"}}]}}
flow:
  asked: {{type: hours, calendar: office, next: {{open: subject, closed: {closed}, holiday: {holiday}}}}}
  subject: {{type: menu, prompts: [a], keys: {{"1": sales, "2": {two}, "*": asked}}, next: {{timeout: sales, invalid: end}}}}
  sales: {{type: queue, queue: sales, next: {{timeout: end, no_agents: {nobody}}}}}
  boss: {{type: transfer, trunk: pbx, number: "{number}", outside: {outside}, next: {{busy: end}}}}
  wrong: {{type: menu, prompts: [a], keys: {{"1": {wrong}}}, next: {{timeout: {wrong}, invalid: {wrong}}}}}
  end: {{type: hangup}}
queues: {{sales: {{title: Sales}}}}
agents: [{{agent: anna, certified: "{certified}"}}]
"""
SOUND = {
    "closed": "wrong", "holiday": "end", "two": "boss", "nobody": "end", "number": "1000", "outside": "false",
    "wrong": "end", "certified": "2026-01-01",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch):
    """An empty folder with projects/, and the command run in it."""
    (tmp_path / "projects" / "planted").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "projects" / "planted" / "project.yaml"


def prove(place: Path, capsys, **planted: str) -> tuple[int, str]:
    place.write_text(SPEC.format(**{**SOUND, **planted}), encoding="utf-8")
    code = run(["prove", "planted", "--since", "2026-11-22 12:00"])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_sound(place, capsys):
    """Without a defect the flow is proved: a caller who comes back by a key does as they like."""
    code, text = prove(place, capsys)
    assert (code, text.splitlines()[-1]) == (0, "  proved: every call comes to an end")


@pytest.mark.parametrize(
    ("planted", "found", "call", "code", "told"),
    [
        ({"wrong": "wrong"}, "dead-end: whatever happens, the call goes round: wrong -> wrong",
         "+48221234560 at Sun 2026-11-22 12:00", 3, "goes round for ever: wrong -> wrong"),
        ({"nobody": "sales"}, "endless-loop: the call goes round without a choice of the caller: sales -> sales",
         "+48221234561 at Sun 2026-11-22 12:00", 3, "goes round for ever: sales -> sales"),
        ({"holiday": "sales", "nobody": "asked"}, "endless-loop: the call goes round without a choice of the caller: asked -> sales -> asked",
         "+48221234560 at Thu 2026-12-24 00:00", 3, "goes round for ever: asked -> sales -> asked"),
        ({"number": "+48501502503"}, "toll-path: boss calls +48501502503, and the spec does not say that this is meant",
         "+48221234560 at Mon 2026-11-23 09:00; keys 2", 0, "ends: transferred"),
        ({"holiday": "boss", "number": "501502503"}, "toll-path: boss calls 501502503",
         "keys 2", 0, "ends: transferred"),
        ({"certified": "2026-12-01"}, "no-agent: sales waits in the queue Sales, for which nobody is certified before 2026-12-01",
         "+48221234561 at Sun 2026-11-22 12:00", 0, "ends: abandoned"),
    ],
)  # fmt: skip
def test_planted(place, capsys, planted, found, call, code, told):
    """The finding has a call, and `trace` of exactly that call ends as it says."""
    status, text = prove(place, capsys, **planted)
    assert status == 2
    assert f"  {found}" in text
    lines = text[text.index(f"  {found}") :].splitlines()
    assert call in lines[1]
    assert run(shlex.split(lines[3])[1:]) == code
    shown = capsys.readouterr()
    assert told in shown.out + shown.err


@pytest.mark.parametrize("planted", [{"number": "+48501502503", "outside": "true"}, {"number": "200001"}])
def test_meant(place, capsys, planted):
    """A number that is meant to be outside, and an extension, are no toll path."""
    assert prove(place, capsys, **planted)[0] == 0


def test_another_node_is_not_outside(place, capsys):
    """A number called at another node of the site costs nothing, and may be the line itself."""
    spec = SPEC.format(**SOUND | {"number": "+48221234560"})
    place.write_text(spec.replace("{address: 10.0.0.1}", "{node: n2}"), encoding="utf-8")
    assert run(["prove", "planted"]) == 0


def test_nobody_ever(place, capsys):
    """An agent who is not certified is nobody; a queue no call reaches needs nobody."""
    place.write_text(SPEC.format(**SOUND).replace(', certified: "2026-01-01"', ""), encoding="utf-8")
    assert run(["prove", "planted"]) == 2
    assert "for which nobody is certified  (" in capsys.readouterr().out


def test_a_draft_may_be_without_people(place, capsys):
    """While a project is a draft, that nobody is certified yet is a note."""
    text = SPEC.format(**SOUND).replace(', certified: "2026-01-01"', "").replace("stage: live", "stage: draft")
    place.write_text(text, encoding="utf-8")
    assert run(["prove", "planted"]) == 0
    assert "note: sales waits in the queue Sales, for which nobody is certified yet" in capsys.readouterr().out
