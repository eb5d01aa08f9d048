"""A day of every node held against itself: the journal's events, queue_log and the store."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from msgspec import Struct

from cctoolkit.capture.audit import Count, Day, Finding, Gap, Source, counts, findings
from cctoolkit.capture.audited import BEFORE_US, Span, of_journal, of_log, of_store
from cctoolkit.capture.deeds import Names
from cctoolkit.capture.importing import lines_of, log_in_order, stored
from cctoolkit.capture.lines import SECOND, Line, line_of, parse
from cctoolkit.capture.own_audit import OwnDay, of_rows
from cctoolkit.capture.own_audit import findings as own_findings
from cctoolkit.capture.rotated import Files, Reads, read_on
from cctoolkit.capture.session import journal_path
from cctoolkit.cdr.address import Where, place
from cctoolkit.cdr.store import Store, micros
from cctoolkit.errors import StoreAway, UsageError
from cctoolkit.model.site import Node
from cctoolkit.spec.problem import did_you_mean, one_of
from cctoolkit.workflow.own import has_own, own_files, own_reader, own_table
from cctoolkit.workflow.reach import log_table, queue_log_files, time_zone
from cctoolkit.workflow.specs import load_site


class Asked(Struct, frozen=True):
    """What is to be audited: a day in a time zone (UTC when ""), of all nodes or one; `logs` are read instead of the
    queue_log that the site names. Without either there is none.
    """

    day: str
    time_zone: str = ""
    node: str = ""
    logs: Sequence[Path] = ()


class Audited(Struct):
    """One node's day in all sources. `cdr` counts calls of the switch's own records, None where there are none; `odd`
    is what they and queue_log have that is no line, by kind.
    """

    node: str
    counts: list[Count]
    gaps: tuple[Gap, ...]
    findings: list[Finding]
    odd: Counter[str]
    cdr: int | None


def audit(site: str, where: Where, folder: Path, asked: Asked, say: Callable[[str], None]) -> list[Audited]:
    """Compare the day of each node; `folder` has the journals. Raise UsageError when nobody says whose day, or logs."""
    span = _span(asked)
    known = {one.id: one for one in load_site(site).site.nodes} if site else {}
    names = _names(asked, list(known), folder)
    if asked.logs and len(names) > 1:
        raise UsageError("whose log is it", expected=f"--node, one of {', '.join(names)}")
    with Store.read(place(where)) as store:
        return [_Audit(name, known.get(name), span, asked.logs, say).told(folder, store) for name in names]


def _names(asked: Asked, known: list[str], folder: Path) -> list[str]:
    """Return the nodes to audit. One of which there is nothing to compare is refused: of it everything would fit."""
    if not asked.node:
        return known or _nodes(folder)
    there = known or ([asked.node] if asked.logs else _nodes(folder))
    if asked.node not in there:
        raise UsageError(
            f"there is no node {asked.node!r}", expected=one_of(there), next_step=did_you_mean(asked.node, there)
        )
    return [asked.node]


def _nodes(folder: Path) -> list[str]:
    found = sorted(path.name for path in (folder / "journal").glob("*") if path.is_dir())
    if not found:
        raise UsageError("no node is known", where=str(folder), expected="--site, --node, or a journal in the folder")
    return found


def _span(asked: Asked) -> Span:
    where = time_zone(asked.time_zone or "UTC")
    try:
        first = date.fromisoformat(asked.day)
    except ValueError:
        raise UsageError(f"{asked.day!r} is no day", expected="a day such as 2026-11-28") from None
    start, end = (datetime.combine(one, time(), where) for one in (first, first + timedelta(days=1)))
    return Span(micros(start), micros(end))


class _Audit:
    """The audit of one node; `node` is None where no site says what it is."""

    def __init__(
        self, name: str, node: Node | None, span: Span, logs: Sequence[Path], say: Callable[[str], None]
    ) -> None:
        self._name, self._node, self._span, self._logs, self._say = name, node, span, logs, say
        self._odd: Counter[str] = Counter()
        self._names = Names()

    def told(self, folder: Path, store: Store) -> Audited:
        kept = of_store(store, self._name, self._span)
        day = Day(self._name, self._span.start, self._span.end, kept)
        journal = journal_path(folder, self._name)
        if journal.is_dir():
            day.events, gaps, self._names = of_journal(journal, self._name, self._span, self._say)
            day.gaps = tuple(gaps)
        day.log = self._log()
        if day.log:
            # A channel that turned out to be a part of another call has lines of its own.
            parts = {one.call for one in stored(list(day.log.calls.values()), store).values() if one.joined}
            day.log.calls = {id_: call for id_, call in day.log.calls.items() if id_ not in parts}
        own, found = self._own(), list(findings(day))
        if own:
            known = stored([call.record for call in own.calls], store).values()
            found += own_findings(own, kept, [one.call for one in known if one.joined], self._span)
        return Audited(self._name, counts(day), day.gaps, found, self._odd, len(own.calls) if own else None)

    def _log(self) -> Source | None:
        if self._logs:
            return self._folded(log_in_order(self._logs, None, self._odd))
        if self._node is None:
            return None
        try:
            if table := log_table(self._node, "queue_log"):
                return self._folded(lines_of(table, table.zone, self._odd, self._span.start - BEFORE_US))
            with queue_log_files(self._node) as files:
                return self._folded(self._lines(files))
        except (OSError, StoreAway) as error:
            why = error.what if isinstance(error, StoreAway) else error.strerror or error
            self._say(f"{self._name}: queue_log cannot be read ({why}); the day is told without it")
            return None

    def _lines(self, files: Files, reads: Reads = line_of, finds: Reads = line_of) -> Iterator[Line]:
        for rows, _ in read_on(files, None, (self._span.start - BEFORE_US) // SECOND, finds):
            yield from parse(rows.decode("utf-8", "replace"), reads)

    def _folded(self, lines: Iterator[Line]) -> Source:
        return of_log(lines, self._name, self._span, self._odd, self._names)

    def _own(self) -> OwnDay | None:
        """Return what the switch's own records tell, None where there are none."""
        if self._node is None or not has_own(self._node, "cdr"):
            return None
        table = own_table(self._node, "cdr", self._say)
        try:
            if table:
                lines = table.lines(self._span.start - BEFORE_US, self._odd)
                return of_rows(lines, self._name, self._span)
            with own_files(self._node, "cdr") as files:
                if not files.listed():
                    return None
                reader, finder = own_reader(self._node, "cdr"), own_reader(self._node, "cdr")
                day = of_rows(self._lines(files, reader.line, finder.line), self._name, self._span)
        except OSError as error:
            self._say(f"{self._name}: cdr cannot be read ({error.strerror or error}); the day is told without it")
            return None
        self._odd += reader.odd
        return day
