"""What each source tells of one node's day, as `audit` compares it: read once, in order, in bounded memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from cctoolkit.capture.agents import AgentStates
from cctoolkit.capture.audit import Gap, Source
from cctoolkit.capture.deeds import STATE_EVENTS, Names
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.history import History
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.reading import read
from cctoolkit.capture.segment import Chunk, Unreadable, listed, read_head
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import AgentInterval, CallRecord, Edge
from cctoolkit.cdr.store import Store
from cctoolkit.cdr.wanted import Wanted

BEFORE_US = 24 * 3600 * SECOND
"""How long before the day a source is read from, and after it to: a call, or an agent's shift."""

_PIECE = 5_000


class Span:
    """A day: from when until before when, in microseconds."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end

    def has(self, at: int) -> bool:
        """Say whether a moment lies in it."""
        return self.start <= at < self.end

    def calls(self, records: Iterable[CallRecord]) -> dict[str, CallRecord]:
        """Return those that entered in it, without the test calls of verify, which are in no figure."""
        return {record.call: record for record in records if self.has(record.entered.at) and not _aside(record)}

    def states(self, states: Iterable[AgentInterval]) -> list[AgentInterval]:
        """Return those that began in it."""
        return [state for state in states if self.has(state.start.at)]


def _aside(record: CallRecord) -> bool:
    return record.test or bool(record.joined)


def of_store(store: Store, node: str, span: Span) -> Source:
    """Return what the store has."""
    ends = Edge(span.start).moment(), Edge(span.end).moment()
    calls = span.calls(store.search(Wanted(None, *ends, node=node, apart=True)))
    around = [state for state in store.states(*ends) if state.node == node]
    return Source(calls, span.states(around), around, span.start, span.start)


def of_log(lines: Iterable[Line], node: str, span: Span, odd: Counter[str], names: Names) -> Source:
    """Return what queue_log tells; `names` are those the journal's events told of members whom it calls otherwise."""
    history, agents = History(node, span.end + BEFORE_US, odd), AgentStates(node, alone=True, names=names)
    source, first = Source({}, [], []), 0
    part: list[Line] = []

    def fold() -> None:
        history.take(part)
        agents.logged([line for line in part if line.event in STATE_EVENTS])
        source.calls |= span.calls(history.records())
        source.around += agents.take()
        history.states()

    for line in lines:
        first = first or line.at
        source.until = max(source.until, line.at)
        if line.at >= span.end + BEFORE_US:
            break
        if len(part) >= _PIECE and line.at != part[-1].at:
            fold()
            part = []
        part.append(line)
    fold()
    history.end()
    source.calls |= span.calls(history.records())
    # Of two versions of a state the later has its end.
    source.around = list({(one.agent, one.state, one.start, one.reason): one for one in source.around}.values())
    source.states = span.states(source.around)
    # What stands before the first line that is there is in no source that a line could confirm.
    source.since = max(first, span.start)
    return source


def of_journal(folder: Path, node: str, span: Span, say: Callable[[str], None]) -> tuple[Source, list[Gap], Names]:
    """Return what the journal's events tell of calls, with the lines it has for gaps, the gaps, and members' names."""
    feeder, source, gaps = Feeder(Tracker(node)), Source({}, [], [], since=span.start), list[Gap]()
    watch = _Gaps(span)

    def damaged(text: str) -> None:
        say(text)
        feeder.lost()

    def keep(*, settled: bool = True) -> None:
        # As capture tells them: a call of a foreign dialplan that goes on is not in the store either.
        records, _ = feeder.tracker.take(settled=settled)
        source.calls |= span.calls(records)

    for chunk in _chunks(folder, span, damaged):
        source.since = max(source.since, chunk.received_us) if source.until == 0 else source.since
        source.until = chunk.received_us
        gaps += watch.take(chunk, feeder)
        keep()
    feeder.finish()
    keep(settled=False)
    return source, sorted([*gaps, *watch.end()], key=lambda gap: gap.start), feeder.tracker.names


def _chunks(folder: Path, span: Span, damaged: Callable[[str], None]) -> Iterator[Chunk]:
    """Yield the chunks from a day before to a day after."""
    begun = [(one.first, _began(one.path)) for one in listed(folder)]
    start = max((first for first, at in begun if at is not None and at <= span.start - BEFORE_US), default=0)
    for chunk in read(folder, start, damaged):
        if chunk.received_us >= span.end + BEFORE_US:
            return
        yield chunk


def _began(path: Path) -> int | None:
    """Return when a segment began, None when its beginning is damaged: reading it says so."""
    try:
        return read_head(path).began_us
    except Unreadable:
        return None


class _Gaps:
    """Finds the gaps among chunks: from the last moment told before one to the first after it."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._from = self._received = 0
        self._open = False
        self._filled = False
        self._unfilled: list[Gap] = []
        """Lines may come after the gap, when a database is there again."""

    def take(self, chunk: Chunk, feeder: Feeder) -> Iterator[Gap]:
        """Fold a chunk; yield the gaps that it tells of."""
        before = feeder.tracker.now
        feeder.take(chunk.data, chunk.received_us)
        if not chunk.data:
            if not self._open:
                self._from, self._filled = before, False
            self._open = True
        elif chunk.data.startswith(BACKFILL):
            self._filled = len(chunk.data) > len(BACKFILL)
            if self._filled and not self._open:
                yield from (replace(gap, filled=True) for gap in self._unfilled)
                self._unfilled.clear()
            yield from self._closed(chunk.received_us)
        self._received = chunk.received_us

    def end(self) -> Iterator[Gap]:
        """Yield the gap that nothing ends, and those that no lines came for."""
        yield from self._closed(self._received)
        yield from self._unfilled

    def _closed(self, end: int) -> Iterator[Gap]:
        # Before the very first connection there is nothing to lose.
        if self._open and self._from and self._from < self._span.end and end >= self._span.start:
            gap = Gap(self._from, end, self._filled)
            if gap.filled:
                yield gap
            else:
                self._unfilled.append(gap)
        self._open = False
