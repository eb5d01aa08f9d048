"""What every transport refuses, in the same words however the node is reached."""

from collections.abc import Iterable

import msgspec

from cctoolkit.errors import Busy, OperatorError
from cctoolkit.node.transports import Holder

AT_WORK = "somebody else is at work on this node"
"""All that is told of who holds the lock without a name."""


def unprepared(node: str, root: str) -> OperatorError:
    """Return what to do where our folder is not there."""
    return OperatorError(
        "the node is not prepared",
        where=f"node {node}, {root}",
        expected="this folder, with releases/ in it and a link `current` to one of them",
        next_step=f"cctoolkit site init --node {node} prepares it, once",
    )


def at_work(node: str, lock: bytes = b"") -> Busy:
    """Return what to do while somebody else holds the lock; `lock` is the text of the lock file."""
    return Busy(
        f"{AT_WORK}{_held(lock)}", where=f"node {node}",
        next_step="wait for it and try again; --wait 60s does so",
    )  # fmt: skip


def _held(lock: bytes) -> str:
    try:
        by = msgspec.json.decode(lock, type=Holder)
    except msgspec.DecodeError:
        return ""
    told = f": {by.who} on {by.machine}, {by.doing}, since {by.since[:19]}Z"
    return "".join(c if c.isprintable() else "?" for c in told)


def astray(node: str, link: str, name: str, releases: Iterable[str]) -> OperatorError:
    """Return what to do about a `current` that points at `name` ("" it is no link), which is no release."""
    return OperatorError(
        f"`current` points at no release: {name or 'it is no link'}",
        where=f"node {node}, {link}",
        expected=f"a link to a folder of releases/, where there are: {', '.join(releases) or 'none'}",
        next_step=f"ln -sfn releases/<the newest one> {link}, then plan again",
    )


def taken(node: str, path: str) -> OperatorError:
    """Return why nothing is written into a release that is there."""
    return OperatorError(
        "there is a release of this name", where=f"node {node}, {path}",
        expected="a name nobody has used", next_step="run the command again: it takes the next number",
    )  # fmt: skip


def astray_row(node: str, name: str, releases: Iterable[str]) -> OperatorError:
    """Return what to do about a store whose `current` names no release."""
    return OperatorError(
        f"`current` points at no release: {name}",
        where=f"node {node}, its store",
        expected=f"one of: {', '.join(releases) or 'none'}",
        next_step="on the node's console: realtime update cct_node id node current <the newest one>, then plan again",
    )


def no_store(where: str, why: str = "") -> OperatorError:
    """Return what to do where a node's store is not there, or is not what this toolkit needs."""
    return OperatorError(
        f"the node is not prepared{why and ': '}{why}",
        where=where,
        expected="a store that Asterisk reads through res_config_sqlite3, and res_realtime on its console",
        next_step="cctoolkit site init on the node itself, as root, prepares it; or by hand as docs/nodes.md says",
    )


def in_force(node: str, release: str) -> OperatorError:
    """Return why a release is not discarded."""
    return OperatorError(f"release {release} is in force: it stays", where=f"node {node}")


def no_group(node: str, group: str) -> OperatorError:
    """Return what to do where Asterisk's group is not known."""
    return OperatorError(
        f"there is no group {group!r} on the node",
        where=f"node {node}",
        expected="the group Asterisk runs as",
        next_step="mend `group` of this node in the site's file",
    )
