"""Sends callers' messages of a site, from the machine its nodes' files are on; again where an operator wishes it."""

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import msgspec

from cctoolkit import clock
from cctoolkit.errors import CctoolkitError, OperatorError, UsageError
from cctoolkit.messages import spool
from cctoolkit.messages.notes import Again, Note
from cctoolkit.messages.sender import Context, Sender
from cctoolkit.model.phone import e164
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node
from cctoolkit.model.words import MailAddress
from cctoolkit.workflow import message_copies, message_nodes
from cctoolkit.workflow.message_nodes import outbox
from cctoolkit.workflow.specs import LoadedSite

LOOK_SECONDS = 1.0


class _Desk:
    """A node's sender, and what keeps it from its work just now ("" nothing)."""

    def __init__(self, node: Node, sender: Sender, projects: tuple[Project, ...], tell: Callable[[str], None]) -> None:
        self.node = node
        self.fault = ""
        self._sender = sender
        self._titles = {project.id: project.project.title for project in projects}
        self._countries = {project.id: _countries(project) for project in projects}
        self._tell = tell

    def round(self) -> int:
        """Do one round; return how many messages wait. What fails now may not in a second: it is told of, once."""
        faults, waiting = list[str](), 0
        try:
            found = message_nodes.of_release(self.node)
            try:
                relay = message_nodes.relay(found)
            except CctoolkitError as error:
                relay = None
                faults.append(str(error))
            context = Context(found, relay, self._titles, self._countries)
            waiting = self._sender.round(context, clock.now().timestamp())
        except CctoolkitError as error:
            faults.append(str(error))
        except OSError as error:
            faults.append(str(message_nodes.unreadable(self.node, error)))
        fault = "; ".join(faults)
        if fault and fault != self.fault:
            self._tell(f"{self.node.id}: messages wait: {fault}")
        self.fault = fault
        return waiting


def send(
    loaded: LoadedSite, stop: threading.Event, progress: Callable[[str], None], *, once: bool = False, node: str = ""
) -> int:
    """Send the messages of every node that is here until `stop` is set, or one round of them; return how many wait.

    Raise OperatorError when another process sends a node's messages, or none is here; after one round, also when a
    node's settings, relay or spool cannot be used, which otherwise is told of and tried again.
    """
    nodes = message_nodes.here(loaded, node, progress)
    with ExitStack() as stack:
        desks = [
            _Desk(one, Sender(one.id, Path(one.spool), stack.enter_context(outbox(one).alone()), progress),
                  loaded.projects, progress)
            for one in nodes
        ]  # fmt: skip
        progress(f"sending messages of {', '.join(one.id for one in nodes)}")
        while True:
            waiting = sum(desk.round() for desk in desks)
            if once and (faulty := ", ".join(desk.node.id for desk in desks if desk.fault)):
                raise OperatorError(
                    f"not all messages of {faulty} could be dealt with", next_step="mend what is told above"
                )
            if once or stop.wait(LOOK_SECONDS):
                return waiting


def _countries(project: Project) -> Mapping[str, str]:
    return {(e164(one.number, one.country) or "").lstrip("+"): one.country for one in project.numbers}


def resend(
    loaded: LoadedSite, name: str, to: str = "", *, node: str = "",
    progress: Callable[[str], None] = message_nodes.unheard,
) -> dict[str, tuple[str, ...]]:  # fmt: skip
    """Have a message, or those of a call, sent again; return to whom, by message.

    Without `to` it goes to the addresses that were given up, if none was to all it went to; with it, to that address
    and no longer to those given up. Raise UsageError when that is nobody.
    """
    if to:
        _check(to)
    for there, near in message_copies.each(message_nodes.here(loaded, node, far=True), progress):
        notes = _notes(near.node, name)
        wishes = {message: _wish(message, note, to) for message, note in notes.items()}
        for message, wish in wishes.items():
            message_copies.leave_wish(there, message, wish)
        if wishes:
            return {message: wish.to for message, wish in wishes.items()}
    raise UsageError(f"there is no message or call {name!r}", next_step="cctoolkit messages lists them")


def _notes(node: Node, name: str) -> dict[str, Note]:
    """Return the notes of a message, or of a call's messages."""
    try:
        found = [message for message in spool.messages(Path(node.spool)) if name in (message.id, message.call)]
    except OSError as error:
        raise message_nodes.unreadable(node, error) from error
    box = outbox(node)
    notes = {message.id: note for message in found if (note := box.read(message.id))}
    if found and not notes:
        what = "is not taken up: it is being recorded, too short, a test call's, or no `messages send` has run"
        raise UsageError(f"{name} {what}", next_step="cctoolkit messages lists them; fetch copies the recording")
    return notes


def _wish(message: str, note: Note, to: str) -> Again:
    addresses = (to,) if to else tuple(note.failed) or note.to
    if not addresses:
        raise UsageError(f"{message} was to go to nobody", expected="--to ADDRESS")
    return Again(addresses, clock.now().timestamp())


def _check(address: str) -> None:
    try:
        msgspec.convert(address, MailAddress)
    except msgspec.ValidationError:
        expected = "a bare e-mail address, such as hotline@centre.example"
        raise UsageError(f"{address!r} is no address to write to", expected=expected) from None
