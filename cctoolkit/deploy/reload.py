"""Makes the switch load what is on the disk, module by module, and believes only what it reads back.

Asterisk says Success for a broken file too. Source: AMI action Reload of Asterisk 22.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from cctoolkit.ami.client import Account, Headers
from cctoolkit.ami.messages import Message
from cctoolkit.errors import SwitchError
from cctoolkit.node import snapshot
from cctoolkit.plan.changes import Change, memory_difference
from cctoolkit.state.settings import NodeState

Modules = tuple[tuple[str, tuple[str, ...]], ...]

MODULES: Modules = (
    ("app_queue.so", ("queue",)),
    ("res_pjsip.so", ("endpoint", "registration")),
    ("pbx_config.so", ("dialplan",)),
)
"""Reloaded in this order, each with the kinds of settings it brings: what the dialplan uses is there, and
was seen to be there, before a call can reach it.
"""

_FED = {"app_queue.so": "queues.conf", "res_pjsip.so": "pjsip.conf"}
"""The one file of ours that a module reads; all others are dialplan."""

_RELOAD_SECONDS = 60.0
_READ_BACK_SECONDS = 5.0
_PAUSE_SECONDS = 0.1


class Switch(snapshot.Asked, Protocol):
    """What of an AMI client an apply needs."""

    @property
    def account(self) -> Account:
        """Where it is."""

    async def action(self, name: str, headers: Headers = ..., *, timeout: float = ...) -> Message:  # noqa: ASYNC109 - the client's own
        """See `cctoolkit.ami.client.Client.action`."""


def stale(old: Mapping[str, str], new: Mapping[str, bytes]) -> Modules:
    """Return the modules that have something new to read, in their order, where memory is what the old files say.

    The dialplan always has: the entry file carries the release.
    """
    changed = {path for path in old.keys() | new.keys() if old.get(path, "").encode() != new.get(path, b"")}
    return tuple(one for one in MODULES if one[0] not in _FED or _FED[one[0]] in changed)


async def load(client: Switch, wanted: NodeState | None, before: NodeState | None, modules: Modules = MODULES) -> None:
    """Reload and read back until memory is what the files say; raise SwitchError with the differences
    otherwise.

    `before` is what the files said until now: a phone of theirs that is not wanted must be gone. With
    `wanted` None there is nothing to compare with, since the files cannot be read.
    """
    for module, kinds in modules:
        await client.action("Reload", {"Module": module}, timeout=_RELOAD_SECONDS)
        if wanted is not None:
            await _read_back(client, kinds, wanted.only(kinds), before)


async def _read_back(client: Switch, kinds: Sequence[str], wanted: NodeState, before: NodeState | None) -> None:
    deadline = asyncio.get_running_loop().time() + _READ_BACK_SECONDS
    while different := memory_difference(await snapshot.memory(client, kinds), wanted, before):
        if asyncio.get_running_loop().time() > deadline:
            raise SwitchError(
                f"the switch did not take the new files: {_first(different)}",
                where=f"node at {client.account.where}, reload of {kinds[0]} settings",
                expected="memory equal to the files",
                next_step="look for ERROR and WARNING in the node's log",
            )
        # A reload of app_queue or res_pjsip goes on for a moment after the reply.
        await asyncio.sleep(_PAUSE_SECONDS)


def _first(changes: list[Change]) -> str:
    first = changes[0]
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"{first.kind} {first.name} {first.option} is {_shown(first.old)}, not {_shown(first.new)}{more}"


def _shown(value: str | None) -> str:
    return "not there" if value is None else value
