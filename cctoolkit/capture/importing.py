"""queue_log into the store: files and tables of any size, in any order, read once and told once."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from cctoolkit.capture import tables
from cctoolkit.capture.history import History
from cctoolkit.capture.in_order import merged
from cctoolkit.capture.lines import SECOND, Line, line_of
from cctoolkit.capture.rows import rows, unread
from cctoolkit.capture.untold import better, by_agent, untold
from cctoolkit.cdr.reading import CHUNK
from cctoolkit.cdr.records import AgentInterval, CallRecord, Edge
from cctoolkit.cdr.store import Store
from cctoolkit.cdr.wanted import Wanted

_PIECE = 5_000
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


def lines_of(path: Path, zone: ZoneInfo | None, odd: Counter[str]) -> Iterator[Line]:
    """Yield the lines of a log, as text or CSV, packed or not, or of an SQLite table. Raise OperatorError when it
    cannot be read, UsageError when its times are local and nobody said whose.
    """
    try:
        if tables.is_sqlite(path):
            yield from (line for _, line in tables.stored(path, zone, odd))
            return
    except OSError as error:
        raise unread(path, error) from error
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


def log_in_order(paths: Sequence[Path], zone: ZoneInfo | None, odd: Counter[str]) -> Iterator[Line]:
    """Yield the lines of several logs as one, by time, each once."""
    starts = []
    for path in paths:
        first = next(lines_of(path, zone, Counter()), None)
        # Rotated within a second, the one written first is first.
        starts.append((first.at if first else 0, path.stat().st_mtime_ns, path))
    return merged([(at, lines_of(path, zone, odd)) for at, _, path in sorted(starts)])


def import_log(
    lines: Iterator[Line], node: str, store: Store, until: int, done: Imported, say: Callable[[str], None]
) -> None:
    """Put what lines tell into the store, unless it has it; what is kept already is made no less exact. Nothing later
    than `until` (microseconds) is believed.
    """
    history = History(node, until, done.odd)
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
        # Of their time alone, or every sealed day there is would be read for each chunk.
        wanted = Wanted(calls=calls, joined=True, since=min(moments) - _ABOUT, until=max(moments) + _ABOUT)
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
