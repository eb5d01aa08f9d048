"""The switch's own call records held against the store, call by call: what one has and the other has not, and ends that
lie further apart than rows are exact.

A row tells less than events do, so its call may be a part of a record: the consultation before a transfer, a pick-up.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from cctoolkit.capture.audit import Finding, Source, same, told
from cctoolkit.capture.audited import BEFORE_US, Span
from cctoolkit.capture.channel import call_of, endpoint
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.own_calls import record, together
from cctoolkit.capture.own_records import Row, row_of
from cctoolkit.cdr.records import CallRecord, Edge

_APART = 2 * SECOND
"""A row's whole second, and one more."""


class OwnCall(Struct):
    """A call as its rows tell it, and what ids it may have."""

    record: CallRecord
    ids: frozenset[str]
    rows: list[Row]


class OwnDay(Struct):
    """What the rows of a day tell: its calls, and from when on there are rows (microseconds, 0: none)."""

    calls: list[OwnCall]
    since: int = 0


def of_rows(lines: Iterable[Line], node: str, span: Span) -> OwnDay:
    """Return what the rows tell of a day."""
    rows, since = list[Row](), 0
    for line in lines:
        since, row = since or line.at, row_of(line)
        # In a file they are in the order of their ends, in a table perhaps in that of their beginnings.
        if row and row.start >= span.end + BEFORE_US:
            break
        if row and row.end >= span.start - _APART:
            rows.append(row)
    calls = [OwnCall(record(mine, node), _ids(mine, node), mine) for mine in together(rows)]
    return OwnDay([call for call in calls if span.has(call.record.entered.at)], max(since, span.start) if since else 0)


def _ids(rows: Sequence[Row], node: str) -> frozenset[str]:
    return frozenset(call_of(node, row.uniqueid) for row in rows)


def findings(own: OwnDay, store: Source, joined: Iterable[str], span: Span) -> Iterator[Finding]:
    """Yield what does not fit; `joined` are calls of the store that are a part of another."""
    parts, known = set(joined), {id_ for call in own.calls for id_ in call.ids}
    ended = _Ended(store.calls.values())
    for call in own.calls:
        kept = next((store.calls[id_] for id_ in sorted(call.ids) if id_ in store.calls), None)
        if kept:
            yield from _ends(call, kept)
        elif not (call.ids & parts or _ours(call) or ended.has(call) or _at_midnight(call.record, span)):
            yield Finding("missing", call.record.call, f"entered {told(call.record.entered.at)}: in CDR, not in store")
    for id_, kept in sorted(store.calls.items()):
        # Of what nobody answered there may be no row (unanswered of cdr.conf).
        over = kept.answered and kept.ended and own.since
        if over and id_ not in known and kept.entered.at >= own.since and not _at_midnight(kept, span):
            yield Finding("missing", id_, f"entered {told(kept.entered.at)}: in store, not in CDR")


def _ends(call: OwnCall, kept: CallRecord) -> Iterator[Finding]:
    end = call.record.ended
    if end and kept.ended is None:
        yield Finding("edge", kept.call, f"ended: CDR says {told(end.at)}, the store nothing")
    elif end and kept.ended and not same(end, kept.ended):
        apart = abs(end.at - kept.ended.at) / SECOND
        text = f"ended: CDR {told(end.at)}, store {told(kept.ended.at)}, {apart:.3f} s apart"
        yield Finding("edge", kept.call, text)


def _ours(call: OwnCall) -> bool:
    """Say whether it is a call of our dialplan's: queue_log tells of a customer's, of others there is no record."""
    return any(row.context.startswith("cct-") for row in call.rows)


_Ends = dict[str, Edge | None]
"""When a record's parties ended, by their endpoints."""


class _Ended:
    """Records by whom of their parties ended when, so that of a day of calls few are looked at for one of its rows."""

    def __init__(self, calls: Iterable[CallRecord]) -> None:
        self._found: dict[tuple[str, int], list[_Ends]] = {}
        for kept in calls:
            ends: _Ends = {party.endpoint: party.ended for party in kept.parties}
            for name, end in ends.items():
                if end:
                    self._found.setdefault((name, end.at // _APART), []).append(ends)

    def has(self, call: OwnCall) -> bool:
        """Say whether whoever made a call is a party of a record, and whom it rang too, to the same moment."""
        first, *rest = call.rows
        about = first.end // _APART
        near = (ends for at in (about - 1, about, about + 1) for ends in self._found.get((_rung(first), at), ()))
        return any(_has(ends, first) and all(_has(ends, row) for row in rest) for ends in near)


def _rung(row: Row) -> str:
    return endpoint(row.other or row.channel)


def _has(ends: _Ends, row: Row) -> bool:
    end = ends.get(_rung(row))
    return endpoint(row.channel) in ends and end is not None and abs(end.at - row.end) <= _APART


def _at_midnight(kept: CallRecord, span: Span) -> bool:
    """Say whether it may be another day by a less exact source."""
    return min(abs(kept.entered.at - span.start), abs(span.end - kept.entered.at)) <= _APART
