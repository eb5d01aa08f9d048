"""Sends a node's messages, each once: noted, tried until every address has it, swept when its days are over.

A letter is sent twice only if this ended after the relay took it and before that was noted, or the connection ended
before the relay's answer came: both letters then have one Message-ID, by which mail systems tell them apart from two.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.ami.backoff import delays
from cctoolkit.messages import letter, sound, spool
from cctoolkit.messages.notes import Note, Outbox
from cctoolkit.messages.relay import Refused, Relay, RelayDown
from cctoolkit.messages.spool import Message
from cctoolkit.state.messages import MessageSettings, Rule, section

LEAST_SECONDS = 1.0
"""A recording with less sound is empty: the caller was silent, which app_record cuts off."""

_FIRST_SECONDS, _MOST_SECONDS = 2.0, 300.0
_AGAIN_SECONDS, _AGAIN_MOST_SECONDS = 60.0, 3600.0
_SWEEP_SECONDS = 60.0
_TEST_DAYS = 1
_DAY_SECONDS = 86400.0
_UNSAID = Rule((), 90, "en", "UTC")


class Context(Struct, frozen=True):
    """What this moment's release says: rules, the relay (None: it has none), and projects' titles by id."""

    settings: MessageSettings
    relay: Relay | None
    titles: Mapping[str, str]

    def rule(self, message: Message) -> Rule:
        """Return what becomes of a message; of a step that is gone it is only kept."""
        return self.settings.rules.get(section(message.project, message.step), _UNSAID)


class Sender:
    """Sends from `spool_folder`; only while `outbox.alone()` is held."""

    def __init__(self, node: str, spool_folder: Path, outbox: Outbox, progress: Callable[[str], None]) -> None:
        self.node = node
        self.outbox = outbox
        self._spool = spool_folder
        self._progress = progress
        self._settled: set[str] = set()
        self._stuck: set[str] = set()
        self._waits: Iterator[float] | None = None
        self._relay_at = 0.0
        self._sweep_at = 0.0

    def round(self, context: Context, now: float) -> int:
        """Take up what is new, send what is due, sweep what is over; return how many messages still wait.

        Raise OperatorError when notes cannot be read or written: without them a letter could go out again and again.
        """
        waiting = 0
        sweeping = now >= self._sweep_at
        if sweeping:
            self._sweep_at = now + _SWEEP_SECONDS
        for message in spool.messages(self._spool, frozenset() if sweeping else self._settled):
            note = None if message.id in self._settled else self._taken(message, context, now)
            if note and note.waiting:
                note = self._tried(message, note, context, now)
                waiting += bool(note.waiting)
            if sweeping and not (note and note.waiting):
                self._sweep(message, context, now)
        return waiting

    def _taken(self, message: Message, context: Context, now: float) -> Note | None:
        """Return a message's note, made now if need be; None for what never has one."""
        if message.going_on(now):
            return None
        if message.test or message.too_short:
            self._settled.add(message.id)
            return None
        note = self.outbox.read(message.id)
        if note is None:
            empty = sound.seconds(message.recording) < LEAST_SECONDS
            to = () if empty else tuple(dict.fromkeys(context.rule(message).mail))
            note = Note(to, now, empty=empty)
            self.outbox.write(message.id, note)
        if not note.waiting:
            self._settled.add(message.id)
        return note

    def _tried(self, message: Message, note: Note, context: Context, now: float) -> Note:
        if context.relay is None or now < max(note.next_at, self._relay_at):
            return note
        note = replace(note, tries=note.tries + 1)
        self.outbox.write(message.id, note)
        try:
            refused = context.relay.send(note.waiting, self._letter(message, note, context, context.relay, now))
        except RelayDown as error:
            note = replace(note, error=error.what)
            self._relay_is_down(error, now)
        else:
            self._waits = None
            self._tell(message, [address for address in note.waiting if address not in refused], refused)
            note = _answered(note, refused, now)
        self.outbox.write(message.id, note)
        if not note.waiting:
            self._settled.add(message.id)
        return note

    def _relay_is_down(self, error: RelayDown, now: float) -> None:
        self._waits = self._waits or delays(Random(), first=_FIRST_SECONDS, cap=_MOST_SECONDS)  # noqa: S311 - jitter
        wait = next(self._waits)
        self._relay_at = now + wait
        self._progress(f"{self.node}: {error.where}: {error.what}; messages wait, trying again in {wait:.0f} s")

    def _tell(self, message: Message, got: Sequence[str], refused: Mapping[str, Refused]) -> None:
        if got:
            self._progress(f"{self.node}: message {message.id} mailed to {', '.join(got)}")
        for address, why in refused.items():
            self._progress(f"{self.node}: message {message.id} was not taken for {address}: {why.text}; trying again")

    def _letter(self, message: Message, note: Note, context: Context, relay: Relay, now: float) -> bytes:
        seconds, rule, said = sound.seconds(message.recording), context.rule(message), message.said
        wav = sound.read(message.recording).wav()
        content = letter.Content(
            message=message.id,
            call=message.call,
            title=context.titles.get(message.project, message.project),
            caller=said.caller if said else "",
            number=said.number if said else "",
            at=_moment(said.began if said else message.changed - seconds),
            seconds=seconds,
            whole=said is not None,
            language=rule.language,
            time_zone=rule.time_zone,
        )
        return letter.compose(content, relay.settings.sender, note.to, wav, _moment(now))

    def _sweep(self, message: Message, context: Context, now: float) -> None:
        days = _TEST_DAYS if message.test else context.rule(message).keep_days
        if message.going_on(now) or now - message.changed < days * _DAY_SECONDS:
            return
        try:
            spool.remove(message)
        except OSError as error:
            if message.id not in self._stuck:
                self._stuck.add(message.id)
                self._progress(f"{self.node}: message {message.id} stays beyond its {days} days: {error.strerror}")
        else:
            # The note goes last: without it the message would be taken for a new one.
            self.outbox.forget(message.id)
            self._settled.discard(message.id)


def _answered(note: Note, refused: Mapping[str, Refused], now: float) -> Note:
    mailed = {**note.mailed, **{address: now for address in note.waiting if address not in refused}}
    for_good = all(why.for_good for why in refused.values())
    again = _AGAIN_MOST_SECONDS if for_good else min(_AGAIN_SECONDS * 2 ** min(note.tries, 10), _AGAIN_MOST_SECONDS)
    error = _told(refused.items())
    return replace(note, mailed=mailed, error=error, next_at=now + again if refused else 0.0)


def _told(refused: Iterable[tuple[str, Refused]]) -> str:
    return "; ".join(f"{address}: {why.text}" for address, why in refused)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
