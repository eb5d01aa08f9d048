"""The picture has every step and every way out, in the project's language, and both of its texts are well-formed."""

import re
import shutil
import string
import subprocess
from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cctoolkit.flow.draw import picture
from cctoolkit.flow.draw_dot import dot
from cctoolkit.flow.draw_hours import dates_said, week_said
from cctoolkit.flow.draw_mermaid import mermaid
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.simulate import Call, simulate
from cctoolkit.flow.words import TABLES, FlowWords
from cctoolkit.model.calendar import Calendar, Shortened, SpecialDate
from cctoolkit.model.holidays import HolidayCountry
from cctoolkit.model.project import Project
from cctoolkit.model.steps import step_types
from tests.unit.flow.flows import project, steps

HOURS = {"type": "hours", "calendar": "office", "next": {"open": "menu", "closed": "end"}}
MENU = {
    "type": "menu",
    "prompts": ["a"],
    "keys": {"1": "queue", "3": "queue", "*": "end"},
    "next": {"timeout": "queue", "invalid": "end"},
}
QUEUE = {"type": "queue", "queue": "q", "wait": "90s", "keys": {"0": "end"}, "next": {"timeout": "end"}}
END = {"type": "hangup"}
FLOW = {"hours": HOURS, "menu": MENU, "queue": QUEUE, "end": END}
NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Warsaw"))


def spoken(flow: dict, language: str = "en", title: str = "Title", queue: str | None = "Sales") -> Project:
    one = project(flow)
    queues = {"q": replace(one.queues["q"], title=queue)}
    return replace(one, project=replace(one.project, language=language, title=title), queues=queues)


def drawn(one: Project, call: Call | None = None):
    graph = compile_flow(one)
    return picture(one, graph, simulate(graph, call) if call else None)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ru", ["нажать 1, 3", "ничего не нажато", "открыто: пн–пт 09:00–18:00", "в ожидании нажать 0", "Очередь «Sales»", "ждать не дольше 1 мин 30 с"]),
        ("pl", ["wybór 1, 3", "brak wyboru", "otwarte: pon.–pt. 09:00–18:00", "nikt nie odebrał", "Kolejka „Sales”", "czekanie do 1 min 30 s"]),
        ("en", ["press 1, 3", "no key", "open: Mon–Fri 09:00–18:00", "nobody answered", "Queue “Sales”", "waiting at most 1 min 30 s"]),
    ],
)  # fmt: skip
def test_words(language, words):
    """Keys, hours, silence, queues by their title and waits are said in the project's language, in each format."""
    shown = drawn(spoken(FLOW, language))
    said = " / ".join(line for part in (*shown.boxes, *shown.ways) for line in part.lines).replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert [word for word in words if word not in said] == []
    assert shown.boxes[0].name == "+48 22 123 45 60"


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_every_way_is_drawn(data):
    """From each step a line, or a line in its box, leads to each of its targets, once; every reason is said."""
    names = [f"s{n}" for n in range(data.draw(st.integers(1, 12)))]
    one = spoken({name: data.draw(steps(names)) for name in names})
    shown, graph = drawn(one), compile_flow(one)
    written = [way for box in shown.boxes for way in box.written]
    pairs = [(way.source, way.target) for way in (*shown.ways, *written) if way.source in graph.vertices]
    assert sorted(pairs) == sorted({(v.name, e.target) for v in graph.vertices.values() for e in v.edges})
    assert {box.id for box in shown.boxes} >= set(graph.vertices)
    assert {box.id for box in shown.boxes if not box.reached} == set(graph.vertices) - graph.reachable()
    assert {way.target for way in shown.ways} >= {way.target for way in written}


def test_a_crowd():
    """To a step that many lead to goes one line; the others say it in their boxes."""
    flow = {f"s{n}": {**QUEUE, "keys": {"1": f"s{n + 1}" if n < 7 else "end"}} for n in range(8)} | {"end": END}
    shown = drawn(spoken(flow))
    assert [way.source for way in shown.ways if way.target == "end"] == ["s0"]
    assert [way.target for box in shown.boxes for way in box.written] == ["end"] * 7


def test_a_large_flow_lies():
    """A flow of many boxes is drawn from left to right, as a sheet of paper has it; a small one from top to bottom."""
    many = FLOW | {f"end-{n}": END for n in range(25)}
    assert "rankdir=TB" in dot(drawn(spoken(FLOW)))
    assert "rankdir=LR" in dot(drawn(spoken(many)))


def test_a_call_is_marked():
    """The boxes and lines of one call's way are marked, and no others."""
    shown = drawn(spoken(FLOW), Call("+48221234560", NOON, ("1",)))
    assert [box.id for box in shown.boxes if box.walked] == ["number 0", "hours", "menu", "queue"]
    assert [(way.source, way.target) for way in shown.ways if way.walked] == [
        ("number 0", "hours"),
        ("hours", "menu"),
        ("menu", "queue"),
    ]
    assert not any(part.walked for part in (*drawn(spoken(FLOW)).boxes, *drawn(spoken(FLOW)).ways))


