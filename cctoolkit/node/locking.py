"""The lock of a node, whatever it is made of."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from cctoolkit.errors import Busy
from cctoolkit.node.refusals import AT_WORK
from cctoolkit.node.transports import Holder

_TRIES = 20
_PAUSE_SECONDS = 0.1


class Lockable(ABC):
    """What has a lock: who holds it already by this very object holds it on; who only looks keeps nobody out."""

    _held = False

    @abstractmethod
    def _locked(self, holder: Holder | None) -> AbstractAsyncContextManager[None]:
        """Hold the lock, whose text is `holder`; raise Busy at once when somebody else does."""

    @asynccontextmanager
    async def lock(self, holder: Holder | None = None) -> AsyncIterator[None]:
        """Hold the node's lock; see Transport."""
        if self._held:
            yield
            return
        async with AsyncExitStack() as stack:
            await self._enter(stack, holder)
            self._held = True
            try:
                yield
            finally:
                self._held = False

    async def _enter(self, stack: AsyncExitStack, holder: Holder | None) -> None:
        """Take the lock. Who holds it without a name only looks whether it is held, and is gone in a moment."""
        for left in reversed(range(_TRIES)):
            try:
                await stack.enter_async_context(self._locked(holder))
            except Busy as error:
                if holder is None or error.what != AT_WORK or not left:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return
