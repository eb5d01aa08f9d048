"""Where a call goes, as the rendered dialplan sends it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cctoolkit.errors import SpecError, UsageError
from cctoolkit.flow.simulate import Call, simulate
from tests.unit.flow.flows import graph

WARSAW = ZoneInfo("Europe/Warsaw")
NUMBER = "+48221234560"
AT = datetime(2026, 11, 23, 12, tzinfo=WARSAW)
MENU = graph(
    {
        "menu": {"type": "menu", "prompts": ["a"], "keys": {"1": "queue", "*": "end"}, "attempts": 3, "next": {"timeout": "silent", "invalid": "wrong"}},
        "queue": {"type": "queue", "queue": "q", "next": {"timeout": "queue", "full": "end"}},
        "silent": {"type": "hangup"}, "wrong": {"type": "hangup"}, "end": {"type": "hangup"},
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        ("", "timeout"), ("---", "timeout"), ("5--", "timeout"), ("555", "invalid"), ("--5", "invalid"), ("-51", "key-1"),
        ("55-1", "timeout"), ("1", "key-1"), ("--*", "key-star"), ("5", "timeout"),
    ],
)  # fmt: skip
def test_attempts(keys, label):
    """Silence and wrong keys use up the same attempts; the last of them decides the way out."""
    assert simulate(MENU, Call(NUMBER, AT, tuple(keys))).path[0] == ("menu", label)


@pytest.mark.parametrize(
    ("outcomes", "labels"),
    [
        (("answered",), ["answered"]),
        (("timeout", "abandoned"), ["queue-timeout", "abandoned"]),
        (("timeout", "timeout", "full"), ["queue-timeout", "queue-timeout", "queue-full", "hangup"]),
    ],
)
def test_queues_end_in_order(outcomes, labels):
    """Queues end one after another as the call says."""
    assert [label for _, label in simulate(MENU, Call(NUMBER, AT, ("1",), outcomes)).path[1:]] == labels


def test_for_ever():
    """A call that is back where it was with nothing left to do is an error that names the ring."""
    with pytest.raises(SpecError, match="goes round for ever: queue -> queue"):
        simulate(MENU, Call(NUMBER, AT, ("1",), ("timeout",)))


def test_long_flow():
    """A long way is no loop."""
    flow = {f"s{n}": {"type": "play", "prompts": ["a"], "next": {"done": f"s{n + 1}"}} for n in range(400)}
    assert len(simulate(graph({**flow, "s400": {"type": "hangup"}}), Call(NUMBER, AT)).steps) == 401


@pytest.mark.parametrize(
    "call", [Call("+1", AT), Call(NUMBER, AT, ("12",)), Call(NUMBER, AT, ("1",), ("lost",)), Call(NUMBER, AT, (), ())]
)
def test_impossible_calls(call):
    """A number nobody declared, a key no phone has and an outcome no queue has are wrong usage."""
    with pytest.raises(UsageError):
        simulate(MENU, call)


@pytest.mark.parametrize(
    ("local", "label"),
    [
        ("2026-11-23 08:59:59", "closed"), ("2026-11-23 09:00:00", "open"), ("2026-11-23 17:59:59", "open"),
        ("2026-11-23 18:00:00", "closed"), ("2026-11-22 12:00:00", "closed"), ("2027-01-01 12:00:00", "holiday"),
        ("2026-12-31 12:00:00", "closed"), ("2026-12-31 11:59:59", "open"),
    ],
)  # fmt: skip
def test_minute_edges(local, label):
    """Hours hold from their first minute to the minute before their end; a date of its own replaces its weekday."""
    flow = graph(
        {"h": {"type": "hours", "calendar": "office", "next": {"open": "e", "closed": "e"}}, "e": {"type": "hangup"}}
    )
    at = datetime.fromisoformat(local).replace(tzinfo=WARSAW)
    assert simulate(flow, Call(NUMBER, at)).path[0] == ("h", label)


def test_day_without_two_o_clock():
    """On the day summer time begins the wall clock decides: 02:00-04:00 is the hour from 03:00."""
    flow = graph(
        {"h": {"type": "hours", "calendar": "shop", "next": {"open": "e", "closed": "e"}}, "e": {"type": "hangup"}}
    )
    midnight = datetime(2027, 3, 28, tzinfo=WARSAW).timestamp()
    minutes = [
        simulate(flow, Call(NUMBER, datetime.fromtimestamp(midnight + 60 * m, WARSAW))).path[0][1]
        for m in (119, 120, 179, 180)
    ]
    assert minutes == ["closed", "open", "open", "closed"]


def test_hour_that_comes_twice():
    """When summer time ends, both runs of 02:15 have the same answer."""
    flow = graph(
        {"h": {"type": "hours", "calendar": "shop", "next": {"open": "e", "closed": "e"}}, "e": {"type": "hangup"}}
    )
    first = datetime(2026, 10, 25, 2, 15, tzinfo=WARSAW)
    second = first.replace(fold=1)
    assert second.timestamp() - first.timestamp() == timedelta(hours=1).total_seconds()
    assert simulate(flow, Call(NUMBER, first)).path == simulate(flow, Call(NUMBER, second)).path


SWITCHES = graph(
    {
        "who": {
            "type": "switch", "by": "caller", "next": {"otherwise": "crm"},
            "cases": {"withheld": {"values": ["anonymous"], "next": "english"}, "moscow": {"values": ["+7495"], "next": "share"}},
        },
        "english": {"type": "set", "language": "en", "card": {"grade": "gold"}, "next": {"done": "language"}},
        "language": {
            "type": "switch", "by": "language", "cases": {"english": {"values": ["en"], "next": "grade"}}, "next": {"otherwise": "end"},
        },
        "crm": {"type": "lookup", "next": {"found": "grade", "not_found": "ask"}},
        "grade": {
            "type": "switch", "by": "field", "field": "grade", "cases": {"gold": {"values": ["gold"], "next": "end"}},
            "next": {"otherwise": "ask"},
        },
        "share": {
            "type": "switch", "by": "share", "cases": {"few": {"percent": 20, "next": "number"}, "many": {"percent": 80, "next": "end"}},
            "next": {"otherwise": "end"},
        },
        "number": {
            "type": "switch", "by": "number", "cases": {"ours": {"values": ["22 123 45 60"], "next": "end"}}, "next": {"otherwise": "ask"},
        },
        "ask": {"type": "collect", "prompts": ["a"], "shortest": 2, "longest": 4, "attempts": 2, "next": {"done": "end", "timeout": "end"}},
        "end": {"type": "hangup"},
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"caller": ""}, [("who", "case-withheld"), ("english", "done"), ("language", "case-english"), ("grade", "case-gold")]),
        ({"caller": "+74951234567"}, [("who", "case-moscow"), ("share", "case-many")]),
        ({"caller": "+74951234567", "share": ("few",)}, [("who", "case-moscow"), ("share", "case-few"), ("number", "case-ours")]),
        ({"record": {"grade": "gold"}}, [("who", "otherwise"), ("crm", "crm-found"), ("grade", "case-gold")]),
        ({"keys": ("12",)}, [("who", "otherwise"), ("crm", "crm-found"), ("grade", "otherwise"), ("ask", "done")]),
        ({"crm": ("not-found",), "record": {"grade": "gold"}, "keys": ("1", "-")}, [("who", "otherwise"), ("crm", "crm-not-found"), ("ask", "timeout")]),
        ({"crm": ("failed",), "keys": ("-", "123*")}, [("who", "otherwise"), ("crm", "crm-failed"), ("ask", "invalid")]),
        ({"crm": ("failed",), "keys": ("#", "123#")}, [("who", "otherwise"), ("crm", "crm-failed"), ("ask", "done")]),
    ],
)  # fmt: skip
def test_what_is_known(said, path):
    """Cases hold by who calls, what was set, what the CRM has and by chance; digits are right or not."""
    assert list(simulate(SWITCHES, Call(NUMBER, AT, **said)).path) == [*path, ("end", "hangup")]


@pytest.mark.parametrize(
    "said",
    [{"caller": "+74951234567", "share": ("otherwise",)}, {"crm": ("maybe",)}, {"keys": ("12345",)}, {"survey": ()}],
)
def test_impossible_answers(said):
    """A way chance never takes, an answer no CRM gives and more digits than are taken are wrong usage."""
    with pytest.raises(UsageError):
        simulate(SWITCHES, Call(NUMBER, AT, **said))
