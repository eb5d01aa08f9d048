"""Forgets what is kept too long, in the rows and in the sealed days, as often as it is asked to: doing it again changes
nothing, and what was cut off is done by the next.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec

from cctoolkit.cdr import schema, sqlite
from cctoolkit.cdr.columns import Value, flatten
from cctoolkit.cdr.days import DAY, Days
from cctoolkit.cdr.forgetting import Rule, applied
from cctoolkit.cdr.records import CallRecord, Micros
from cctoolkit.cdr.rows import assemble, digest, known_edges, parts
from cctoolkit.cdr.store import Store

_CHUNK = 500
_PUT = (
    "INSERT INTO forgotten (project, how, before_us, done_us, records_before_us)"
    " VALUES (:project, :how, :before, 0, :records_before) ON CONFLICT (project) DO UPDATE SET"
    " done_us = CASE WHEN forgotten.how = excluded.how THEN forgotten.done_us ELSE 0 END, how = excluded.how,"
    " before_us = excluded.before_us, records_before_us = excluded.records_before_us"
)


class Forgotten(msgspec.Struct, frozen=True):
    """How many of a project's calls have lost numbers, and how many were removed."""

    project: str
    numbers: int
    records: int


def forget(store: Store, rule: Rule) -> Forgotten:
    """Do what the rule says in the whole store; what was forgotten before stays so, though it said more."""
    with store.batch():
        known = next(store.database.rows("SELECT * FROM forgotten WHERE project = ?", (rule.project,)), None)
        if known:
            before = max(rule.before, known["before_us"])
            rule = msgspec.structs.replace(
                rule, before=before, records_before=max(rule.records_before, known["records_before_us"])
            )
        # First of all: who puts an old record from now on puts it as it is to be.
        store.database.do(_PUT, {name: getattr(rule, name) for name in rule.__struct_fields__})
    (known,) = store.database.rows("SELECT done_us FROM forgotten WHERE project = ?", (rule.project,))
    numbers, records = _rows(store, rule, int(known["done_us"]))
    sealed = _days(store.days, rule)
    if isinstance(store.place, Path):
        # What stood in the log before stands in it no longer; where somebody reads, the next time does it.
        sqlite.cut_log(store.place)
    store.database.do("UPDATE forgotten SET done_us = ? WHERE project = ?", (rule.before, rule.project))
    return Forgotten(rule.project, numbers + sealed[0], records + sealed[1])


def _rows(store: Store, rule: Rule, done: Micros) -> tuple[int, int]:
    """Do it in the rows; `done`: up to when numbers have been forgotten before."""
    changed = removed = 0
    for chunk in chain(_chunks(store, rule, 0, rule.records_before), _chunks(store, rule, done, rule.before)):
        with store.batch():
            found = [(record, applied({rule.project: rule}, record)) for record in store.rows_of(chunk)]
            new = [late for early, late in found if late is not None and late != early]
            gone = [early.call for early, late in found if late is None]
            store.replace(new)
            store.remove(gone)
            changed, removed = changed + len(new), removed + len(gone)
    return changed, removed


def _chunks(store: Store, rule: Rule, start: Micros, until: Micros) -> Iterator[list[str]]:
    """Yield the project's calls that entered in this time, some at a time."""
    query = (
        "SELECT call, entered_us FROM calls WHERE project = :project AND entered_us < :until"  # noqa: S608 - a number of ours
        f" AND (entered_us > :start OR (entered_us = :start AND call > :call)) ORDER BY entered_us, call LIMIT {_CHUNK}"
    )
    call = ""
    while True:
        values: dict[str, Value] = {"project": rule.project, "start": start, "until": until, "call": call}
        found = [(row["call"], row["entered_us"]) for row in store.database.rows(query, values)]
        if not found:
            return
        yield [one for one, _ in found]
        call, start = found[-1]


def _days(days: Days, rule: Rule) -> tuple[int, int]:
    """Do it in the sealed days, each of which is written anew when something in it is to be forgotten."""
    last = max(rule.before, rule.records_before) // DAY - 1
    if not days.listed(last=last):
        return 0, 0
    changed = removed = 0
    with days.alone():
        # Looked at again: a day that was being sealed until now has the numbers of before.
        for day in days.listed(last=last):
            early = [assemble(*whole) for whole in days.read(day)]
            kept = [(record, applied({rule.project: rule}, record)) for record in early]
            late = [record for _, record in kept if record is not None]
            if late == early:
                continue
            changed += sum(record is not None and record != old for old, record in kept)
            removed += len(early) - len(late)
            states = [tuple(row.values()) for row in days.rows(day, "agent_states")]
            if late or states:
                days.write(day, {**of_records(late), "agent_states": states})
            else:
                days.remove(day)
    return changed, removed


def of_records(records: list[CallRecord]) -> dict[str, Iterator[tuple[Value | bytes, ...]]]:
    """Return the rows of all tables of calls, in the order of the records, as `schema.names` has their columns."""

    def rows(table: str) -> Iterator[tuple[Value | bytes, ...]]:
        if table == "calls":
            return ((one.call, digest(one), known_edges(one), *flatten(one)[1:]) for one in records)
        return (row for one in records for row in parts(one)[table])

    # Parquet's whole numbers take no truth values, as SQLite's do.
    return {table: (tuple(map(_number, row)) for row in rows(table)) for table in ("calls", *schema.BELOW)}


def _number(value: Value | bytes) -> Value | bytes:
    return int(value) if isinstance(value, bool) else value
