"""The nodes of a site whose messages are on this machine, and what their releases say of messages."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.messages.notes import Outbox
from cctoolkit.messages.relay import Relay
from cctoolkit.model.site import Node
from cctoolkit.node.realtime import here as stored
from cctoolkit.node.realtime.prepare import STORE
from cctoolkit.secret import parse_ref, resolve
from cctoolkit.state import messages as settings
from cctoolkit.state.messages import MessageSettings
from cctoolkit.workflow.reach import by_ssh, files_are_here
from cctoolkit.workflow.specs import LoadedSite


def unheard(_line: str) -> None:
    """Tell nobody."""


def outbox(node: Node) -> Outbox:
    """Return a node's outbox."""
    return Outbox(Path(node.folder) / "cctoolkit" / "outbox")


def of_release(node: Node) -> MessageSettings:
    """Return what the release in force says of messages; its files are on this machine, as the messages are."""
    where = f"node {node.id}, {settings.FILE}"
    if node.transport == "ami":
        return settings.read(stored.text(Path(node.folder) / STORE, settings.FILE), where)
    current = Path(node.folder) / "cctoolkit" / "current"
    try:
        current.stat()
        text = (current / settings.FILE).read_bytes() if (current / settings.FILE).exists() else b""
    except OSError as error:
        raise OperatorError(
            error.strerror or str(error), where=f"node {node.id}, {error.filename}",
            expected="the release in force, which this user can read", next_step="cctoolkit plan says what is wrong",
        ) from error  # fmt: skip
    return settings.read(text.decode("utf-8", "replace"), where)


def relay(found: MessageSettings) -> Relay | None:
    """Return the relay, its secret read now."""
    if found.relay is None:
        return None
    reference = found.relay.password_from
    return Relay(found.relay, resolve(parse_ref(reference, Path())) if reference else None)


def here(
    loaded: LoadedSite, named: str = "", progress: Callable[[str], None] = unheard, *, far: bool = False
) -> list[Node]:
    """Return the nodes whose files are on this machine, one of those that share a folder; tell which are not. With
    `far` those that are reached by ssh too.

    `named` is the one to take; raise UsageError when the site has no such node, OperatorError when there is none.
    """
    nodes = [node for node in loaded.site.nodes if node.id == named or not named]
    if not nodes:
        known = ", ".join(node.id for node in loaded.site.nodes)
        raise UsageError(f"the site has no node {named!r}", expected=f"one of {known}")
    found, passed = parted(nodes, named=bool(named), far=far)
    for name, why in passed.items():
        progress(f"node {name} is passed over: {why}")
    if not found:
        what = f"no folder of {', '.join(node.id for node in nodes)} is on this machine, or this user can see none"
        raise OperatorError(
            what, where=nodes[0].folder, next_step="run this on the node, as root or as Asterisk's user"
        )
    return found


def parted(nodes: Sequence[Node], *, named: bool = False, far: bool = False) -> tuple[list[Node], dict[str, str]]:
    """Return the nodes as `here`, and by id why each of the others is passed over."""
    found, passed = dict[str, Node](), dict[str, str]()
    for node in nodes:
        folder = os.path.realpath(node.folder)
        if far and by_ssh(node):
            found[node.id] = node
        elif not named and not files_are_here(node):
            passed[node.id] = f"reached by {node.transport}; its messages are to be had there alone"
        elif not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where a folder above cannot be read
            passed[node.id] = f"{node.folder} is not on this machine, or this user cannot see it"
        elif (first := found.setdefault(folder, node)) is not node:
            passed[node.id] = f"its folder is that of {first.id}; cctoolkit messages --node says which this is"
    return list(found.values()), passed


def unreadable(node: Node, error: OSError) -> OperatorError:
    """Return what to do about a node's spool that cannot be read."""
    return OperatorError(
        error.strerror or str(error),
        where=f"node {node.id}, {error.filename or node.spool}",
        expected="the node's spool folder, which this user can read",
        next_step="run this on the node, as root or as Asterisk's user; the site's file says where the spool is",
    )
