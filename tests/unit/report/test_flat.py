"""A call as one row."""

from datetime import UTC, datetime

from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge, QueueVisit, StepTaken
from cctoolkit.cdr.store import micros
from cctoolkit.report.flat import COLUMNS, row

T = micros(datetime(2026, 11, 2, 6, tzinfo=UTC))


def test_a_row():
    """Times are local with their offset, seconds are sums, several queues and agents share a cell."""

    def at(seconds):
        return Edge(T + round(seconds * 1_000_000))

    first = QueueVisit("orders", at(2), "timeout", at(12), (AgentLeg("anna", at(3), "no_answer", ended=at(8)),))
    leg = AgentLeg("boris", at(13), "answered", at(15), at(75.5), "caller", at(75.5), at(80))
    second = QueueVisit("night", at(12), "answered", at(15), (leg,))
    call = CallRecord(
        "n1-1", "n1", "hotline", "g", "r7", "+78001002030", "+79161234567", at(0), False, at(0), at(80), "answered",
        "caller", 16, (StepTaken("menu", at(0), "1", at(2)), StepTaken("night", at(2))), (first, second),
    )  # fmt: skip
    values = dict(zip(COLUMNS, row(call, "Europe/Moscow"), strict=True))
    assert values["entered"] == "2026-11-02T09:00:00.000+03:00"
    assert (values["wait_seconds"], values["talk_seconds"], values["wrap_up_seconds"]) == ("13.000", "60.500", "4.500")
    assert values["queues"] == "orders timeout > night answered"
    assert (values["agents"], values["steps"]) == ("boris", "menu 1 > night")


def test_a_call_that_goes_on():
    """What is not known yet is an empty cell, not a nought."""
    call = CallRecord("n1-1", "n1", "hotline", "g", "r7", "+78001002030", "", Edge(T))
    values = dict(zip(COLUMNS, row(call, "Europe/Moscow"), strict=True))
    empty = {"answered", "ended", "wait_seconds", "talk_seconds", "wrap_up_seconds", "agents", "queues", "caller"}
    assert {name for name in empty if values[name]} == set()
