"""A switch whose dialplan is not ours: each customer's call is one record, whatever its phones do with it."""

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.workflow import records
from tests.live.capturing import capturing
from tests.live.exchange import STORIES, happens, put_through

pytestmark = pytest.mark.live

LINE, DIALLED = "79160000001", "7495000"
CALLED = {
    "group": ("204", "400"), "rings_out": ("204", "401"), "placed_and_declined": ("201", ""),
    **dict.fromkeys(("caller_joins", "caller_sends_on", "placed", "placed_directly", "placed_to_one_who_is_busy"), ("201", "202")),
}  # fmt: skip


def told(record):
    """Return what a record says without its moments and ids."""
    parties = [(party.how, party.endpoint.removeprefix("PJSIP/"), party.outcome) for party in record.parties]
    transfers = [(t.kind, t.made_by.removeprefix("PJSIP/"), t.number, t.taken_by) for t in record.transfers]
    visits = [(v.queue, v.outcome, [(leg.agent, leg.outcome) for leg in v.legs]) for v in record.visits]
    return record.outcome, record.hung_up_by, parties, transfers, visits


FIRST = ("dial", "201", "answered")
RINGS_ALL = [("queue", "202", "answered"), ("queue", "203", "cancelled")]
EXPECTED = {
    "plain": ("answered", "agent", [FIRST], [], []),
    "busy": ("not_answered", "flow", [("dial", "201", "busy")], [], []),
    "given_up": ("not_answered", "caller", [("dial", "201", "cancelled")], [], []),
    "attended": ("answered", "caller", [FIRST, ("transfer", "202", "answered")], [("attended", "201", "202", "PJSIP/202")], []),
    "consulted": ("answered", "caller", [FIRST, ("consult", "202", "answered")], [], []),
    "blonde": ("answered", "caller", [FIRST, ("transfer", "202", "answered")], [("blonde", "201", "202", "PJSIP/202")], []),
    "blind": ("answered", "caller", [FIRST, ("transfer", "203", "answered")], [("blind", "201", "203", "PJSIP/203")], []),
    "blind_refused": ("answered", "flow", [FIRST, ("transfer", "203", "busy")], [("blind", "201", "203", "")], []),
    "blind_by_keys": ("answered", "caller", [FIRST, ("transfer", "203", "answered")], [("blind", "201", "203", "PJSIP/203")], []),
    "attended_by_action": ("answered", "caller", [FIRST, ("transfer", "203", "answered")], [("attended", "201", "203", "PJSIP/203")], []),
    "redirected": ("answered", "caller", [FIRST, ("transfer", "203", "answered")], [("blind", "", "203", "PJSIP/203")], []),
    "picked_up": ("answered", "agent", [("dial", "201", "cancelled"), ("pickup", "204", "answered")], [], []),
    "picked_up_by_number": ("answered", "agent", [("dial", "201", "cancelled"), ("pickup", "204", "answered")], [], []),
    "conference": ("answered", "caller", [("conference", "room", "answered")], [], []),
    "barged": ("answered", "caller", [("dial", "202", "answered")], [], []),
    "queued": (
        "answered", "caller", [*RINGS_ALL, ("transfer", "204", "answered")], [("attended", "202", "204", "PJSIP/204")],
        [("support", "answered", [("Anna", "answered"), ("Boris", "cancelled")])],
    ),
    "gives_up_in_queue": (
        "abandoned", "caller", [("queue", "202", "cancelled"), ("queue", "203", "cancelled")], [],
        [("support", "abandoned", [("Anna", "cancelled"), ("Boris", "cancelled")])],
    ),
    "caller_joins": (
        "answered", "caller", [("dial", "202", "answered"), ("transfer", "203", "answered")], [("attended", "201", "203", "PJSIP/203")], [],
    ),
    "caller_sends_on": (
        "answered", "caller", [("dial", "202", "answered"), ("transfer", "203", "answered")], [("blind", "201", "203", "PJSIP/203")], [],
    ),
    "group": ("answered", "caller", [("dial", "202", "answered"), ("dial", "203", "cancelled")], [], []),
    "parked": ("answered", "agent", [FIRST, ("pickup", "203", "answered")], [("blind", "201", "700", "PJSIP/203")], []),
    "rings_out": ("not_answered", "flow", [("dial", "203", "cancelled")], [], []),
    "placed": ("answered", "agent", [("originate", "201", "answered"), ("dial", "202", "answered")], [], []),
    "placed_to_one_who_is_busy": (
        "not_answered", "flow", [("originate", "201", "answered"), ("dial", "202", "busy")], [], [],
    ),
    "placed_directly": ("answered", "agent", [("originate", "201", "answered"), ("dial", "202", "answered")], [], []),
    "queued_to_locals": ("answered", "agent", RINGS_ALL, [], [("locals", "answered", [("Anna", "answered"), ("Boris", "cancelled")])]),
    "times_out_in_queue": (
        "not_answered", "flow", [("queue", "202", "cancelled"), ("queue", "203", "cancelled")], [],
        [("locals", "timeout", [("Anna", "no_answer"), ("Boris", "no_answer")])],
    ),
    "sent_into_a_room": (
        "answered", "caller", [FIRST, ("conference", "room", "answered")], [("blind", "201", "600", "room")], [],
    ),
    "placed_and_declined": ("not_answered", "flow", [("originate", "201", "busy")], [], []),
    "called_into_a_room": ("answered", "caller", [("conference", "room", "answered")], [], []),
}  # fmt: skip

