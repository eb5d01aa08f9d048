"""A million mutated messages in any order: nothing breaks, nothing grows without end, everything odd is counted by name.

By seeds as test_traffic_seeds.py, 50,000 messages each.
"""

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from cctoolkit.ami import protocol
from cctoolkit.capture import agents, board, deeds, draft, listings, shift, snapshot, tracker
from cctoolkit.capture import feeder as feeding
from cctoolkit.capture.feeder import Feeder
from cctoolkit.capture.replay import WORDS, complaints, drain
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.store import FILE_NAME, Store
from tests.soak.hostile_stream import Hostile, recorded
from tests.soak.test_traffic_seeds import seeds
from tests.unit.capture.made_calls import EPOCH, SECOND, event, mark_event

pytestmark = pytest.mark.soak

SEEDS = seeds(os.environ.get("CCTOOLKIT_SEEDS", "1-20"))
MESSAGES = 50_000
_DRAIN = 500
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("seed", SEEDS)
def test_mutated_messages_in_any_order(seed, tmp_path):
    """Whatever comes is read, folded, told and stored, also over a snapshot; what made no record is counted by kind."""
    hostile, feeder = Hostile(seed), Feeder(Tracker("n1"))
    with Store.open(tmp_path / FILE_NAME) as store:
        for number, data in enumerate(hostile.chunks(MESSAGES)):
            feeder.take(data)
            if number % _DRAIN == 0:
                drain(feeder, store)
                feeder = snapshot.decoded(snapshot.encoded(snapshot.State(number, 0, feeder))).feeder
        feeder.finish()
        drain(feeder, store)
        kept = sum(1 for _ in store.calls())
    assert feeder.messages > MESSAGES / 2
    assert kept > MESSAGES / 1000
    assert {"untimed", "foreign_block", "unknown_calls", "lost_calls"} <= set(feeder.odd) <= set(WORDS)
    assert len(list(complaints(feeder))) == len(feeder.odd)
    assert len(snapshot.encoded(snapshot.State(0, 0, feeder))) < 20 << 20


def _entry(number: int) -> bytes:
    return mark_event(EPOCH + number, "entry", f"n1-1.{number}", "78001002030", "79160000001")


def _without_entry(number: int) -> bytes:
    return mark_event(EPOCH + number, "step", f"n1-1.{number}" + "x" * 1000, "menu", "menu")


def _one_call(number: int) -> bytes:
    return mark_event(EPOCH + number, "step", "n1-1.0", f"s{number}", "menu") if number else _entry(0)


def _member(number: int) -> bytes:
    return event("QueueMemberAdded", EPOCH + number, Queue="northwind.orders", MemberName=f"a{number}", Paused=0)


def _queues(number: int) -> bytes:
    return event("QueueMemberAdded", EPOCH + number, Queue=f"northwind.q{number}", MemberName="ivanova", Paused=0)


def _static(number: int, queue: str, name: str, event_: str = "QueueMemberStatus") -> bytes:
    more = {
        "Interface": f"PJSIP/{number}",
        "Membership": "static",
        "Paused": 1,
        "PausedReason": f"r{number % 7}",
        "Wrapuptime": 5,
    }
    return event(event_, EPOCH + number, Queue=queue, MemberName=name, **more)


def _together(number: int) -> bytes:
    channel = {
        "Uniqueid": f"n1-3.{number}",
        "Channel": f"Local/x@y-{number};1",
        "Linkedid": f"n1-3.{number}",
        "Exten": "5",
    }
    return b"".join(
        [
            event("Newchannel", EPOCH + number, **channel),
            event("BridgeEnter", EPOCH + number, BridgeUniqueid=f"b{number}", **channel),
            event("ConfbridgeJoin", EPOCH + number, Conference=f"r{number}", **channel),
            event("DialBegin", EPOCH + number, DestUniqueid=f"n1-4.{number}", DestChannel=f"SIP/x-{number}", **channel),
        ]
    )


