"""A call while it goes on: everything said of it, and the record that follows.

What the events say is folded as it comes. When queue_log tells of the call too (after a gap), both are put in one order
and folded anew, until the events are past the log's last line; then what was found is kept as if it had been heard so.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from cctoolkit.capture.lines import SECOND
from cctoolkit.capture.merge import Heard, merge
from cctoolkit.capture.own_calls import untold
from cctoolkit.capture.own_records import Row
from cctoolkit.capture.said import LOGGED, Said
from cctoolkit.capture.story import Story
from cctoolkit.cdr.records import AgentLeg, CallRecord

SETTLED = 3_000_000
"""Microseconds after the log's last line from which an event cannot be what that line told."""

MOST = 10_000
"""What is heard of one call; a caller who waits for hours while phones ring comes to a thousand."""


class Draft(Struct):
    """`start` is the record at entry; `told` the record as it was last taken."""

    start: CallRecord
    heard: list[Heard] = field(default_factory=list)
    log: list[Said] = field(default_factory=list)
    told: CallRecord | None = None
    story: Story | None = None
    last: int = 0
    """The newest moment of anything said."""
    gone: bool = False
    """The switch no longer has its channel, and nobody told of the end."""
    born: int = 0
    """The epoch in which the events told of its entry; -1: only the log has."""
    joined: str = ""
    """The call it turned out to be a part of."""
    held_back: bool = False
    """It is told when it has ended: until then it may turn out to be a part of another call."""
    unheard: int = 0
    """What was said of it beyond MOST."""
    rows: list[Row] = field(default_factory=list)
    """What the switch's own records have of it, for what nobody else tells of its end."""
    since: int = 0
    """When the gap began that they were read for."""

    @property
    def record(self) -> CallRecord:
        """The record so far."""
        if self.story is None:
            self.story = Story(self.start)
            latest = self.start.entered.at
            for one in self._merged() if self.log else self.heard:
                self.story.take(_not_before(one.said, latest), one.epoch)
                latest = max(latest, one.said.at.at)
        return self.story.record

    def talks(self) -> list[AgentLeg]:
        """Return the legs whose talk goes on."""
        if self.ended or self.gone:
            return []
        return [leg for visit in self.record.visits for leg in visit.legs if leg.answered and not leg.ended]

    @property
    def ended(self) -> bool:
        """Say whether the call is over."""
        return self.record.ended is not None

    @property
    def of_rows(self) -> bool:
        """Say whether only the switch's own records told of its beginning."""
        return self.born < 0 and self.start.entered.source == "cdr"

    def hear(self, said: Said, epoch: int) -> None:
        """Take what an event says; what was heard already (a stream taken twice) changes nothing."""
        # What is later than everything heard is new; and nobody's call is told without end.
        if said.at.at <= self.last and any(one.said == said for one in self.heard):
            return
        if len(self.heard) >= MOST:
            self.unheard += 1
            return
        self.last = max(self.last, said.at.at)
        self._settle_by(said.at.at)
        self.heard.append(Heard(said, epoch))
        if self.log:
            self.story = None
        elif self.story:
            self.story.take(said, epoch)

    def take_in(self, part: Sequence[Heard]) -> None:
        """Take what was said of a call that turned out to be a part of this one: each thing stands where it happened,
        and none before what was said of that call earlier.
        """
        floor = 0
        for one in part:
            self._settle_by(one.said.at.at)
            known = len(self.heard)
            self.hear(one.said, one.epoch)
            if len(self.heard) == known:
                continue
            place = known
            while place > floor and _later(self.heard[place - 1], one):
                place -= 1
            self.heard.insert(place, self.heard.pop())
            floor, self.story = place + 1, None

    def begin(self, start: CallRecord, born: int) -> None:
        """Take the entry as an event tells it where another source told of the call first; and that of a project, by
        event or line, where the call was taken for a foreign one.
        """
        known = self.start
        ours, exact = start.project and not known.project, start.entered.source not in LOGGED
        if ours or (exact and known.entered.source in LOGGED):
            self.start, self.born, self.story = start, born, None
            self.rows = [] if exact else self.rows
            self.held_back = self.held_back and not start.project

    def patch(self, log: list[Said]) -> None:
        """Take what queue_log says of the call, from its entry on."""
        self.log, self.story = log, None
        if log:
            self.last = max(self.last, log[-1].at.at)

    def close(self, ids: Mapping[str, str], epoch: int) -> None:
        """Take from its rows what nobody told, now that the switch has none of its channels."""
        rows, self.rows = self.rows, []
        if not rows or self.ended:
            return
        said = untold(self.record, rows, ids, self.since)
        if self.log:
            self._settle()
        self.heard += [Heard(one, epoch) for one in said]
        self.last, self.story = max(self.last, said[-1].at.at), None

    def precede(self, start: CallRecord, rows: Sequence[Row]) -> None:
        """Take from its rows what was before anybody heard of it; a project's call begins with its entry."""
        if not self.start.project and start.entered.at + SECOND < self.start.entered.at:
            said = (one for one in untold(self.record, rows, {}, 0) if one.kind != "hangup")
            self.heard = [*(Heard(one, -1) for one in said), *self.heard]
            self.start, self.story = start, None

    def take(self) -> CallRecord | None:
        """Return the record if it differs from the one last told."""
        record = self.record
        if record == self.told:
            return None
        self.told = record
        return record

    def _settle_by(self, at: int) -> None:
        if self.log and at > self.log[-1].at.at + SETTLED:
            self._settle()

    def _settle(self) -> None:
        self.heard, self.log, self.story = self._merged(), [], None

    def _merged(self) -> list[Heard]:
        return merge(self.heard, self.log, self.born)


def _later(one: Heard, heard: Heard) -> bool:
    return (one.epoch, one.said.at.at) > (heard.epoch, heard.said.at.at)


def _not_before(said: Said, latest: int) -> Said:
    """Return what a line says no earlier than what came before it: a line's second begins before its moment."""
    if said.at.source != "queue_log" or said.at.at >= latest:
        return said
    return replace(said, at=replace(said.at, at=latest))
