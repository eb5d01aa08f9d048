"""The demonstration's message: a caller whom nobody can answer speaks after the tone, and the lab gets the letter."""

import asyncio
import threading
import time
from collections.abc import Callable

from cctoolkit.errors import CctoolkitError
from cctoolkit.lab.lab import Lab
from cctoolkit.workflow import mailing, messages, specs

NUMBER = "+78126402030"
SPEAKS_SECONDS = 8.0
"""From the answer on; prompt and tone take 4 of them."""

_WAIT_SECONDS = 20.0
_LOOK_SECONDS = 0.1


class MessageLost(CctoolkitError):
    """A caller's message was not mailed."""


async def leave(lab: Lab) -> None:
    """Let a dealer call, whom no agent serves who is logged in, and speak."""
    await lab.street.place_call(NUMBER, caller="+79265550101", hang_up_after=SPEAKS_SECONDS)


async def mailed(lab: Lab, loaded: specs.LoadedSite, say: Callable[[str], None]) -> None:
    """Wait for the message, mail it, and say what became of it; raise MessageLost when it did not get out."""
    await asyncio.to_thread(_send, loaded)
    found = list(messages.shown(loaded))
    letters = list(lab.mail.glob("*.eml"))
    if [one.state for one in found] != ["mailed"] or len(letters) != 1:
        raise MessageLost(f"of 1 message {len(letters)} letters came", next_step="cctoolkit messages --site lab")
    to = ", ".join(found[0].mailed)
    say(f"{found[0].caller} spoke for {found[0].seconds:.1f} s; 1 message, mailed to {to}: {letters[0]}")


def _send(loaded: specs.LoadedSite) -> None:
    """Send as soon as the switch has said that the message is whole."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while messages.waiting(loaded) == (0, 0) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    mailing.send(loaded, threading.Event(), lambda _line: None, once=True)
