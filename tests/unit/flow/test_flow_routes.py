"""Routes cover everything a call can do, and every route is a call that goes that way."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.flow.moments import moments
from cctoolkit.flow.routes import routes
from cctoolkit.flow.simulate import Call, simulate
from tests.unit.flow.flows import call_of, graph, graphs

SINCE = datetime(2026, 11, 22, 12, 30, 15, tzinfo=UTC)
REASONS = (
    "no call reaches this step at any hour", "no way leads to this step", "every key has a meaning here",
    "no call is here at such an hour", "no call that is here is such a case", "from there no call comes to an end",
)  # fmt: skip


@settings(deadline=None, max_examples=80)
@given(graph=graphs())
def test_routes_are_calls(graph):
    """A call with a route's number, time, keys and queue outcomes takes exactly the route's path."""
    found, _ = routes(graph, SINCE)
    for route in found:
        assert route.at >= SINCE
        assert simulate(graph, call_of(route)).path == route.path


@settings(deadline=None, max_examples=80)
@given(graph=graphs())
def test_coverage_is_complete(graph):
    """Every way out of every step is on a route, or reported with a reason; never both."""
    found, missing = routes(graph, SINCE)
    ways = {(v.name, e.guard.label) for v in graph.vertices.values() for e in v.edges}
    ways |= {(v.name, end) for v in graph.vertices.values() for end in v.ends}
    covered = {pair for route in found for pair in route.path}
    named = {(one.step, one.label) for one in missing}
    assert covered | named == ways
    assert not covered & named
    assert all(one.reason in REASONS or one.reason.startswith("the calendar ") for one in missing)


@settings(deadline=None, max_examples=50)
@given(graph=graphs(), seed=st.lists(st.sampled_from("0123456789*#-"), max_size=12), days=st.integers(0, 300))
def test_missing_ways_are_not_taken(graph, seed, days):
    """No simulated call takes a way that was reported as impossible."""
    from cctoolkit.errors import SpecError

    at = datetime.fromtimestamp(SINCE.timestamp() + days * 86_400 + days * 977, UTC)
    missing = {(one.step, one.label) for one in routes(graph, SINCE)[1] if not one.reason.startswith("from there")}
    for entry in graph.entries:
        for queue in (("answered",), ("timeout",), ("full", "no-agents", "abandoned")):
            try:
                path = simulate(graph, Call(entry.number, at, tuple(seed), queue)).path
            except SpecError:
                continue
            assert not missing.intersection(path)


def test_same_again():
    """The same flow and time give the same routes, in the same order."""
    one = graph(
        {
            "a": {"type": "hours", "calendar": "shop", "next": {"open": "b", "closed": "c"}},
            "b": {"type": "queue", "queue": "q", "next": {"timeout": "c"}},
            "c": {"type": "hangup"},
        }
    )
    assert routes(one, SINCE) == routes(one, SINCE)


def test_reasons():
    """A way that no call can take says why."""
    every_key = {
        "type": "menu",
        "prompts": ["a"],
        "keys": dict.fromkeys("0123456789*#", "end"),
        "next": {"timeout": "again", "invalid": "end"},
    }
    again = {"type": "hours", "calendar": "office", "next": {"open": "twice", "closed": "loop", "holiday": "end"}}
    twice = {"type": "hours", "calendar": "office", "next": {"open": "end", "closed": "late"}}
    late = {"type": "play", "prompts": ["a"], "next": {"done": "end"}}
    loop = {"type": "play", "prompts": ["a"], "next": {"done": "loop"}}
    flow = graph(
        {
            "menu": every_key,
            "again": again,
            "twice": twice,
            "late": late,
            "loop": loop,
            "end": {"type": "hangup"},
            "lost": late,
        }
    )
    missing = routes(flow, SINCE)[1]
    assert [(one.step, one.label) for one in missing if one.idle] == [("menu", "invalid")]
    assert {(one.step, one.label): one.reason for one in missing} == {
        ("menu", "invalid"): "every key has a meaning here",
        ("again", "closed"): "from there no call comes to an end",
        ("again", "override"): "from there no call comes to an end",
        ("twice", "closed"): "no call is here at such an hour",
        ("twice", "holiday"): "no call is here at such an hour",
        ("loop", "done"): "from there no call comes to an end",
        ("lost", "done"): "no way leads to this step",
    }


def test_calendar_without_holiday():
    """A calendar that never answers holiday is named; that is no mistake, but that a line never opens is one."""
    flow = graph(
        {"a": {"type": "hours", "calendar": "never", "next": {"open": "b", "closed": "b"}}, "b": {"type": "hangup"}}
    )
    assert [(m.label, m.reason, m.idle) for m in routes(flow, SINCE)[1]] == [
        ("open", "the calendar never never answers open", False),
        ("holiday", "the calendar never never answers holiday", True),
    ]


def test_stretch_after_the_clock_change():
    """A stretch whose first minutes summer time skips is still found: closed from 03:00 to 04:00 on that day alone."""
    weekly = {"mon-sun": ["00:00-24:00"]}
    calendars = {
        "spring": {"hours": weekly, "dates": [{"date": "2027-03-28", "hours": ["00:00-02:00", "04:00-24:00"]}]}
    }
    flow = graph(
        {"a": {"type": "hours", "calendar": "spring", "next": {"open": "b", "closed": "b"}}, "b": {"type": "hangup"}},
        calendars,
    )
    closed = next(r for r in routes(flow, SINCE)[0] if r.path[0] == ("a", "closed"))
    assert closed.at.astimezone(ZoneInfo("Europe/Warsaw")).strftime("%m-%d %H:%M") == "03-28 03:00"


def test_dates_beyond_the_horizon():
    """A holiday years ahead is found: a test call may stand at any date."""
    calendars = {"office": {"hours": {}, "dates": [{"date": "2031-05-01"}]}}
    flow = graph(
        {"a": {"type": "hours", "calendar": "office", "next": {"open": "b", "closed": "b"}}, "b": {"type": "hangup"}},
        calendars,
    )
    assert max(m.year for m in moments(flow, SINCE).times) == 2031


def test_large_flow():
    """Sixty steps that ask four calendars in turn are searched in a moment."""
    names = [f"s{n}" for n in range(59)]
    calendars = {
        f"c{k}": {
            "hours": {"mon-fri": [f"{8 + k:02}:00-{17 + k}:30"], "sat": [f"1{k}:15-15:00"]},
            "dates": [{"date": f"2027-01-0{k + 1}"}],
        }
        for k in range(4)
    }
    flow = {}
    for n, name in enumerate(names):
        after = [*names, "end"][n + 1 : n + 4] + ["end"] * 3
        if n % 3 == 0:
            flow[name] = {
                "type": "hours",
                "calendar": f"c{n % 4}",
                "next": {"open": after[0], "closed": after[1], "holiday": after[2]},
            }
        elif n % 3 == 1:
            keys = {key: after[k % 3] for k, key in enumerate("123456")}
            flow[name] = {
                "type": "menu",
                "prompts": ["a"],
                "keys": keys,
                "next": {"timeout": names[0], "invalid": after[2]},
            }
        else:
            flow[name] = {"type": "queue", "queue": "q", "next": {"timeout": after[0], "full": after[1]}}
    flow["end"] = {"type": "hangup"}
    compiled = graph(flow, calendars)
    began = time.perf_counter()
    found, missing = routes(compiled, SINCE)
    print(f"{len(found)} routes, {len(missing)} missing, {time.perf_counter() - began:.2f} s")  # noqa: T201
    assert len(found) > 100
