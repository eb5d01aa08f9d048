"""Call records of busy days, from a seed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from measure import SEED

from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge, QueueVisit, StepTaken

CALLS = 20_000
DAYS = 5
PROJECT = "made-line"
QUEUES = ("orders", "support", "vip", "overflow")
START = datetime(2026, 11, 2, tzinfo=UTC)

_SECOND = 1_000_000
_DAY = 86_400


def records() -> list[CallRecord]:
    """Return all records by time of entry."""
    random = Random(SEED)
    began = int(START.timestamp())
    entered = sorted(
        began + random.randrange(DAYS) * _DAY + random.triangular(6 * 3600, 20 * 3600) for _ in range(CALLS)
    )
    return [_record(random, number, int(at * _SECOND)) for number, at in enumerate(entered)]


def _record(random: Random, number: int, at: int) -> CallRecord:
    moments = _moments(random, at)
    entered, joined, offered, left, ended = (next(moments) for _ in range(5))
    queue, answered = random.choice(QUEUES), random.random() < 0.85
    agent = f"agent-{random.randrange(40)}"
    outcome = "answered" if answered else "abandoned"
    leg = AgentLeg(agent, offered, "cancelled", ended=left)
    if answered:
        leg = AgentLeg(agent, offered, "answered", left, ended, "caller", ended, next(moments))
    visit = QueueVisit(queue, joined, outcome, left, (leg,))
    return CallRecord(
        call=f"n1-{at // _SECOND}.{number}",
        node="n1",
        project=PROJECT,
        generation="0a1b2c3d",
        release="1",
        number="+78001002030",
        caller=f"+7916{number:07}",
        entered=entered,
        answered=joined,
        ended=ended if answered else left,
        outcome=outcome,
        hung_up_by="caller",
        cause=16,
        steps=(
            StepTaken("opening-hours", entered, "open", entered),
            StepTaken("subject", entered, "key-1", joined),
            StepTaken(queue, joined, outcome, left),
        ),
        visits=(visit,),
    )


def _moments(random: Random, at: int) -> Iterator[Edge]:
    while True:
        yield Edge(at)
        at += int(random.expovariate(1 / 30) * _SECOND)
