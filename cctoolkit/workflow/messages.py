"""Callers' messages of a site: list them, fetch one, and what verify asks of them."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.messages import sound, spool
from cctoolkit.messages.notes import Note
from cctoolkit.messages.relay import RelayDown
from cctoolkit.messages.sender import LEAST_SECONDS
from cctoolkit.messages.spool import Message
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node
from cctoolkit.model.steps.voicemail import Voicemail
from cctoolkit.state.messages import MessageSettings, section
from cctoolkit.verify.checks import Mailing, Tried
from cctoolkit.workflow import message_copies, message_nodes
from cctoolkit.workflow.message_copies import Near
from cctoolkit.workflow.reach import by_ssh, files_are_here
from cctoolkit.workflow.specs import LoadedSite

LATE_SECONDS = 900.0
"""A message that waits longer shows in verify, in watch and in the exit code of `messages`."""

State = Literal["recording", "too short", "empty", "kept", "waiting", "failed", "mailed", "unreadable"]


class Shown(Struct, frozen=True):
    """A message and what became of it.

    `waiting` are the addresses that have not got it, `mailed` when the relay took it for each of the others,
    `failed` when one was given up; `error` is what the last attempt came to.
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
    failed: dict[str, datetime]
    tries: int
    error: str
    late: bool
    recording: str


def shown(
    loaded: LoadedSite, node: str = "", progress: Callable[[str], None] = message_nodes.unheard
) -> Iterator[Shown]:
    """Yield callers' messages on the nodes that are here or reached by ssh; raise OperatorError when a spool cannot be
    read.
    """
    now = clock.now().timestamp()
    for _, near in message_copies.each(message_nodes.here(loaded, node, progress, far=True), progress):
        one = near.node
        notes, found = message_nodes.outbox(one), message_nodes.of_release(one)
        for message in _callers(one):
            try:
                _readable(message)
                shown = _shown(one, message, notes.read(message.id), found, now)
            except (OSError, OperatorError) as error:
                shown = _unreadable_message(one, message, error, now)
            yield replace(shown, recording=near.told(shown.recording), error=near.told(shown.error))


def _callers(node: Node) -> Iterator[Message]:
    try:
        yield from (message for message in spool.messages(Path(node.spool)) if not message.test)
    except OSError as error:
        raise message_nodes.unreadable(node, error) from error


def _readable(message: Message) -> None:
    if message.fault:
        raise OperatorError(message.fault, where=str(message.line))


def _shown(node: Node, message: Message, note: Note | None, found: MessageSettings, now: float) -> Shown:
    seconds, said = sound.seconds(message.recording), message.said
    waiting = _waits_for(message, note, found, now)
    return Shown(
        node=node.id,
        message=message.id,
        call=message.call,
        project=message.project,
        step=message.step,
        at=_moment(said.began if said else message.changed - seconds),
        caller=said.caller if said else "",
        number=said.number if said else "",
        seconds=round(seconds, 3),
        state=_state(message, note, waiting, now),
        mailed={address: _moment(at) for address, at in note.mailed.items()} if note else {},
        waiting=waiting,
        failed={address: _moment(at) for address, at in note.failed.items()} if note else {},
        tries=note.tries if note else 0,
        error=note.error if note else "",
        late=bool(waiting) and now - _since(message, note) > LATE_SECONDS,
        recording=str(message.recording),
    )


def _unreadable_message(node: Node, message: Message, error: Exception, now: float) -> Shown:
    """Return what there is to show of a message that cannot be read: why, and that it may wait."""
    return Shown(
        node=node.id, message=message.id, call=message.call, project=message.project, step=message.step,
        at=_moment(message.changed), caller="", number="", seconds=0.0, state="unreadable", mailed={}, waiting=(),
        failed={}, tries=0, error=str(error), late=now - message.changed > LATE_SECONDS,
        recording=str(message.recording),
    )  # fmt: skip


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _since(message: Message, note: Note | None) -> float:
    """Return since when a message waits: one that is sent again, since that was said."""
    return note.taken if note and note.edition > 1 else message.changed


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
    if note and note.failed:
        return "failed"
    if note.empty if note else sound.seconds(message.recording) < LEAST_SECONDS:
        return "empty"
    return "mailed" if note and note.mailed else "kept"


