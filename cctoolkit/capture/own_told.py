"""What the tracker takes from the switch's own call records, when a gap is filled.

Events and queue_log come first: a call that they ended is left as it is. A call that was up when the gap began, or
began in it, is closed by its rows when the switch lists its channels and has none of it any more. A call that nobody
knows but the list, since it began in a gap and goes on, is told by its rows when it has ended.
"""

from collections.abc import Sequence

from msgspec import Struct, field

from cctoolkit.ami.messages import Message
from cctoolkit.capture.draft import Draft
from cctoolkit.capture.lines import SECOND, Line
from cctoolkit.capture.own_calls import entered, together
from cctoolkit.capture.own_records import Row, row_of
from cctoolkit.capture.queueing import Queueing
from cctoolkit.capture.said import Said
from cctoolkit.cdr.records import Edge

MOST = 10_000
"""Calls owed; what a hostile list has beyond that is not waited for."""

_WAIT_US = 600 * SECOND
"""How long a row is waited for: batches of cdr.conf are written every five minutes."""

_EVER_US = 24 * 3600 * SECOND


class Owed(Struct):
    """A call of which nothing is known but that the switch had it at a moment; `end` is what was said when it ended."""

    listed: int
    end: Said | None = None
    own: bool = False
    """The channel that began it is up: the end of another one of it is not its end."""
    epoch: int = 0
    """Since which gap it was listed last."""
    rows: list[Row] = field(default_factory=list)
    """What the gap has of it, until it is listed, or not."""
    gone: int = 0
    """When it was listed no more, with an end that nobody heard."""

    @property
    def over(self) -> int:
        """Return when it was known to have ended, 0 while it goes on."""
        return self.end.at.at if self.end else self.gone


class OwnTold(Queueing):
    """The part of the tracker that reads what the switch wrote of calls itself."""

    _owed: dict[str, Owed] = field(default_factory=dict)

    @property
    def due(self) -> dict[str, int]:
        """The calls that have ended and whose rows nobody has read: when each did at the earliest, by the unique id of
        a channel.
        """
        return {id_: one.end.at.at if one.end else one.listed for id_, one in self._owed.items() if one.over}

    def _forgive(self) -> None:
        """Wait no longer for what has ended long ago, or goes on for ever."""
        ends = {id_: one.over + _WAIT_US if one.over else one.listed + _EVER_US for id_, one in self._owed.items()}
        self._owed = {id_: self._owed[id_] for id_, end in ends.items() if end > self.now}

    def _take_rows(self, lines: Sequence[Line], since: int) -> None:
        """Take the rows of a gap since a moment, each call's together; 0: of calls that are owed alone."""
        ids = self._ids()
        for rows in together(row for line in lines if (row := row_of(line))):
            self._take_call(rows, ids, since)

    def _take_call(self, rows: list[Row], ids: dict[str, str], since: int) -> None:
        known = self._known(rows, ids)
        call = self._begins(rows, since) if known is None else known
        draft = self._calls.get(call)
        if draft and not draft.ended:
            # Of a call that begins with them nobody has told what was over before the gap.
            draft.rows, draft.since = rows, since if known else 0
            self._touched.add(call)
        self._paid(rows, draft, ids, since)

    def _ids(self) -> dict[str, str]:
        return {channel.name: id_ for id_, channel in self._board.channels.items()}

    def _known(self, rows: Sequence[Row], ids: dict[str, str]) -> str | None:
        """Return the call that rows are of, None when nobody has told of it."""
        for row in rows:
            for id_ in (row.uniqueid, row.linkedid, ids.get(row.channel, ""), ids.get(row.other, "")):
                if id_ and (call := self._call(id_)) in self._calls:
                    return call
        return None

    def _begins(self, rows: Sequence[Row], since: int) -> str:
        """Begin a call that began in the gap, or in one of before; return its id, "" where it is none."""
        first = rows[0]
        due = [one for row in rows for id_ in (row.linkedid, row.uniqueid) if (one := self._owed.get(id_))]
        owed = any(one.over or not one.own for one in due)
        if first.context.startswith("cct-") or not (owed or first.start >= since // SECOND * SECOND > 0):
            return ""
        start = entered(rows, self.node)
        self._begin(start.call, Draft(start, last=start.entered.at, born=-1, held_back=True))
        return start.call

    def _paid(self, rows: list[Row], draft: Draft | None, ids: dict[str, str], since: int) -> None:
        """Close a call that was owed by what was said of its end, or else by its rows."""
        for id_ in {row.linkedid for row in rows} | {row.uniqueid for row in rows}:
            if (owed := self._owed.get(id_)) and owed.own and not owed.over:
                owed.rows = rows if since else []
                continue
            owed = self._owed.pop(id_, None)
            if owed and owed.over and draft:
                if not draft.ended:
                    draft.close(ids, self._epoch)
                    if owed.end:
                        draft.hear(owed.end, self._epoch)
                # Events may have told of it from its first dialling after the gap on.
                draft.precede(entered(rows, self.node), rows)
                self._touched.add(draft.start.call)

    def _owe(self, entry: Message) -> None:
        """Take note of a channel that is listed and of no call."""
        linked, ours = entry.get("Linkedid"), entry.get("Context").startswith("cct-")
        if linked and not ours and len(self._owed) < MOST and self._call(linked) not in self._calls:
            owed = self._owed.setdefault(linked, Owed(max(self.now, self.asked)))
            owed.own |= entry.get("Uniqueid") == linked
        for id_ in {linked, entry.get("Uniqueid")} & self._owed.keys():
            self._owed[id_].epoch = self._epoch

    def _over(self, event: Message, at: Edge) -> None:
        """Take note of how a call ended that is owed."""
        id_ = event.get("Uniqueid")
        owed = self._owed.get(id_) or self._owed.get(event.get("Linkedid"))
        if owed and (id_ in self._owed or not owed.own):
            owed.end = Said("hangup", at, detail=event.get("Cause"))

    def _close(self) -> None:
        """Tell by their rows the calls of which the switch has no channel any more."""
        ids = self._ids()
        for owed in [one for one in self._owed.values() if not one.over]:
            rows, owed.rows = owed.rows, []
            owed.gone = max(self.now, self.asked) if owed.epoch < self._epoch else 0
            if rows and owed.gone:
                self._take_call(rows, ids, 0)
        for call, draft in self._calls.items():
            if draft.gone and draft.rows:
                draft.close(ids, self._epoch)
                self._touched.add(call)
