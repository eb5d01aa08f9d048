"""What the tracker takes from the switch's own call records, when a gap is filled.

Events and queue_log come first: a call that they ended is left as it is. A call that was up when the gap began, or
began in it, is closed by its rows when the switch lists its channels and has none of it any more. A call that nobody
knows but the list, since it began in a gap and goes on, is told by its rows when it has ended.
"""

from collections.abc import Sequence

from msgspec import Struct, field

from cctoolkit.ami.messages import Message
from cctoolkit.capture.channel import call_of
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
        call = self._whose(rows, known, since)
        rows = sorted(rows, key=lambda row: call_of(self.node, row.uniqueid) != call)
        draft, owed = self._calls.get(call), self._pay(rows, since)
        if draft is None:
            return
        # Of a call that goes on the end is still to come, whatever its rows say, and those of others end none.
        up = self._up(call, draft)
        if not draft.ended and (since or not up):
            # Of a call that begins with them nobody has told what was over before the gap.
            draft.rows, draft.since = rows, since if call in known else 0
        if owed and call_of(self.node, rows[0].uniqueid) == call:
            if not (up or draft.ended):
                draft.close(ids, self._epoch)
                if owed.end:
                    draft.hear(owed.end, self._epoch)
            # Events may have told of it from its first dialling after the gap on.
            draft.precede(entered(rows, self.node), rows)
        self._touched.add(call)

    def _ids(self) -> dict[str, str]:
        return {channel.name: id_ for id_, channel in self._board.channels.items()}

    def _known(self, rows: Sequence[Row], ids: dict[str, str]) -> list[str]:
        """Return the calls that rows are of and somebody has told of, the rows' first one first."""
        named = ((row.uniqueid, row.linkedid, ids.get(row.channel, ""), ids.get(row.other, "")) for row in rows)
        calls = dict.fromkeys(self._call(id_) for those in named for id_ in those if id_)
        return [call for call in calls if call in self._calls]

    def _whose(self, rows: Sequence[Row], known: Sequence[str], since: int) -> str:
        """Return the call that rows are of, "" where they are of none: that of their first channel, or one that more
        than rows told of; else the one they begin, or one that other rows began.
        """
        first = call_of(self.node, rows[0].uniqueid)
        told = (call for call in known if call == first or not self._calls[call].of_rows)
        return next(told, "") or self._begins(rows, since) or next(iter(known), "")

    def _up(self, call: str, draft: Draft) -> bool:
        """Say whether a call has channels that are up."""
        live = self._board.lives.get(call)
        return bool(live and live.channels) and not draft.gone

    def _begins(self, rows: Sequence[Row], since: int) -> str:
        """Begin a call that began in the gap, or in one of before; return its id, "" where it is none."""
        first = rows[0]
        due = [one for row in rows for id_ in (row.uniqueid, row.linkedid) if (one := self._owed.get(id_))]
        owed, start = any(one.over or not one.own for one in due[:1]), entered(rows, self.node)
        if first.context.startswith("cct-") or not (owed or first.start >= since // SECOND * SECOND > 0):
            return ""
        self._begin(start.call, Draft(start, last=start.entered.at, born=-1, held_back=True))
        self._gathers(start.call, rows)
        return start.call

    def _gathers(self, call: str, rows: Sequence[Row]) -> None:
        """Make parts of a call, which begins with these rows, of those that were told by some of them before."""
        for part in dict.fromkeys(call_of(self.node, row.uniqueid) for row in rows):
            draft = self._calls.get(part)
            if draft and draft.of_rows and part != call:
                draft.joined = call
                self._forget(part)

    def _pay(self, rows: Sequence[Row], since: int) -> Owed | None:
        """Owe no more what rows tell; return what was owed of the call that the first of them is of, if it is over."""
        paid = [self._owed.get(id_) for id_ in (rows[0].uniqueid, rows[0].linkedid)]
        kept = list(rows) if since else []
        for id_ in dict.fromkeys(id_ for row in rows for id_ in (row.uniqueid, row.linkedid)):
            owed = self._owed.get(id_)
            if owed and owed.own and not owed.over:
                owed.rows = kept
            else:
                self._owed.pop(id_, None)
        return next((one for one in paid if one and one.over), None)

    def _owe_nothing(self, call: str) -> None:
        """Wait for no rows of a call that is a part of another."""
        for id_ in (call, call.removeprefix(f"{self.node}-")):
            self._owed.pop(id_, None)

    def _owe(self, entry: Message) -> None:
        """Take note of a channel that is listed and of no call."""
        linked, ours = entry.get("Linkedid"), entry.get("Context").startswith("cct-")
        known = any(self._call(id_) in self._calls for id_ in (linked, entry.get("Uniqueid")))
        if linked and not ours and len(self._owed) < MOST and not known:
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
        over = [one for one in self._owed.values() if not one.over and one.epoch < self._epoch]
        for owed in over:
            owed.gone = max(self.now, self.asked)
        # Rows may be of several that are owed.
        found = list({id(owed.rows): owed.rows for owed in over if owed.rows}.values())
        for owed in self._owed.values():
            owed.rows = []
        for rows in found:
            self._take_call(rows, ids, 0)
        for call, draft in self._calls.items():
            if draft.gone and draft.rows:
                draft.close(ids, self._epoch)
                self._touched.add(call)