STREAMS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "calls that never end": ("lost_calls", _entry),
    "calls without a beginning": ("unknown_calls", _without_entry),
    "one call that does not stop": ("long_call", _one_call),
    "agents of any name": ("many_agents", _member),
    "an agent in every queue": ("many_agents", _queues),
    "members whom queues.conf has": ("many_agents", lambda number: _static(number, "q", f"a{number}")),
    "a member of every queue": ("many_agents", lambda number: _static(number, f"q{number}", "Anna")),
    "a pause in every queue": ("many_agents", lambda number: _static(number, f"q{number}", "Anna", "QueueMemberPause")),
    "a list of channels without end": ("long_list", lambda number: event("CoreShowChannel", 0, Uniqueid=f"n1-2.{number}")),
    "a list of channels that dial without end": ("long_list", lambda number: event("CoreShowChannel", 0, Uniqueid=f"n1-2.{number}", Linkedid=f"n1-2.{number}", Application="Dial", Context="cct-agent", Channel=f"PJSIP/x-{number}")),
    "a list of members without end": ("long_list", lambda number: event("QueueMember", 0, Name=f"a{number}", Queue="northwind.orders")),
    "channels that never hang up": ("many_channels", lambda number: event("Newchannel", EPOCH + number, Uniqueid=f"n1-3.{number}", Channel=f"PJSIP/x-{number}", Linkedid="n1-3.0")),
    "rooms and bridges": ("many_channels", _together),
    "events of any name": ("", lambda number: event(f"Event{number}", EPOCH + number)),
    "events of no end": ("endless_block", lambda _number: b"Event: X" + b"x" * 1000),
    "events too long": ("long_event", lambda number: event("Hangup", EPOCH + number, Uniqueid="x" * protocol.MAX_EVENT_BYTES)),
    "a gap without its lines": ("late_lines", lambda number: event("Hold", EPOCH + number, X="y" * 2000) if number else b""),
    "calls of a far future": ("future", lambda number: _ping() if not number else event("Hangup", EPOCH + 10**10 * number, Uniqueid="1")),
    "nothing but noise": ("foreign_block", lambda number: b"noise %d\r\n\r\n" % number),
}  # fmt: skip
"""What a hostile switch might send without end, and what it is counted as."""


def _ping() -> bytes:
    return b"Response: Success\r\nPing: Pong\r\nTimestamp: %d.000000\r\n\r\n" % (EPOCH // SECOND)


@pytest.fixture
def limits(monkeypatch):
    """Half a million, twice, against the limits that hold outside; where one seed is asked, small ones are reached soon."""
    count = 500_000
    if len(SEEDS) < 20:
        for module in (agents, board, draft, listings, tracker):
            monkeypatch.setattr(module, "MOST", 500)
        monkeypatch.setattr(listings, "MOST_WAITING", 500)
        monkeypatch.setattr(shift, "MOST_QUEUES", 500)
        monkeypatch.setattr(deeds, "MOST_NAMES", 500)
        monkeypatch.setattr(tracker, "_MANY", 500)
        monkeypatch.setattr(feeding, "HELD_BYTES", 1 << 20)
        monkeypatch.setattr(protocol, "MAX_BLOCK_BYTES", 1 << 20)
        count = 3_000
    return count


@pytest.mark.parametrize("what", STREAMS)
def test_nothing_grows_without_end(what, limits):
    """However long a hostile stream goes on, the second half of it takes no more memory than the first, and it is counted
    by its name.
    """
    name, made = STREAMS[what]
    feeder = Feeder(Tracker("n1"))
    feeder._parser.max_block_bytes = protocol.MAX_BLOCK_BYTES
    peaks = []
    tracemalloc.start()
    try:
        for half in range(2):
            tracemalloc.reset_peak()
            for number in range(half * limits, (half + 1) * limits):
                feeder.take(made(number))
                if number % 1000 == 999:
                    feeder.tracker.take()
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    if what.startswith("a list"):
        end = b"CoreShowChannelsComplete" if "channels" in what else b"QueueStatusComplete"
        feeder.take(b"Event: " + end + b"\r\n\r\n")
    assert peaks[1] < peaks[0] * 1.2 + (1 << 17)
    assert name in ("", *feeder.odd)
    assert set(feeder.odd) <= set(WORDS)


@pytest.mark.skipif(len(SEEDS) < 20, reason="needs atheris, which make soak installs, and minutes")
def test_what_coverage_leads_to(tmp_path):
    """A million messages more, each input made from one that reached lines nothing else had, raise nothing at all."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, story in enumerate(recorded()):
        for start in range(0, len(story), 12):
            blocks = b"\r\n\r\n".join([*story[start : start + 12], b""])
            (corpus / f"{number}-{start}").write_bytes(b"\xff" + blocks)
    command = [
        sys.executable,
        "-m",
        "tests.soak.coverage_guided",
        "-runs=100000",
        "-seed=1",
        "-max_len=8192",
        str(corpus),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr[-5000:]
