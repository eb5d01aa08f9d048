"""Sends a node's messages, each once: noted, tried until every address has it, swept when its days are over.

A letter is sent twice only if this ended after the relay took it and before that was noted, or the connection ended
before the relay's answer came: both letters then have one Message-ID, by which mail systems tell them apart from two.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.ami.backoff import delays
from cctoolkit.errors import OperatorError
from cctoolkit.messages import attempts, letter, sound, spool
from cctoolkit.messages.notes import Note, Outbox
from cctoolkit.messages.relay import Dropped, Refused, Relay, RelayDown
from cctoolkit.messages.spool import Message
from cctoolkit.state.messages import MessageSettings, Rule, section

LEAST_SECONDS = 1.0
"""A recording with less sound is empty: the caller was silent, which app_record cuts off."""

_FIRST_SECONDS, _MOST_SECONDS = 2.0, 300.0
_MOST_DROPS = 3
_SWEEP_SECONDS = 60.0
_TEST_DAYS = 1
_DAY_SECONDS = 86400.0
_UNSAID = Rule((), 90, "en", "UTC")


class Context(Struct, frozen=True):
    """What this moment's release says: rules, the relay (None: it has none), and of each project by id its title and
    the countries of its numbers, by their digits.
    """

    settings: MessageSettings
    relay: Relay | None
    titles: Mapping[str, str]
    countries: Mapping[str, Mapping[str, str]] = {}

    def rule(self, message: Message) -> Rule:
        """Return what becomes of a message; of a step that is gone it is only kept."""
        return self.settings.rules.get(section(message.project, message.step), _UNSAID)

    def country(self, message: Message) -> str | None:
        """Return the country of the number that was dialled, else of the project's first."""
        numbers = self.countries.get(message.project, {})
        return numbers.get(message.said.number if message.said else "", next(iter(numbers.values()), None))


