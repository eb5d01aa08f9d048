"""Waiting for somebody else's apply to end."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

from cctoolkit.errors import Busy, OperatorError, SwitchError, UsageError
from cctoolkit.model.site import Node
from cctoolkit.model.words import seconds
from cctoolkit.workflow.reach import transport

LONGEST_SECONDS = 24 * 3600
_PAUSE_SECONDS = 0.5


def patience(text: str) -> float:
    """Return how many seconds to wait: none when nothing is said; raise UsageError for what is no duration."""
    return duration(text, "--wait") if text else 0.0


def duration(text: str, option: str) -> int:
    """Return a duration such as 60s in seconds, a day at most; raise UsageError for anything else."""
    try:
        found = seconds(text)
    except ValueError:
        found = -1
    if not 0 <= found <= LONGEST_SECONDS:
        raise UsageError(f"{text!r} is no duration of up to a day", where=option, expected="one such as 60s or 5m")
    return found


def trial(text: str) -> timedelta | None:
    """Return how long a release waits to be confirmed, None when it need not; raise UsageError for no time at all."""
    found = duration(text, "--confirm-within") if text else None
    if found == 0:
        raise UsageError("no time to confirm in", where="--confirm-within", expected="a duration such as 5m")
    return None if found is None else timedelta(seconds=found)


async def wait_free(nodes: Sequence[Node], wait_seconds: float, progress: Callable[[str], None]) -> None:
    """Return once nobody is at work on the nodes; raise Busy, naming who is, after `wait_seconds`. With none nobody is
    asked: who is at work is found when the lock is taken.
    """
    deadline = asyncio.get_running_loop().time() + wait_seconds
    for node in nodes if wait_seconds else ():
        told = False
        while busy := await _busy(node):
            if asyncio.get_running_loop().time() >= deadline:
                raise busy
            if not told:
                progress(f"{busy.where}: {busy.what}; waiting")
            told = True
            await asyncio.sleep(_PAUSE_SECONDS)


async def _busy(node: Node) -> Busy | None:
    """Return who is at work; nobody on a node that is away, which is the plan's to say."""
    try:
        async with transport(node) as there, there.lock():
            return None
    except Busy as error:
        return error
    except (OperatorError, SwitchError):
        return None
