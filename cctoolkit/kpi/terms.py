"""The words that formulas are made of, over the tables of `kpi.sources`.

Of contacts: N answered, A abandoned in the queue, As abandoned sooner than the short limit, T the target. Of
legs: handled, finished. Of agents' time: its states. A condition that cannot be known (no target, no end
seen) does not hold. Every expression runs on any Ibis backend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ANSWERED = ("answered", "continued")
"""A call that continued in the flow after the agent hung up was answered all the same."""

_MAY_NEVER_JOIN = ("full", "no_agents")


def answered(contacts: ir.Table) -> ir.BooleanColumn:
    """N: an agent answered."""
    return contacts.outcome.isin(_ANSWERED)


def abandoned(contacts: ir.Table) -> ir.BooleanColumn:
    """A: the caller hung up while waiting. Other ways out of a queue are no abandons."""
    return contacts.outcome == "abandoned"


def abandoned_short(contacts: ir.Table) -> ir.BooleanColumn:
    """As: abandoned sooner than the short limit; a wait equal to the limit is not sooner."""
    return abandoned(contacts) & (contacts.wait_us < contacts.short_us)


def in_time(contacts: ir.Table) -> ir.BooleanColumn:
    """The wait was T or less: a wait equal to the target is within it."""
    return contacts.wait_us <= contacts.within_us


def has_target(contacts: ir.Table) -> ir.BooleanColumn:
    """The contact's queue has a service-level target."""
    return contacts.within_us.notnull()


def waited(contacts: ir.Table) -> ir.BooleanColumn:
    """The contact was in the queue and left it; one that a full or empty queue turned away never was."""
    turned_away = contacts.outcome.isin(_MAY_NEVER_JOIN) & (contacts.wait_us == 0)
    return contacts.wait_us.notnull() & (contacts.outcome != "unfinished") & ~turned_away


def count(condition: ir.BooleanValue) -> ir.IntegerScalar:
    """How many contacts the condition holds for; 0, not null, when for none."""
    return condition.fill_null(False).cast("int64").sum().fill_null(0)


def ratio(part: ir.IntegerScalar, whole: ir.IntegerScalar) -> ir.FloatingScalar:
    """Return part / whole in float64 (PostgreSQL would divide whole numbers), null when the whole is 0."""
    return part.cast("float64") / whole.nullif(0).cast("float64")


def mean_seconds(span_us: ir.IntegerColumn, condition: ir.BooleanValue) -> ir.FloatingScalar:
    """Return the mean in seconds of spans in microseconds where the condition holds, null when nowhere."""
    return span_us.cast("float64").mean(where=condition) / 1_000_000


def handled(legs: ir.Table) -> ir.BooleanColumn:
    """The agent answered."""
    return legs.outcome == "answered"


def finished(legs: ir.Table) -> ir.BooleanColumn:
    """The agent answered, and both the talk and the wrap-up that followed have ended."""
    return handled(legs) & legs.talk_us.notnull() & legs.wrap_up_us.notnull()


def time_in(agent_time: ir.Table, *states: str) -> ir.IntegerScalar:
    """Return the microseconds spent in the states; 0, not null, when none were."""
    return agent_time.span_us.sum(where=agent_time.state.isin(states)).fill_null(0)


def seconds_in(agent_time: ir.Table, *states: str) -> ir.FloatingScalar:
    """Return the same in seconds."""
    return time_in(agent_time, *states).cast("float64") / 1_000_000