def waiting(loaded: LoadedSite, nodes: Sequence[Node] = ()) -> tuple[int, int]:
    """Return how many messages wait to be mailed, and how many of them for too long: on nodes whose messages are on
    this machine, all there are when none is named.
    """
    now, ages = clock.now().timestamp(), list[float]()
    for node in nodes or message_nodes.here(loaded):
        ages += _ages(node, [project.id for project in loaded.projects], now)
    return len(ages), sum(age > LATE_SECONDS for age in ages)


def _ages(node: Node, projects: Collection[str], now: float) -> list[float]:
    """Return how long each message of these projects has waited, in seconds; one that cannot be read may wait."""
    notes, found, ages = message_nodes.outbox(node), message_nodes.of_release(node), list[float]()
    for message in _callers(node):
        if message.project not in projects:
            continue
        try:
            _readable(message)
            note = notes.read(message.id)
            if _waits_for(message, note, found, now):
                ages.append(now - _since(message, note))
        except (OSError, OperatorError):
            ages.append(now - message.changed)
    return ages


def failed(node: Node, project: str) -> int:
    """Return how many of a project's messages were given up for an address."""
    count, notes = 0, message_nodes.outbox(node)
    for message in _callers(node):
        with suppress(OperatorError):  # shown as late
            note = notes.read(message.id) if message.project == project else None
            count += bool(note and note.failed)
    return count


def fetch(
    loaded: LoadedSite, name: str, named: str = "", progress: Callable[[str], None] = message_nodes.unheard
) -> bytes:
    """Return a message's recording as a WAV file; raise UsageError when there is no such message."""
    for node, near in message_copies.each(message_nodes.here(loaded, named, far=True), progress, [name]):
        try:
            for message in spool.messages(Path(near.node.spool)):
                if message.id == name:
                    return sound.read(message.recording).wav()
        except OSError as error:
            raise message_nodes.unreadable(node, error) from error
    raise UsageError(f"there is no message {name!r}", next_step="cctoolkit messages lists them")


async def mailing(node: Node, project: Project, calls: Sequence[Tried], began: datetime) -> Mailing:
    """Return what is to be seen of a project's messages after its test calls, which began then; no mail is sent."""
    recorded = {
        name for tried in calls for name, _ in tried.path if isinstance(project.flow.get(name), Voicemail)
    }  # fmt: skip
    if not recorded:
        return Mailing({})
    if not (files_are_here(node) or by_ssh(node)):
        why = f"AMI shows no file, and they are on node {node.id} alone; run verify there"
        return Mailing({}, unseen=f"not looked at: {why}")
    return await asyncio.to_thread(_mailing, node, project, sorted(recorded), began.timestamp())


def _mailing(there: Node, project: Project, recorded: Sequence[str], since: float) -> Mailing:
    with message_copies.near(there) as near:
        return _seen(near, project, recorded, since)


def _seen(near: Near, project: Project, recorded: Sequence[str], since: float) -> Mailing:
    node = near.node
    try:
        found = [m for m in spool.messages(Path(node.spool)) if m.project == project.id]
    except OSError as error:
        raise message_nodes.unreadable(node, error) from error
    left = {m.step for m in found if m.test and m.changed >= since and m.recording.is_file()}
    kept = {step: step in left for step in recorded}
    late = sum(age > LATE_SECONDS for age in _ages(node, [project.id], clock.now().timestamp()))
    rules = message_nodes.of_release(node)
    names = [section(project.id, step) for step in recorded]
    asked = tuple(sorted({address for name in names if name in rules.rules for address in rules.rules[name].mail}))
    way, given_up = message_nodes.relay(rules), failed(node, project.id)
    if not asked or way is None:
        return Mailing(kept, late=late, failed=given_up)
    if near.prefix:
        return Mailing(
            kept, late=late, failed=given_up, unasked=f"not asked from here: it takes mail of node {node.id}"
        )
    try:
        refused = {address: why.text for address, why in way.ask(asked).items()}
    except RelayDown as error:
        return Mailing(kept, asked, relay=f"{error.where}: {error.what}", late=late, failed=given_up)
    return Mailing(kept, asked, refused=refused, late=late, failed=given_up)
