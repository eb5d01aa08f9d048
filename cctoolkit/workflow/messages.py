"""Callers' messages of a site: send them, list them, fetch one, and what verify asks of them."""

import asyncio
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct

from cctoolkit import clock
from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.messages import sound, spool
from cctoolkit.messages.notes import Note, Outbox
from cctoolkit.messages.relay import Relay, RelayDown
from cctoolkit.messages.sender import LEAST_SECONDS, Context, Sender
from cctoolkit.messages.spool import Message
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node
from cctoolkit.model.steps.voicemail import Voicemail
from cctoolkit.secret import parse_ref, resolve
from cctoolkit.state import messages as settings
from cctoolkit.state.messages import MessageSettings, section
from cctoolkit.verify.checks import Mailing, Tried
from cctoolkit.workflow.specs import LoadedSite
from cctoolkit.workflow.switch import transport

LOOK_SECONDS = 1.0
LATE_SECONDS = 900.0
"""A message that waits longer shows in verify, in watch and in the exit code of `messages`."""

State = Literal["recording", "too short", "empty", "kept", "waiting", "mailed"]


class Shown(Struct, frozen=True):
    """A message and what became of it.

    `waiting` are the addresses that have not got it, `mailed` when the relay took it for each of the others; `error` is
    what the last attempt came to.
    """

    node: str
    message: str
    call: str
    project: str
    step: str
    at: datetime
    caller: str
    number: str
    seconds: float
    state: State
    mailed: dict[str, datetime]
    waiting: tuple[str, ...]
    tries: int
    error: str
    late: bool
    recording: str


def outbox(node: Node) -> Outbox:
    """Return a node's outbox."""
    return Outbox(Path(node.folder) / "cctoolkit" / "outbox")


def of_release(node: Node) -> MessageSettings:
    """Return what the release in force says of messages."""
    there = transport(node)
    text = there.read(there.current()).get(settings.FILE, b"")
    return settings.read(text.decode("utf-8", "replace"), f"node {node.id}, {settings.FILE}")


def _relay(found: MessageSettings) -> Relay | None:
    if found.relay is None:
        return None
    reference = found.relay.password_from
    return Relay(found.relay, resolve(parse_ref(reference, Path())) if reference else None)


def send(loaded: LoadedSite, stop: threading.Event, progress: Callable[[str], None], *, once: bool = False) -> int:
    """Send the messages of every node until `stop` is set, or one round of them; return how many still wait.

    Raise OperatorError when another process sends a node's messages, or its spool, outbox or settings cannot be used.
    """
    titles = {project.id: project.project.title for project in loaded.projects}
    with ExitStack() as stack:
        senders = {
            node.id: Sender(node.id, Path(node.spool), stack.enter_context(outbox(node).alone()), progress)
            for node in loaded.site.nodes
        }
        progress(f"sending messages of {', '.join(senders)}")
        while True:
            waiting = 0
            for node in loaded.site.nodes:
                found = of_release(node)
                context = Context(found, _relay(found), titles)
                try:
                    waiting += senders[node.id].round(context, clock.now().timestamp())
                except OSError as error:
                    raise _unreadable(node, error) from error
            if once or stop.wait(LOOK_SECONDS):
                return waiting


def shown(loaded: LoadedSite) -> Iterator[Shown]:
    """Yield the messages of callers on every node; raise OperatorError when a spool or outbox cannot be read."""
    now = clock.now().timestamp()
    for node in loaded.site.nodes:
        notes, found = outbox(node), of_release(node)
        try:
            for message in spool.messages(Path(node.spool)):
                if not message.test:
                    yield _shown(node, message, notes.read(message.id), found, now)
        except OSError as error:
            raise _unreadable(node, error) from error


def _shown(node: Node, message: Message, note: Note | None, found: MessageSettings, now: float) -> Shown:
    seconds, said = sound.seconds(message.recording), message.said
    waiting = _waits_for(message, note, found, now)
    return Shown(
        node=node.id,
        message=message.id,
        call=message.call,
        project=message.project,
        step=message.step,
        at=datetime.fromtimestamp(said.began if said else message.changed - seconds, UTC),
        caller=said.caller if said else "",
        number=said.number if said else "",
        seconds=round(seconds, 3),
        state=_state(message, note, waiting, now),
        mailed={address: datetime.fromtimestamp(at, UTC) for address, at in note.mailed.items()} if note else {},
        waiting=waiting,
        tries=note.tries if note else 0,
        error=note.error if note else "",
        late=bool(waiting) and now - message.changed > LATE_SECONDS,
        recording=str(message.recording),
    )