class Sender:
    """Sends from `spool_folder`; only while `outbox.alone()` is held."""

    def __init__(self, node: str, spool_folder: Path, outbox: Outbox, progress: Callable[[str], None]) -> None:
        self.node = node
        self.outbox = outbox
        self._spool = spool_folder
        self._progress = progress
        self._settled: dict[str, bool] = {}
        self._unwritten: dict[str, Note] = {}
        self._faults: dict[str, str] = {}
        self._stuck: set[str] = set()
        self._waits: Iterator[float] | None = None
        self._relay_at = 0.0
        self._drops = 0
        self._sweep_at = 0.0

    def round(self, context: Context, now: float) -> int:
        """Take up what is new, send what is due, sweep what is over; return how many messages still wait.

        A message that cannot be dealt with is told of, and waits; raise OSError when the spool cannot be read.
        """
        waiting = 0
        sweeping = now >= self._sweep_at
        if sweeping:
            self._sweep_at = now + _SWEEP_SECONDS
        self._take_wishes()
        for message in spool.messages(self._spool, frozenset() if sweeping else self._settled):
            try:
                waiting += self._waits_after(message, context, now, sweeping=sweeping)
            except (OSError, OperatorError) as error:
                self._tell_fault(f"message {message.id}", error)
                waiting += 1
            else:
                self._faults.pop(f"message {message.id}", None)
        return waiting

    def _waits_after(self, message: Message, context: Context, now: float, *, sweeping: bool) -> bool:
        if message.fault and not message.test:
            raise OperatorError(message.fault, where=str(message.line))
        note = None if self._is_settled(message) else self._taken(message, context, now)
        if note and note.waiting:
            note = self._tried(message, note, context, now)
        waits = bool(note and note.waiting)
        if sweeping and not waits:
            self._sweep(message, context, now)
        return waits

    def _is_settled(self, message: Message) -> bool:
        """Say whether nothing is left to do; what was settled without the switch's line is not when that is there."""
        with_line = self._settled.get(message.id)
        return with_line is not None and (with_line or message.said is None)

    def _settle(self, message: Message) -> None:
        self._settled[message.id] = message.said is not None

    def _taken(self, message: Message, context: Context, now: float) -> Note | None:
        """Return a message's note, made now if need be; None for what never has one."""
        if message.going_on(now):
            return None
        note = self._noted(message.id)
        if message.test or message.too_short:
            if note:  # made before the switch said so
                self.outbox.forget(message.id)
            self._settle(message)
            return None
        if note is None or (message.said and not note.whole):
            note = _made(message, note, context, now)
            self._keep(message.id, note)
        if not note.waiting:
            self._settle(message)
        return note

    def _noted(self, message: str) -> Note | None:
        """Return what is known of a message: first of all on the disk, or a letter could go out again and again."""
        unwritten = self._unwritten.get(message)
        if unwritten is None:
            return self.outbox.read(message)
        self._keep(message, unwritten)
        return unwritten

    def _keep(self, message: str, note: Note) -> None:
        self._unwritten[message] = note
        self.outbox.write(message, note)
        del self._unwritten[message]

    def _take_wishes(self) -> None:
        for message in self.outbox.wishes():
            try:
                note, again = self._noted(message), self.outbox.wished(message)
                if note and again:
                    self._keep(message, attempts.wished(note, again))
                    self._settled.pop(message, None)
                self.outbox.fulfilled(message)
            except (OSError, OperatorError) as error:
                self._tell_fault(f"the wish to send message {message} again", error)

    def _tried(self, message: Message, note: Note, context: Context, now: float) -> Note:
        if context.relay is None or now < max(note.next_at, self._relay_at):
            return note
        told = self._letter(message, note, context, context.relay, now)
        note = replace(note, tries=note.tries + 1)
        self._keep(message.id, note)
        try:
            refused = context.relay.send(note.waiting, told)
        except Dropped as error:
            note = attempts.dropped(note, error.what, now)
            self._was_dropped(message, error, now)
        except RelayDown as error:
            note = attempts.unanswered(note, error.what)
            self._relay_is_down(error, now)
        else:
            self._waits, self._drops = None, 0
            before, note = note.waiting, attempts.answered(note, refused, now)
            self._tell(message, note, [address for address in before if address not in refused], refused)
        self._keep(message.id, note)
        if not note.waiting:
            self._settle(message)
        return note

    def _was_dropped(self, message: Message, error: Dropped, now: float) -> None:
        """Let one letter wait, which the others need not; when none gets an answer, it is the relay."""
        self._progress(f"{self.node}: {error.where}: {error.what}, with message {message.id}, which waits")
        self._drops += 1
        if self._drops >= _MOST_DROPS:
            self._relay_is_down(error, now)

    def _relay_is_down(self, error: RelayDown, now: float) -> None:
        self._waits = self._waits or delays(Random(), first=_FIRST_SECONDS, cap=_MOST_SECONDS)  # noqa: S311 - jitter
        wait = next(self._waits)
        self._relay_at = now + wait
        self._progress(f"{self.node}: {error.where}: {error.what}; messages wait, trying again in {wait:.0f} s")

    def _tell(self, message: Message, note: Note, got: Sequence[str], refused: Mapping[str, Refused]) -> None:
        if got:
            self._progress(f"{self.node}: message {message.id} mailed to {', '.join(got)}")
        for address, why in refused.items():
            then = "given up" if address in note.failed else "trying again"
            self._progress(f"{self.node}: message {message.id} was not taken for {address}: {why.text}; {then}")

    def _tell_fault(self, what: str, error: OSError | OperatorError) -> None:
        """Tell what keeps a message, or a wish, from being dealt with, once."""
        told = str(error)
        if self._faults.get(what) != told:
            self._faults[what] = told
            self._progress(f"{self.node}: {what} waits: {told}")

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
            country=context.country(message),
            edition=note.edition,
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
            self._settled.pop(message.id, None)


def _made(message: Message, before: Note | None, context: Context, now: float) -> Note:
    """Return a message's note; `before` is the one made without the switch's line, which has come after all."""
    empty = sound.seconds(message.recording) < LEAST_SECONDS
    mail = before.to if before and not before.empty else context.rule(message).mail
    to = () if empty else tuple(dict.fromkeys(mail))
    edition = before.edition + 1 if before else 1
    wished = before.wished if before else 0.0
    return Note(to, now, empty=empty, whole=message.said is not None, edition=edition, wished=wished)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
