"""The messages of a node that is reached by ssh, copied to this machine as long as they are looked at.

Of a recording its head comes along, and the file is as long as it is there: that tells how long it is. What is asked
for comes whole.
"""

import asyncio
import os
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.errors import CctoolkitError, OperatorError, SwitchError
from cctoolkit.messages.notes import WISH, Again
from cctoolkit.messages.sound import MOST_BYTES
from cctoolkit.model.site import Node
from cctoolkit.model.ssh import Ssh
from cctoolkit.state import messages as settings
from cctoolkit.workflow import message_nodes, reach

if TYPE_CHECKING:
    from cctoolkit.node.ssh.session import Session


class Near(Struct, frozen=True):
    """A node whose messages are on this machine; below `prefix` when they are copies, "" when they are its own."""

    node: Node
    prefix: str = ""

    def told(self, text: object) -> str:
        """Return a text whose paths are those of the node."""
        return str(text).replace(self.prefix, "") if self.prefix else str(text)


@contextmanager
def near(node: Node, whole: Collection[str] = ()) -> Iterator[Near]:
    """Yield a node with its messages on this machine, those whose ids are `whole` with all their sound."""
    ssh = reach.by_ssh(node)
    if ssh is None:
        yield Near(node)
        return
    with _place(node) as found:
        asyncio.run(_copy(node, ssh, found, whole))
        yield found


@asynccontextmanager
async def brought(node: Node, ssh: Ssh) -> AsyncIterator[Near]:
    """Yield a node that ssh leads to as `near` does, inside an event loop.

    Raise OperatorError when this machine takes no copy, or the node's answer cannot be read; and see `reach.shell`.
    """
    with _place(node) as found:
        await _copy(node, ssh, found, ())
        yield found


@contextmanager
def _place(node: Node) -> Iterator[Near]:
    with _on_this_machine(node, "the folder for temporary files"):
        made = TemporaryDirectory(prefix="cctoolkit-")
    folder = made.name
    try:
        yield Near(replace(node, folder=folder + node.folder, spool=folder + node.spool), folder)
    finally:
        with _on_this_machine(node, folder):
            made.cleanup()


@contextmanager
def _on_this_machine(node: Node, folder: str) -> Iterator[None]:
    """Turn an OSError of files that are made inside into an OperatorError; the node has no part in it."""
    try:
        yield
    except OSError as error:
        raise OperatorError(
            f"no copy of its messages can be kept here: {error.strerror or error}",
            where=f"node {node.id}, {error.filename or folder}",
            expected="a folder for temporary files with room for the copy, which this user can write",
            next_step="make room there, or name another folder in TMPDIR",
        ) from error  # fmt: skip


@contextmanager
def _told_by(node: Node, ssh: Ssh) -> Iterator[None]:
    """Turn what is raised inside of a node's answers that cannot be read into an OperatorError."""
    try:
        yield
    except (ValueError, LookupError, OverflowError) as error:
        raise OperatorError(
            f"what the node says of its messages was cut short, or cannot be read: {error}",
            where=reach.ssh_place(node, ssh), expected="its time, and of each file name, size, age and bytes",
            next_step="run the command again; see docs/nodes.md, what a node needs, if that stays",
        ) from error  # fmt: skip


def each(
    nodes: Sequence[Node], progress: Callable[[str], None], whole: Collection[str] = ()
) -> Iterator[tuple[Node, Near]]:
    """Yield every node with its messages near; one of several that cannot be reached is told of and passed over, unless
    none can.
    """
    away: CctoolkitError | None = None
    found = False
    for node in nodes:
        with ExitStack() as stack:
            try:
                copies = stack.enter_context(near(node, whole))
            except (OperatorError, SwitchError) as error:
                away = error
                progress(f"node {node.id} is passed over: {error.where}: {error.what}")
                continue
            found = True
            yield node, copies
    if away and not found:
        raise away


async def _copy(node: Node, ssh: Ssh, to: Near, whole: Collection[str]) -> None:
    async with reach.shell(node, ssh) as session:
        from cctoolkit.node.transports.ssh import SshTransport

        with _on_this_machine(node, to.prefix), _told_by(node, ssh):
            await SshTransport(node.id, session, node.group).current()  # or says what is wrong with it
            await _fill(session, node, to.node, whole)


async def _fill(session: "Session", node: Node, to: Node, whole: Collection[str]) -> None:
    ours = Path(to.folder) / "cctoolkit"
    ahead = float((await session.ask("now"))[0]) - clock.now().timestamp()
    (ours / "current").mkdir(parents=True)
    for content in await session.ask("peek", f"cctoolkit/current/{settings.FILE}"):
        (ours / "current" / settings.FILE).write_bytes(b64decode(content))
    for name in _written(await session.ask("spool", node.spool), Path(to.spool), ahead):
        if PurePosixPath(name).stem in whole and name.endswith(".wav"):
            _written(await session.ask("sound", node.spool, name), Path(to.spool), ahead)
    _written(await session.ask("notes"), ours, ahead)


def _written(said: Iterable[str], folder: Path, ahead: float) -> list[str]:
    """Write files as spool.sh tells them below a folder, as long and as old as they are there; return their names. The
    node's clock is so many seconds `ahead` of ours.
    """
    told, names = iter(said), []
    for name, stamp, content in zip(told, told, told, strict=True):
        if {"..", "/"} & {*PurePosixPath(name).parts}:
            continue  # no name of ours, and it would lead elsewhere on this machine
        size, changed = stamp.split()
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b64decode(content))
        os.truncate(path, min(int(size), MOST_BYTES))
        os.utime(path, (float(changed) - ahead,) * 2)
        names.append(name)
    return names


def leave_wish(node: Node, message: str, again: Again) -> None:
    """Leave a wish for the sender of a node, where it runs."""
    if ssh := reach.by_ssh(node):
        asyncio.run(_leave_wish(node, ssh, f"{message}{WISH}", again))
    else:
        message_nodes.outbox(node).wish(message, again)


async def _leave_wish(node: Node, ssh: Ssh, name: str, again: Again) -> None:
    async with reach.shell(node, ssh) as session:
        await session.ask("wish", name, b64encode(msgspec.json.encode(again)).decode())
