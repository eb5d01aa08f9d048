"""queue_log into the store: files and tables of any size, in any order, read once and told once."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from cctoolkit.capture import tables
from cctoolkit.capture.database import LogTable, opened
from cctoolkit.capture.database_sqlite import is_sqlite
from cctoolkit.capture.history import History
from cctoolkit.capture.in_order import merged
from cctoolkit.capture.lines import SECOND, Line, line_of
from cctoolkit.capture.log_table import Table
from cctoolkit.capture.moments import begun
from cctoolkit.capture.rows import rows, unread
from cctoolkit.capture.untold import better, by_agent, untold
from cctoolkit.cdr.reading import CHUNK
from cctoolkit.cdr.records import AgentInterval, CallRecord, Edge
from cctoolkit.cdr.store import Store
from cctoolkit.cdr.wanted import Wanted

_PIECE = 5_000
_PATIENCE_SECONDS = 600
"""How long a database may take for one answer: without an index it looks at years of rows first."""

_TELL = 1_000_000
_APART = 2 * SECOND
_ABOUT = timedelta(hours=1)
"""How far the entry that a line tells of may lie from the one that an event told of: clocks are put right."""


class Imported(Struct):
    """What an import read and kept. `odd` counts what makes no record, by kind."""

    lines: int = 0
    calls: int = 0
    kept_calls: int = 0
    states: int = 0
    kept_states: int = 0
    odd: Counter[str] = field(default_factory=Counter)


Log = Path | LogTable
"""A file, or a database's table."""


def lines_of(log: Log, zone: ZoneInfo | None, odd: Counter[str], since: int = 0) -> Generator[Line]:
    """Yield the lines of a log, as text or CSV, packed or not, or of a table; of a table those from a moment on. Raise
    OperatorError when it cannot be read, UsageError when its times are local and nobody said whose.
    """
    if isinstance(log, LogTable):
        with opened(log, _PATIENCE_SECONDS) as database:
            yield from Table(database, log, odd).lines(since)
        return
    try:
        if is_sqlite(log):
            yield from lines_of(LogTable(log, zone), zone, odd)
            return
    except OSError as error:
        raise unread(log, error) from error
    yield from _rows_of(log, zone, odd)


def _rows_of(path: Path, zone: ZoneInfo | None, odd: Counter[str]) -> Iterator[Line]:
    text = rows(path, odd)
    first = next(text, "")
    head = tables.header(first.removeprefix("\ufeff"))
    if head:
        reader = tables.Reader(str(path), head.names, zone, odd)
        yield from tables.dumped(text if head.titled else chain([first], text), head, reader)
        return
    for row in chain([first], text):
        line = line_of(row)
        if line:
            yield line
        elif row:
            odd["a row that is none of queue_log"] += 1


def log_in_order(logs: Sequence[Log], zone: ZoneInfo | None, odd: Counter[str]) -> Iterator[Line]:
    """Yield the lines of several logs as one, by time, each once."""
    if len(logs) == 1:
        return lines_of(logs[0], zone, odd)
    starts = []
    for number, log in enumerate(logs):
        with closing(lines_of(log, zone, Counter())) as lines:
            first = next(lines, None)
        # Rotated within a second, the one written first is first.
        written = log.stat().st_mtime_ns if isinstance(log, Path) else 0
        starts.append((first.at if first else 0, written, number))
    return merged([(at, lines_of(logs[number], zone, odd)) for at, _, number in sorted(starts)])


def import_log(
    lines: Iterator[Line], history: History, store: Store, done: Imported, say: Callable[[str], None]
) -> None:
    """Put what lines tell into the store, unless it has it; what is kept already is made no less exact."""
    for part in _parts(lines):
        history.take(part)
        done.lines += len(part)
        if done.lines // _TELL != (done.lines - len(part)) // _TELL:
            say(f"{done.lines:,} lines read, {done.calls:,} calls")
        _keep(history.records(), history.states(), store, done)
    history.end()
    _keep(history.records(), history.states(), store, done)


def _parts(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Yield lines in lists that part no second, but where one is hostile."""
    part: list[Line] = []
    for line in lines:
        if len(part) >= _PIECE and (line.at != part[-1].at or len(part) > 20 * _PIECE):
            yield part
            part = []
        part.append(line)
    yield part


def _keep(records: Sequence[CallRecord], states: Sequence[AgentInterval], store: Store, done: Imported) -> None:
    done.calls += len(records)
    done.states += len(states)
    if not records and not states:
        return
    found = stored(records, store)
    kept = by_agent(_around(states, store))
    told = (one for state in states for one in untold(state, kept.get(state.agent, [])))
    with store.batch():
        newer = [better(record, found.get(record.call)) for record in records]
        done.kept_calls += store.put(record for record in newer if record)
        done.kept_states += store.put_states(list(told))


def stored(records: Sequence[CallRecord], store: Store) -> dict[str, CallRecord]:
    """Return what the store has of these calls, by their ids."""
    found: dict[str, CallRecord] = {}
    for start in range(0, len(records), CHUNK):
        chunk = records[start : start + CHUNK]
        calls, moments = tuple(record.call for record in chunk), [record.entered.moment() for record in chunk]
        # It may have come to its queue long after it began, which events told.
        moments += [edge.moment() for call in calls if (edge := begun(call))]
        # Of their time alone, or every sealed day there is would be read for each chunk.
        wanted = Wanted(calls=calls, joined=True, apart=True, since=min(moments) - _ABOUT, until=max(moments) + _ABOUT)
        found |= {one.call: one for one in store.search(wanted)}
    return found


def _around(states: Sequence[AgentInterval], store: Store) -> list[AgentInterval]:
    """Return what the store has of the time of these states."""
    if not states:
        return []
    first = min(state.start.at for state in states) - _APART
    ends = [state.end.at for state in states if state.end]
    last = max(ends) + _APART if len(ends) == len(states) else None
    return list(store.states(Edge(first).moment(), Edge(last).moment() if last else None))