BESIDE = {"conference": ["203"], "barged": ["204"], "sent_into_a_room": ["203"], "called_into_a_room": ["203"]}
"""Whose own call, into the room or to listen in, stays a record of its own."""


async def told_whole(folder: Path, calls: int) -> None:
    """Wait until the store has so many calls, each with all its ends: the switch is quiet before capture has read it."""
    deadline = time.monotonic() + 20
    while True:
        with Store.read(folder / FILE_NAME) as store:
            found = list(store.calls())
        if len(found) >= calls and all(one.ended and all(party.ended for party in one.parties) for one in found):
            return
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_one_customer_is_one_record(exchange, tmp_path, story):
    """A call that phones answer, refuse, hold, consult beside, transfer in any way, pick up, park or confer about is one
    record, told once, of the switch's own names; only another caller's call is another one. The journal says the same.
    """
    site = SimpleNamespace(site=str(exchange.lab.site_file))
    async with exchange.open(), capturing(site, tmp_path):
        await happens(exchange, story)
        await told_whole(tmp_path, 1 + len(BESIDE.get(story.__name__, [])))
    with Store.read(tmp_path / FILE_NAME) as store:
        found, *others = store.calls()
        assert [other.caller for other in others] == BESIDE.get(story.__name__, [])
    assert (found.project, found.caller, found.number[:7]) == ("", *CALLED.get(story.__name__, (LINE, DIALLED)))
    parties = sorted(told(found)[2], key=lambda party: party[1])
    assert (*told(found)[:2], parties, *told(found)[3:]) == EXPECTED[story.__name__]
    assert found.ended
    assert all(party.ended for party in found.parties)
    again = tmp_path / "again"
    for _ in range(2):
        records.replay(tmp_path / "journal" / "n1", "n1", again)
    with Store.read(again / FILE_NAME) as store:
        assert list(store.calls()) == [found, *others]


async def test_what_a_call_went_through(exchange, tmp_path):
    """Holding, recording and parking are told with their beginning, their end and who did it."""
    site = SimpleNamespace(site=str(exchange.lab.site_file))
    by_name = {story.__name__: story for story in STORIES}
    async with exchange.open(), capturing(site, tmp_path):
        for name in ("plain", "barged", "parked"):
            await happens(exchange, by_name[name])
        await told_whole(tmp_path, 4)
    with Store.read(tmp_path / FILE_NAME) as store:
        held, recorded, _, parked = store.calls()
    (hold,) = held.parties[0].holds
    assert held.parties[0].answered.at <= hold.start.at <= hold.end.at <= held.parties[0].ended.at
    assert hold.whole
    (recording,) = recorded.recordings
    assert recorded.entered.at < recording.start.at < recording.end.at
    (parking,) = parked.parkings
    assert (parking.space, parking.parked_by, parking.outcome) == ("701", "PJSIP/201", "retrieved")
    assert parking.taken_by == "PJSIP/203"


async def test_a_switch_that_is_told_to_stop(exchange, tmp_path):
    """Neither end of a call hung up; nor did a caller who rang a phone."""
    site = SimpleNamespace(site=str(exchange.lab.site_file))
    try:
        async with capturing(site, tmp_path):
            async with exchange.open():
                await put_through(exchange)
                exchange.phones["202"].answers = "ring"
                await exchange.call("202", user="204")
                await exchange.phones["202"].rung()
                await asyncio.to_thread(exchange.node.stop)
            await told_whole(tmp_path, 2)
    finally:
        await asyncio.to_thread(exchange.node.start)
    with Store.read(tmp_path / FILE_NAME) as store:
        assert sorted((one.outcome, one.hung_up_by) for one in store.calls()) == [
            ("answered", "flow"), ("not_answered", "flow"),
        ]  # fmt: skip
