"""Calls that nodes passed on, as each node's capture told its part."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge, QueueVisit, StepTaken
from cctoolkit.cdr.store import micros

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def at(seconds: float) -> Edge:
    return Edge(micros(START + timedelta(seconds=seconds)))


def part(call: str, begin: float, end: float, **changes: object) -> CallRecord:
    """A node's part of a call, with nothing in it."""
    base = CallRecord(
        call, call.partition("-")[0], "hotline", "0a1b2c3d", "r7", "+78001002030", "+79161234567", at(begin)
    )
    return replace(base, **{"ended": at(end), "outcome": "ended_in_flow", "hung_up_by": "flow", **changes})


def waits(queue: str, joined: float, wait: float, outcome: str = "timeout", *legs: AgentLeg) -> tuple[QueueVisit, ...]:
    return (QueueVisit(queue, at(joined), outcome, at(joined + wait), legs),)


def chain() -> list[CallRecord]:
    """n1 -> n2 -> n1: it waits 10 s in a queue of n1, 20 s in one of n2 and 5 s in one of n1, where anna answers. The clock of
    n2 is a minute behind. Before, n3 was tried, and was busy.
    """
    first = part(
        "n1-1.1", 0, 100, visits=waits("orders", 1, 10), passed_to="n2", answered=at(1), outcome="transferred", hung_up_by="",
        steps=(StepTaken("line", at(1), "queue-timeout", at(11)), StepTaken("on", at(11), "transferred", at(12))),
    )  # fmt: skip
    tried = part("n3-1.1", 11, 11.5, continues="n1-1.1", hop=1, outcome="busy", number="+78001002033")
    second = part(
        "n2-9.1", -48, 39, continues="n1-1.1", hop=1, number="+78001002032", passed_to="n1", answered=at(-47), outcome="transferred",
        visits=waits("support", -47, 20), steps=(StepTaken("there", at(-47), "queue-timeout", at(-27)),),
    )  # fmt: skip
    leg = AgentLeg("anna", at(33), "answered", at(38), at(99), "agent")
    third = part(
        "n1-2.1", 32, 99, continues="n1-1.1", hop=2, answered=at(33), number="+78001002031", outcome="answered", hung_up_by="agent",
        visits=waits("orders", 33, 5, "answered", leg), steps=(StepTaken("back", at(33), "answered", at(38)),),
    )  # fmt: skip
    return [first, tried, second, third]
