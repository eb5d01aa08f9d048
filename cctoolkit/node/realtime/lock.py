"""The lock of a node's store: a token in its row, put there by one statement.

It is free when it is "", when none of the AMI sessions that its holder may be is connected any more (the client has
died, or the switch has been restarted), or when nothing has been heard of it for `PATIENCE_SECONDS` (its machine has
vanished). Whoever has lost it can change nothing any more: every change names the token.
Source: `manager show connected` of Asterisk 22.
"""

import asyncio
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress

from cctoolkit.errors import OperatorError, SwitchUnreachable
from cctoolkit.node.realtime.store import Store

PATIENCE_SECONDS = 60
_BEAT_SECONDS = 1.0
_HOLDER = "by:"
_MOST = 400
"""Bytes of what a holder says of itself: the whole token must fit into a console command."""
_NAME_COLUMN = 15
"""So much of an account's name the listing shows."""


def _said(token: str) -> bytes:
    """Return what the holder of a token says of itself; nothing where it is not to be read."""
    try:
        return urlsafe_b64decode(token.rpartition(_HOLDER)[2])
    except ValueError:
        return b""


class Lock:
    """The lock of one node as one client sees it, which has just connected; `token` is "" unless it is held."""

    def __init__(self, store: Store) -> None:
        self.token = ""
        self._store = store
        self._since = asyncio.get_running_loop().time()
        self._beat: asyncio.Task[None] | None = None

    async def take(self, holder: bytes) -> bytes | None:
        """Take it if it is free and return None, else what its holder says of itself. `holder` says it of us."""
        node = await self._store.told("node")
        held = str(node["lock"])
        if held and int(node["idle"]) < PATIENCE_SECONDS and not await self._is_dead(held, node["beats"]):
            return _said(held)
        # Those that are older than ours belong to somebody who may outlive us.
        mine = [session for session, age in (await self._sessions()).items() if age <= self._age]
        token = " ".join([secrets.token_hex(8), *mine, _HOLDER + urlsafe_b64encode(holder[:_MOST]).decode()])
        if not await self._store.set("lock", token, where="lock", is_=held):
            return _said(str((await self._store.told("node"))["lock"]))
        self.token = token
        self._beat = asyncio.create_task(self._keep(token))
        return None

    async def give_back(self) -> None:
        """Free it, unless it was lost."""
        token, self.token = self.token, ""
        if self._beat:
            self._beat.cancel()
            await asyncio.wait([self._beat])
        with suppress(SwitchUnreachable, OperatorError):
            # Whatever keeps us from it: with our session it is free again.
            await self._store.set("lock", "", where="lock", is_=token)

    async def _keep(self, token: str) -> None:
        with suppress(SwitchUnreachable, OperatorError):
            # The next change says what is wrong.
            while True:
                if not await self._store.set("lock", token, where="lock", is_=token):
                    return
                await asyncio.sleep(_BEAT_SECONDS)

    async def _is_dead(self, held: str, beats: int) -> bool:
        """Say whether nobody can be the holder of a token any more."""
        now = await self._sessions()
        there = [now[session] for session in held.split()[1:] if session in now]
        if not there or max(there) > self._age:
            return not there
        # As young as ours, it may be ours: the second and the descriptor of one who died this moment.
        await asyncio.sleep(3 * _BEAT_SECONDS)
        return bool((await self._store.told("node"))["beats"] == beats)

    @property
    def _age(self) -> float:
        """How old our session can be, in the whole seconds of the listing."""
        return asyncio.get_running_loop().time() - self._since + 1

    async def _sessions(self) -> dict[str, int]:
        """Return the sessions of our account, one of which is ours: when each began and its file descriptor -> its
        age in seconds.
        """
        name = self._store.client.account.username[:_NAME_COLUMN]
        lines = (await self._store.client.command("manager show connected")).splitlines()
        words = [line.split() for line in lines]
        return {f"{word[2]}/{word[4]}": int(word[3]) for word in words if len(word) == 8 and word[0] == name}
