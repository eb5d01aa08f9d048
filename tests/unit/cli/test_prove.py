"""prove: exit codes, what is printed, and commands that show what was found."""

import json
import shlex
from pathlib import Path

import pytest

from cctoolkit.__main__ import run

NORTHWIND = "northwind-hotline"
TEXT = """\
project: {id: northwind-hotline, title: Line, client: Northwind, language: ru, time_zone: Europe/Moscow}

numbers:
  - {number: "8 (800) 100-20-30", class: toll-free, entry: opening-hours}

calendars:
  office:
    hours:
      mon-fri: ["09:00-18:00"]
    dates:
      - {date: "2026-12-31", hours: ["09:00-15:00"]}
      - {date: "2027-01-01"}

flow:
  opening-hours:
    type: hours
    calendar: office
    next: {open: subject, closed: night}

  subject:
    type: menu
    prompts: [vm-press]
    keys: {"1": orders}
    attempts: 2
    next: {timeout: orders, invalid: goodbye}

  orders:
    type: queue
    queue: orders
    wait: 3m
    next: {timeout: goodbye}

  night:
    type: play
    prompts: [ss-noservice]
    next: {done: goodbye}

  goodbye:
    type: hangup

queues:
  orders: {}

agents:
  - {agent: ivanova, certified: "2026-10-12"}
"""
SILENT = TEXT.replace("timeout: orders, invalid: goodbye", "timeout: subject, invalid: goodbye")
AGAIN = """\
  again:
    type: menu
    prompts: [vm-press]
    keys: {"1": orders}
    next: {timeout: again, invalid: goodbye}

"""
SINCE = ["--since", "2026-11-22 12:00"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch):
    """An empty folder with projects/, and the command run in it."""
    (tmp_path / "projects" / NORTHWIND).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "projects" / NORTHWIND / "project.yaml"


def commands(text: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("    cctoolkit trace")]


def test_proved(place, capsys):
    """A flow that loses nobody is proved: what was walked, the longest call, exit code 0."""
    place.write_text(TEXT, encoding="utf-8")
    assert run(["prove", *SINCE]) == 0
    text = capsys.readouterr().out
    assert "1 number, 6 classes of time from 2026-11-22 to 2027-12-24, 26 walks" in text
    assert "longest: 0:03:10 of waiting" in text
    assert text.endswith("proved: every call comes to an end\n")
    (longest,) = commands(text)
    assert run(longest) == 0
    assert "queue-timeout" in capsys.readouterr().out


def test_a_finding_is_shown(place, capsys):
    """A finding is exit code 2, stands at its line, and its command goes round for ever as it says."""
    place.write_text(SILENT, encoding="utf-8")
    assert run(["prove", NORTHWIND, *SINCE]) == 2
    text = capsys.readouterr().out
    line = SILENT.split("  subject:")[0].count("\n") + 1
    assert f"endless-loop: the call goes round without a choice of the caller: subject -> subject  (projects/{NORTHWIND}/project.yaml:{line})" in text  # fmt: skip
    assert "call: +78001002030 at Mon 2026-11-23 09:00; keys -,-,-,-\n" in text
    assert "path: opening-hours open -> subject timeout -> subject timeout" in text
    assert text.endswith("  1 finding\n")
    assert run(commands(text)[-1]) == 3
    assert "goes round for ever: subject -> subject" in capsys.readouterr().err


def test_mistakes_are_written_out(place, capsys):
    """A call that needs keys, some of them silent, is a command the shell takes as it is."""
    nested = TEXT.replace("timeout: orders, invalid: goodbye", "timeout: more, invalid: goodbye").replace(
        "  orders:\n    type: queue", "  more:\n    type: menu\n    prompts: [vm-press]\n    keys: {\"*\": orders}\n"
        "    next: {timeout: goodbye, invalid: more}\n\n  orders:\n    type: queue", 1)  # fmt: skip
    place.write_text(nested, encoding="utf-8")
    assert run(["prove", NORTHWIND, *SINCE]) == 2
    found = commands(capsys.readouterr().out)[-1]
    assert "--keys=-,-,9,9,9,9,9,9" in found
    assert run(found) == 0
    assert capsys.readouterr().out.count("more ") == 3