HOSTILE = ['"quoted" <b>&amp; [x] {y} (z) | #35; end `t` \\N', "--> subgraph", "Очередь; ы", "]]>", "%%{init}%%"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_titles(text):
    """No text of a spec gets out of its quotes: brackets, quotes, entities, arrows and a step named end stay text."""
    shown = drawn(spoken({**FLOW, "subgraph": END}, title=text, queue=text))
    for line in mermaid(shown).splitlines():
        for label in re.findall(r'"(.*)"', line):
            plain = re.sub(r"#[0-9]+;|</?b>|<br/>", "", label)
            assert not set(plain) & set('"#;<>[]{}|`&\\%'), line
    assert not re.search(r"^ *(end|subgraph)\b(?!$| about\[)", mermaid(shown), re.MULTILINE)
    if shutil.which("dot"):
        told = subprocess.run(["dot", "-Tsvg"], input=dot(shown).encode(), capture_output=True, check=False)
        assert (told.returncode, told.stderr) == (0, b"")


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_mermaid_is_whole(data):
    """Every line is one of the forms of Mermaid's flowcharts, and every id that is used is defined."""
    names = ["end", "graph", "style", "click"]
    text = mermaid(drawn(spoken({name: data.draw(steps(names)) for name in names})))
    box, label = r's\d+(\(\[|\()"[^"]*"(\)|\]\)):::k_[a-z]+', r'(\|"[^"]*"\|)?'
    forms = rf'flowchart TD|  {box}|  s\d+ -->{label} s\d+|  subgraph about\["[^"]*"\]|    [fl]\d+\["[^"]*"\](:::k_[a-z]+)?|  end|  classDef k_[a-z]+ [-#a-z0-9:,]+'
    assert [line for line in text.splitlines() if not re.fullmatch(forms, line)] == []
    assert set(re.findall(r"(?<![a-z])s\d+", "\n".join(line for line in text.splitlines() if "-->" in line))) <= set(
        re.findall(r"^  (s\d+)\(", text, re.MULTILINE)
    )
    assert set(re.findall(":::(k_[a-z]+)", text)) <= set(re.findall("classDef (k_[a-z]+)", text))


@pytest.mark.parametrize("language", TABLES)
def test_every_language_has_every_word(language):
    """Each table has the keys of the English one, with the same values to put in; each step type and way has words."""
    table, english = TABLES[language], TABLES["en"]
    assert list(table) == list(english)
    for key, text in english.items():
        assert slots(text) == slots(table[key]), key
        assert table[key] or key == "way.done"
    assert len(table["days"].split()) == 7
    assert {f"kind.{name}" for name in step_types()} <= set(table)


def slots(text: str) -> set[str | None]:
    return {slot for _, slot, _, _ in string.Formatter().parse(text)} - {None}


def test_what_has_no_words():
    """A step type or outcome that no table knows is said by its name."""
    assert FlowWords("ru").named("way", "lookup-not_found-yet") == "lookup not found yet"


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ({"mon-fri": ("09:00-18:00",), "sat": ("10:00-16:00",)}, "Mon–Fri 09:00–18:00, Sat 10:00–16:00"),
        ({"mon-sun": ("00:00-24:00",)}, "day and night"), ({}, "never"),
        ({"fri-mon": ("09:00-12:00", "13:00-17:00")}, "Mon 09:00–12:00, 13:00–17:00, Fri–Sun 09:00–12:00, 13:00–17:00"),
    ],
)  # fmt: skip
def test_hours(hours, said):
    """Days in a row with the same hours are said together."""
    assert week_said(Calendar(hours=hours), FlowWords("en")).replace("\N{NO-BREAK SPACE}", " ") == said


def test_dates():
    """Special days have their hours; days off in a row are said as a run."""
    dates = [SpecialDate(date=f"2027-01-0{n}") for n in (3, 1, 2, 5)] + [
        SpecialDate(date="2026-12-31", hours=("09:00-15:00",))
    ]
    said = list(dates_said(Calendar(hours={}, dates=tuple(dates)), FlowWords("ru")))
    assert [line.replace("\N{NO-BREAK SPACE}", " ") for line in said] == [
        "Особые дни: 31.12.2026 09:00–15:00", "Выходные: 01.01.2027–03.01.2027, 05.01.2027",
    ]  # fmt: skip


@pytest.mark.parametrize("language", TABLES)
@pytest.mark.parametrize("country", get_args(HolidayCountry))
def test_official_days(language, country):
    """A country's days are said by its name, with the shorter days before them."""
    words = FlowWords(language)
    bare = Calendar(hours={"mon-fri": ("09:00-18:00",)}, holidays=country)
    (said,) = dates_said(bare, words)
    assert country not in said
    (shorter,) = dates_said(replace(bare, shortened=Shortened(by="1h30m")), words)
    assert shorter.startswith(f"{said}, ")
    assert words.duration("1h30m") in shorter


def test_an_emergency_is_explained():
    """Who declares an emergency stands below a picture that has a way for one, and below no other."""
    calendars = drawn(spoken(FLOW)).facts
    assert len(calendars) == len(project(FLOW).calendars)
    there = drawn(spoken({**FLOW, "hours": {**HOURS, "next": {**HOURS["next"], "override": "queue"}}}))
    assert there.facts == (*calendars, (FlowWords("en").word("supervisor"),))
    assert any("emergency" in way.lines for way in there.ways if way.target == "queue")