def _waits_for(message: Message, note: Note | None, found: MessageSettings, now: float) -> tuple[str, ...]:
    """Return who has not got a message yet, of one not taken up who will be written to."""
    if note or message.test or message.too_short or message.going_on(now):
        return note.waiting if note else ()
    rule = found.rules.get(section(message.project, message.step))
    return rule.mail if rule and sound.seconds(message.recording) >= LEAST_SECONDS else ()


def _state(message: Message, note: Note | None, waiting: Sequence[str], now: float) -> State:
    if message.going_on(now):
        return "recording"
    if message.too_short:
        return "too short"
    if waiting:
        return "waiting"
    if note.empty if note else sound.seconds(message.recording) < LEAST_SECONDS:
        return "empty"
    return "mailed" if note and note.mailed else "kept"


def waiting(loaded: LoadedSite) -> tuple[int, int]:
    """Return how many messages wait to be mailed, and how many of them for too long."""
    now, ages = clock.now().timestamp(), list[float]()
    for node in loaded.site.nodes:
        ages += _ages(node, [project.id for project in loaded.projects], now)
    return len(ages), sum(age > LATE_SECONDS for age in ages)


def _ages(node: Node, projects: Collection[str], now: float) -> list[float]:
    """Return how long each message of these projects has waited, in seconds."""
    notes, found = outbox(node), of_release(node)
    try:
        return [
            now - message.changed
            for message in spool.messages(Path(node.spool))
            if message.project in projects and _waits_for(message, notes.read(message.id), found, now)
        ]
    except OSError as error:
        raise _unreadable(node, error) from error


def _unreadable(node: Node, error: OSError) -> OperatorError:
    return OperatorError(
        error.strerror or str(error),
        where=f"node {node.id}, {error.filename or node.spool}",
        expected="the node's spool folder, which this user can read",
        next_step="run this on the node, as root or as Asterisk's user; the site's file says where the spool is",
    )


def fetch(loaded: LoadedSite, name: str) -> bytes:
    """Return a message's recording as a WAV file; raise UsageError when there is no such message."""
    for node in loaded.site.nodes:
        try:
            for message in spool.messages(Path(node.spool)):
                if message.id == name:
                    return sound.read(message.recording).wav()
        except OSError as error:
            raise _unreadable(node, error) from error
    raise UsageError(f"there is no message {name!r}", next_step="cctoolkit messages lists them")


async def mailing(node: Node, project: Project, calls: Sequence[Tried], began: datetime) -> Mailing:
    """Return what is to be seen of a project's messages after its test calls, which began then; no mail is sent."""
    recorded = {
        name for tried in calls for name, _ in tried.path if isinstance(project.flow.get(name), Voicemail)
    }  # fmt: skip
    if not recorded:
        return Mailing({})
    return await asyncio.to_thread(_mailing, node, project, sorted(recorded), began.timestamp())


def _mailing(node: Node, project: Project, recorded: Sequence[str], since: float) -> Mailing:
    try:
        found = [m for m in spool.messages(Path(node.spool)) if m.project == project.id]
    except OSError as error:
        raise _unreadable(node, error) from error
    left = {m.step for m in found if m.test and m.changed >= since and m.recording.is_file()}
    kept = {step: step in left for step in recorded}
    late = sum(age > LATE_SECONDS for age in _ages(node, [project.id], clock.now().timestamp()))
    rules = of_release(node)
    names = [section(project.id, step) for step in recorded]
    asked = tuple(sorted({address for name in names if name in rules.rules for address in rules.rules[name].mail}))
    relay = _relay(rules)
    if not asked or relay is None:
        return Mailing(kept, late=late)
    try:
        refused = {address: why.text for address, why in relay.ask(asked).items()}
    except RelayDown as error:
        return Mailing(kept, asked, relay=f"{error.where}: {error.what}", late=late)
    return Mailing(kept, asked, refused=refused, late=late)
