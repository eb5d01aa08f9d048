"""Which call records are wanted: said once, asked of a database in SQL and of sealed rows one by one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from cctoolkit.cdr.columns import Read, Value
from cctoolkit.cdr.records import CallOutcome, Micros

Operator = Literal["=", ">=", "<", "ends", "in"]

PASSED = (
    "(coalesce(calls.continues, '') <> '' OR EXISTS"
    " (SELECT 1 FROM calls part WHERE part.continues <> '' AND part.continues = calls.call))"
)
"""Of a call: a node passed it on and another told its part of it."""

# Not as it stands: by the index of projects it would look through all calls of one.
_OWN = "coalesce(earlier.project, '') = calls.project AND "
_TOLD = "coalesce(earlier.joined, '') = '' AND "
_FIRST = (
    "(coalesce(calls.continues, '') = '' OR NOT EXISTS (SELECT 1 FROM calls earlier WHERE {which}"
    "((earlier.call = calls.continues AND coalesce(earlier.continues, '') = '')"
    " OR (earlier.continues <> '' AND earlier.continues = calls.continues"
    " AND (earlier.hop, earlier.entered_us, earlier.call) < (calls.hop, calls.entered_us, calls.call)))))"
)
"""Of a call that nodes passed on: its first part of those there are, and are told. What a node says that lies hides no
call.
"""


class _Condition(NamedTuple):
    """What a column must be, of the call's row or of one of its rows in a table below it."""

    table: str
    column: str
    operator: Operator
    value: Value | tuple[str, ...]

    def sql(self) -> str:
        column = f"coalesce({self.column}, '')" if isinstance(self.value, str) else self.column
        if isinstance(self.value, tuple):
            term = f"{column} IN ({', '.join('?' * len(self.value)) or 'NULL'})"
        else:
            term = f"{column} {'LIKE' if self.operator == 'ends' else self.operator} ?"
        return term if self.table == "calls" else f"call IN (SELECT call FROM {self.table} WHERE {term})"  # noqa: S608 - ours

    def values(self) -> tuple[Value, ...]:
        if isinstance(self.value, tuple):
            return self.value
        return (f"%{self.value}" if self.operator == "ends" else self.value,)

    def holds(self, row: Read) -> bool:
        found = row[self.column]
        if isinstance(self.value, tuple):
            return found in self.value
        if isinstance(self.value, str):
            found = found or ""
            return bool(found.endswith(self.value)) if self.operator == "ends" else found == self.value
        if self.operator == "=":
            return bool(found == self.value)
        return bool(found >= self.value) if self.operator == ">=" else bool(found < self.value)


class Wanted(msgspec.Struct, frozen=True):
    """By time of entry `since` <= entered < `until` (aware); `test` None: both kinds. Numbers are E.164 with +, or the
    digits they end in. `joined`: also those that turned out to be parts of others. `apart`: of a call that nodes passed
    on what each of them told; else it is one, and of a project the project's own part of it is one.
    """

    project: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    test: bool | None = None
    node: str | None = None
    outcome: CallOutcome | None = None
    queue: str | None = None
    agent: str | None = None
    number: str | None = None
    caller: str | None = None
    calls: tuple[str, ...] | None = None
    joined: bool = False
    apart: bool = False

    def span(self) -> tuple[Micros, Micros]:
        """Return the time of entry in microseconds, all times when none is said."""
        return (_micros(self.since) if self.since else -(2**62), _micros(self.until) if self.until else 2**62)

    def sql(self) -> tuple[str, list[Value]]:
        """Return the conditions of a query on the table of calls, and the values in it."""
        found = list(self._conditions())
        terms = [self._loosely(condition) for condition in found]
        which = ("" if self.project is None else _OWN) + ("" if self.joined else _TOLD)
        terms += ["1 = 1" if self.apart else _FIRST.format(which=which)]
        return " AND ".join(terms), [value for condition in found for value in condition.values()]

    def _loosely(self, condition: "_Condition") -> str:
        """Return a condition in SQL; where another part of a call may fulfil it, that is looked at whole later."""
        alone = self.apart or (condition.table == "calls" and condition.column != "outcome")
        return condition.sql() if alone else f"({condition.sql()} OR {PASSED})"

    def takes(self, call: Read, below: Mapping[str, Sequence[Read]]) -> bool:
        """Say the same of a call's rows."""
        return all(
            any(condition.holds(row) for row in ((call,) if condition.table == "calls" else below[condition.table]))
            for condition in self._conditions()
        )

    def _conditions(self) -> Iterator[_Condition]:
        said: tuple[tuple[str, str, Operator, Value | tuple[str, ...]], ...] = (
            ("calls", "joined", "=", None if self.joined else ""),
            ("calls", "project", "=", self.project),
            ("calls", "entered_us", ">=", None if self.since is None else _micros(self.since)),
            ("calls", "entered_us", "<", None if self.until is None else _micros(self.until)),
            ("calls", "test", "=", None if self.test is None else int(self.test)),
            ("calls", "node", "=", self.node),
            ("calls", "outcome", "=", self.outcome),
            ("calls", "number", _of_number(self.number), self.number),
            ("calls", "caller", _of_number(self.caller), self.caller),
            ("visits", "queue", "=", self.queue),
            ("legs", "agent", "=", self.agent),
            ("calls", "call", "in", self.calls),
        )
        return (_Condition(*one) for one in said if one[-1] is not None)


def _of_number(text: str | None) -> Operator:
    return "=" if text is None or text.startswith("+") else "ends"


def _micros(moment: datetime) -> Micros:
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
