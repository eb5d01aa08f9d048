"""What changed between two specs is what callers feel, no less and no more."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cctoolkit.errors import SpecError, UsageError
from cctoolkit.flow.call import OVERRIDE_WORDS, Call
from cctoolkit.flow.prove_against import differences
from cctoolkit.flow.prove_explain import markdown, text
from cctoolkit.flow.prove_pairs import NO_NUMBER
from cctoolkit.flow.prove_stations import Spec, spec_of
from cctoolkit.flow.simulate import simulate
from cctoolkit.model import build
from cctoolkit.model.project import Project
from cctoolkit.spec.source import Document
from tests.unit.flow.exhaustive import CALLERS, RECORDS, call_of
from tests.unit.flow.made_projects import projects

SINCE = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAMPLE = {
    "project": {"id": "sample", "title": "S", "client": "C", "language": "en", "time_zone": "Europe/Warsaw"},
    "numbers": [{"number": "+48 22 123 45 60", "country": "PL", "entry": "asked"}],
    "calendars": {"office": {"hours": {"mon-fri": ["09:00-19:00"]}}},
    "flow": {
        "asked": {"type": "hours", "calendar": "office", "next": {"open": "subject", "closed": "night"}},
        "subject": {"type": "menu", "prompts": ["a"], "keys": {"1": "support", "2": "sales"}, "next": {"timeout": "sales", "invalid": "end"}},
        "sales": {"type": "queue", "queue": "sales", "next": {"timeout": "note"}},
        "support": {"type": "queue", "queue": "support", "next": {"timeout": "end"}},
        "note": {"type": "voicemail", "next": {"done": "end"}},
        "night": {"type": "play", "prompts": ["closed"], "next": {"done": "end"}},
        "end": {"type": "hangup"},
    },
    "queues": {"sales": {"title": "Sales | *now*"}, "support": {}},
    "agents": [{"agent": "anna", "certified": "2026-01-01"}],
}  # fmt: skip


def made(**changes: object) -> Spec:
    """The sample with values replaced, by their path: flow__sales__next__timeout="end"; None takes one away."""
    data = msgspec.json.decode(msgspec.json.encode(SAMPLE))
    for path, value in changes.items():
        *before, last = path.split("__")
        there = data
        for name in before:
            there = there[int(name) if name.isdigit() and isinstance(there, list) else name]
        if value is None:
            del there[last]
        else:
            there[last] = value
    return spec_of(build.project(Document("f", data, {}, {})))


def changed(new: Spec, old: Spec | None = None) -> list[tuple[str, ...]]:
    """Harm, when, decisions, was, now of each difference from the sample."""
    return [(d.harm, d.when, " or ".join(d.ways), d.was, d.now) for d in differences(old or made(), new, SINCE)]


NIGHT = "message night, then hangup"
OPEN = "weekdays 09:00-19:00"
CLOSED = "weekdays 00:00-09:00, 19:00-24:00; weekends"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"calendars__office__hours": {"mon-fri": ["09:00-18:00"]}},
         [("lost-agent", "weekdays 18:00-19:00", "", "menu subject", NIGHT)]),
        ({"calendars__office__dates": [{"date": "2026-12-31", "hours": ["09:00-15:00"]}]},
         [("lost-agent", "31 Dec 2026 15:00-19:00", "", "menu subject", NIGHT)]),
        ({"flow__subject__keys__2": "night"}, [("lost-agent", OPEN, "key 2", "queue Sales | *now*", NIGHT)]),
        ({"flow__subject__keys": {"1": "support"}},
         [("lost-agent", OPEN, "key 2", "queue Sales | *now*", "a key without a meaning")]),
        ({"flow__subject__keys__3": "support"}, [("other", OPEN, "key 3", "a key without a meaning", "queue support")]),
        ({"flow__sales__next__timeout": "end"},
         [("lost-end", OPEN, "key 2, queue timeout or key 2, queue full or key 2, queue no agents", "voicemail note", "hangup")]),
        ({"flow__sales__wait": "2m"},
         [("other", OPEN, "key 2 or silence", "queue Sales | *now* (wait 5m)", "queue Sales | *now* (wait 2m)")]),
        ({"flow__sales__keys": {"0": "night"}, "flow__sales__next__continued": "note"},
         [("other", OPEN, "key 2, key 0 while waiting", "a key without a meaning", NIGHT),
          ("other", OPEN, "key 2, queue continued", "the end of the call", "voicemail note")]),
        ({"flow__night__prompts": ["moved", "closed"]},
         [("other", CLOSED, "", "message night (prompts closed), then hangup", "message night (prompts moved, closed), then hangup")]),
        ({"agents": [{"agent": "anna", "certified": "2026-12-01"}]},
         [("lost-agent", "23 Nov 2026 to 27 Nov 2026, 30 Nov 2026 09:00-19:00", *one) for one in (
             ("key 1", "queue support", "queue support with nobody certified"),
             ("key 2 or silence", "queue Sales | *now*", "queue Sales | *now* with nobody certified"))]),
        ({"numbers__0__number": "+48 22 123 45 61"},
         [("lost-agent", OPEN, "", "menu subject", NO_NUMBER), ("lost-end", CLOSED, "", NIGHT, NO_NUMBER),
          ("other", OPEN, "", NO_NUMBER, "menu subject"), ("other", CLOSED, "", NO_NUMBER, NIGHT)]),
        ({"project__time_zone": "Europe/Kyiv"},
         [("lost-agent", "weekdays 19:00-20:00", "", "menu subject", NIGHT),
          ("other", "weekdays 09:00-10:00", "", NIGHT, "menu subject")]),
        ({"calendars__office__hours": {"mon-sun": ["00:00-24:00"]}, "flow__night__next__done": "sales"},
         [("other", CLOSED, "", NIGHT, "menu subject"),
          ("other", "while overridden: closed, emergency", "", NIGHT, "message night, then queue Sales | *now*")]),
        ({"flow__asked__next__holiday": "sales", "flow__night__next__done": "note"},
         [("other", CLOSED, "", NIGHT, "message night, then voicemail note")]),
    ],
)  # fmt: skip
def test_differences(changes, found):
    """Each change is said as its callers feel it."""
    said = changed(made(**changes))
    assert sorted(said) == sorted(found)
    harms = [one[0] for one in said]
    assert harms == sorted(harms, key=["lost-agent", "lost-end", "other"].index)


def renamed(project: Project) -> Spec:
    """The same project with other names of its steps, in another order."""
    name = {step: f"x{n}" for n, step in enumerate(reversed(project.flow))}
    raw = msgspec.to_builtins(project)
    flow = {name[step]: moved(options, name) for step, options in reversed(raw["flow"].items())}
    numbers = [{**one, "entry": name[one["entry"]]} for one in raw["numbers"]]
    return spec_of(build.project(Document("f", {**raw, "flow": flow, "numbers": numbers}, {}, {})))


def moved(options: dict, name: dict[str, str]) -> dict:
    """A step with the names of other steps replaced."""
    whole = {key: value for key, value in options.items() if value is not None}
    for places in ("next", "keys"):
        if places in whole:
            whole[places] = {key: name[step] for key, step in whole[places].items() if step}
    if "cases" in whole:
        whole["cases"] = {case: {**one, "next": name[one["next"]]} for case, one in whole["cases"].items()}
    return whole


@settings(deadline=None, max_examples=8)
@given(project=projects())
def test_other_names_are_no_difference(project):
    """Steps with other names, in another order, do the same."""
    assert differences(spec_of(project), renamed(project), SINCE) == ()


OUTCOMES = {
    "queue": ["answered", "abandoned", "timeout", "full", "no-agents"],
    "transfer": ["transferred", "busy", "no-answer", "failed"],
    "voicemail": ["message-left", "done", "too-short"],
}


@settings(deadline=None, max_examples=20)
@given(
    pair=st.tuples(projects(most=4), projects(most=4)),
    same=st.booleans(),
    minute=st.integers(0, 390 * 1440),
    data=st.data(),
)
def test_no_difference_is_missed(pair, same, minute, data):
    """A call that the other spec leads elsewhere, by any keys and outcomes, is of a number that has a difference; and the
    call of each difference goes elsewhere.
    """
    old, new = pair
    if same:  # one step that leads elsewhere, or none
        step = data.draw(st.sampled_from(sorted(old.flow)))
        new = replace(old, flow={**old.flow, step: old.flow[data.draw(st.sampled_from(sorted(old.flow)))]})
    one, other = spec_of(old), spec_of(new)
    found = differences(one, other, SINCE)
    keys = tuple(data.draw(st.lists(st.sampled_from("120*#-"), max_size=6)))
    ends = [tuple(data.draw(st.lists(st.sampled_from(of), min_size=1, max_size=3))) for of in OUTCOMES.values()]
    caller, record, override = (data.draw(st.sampled_from(of)) for of in (CALLERS, RECORDS, OVERRIDE_WORDS))
    at = SINCE.replace(hour=0) + timedelta(minutes=minute)
    for number in {entry.number for spec in (one, other) for entry in spec.graph.entries}:
        call = Call(number, at, keys, *ends, caller=caller, record=record, override=(override,))
        if felt(one, call) != felt(other, call):
            assert any(number in difference.numbers for difference in found)
    for difference in found:
        if difference.call and "nobody" not in difference.was + difference.now:
            shown = call_of(difference.call)
            was, now = felt(one, shown), felt(other, shown)
            assert was != now or was == "round"


def felt(spec: Spec, call: Call) -> object:
    """What a caller hears and comes to, whatever it is called; a call nobody can place, or that never ends, says so."""
    try:
        steps = simulate(spec.graph, call).steps
    except UsageError:
        return "no such call"
    except SpecError:
        return "round"
    options = {name: msgspec.to_builtins(step) for name, step in spec.project.flow.items()}
    leads = ("next", "keys")
    return [
        (one.label, [option for option in options[one.step].items() if option[0] not in leads])
        for one in steps if one.kind != "hours" and not (one.kind == "switch" and options[one.step]["by"] != "share")
    ]  # fmt: skip


def test_a_call_that_went_on_after_its_agent_can_be_placed():
    """Where the call now ends when the agent hangs up, the one shown went on to an end of its own."""
    queue = {"type": "queue", "queue": "sales", "next": {"timeout": "note"}}
    again = {**queue, "keys": {"0": "end"}, "next": {"timeout": "note", "continued": "night"}}
    old = made(flow__night__next__done="support", flow__sales=again)
    new = made(flow__night__next__done="support", flow__sales={**again, "next": {"timeout": "note"}})
    (found,) = differences(old, new, SINCE)
    assert (found.was, found.now) == ("message night, then queue support", "the end of the call")
    shown = call_of(found.call)
    assert [label for label, _ in felt(old, shown)] == ["key-2", "queue-continued", "done", "answered"]
    assert felt(new, shown) == "no such call"


def switched(cases: dict[str, tuple[list[str], str]], by: str = "caller", **more: object) -> Spec:
    """The sample whose callers are asked who they are before the menu."""
    asked = {"type": "switch", "by": by, "cases": {name: {"values": values, "next": step} for name, (values, step) in cases.items()},
             "next": {"otherwise": "subject"}}  # fmt: skip
    return made(**{"flow__asked__next__open": "who", "flow__who": asked, **more})


WARSAW, POLAND = (["+4822"], "sales"), (["+48"], "support")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (switched({"a": WARSAW}), switched({"other-name": WARSAW}), set()),
        (switched({"a": WARSAW}), switched({"a": WARSAW, "never": (["+48221"], "support")}), set()),
        (made(), switched({"a": (["+4822"], "subject")}), set()),
        (switched({"a": WARSAW, "b": POLAND}), switched({"b": POLAND, "a": WARSAW}),
         {("case b", "queue Sales | *now*", "queue support"), *((f"case b, queue {why}", "voicemail note", "hangup") for why in ("timeout", "full", "no agents"))}),
        (switched({"a": WARSAW}), made(), {("case a", "queue Sales | *now*", "menu subject")}),
        (switched({"a": (["anonymous"], "night")}), switched({"a": (["anonymous"], "sales")}),
         {("case a", NIGHT, "queue Sales | *now*")}),
    ],
)  # fmt: skip
def test_who_calls(old, new, found):
    """Names and order of cases are no difference where everybody comes to the same; where not, the call is of one whom it
    concerns.
    """
    differing = [one for one in differences(old, new, SINCE) if not one.override]
    assert {(way, one.was, one.now) for one in differing for way in one.ways} == found
    for one in differing:
        call = call_of(one.call)
        assert felt(old, call) != felt(new, call)


def test_nobody_is_in_two_cases_at_once():
    """Behind two questions for the same caller only such differences are told as somebody can come to."""

    def twice(then: str) -> Spec:
        second = {
            "type": "switch",
            "by": "caller",
            "cases": {"abroad": {"values": ["+49"], "next": then}},
            "next": {"otherwise": "support"},
        }
        return switched({"here": (["+48"], "again")}, flow__again=second)  # fmt: skip

    assert differences(twice("sales"), twice("night"), SINCE) == ()


def test_the_call_is_in_its_time():
    """Each difference has the earliest call that shows it."""
    (one,) = differences(made(), made(calendars__office__hours={"mon-fri": ["09:00-18:00"]}), SINCE)
    assert one.call is not None
    assert one.call.at == datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    assert one.minutes == 60 * sum((date(2026, 11, 23) + timedelta(days=n)).isoweekday() < 6 for n in range(397))


def test_text():
    """For a terminal: by harm, worst first, with the command of each call."""
    found = differences(made(), made(flow__subject__keys__2="night"), SINCE)
    assert text("sample against main", found, ["cctoolkit trace …"]).splitlines() == [
        "sample against main: 1 difference",
        "  had an agent and now has none:",
        f"    {OPEN}; +48221234560, key 2: was queue Sales | *now*, now {NIGHT}",
        "      cctoolkit trace …",
    ]
    assert text("a", (), []) == "a: nothing changed for any caller"


def test_markdown():
    """For a merge request: a table, in which a title writes no cells and no markup of its own."""
    found = differences(made(), made(flow__subject__keys__2="night"), SINCE)
    assert markdown("sample against main", found).splitlines()[2:] == [
        "| | when | who | was | now |",
        "|---|---|---|---|---|",
        f"| **had an agent and now has none** | {OPEN} | \\+48221234560<br>key 2 | queue Sales \\| \\*now\\* | {NIGHT} |",
    ]


def test_many_ways_are_counted():
    """More than six ways are counted, not listed."""
    spec = made(flow__subject__keys=dict.fromkeys("123456789", "sales"))
    gone = made(flow__subject__keys=dict.fromkeys("123456789", "night"))
    (one,) = differences(spec, gone, SINCE)
    assert len(one.ways) == 9
    assert "key 6 or 3 more: was" in text("a", [one], [""])
