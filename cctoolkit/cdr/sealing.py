"""Moves days from the rows of SQLite into sealed days.

A day is written and renamed into place before its rows are deleted, and only rows that are as they were written are:
whatever comes in the middle, each record is there once, since readers take SQLite's where both have it. A record that
comes or changes later stays in SQLite.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import islice

import msgspec

from cctoolkit.cdr import schema
from cctoolkit.cdr.columns import Value
from cctoolkit.cdr.database import Database
from cctoolkit.cdr.days import DAY, LONGEST_CALL, LONGEST_STATE, start_of
from cctoolkit.cdr.records import Micros
from cctoolkit.cdr.store import Store
from cctoolkit.cdr.wanted import PASSED
from cctoolkit.errors import OperatorError

_CHUNK = 500
_LOST_DAYS = 30
"""How long a call without an end keeps its day from being sealed; after that nobody will tell its end."""

_ALONE = f"NOT {PASSED} AND coalesce(calls.passed_to, '') = ''"
"""Calls that nodes pass on are not sealed: one node's part may come when the other's day is."""

_CALLS = (
    "calls.entered_us >= :start AND calls.entered_us < :until"
    f" AND coalesce(calls.ended_us, calls.entered_us) - calls.entered_us <= {LONGEST_CALL * DAY} AND {_ALONE}"
)
_STATES = f"start_us >= :start AND start_us < :until AND end_us - start_us <= {LONGEST_STATE * DAY}"
_DAYS = (
    f"SELECT DISTINCT entered_us / {DAY} AS day FROM calls WHERE entered_us < :before AND {_ALONE}"  # noqa: S608 - parts of ours
    f" UNION SELECT start_us / {DAY} FROM agent_states WHERE start_us < :before AND end_us IS NOT NULL ORDER BY 1"
)


class SealedDay(msgspec.Struct, frozen=True):
    """A day that was sealed, and how many of its calls."""

    day: date
    calls: int


def seal(store: Store, before: date, say: Callable[[str], None] = lambda _text: None) -> list[SealedDay]:
    """Seal all days before this one; return them. A day in which a call has not ended stays, which is said; so do
    records that came after theirs was sealed.

    Raise OperatorError for a store that has no sealed days (PostgreSQL), or when pyarrow is missing.
    """
    if not store.days.can_be:
        raise OperatorError(
            "days of this store are not sealed: PostgreSQL keeps them itself",
            where=store.database.where,
            expected="a folder",
            next_step="name one with --store",
        )
    days = [int(row["day"]) for row in store.database.rows(_DAYS, {"before": start_of(before)})]
    if not days:
        return []
    sealed = []
    with store.days.alone():
        for day in days:
            known = bool(store.days.listed(day, day))
            if not known and (call := _unfinished(store.database, day, start_of(before))):
                say(f"{_date(day)} stays as it is: {call} has not ended")
                continue
            if not known:
                sealed.append(SealedDay(_date(day), _write(store, day)))
            _clear(store, day)
    return sealed


def _unfinished(database: Database, day: int, before: Micros) -> str | None:
    values = {"start": max(day * DAY, before - _LOST_DAYS * DAY), "until": (day + 1) * DAY}
    query = (
        "SELECT call FROM calls WHERE entered_us >= :start AND entered_us < :until AND ended_us IS NULL"  # noqa: S608 - ours
        f" AND coalesce(joined, '') = '' AND {_ALONE}"
    )
    return next((str(row["call"]) for row in database.rows(query, values)), None)


def _write(store: Store, day: int) -> int:
    span = {"start": day * DAY, "until": (day + 1) * DAY}
    with store.database.snapshot() as now:
        tables = {table: _rows(now, table, span) for table in schema.TABLES}
        (counted,) = now.rows(f"SELECT count(*) AS calls FROM calls WHERE {_CALLS}", span)  # noqa: S608 - ours
        store.days.write(day, tables)
    return int(counted["calls"])


def _rows(now: Database, table: str, span: dict[str, int]) -> Iterator[Sequence[Value | bytes]]:
    columns = schema.names(table)
    names = ", ".join(f"{table}.{name}" for name in columns)
    if table == "agent_states":
        query = f"SELECT {names} FROM agent_states WHERE {_STATES} ORDER BY start_us"  # noqa: S608 - names of ours
    else:
        with_calls = table if table == "calls" else f"{table} JOIN calls USING (call)"
        order = ", ".join(f"{table}.{name}" for name in schema.KEYS[table])
        query = f"SELECT {names} FROM {with_calls} WHERE {_CALLS} ORDER BY calls.entered_us, {order}"  # noqa: S608 - ours
    for row in now.stream(query, span):
        yield tuple(row[name] for name in columns)


def _clear(store: Store, day: int) -> None:
    """Delete the rows that are sealed as they are, some calls at a time: whoever puts need not wait long."""
    sealed = iter((row["call"], row["digest"]) for row in store.days.rows(day, "calls", ("call", "digest")))
    while chunk := dict(islice(sealed, _CHUNK)):
        with store.batch():
            marks = ", ".join("?" * len(chunk))
            query = f"SELECT call, digest FROM calls WHERE call IN ({marks}) AND {_ALONE}"  # noqa: S608 - marks
            found = store.database.rows(query, tuple(chunk))
            store.remove([row["call"] for row in found if row["digest"] == chunk[row["call"]]])
    names = (*schema.KEYS["agent_states"], "end_us", "end_source")
    gone = [tuple(row[name] for name in names) for row in store.days.rows(day, "agent_states")]
    with store.batch():
        store.database.many(f"DELETE FROM agent_states WHERE {' AND '.join(f'{name} = ?' for name in names)}", gone)  # noqa: S608


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)
