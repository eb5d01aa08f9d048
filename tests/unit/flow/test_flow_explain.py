"""Each turn of a walk has its reason, and the reason its place in the spec."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cctoolkit.flow.explain import explain
from cctoolkit.flow.explain_hours import asked
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.simulate import Call, simulate
from cctoolkit.model.calendar import Calendar, Shortened, SpecialDate, answer
from tests.unit.flow.flows import project

WARSAW = ZoneInfo("Europe/Warsaw")
OFFICE = Calendar(
    hours={"mon-thu": ("09:00-12:00", "13:00-18:00"), "fri": ("09:00-15:00",)},
    dates=(SpecialDate(date="2026-12-31", hours=("09:00-15:00",)), SpecialDate(date="2027-01-01")),
)


@pytest.mark.parametrize(
    ("local", "said", "place"),
    [
        ("2026-12-31 16:30", "Thu 31 Dec 16:30 is after 09:00-15:00 (special date)", ("dates", 0)),
        ("2026-12-31 09:00", "Thu 31 Dec 09:00 is within 09:00-15:00 (special date)", ("dates", 0)),
        ("2027-01-01 12:00", "Fri 1 Jan 12:00 is a day off (special date)", ("dates", 1)),
        ("2026-11-23 12:30", "Mon 23 Nov 12:30 is between 09:00-12:00, 13:00-18:00 (mon-thu)", ("hours", "mon-thu")),
        ("2026-11-23 08:59", "Mon 23 Nov 08:59 is before 09:00-12:00, 13:00-18:00 (mon-thu)", ("hours", "mon-thu")),
        ("2026-11-27 15:00", "Fri 27 Nov 15:00 is after 09:00-15:00 (fri)", ("hours", "fri")),
        ("2026-11-22 12:00", "Sun 22 Nov 12:00: no hours on this weekday", ("hours",)),
    ],
)
def test_why_a_calendar_answers(local, said, place):
    """The reason names the hours that decided, says on which side of them the minute is, and agrees with the answer."""
    at = datetime.fromisoformat(local).replace(tzinfo=WARSAW)
    assert asked(OFFICE, at) == (said, place)
    assert (" is within " in said) == (answer(OFFICE, at) == "open")


RUSSIAN = Calendar(hours={"mon-fri": ("09:00-18:00",)}, holidays="RU", shortened=Shortened(by="1h"))


@pytest.mark.parametrize(
    ("local", "said", "place"),
    [
        ("2026-11-04 12:00", "holiday: День народного единства (country holidays RU)", ("holidays",)),
        ("2026-11-03 17:30", "after 09:00-17:00 (shortened day, before День народного единства; country holidays RU)", ("shortened",)),
        ("2027-02-20 12:00", "within 09:00-17:00 (moved working day, instead of 2027-02-22, shortened; country holidays RU)", ("holidays",)),
        ("2026-11-02 12:00", "within 09:00-18:00 (mon-fri)", ("hours", "mon-fri")),
    ],
)  # fmt: skip
def test_why_on_a_country_s_days(local, said, place):
    """An official day has its name and the option that brings it; an ordinary one has its weekday."""
    told, where = asked(RUSSIAN, datetime.fromisoformat(local).replace(tzinfo=WARSAW))
    assert (told.partition(" is ")[2], where) == (said, place)


@pytest.mark.parametrize("named", [True, False])
def test_what_a_supervisor_says(named):
    """An override is the reason, at the way it takes; without a way of its own an emergency goes as closed, and says so."""
    ways = {"open": "end", "closed": "night"} | ({"override": "end"} if named else {})
    one = project({"hours": {"type": "hours", "calendar": "office", "next": ways}, "night": {"type": "hangup"}, "end": {"type": "hangup"}})  # fmt: skip
    graph, at = compile_flow(one), datetime(2026, 11, 23, 12, tzinfo=WARSAW)
    told = explain(one, graph, simulate(graph, Call("+48221234560", at, override=("emergency",))), at).turns[0]
    assert told.reason == ("flow", "hours", "next", "override")
    assert told.why.partition("a supervisor says ")[2] == (
        "emergency" if named else "emergency, which goes the way of closed here"
    )
    assert told.target == ("end" if named else "night")


def test_a_whole_call():
    """Turns have what is heard, the waits before them, and the place of the key, the outcome or the date."""
    one = project(
        {
            "hours": {"type": "hours", "calendar": "office", "next": {"open": "menu", "closed": "end"}},
            "menu": {"type": "menu", "prompts": ["a", "b"], "keys": {"1": "queue"}, "attempts": 2, "next": {"timeout": "queue", "invalid": "end"}},
            "queue": {"type": "queue", "queue": "q", "wait": "2m", "next": {"timeout": "again", "no_agents": "end"}},
            "again": {"type": "queue", "queue": "q", "keys": {"0": "end"}, "next": {"timeout": "end", "no_agents": "end"}},
            "end": {"type": "hangup"},
        }
    )  # fmt: skip
    graph = compile_flow(one)
    at = datetime(2026, 11, 23, 12, tzinfo=WARSAW)
    told = explain(one, graph, simulate(graph, Call("+48221234560", at, (), ("timeout", "no-agents"))), at)
    assert [(turn.step, turn.after_seconds, turn.reason) for turn in told.turns] == [
        ("hours", 0, ("calendars", "office", "hours", "mon-fri")), ("menu", 0, ("flow", "menu", "next", "timeout")),
        ("queue", 10, ("flow", "queue", "next", "timeout")), ("again", 130, ("flow", "again", "next", "no_agents")), ("end", 130, ()),
    ]  # fmt: skip
    assert told.turns[1].hears == ("a", "b")
    assert told.end == "hangup"
    pressed = explain(one, graph, simulate(graph, Call("+48221234560", at, ("1",), ("timeout", "key-0"))), at)
    assert [turn.reason for turn in pressed.turns[1:4:2]] == [
        ("flow", "menu", "keys", "1"),
        ("flow", "again", "keys", "0"),
    ]