def test_override_and_limit(place, capsys):
    """What needs an override says so, and a limit that is too short is a finding."""
    place.write_text(TEXT.replace("next: {timeout: goodbye}", "next: {timeout: again}").replace(
        "  night:", "  again:\n    type: hours\n    calendar: shut\n    next: {open: orders, closed: goodbye}\n\n  night:"
    ).replace("flow:", "  shut:\n    hours: {}\n\nflow:", 1), encoding="utf-8")  # fmt: skip
    assert run(["prove", NORTHWIND, "--limit", "1m", *SINCE]) == 2
    text = capsys.readouterr().out
    assert "; override open" in text
    assert "too-long: a caller can be kept for 0:03:10, the limit is 0:01:00" in text
    assert "note: again never leaves by open: shut is never so" in text
    assert text.index("endless-loop") < text.index("too-long")


def test_official_days(place, capsys):
    """A call on an official day says which; a year whose moves nobody knows is noted, and one without is not."""
    # On holidays alone, who presses no key goes round.
    rings = TEXT.replace("closed: night}", "closed: night, holiday: again}").replace("  night:", AGAIN + "  night:")
    place.write_text(rings.replace("    dates:", "    holidays: RU\n    dates:"), encoding="utf-8")
    assert run(["prove", NORTHWIND, "--since", "2027-03-01 12:00"]) == 2
    text = capsys.readouterr().out
    assert "; office is holiday: Международный женский день; keys -" in text
    assert 'note: official days: calendar "office": which days RU moves after 2027 is not known' in text
    assert run(["prove", NORTHWIND, *SINCE]) == 2
    assert "not known" not in capsys.readouterr().out


def test_emergency(place, capsys):
    """What fails in an emergency alone is found, and the command shows it."""
    rings = TEXT.replace("closed: night}", "closed: night, override: again}").replace("  night:", AGAIN + "  night:")
    place.write_text(rings, encoding="utf-8")
    assert run(["prove", NORTHWIND, *SINCE]) == 2
    text = capsys.readouterr().out
    assert "; override emergency" in text
    assert "reached by no call" not in text
    found = commands(text)[-1]
    assert found[-2:] == ["--override", "emergency"]
    assert run(found) == 3
    assert "goes round for ever" in capsys.readouterr().err


def test_json(place, capsys):
    """Machines read the same, one entry a project, each call with its keys, path and command."""
    place.write_text(SILENT, encoding="utf-8")
    assert run(["prove", NORTHWIND, "--format", "json", *SINCE]) == 2
    (one,) = json.loads(capsys.readouterr().out)
    (finding,) = one["findings"]
    assert (one["project"], one["classes"], one["longest_seconds"]) == (NORTHWIND, 6, 190)
    assert (finding["kind"], finding["steps"], finding["classes"]) == ("endless-loop", ["subject"], 2)
    assert finding["call"]["path"][-1] == ["subject", "timeout"]
    assert finding["call"]["trace"].startswith(f"cctoolkit trace {NORTHWIND} --to +78001002030 --at")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (TEXT.replace("open: subject", "open: subjekt"), [], 'did you mean "subject"?'),
        (TEXT, ["--limit", "soon"], "'soon' is no duration"),
        (TEXT, ["--limit", "1h", "--against", "."], "not held against a limit"),
        (TEXT, ["--since", "soon"], "'soon' is no time"),
        (TEXT, ["southwind"], "there is no project 'southwind'"),
    ],
)
def test_wrong(place, capsys, text, options, said):
    """A spec that does not validate, and wrong usage, are exit code 3: nothing was proved."""
    place.write_text(text, encoding="utf-8")
    assert run(["prove", *options]) == 3
    assert said in capsys.readouterr().err


def test_nothing_to_prove(place, capsys):
    """No project at all is wrong usage, not a success."""
    place.parent.rmdir()
    assert run(["prove"]) == 3
    assert "there is no project here" in capsys.readouterr().err
