"""A consumer's own queue of events, with a limit that stops the reading instead of losing anything."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from cctoolkit.ami.faults import EventTimeoutError
from cctoolkit.ami.messages import Message
from cctoolkit.errors import CctoolkitError


class Subscription:
    """Events in the order they came, for one consumer: `async for`, or `next_matching`.

    When everything queued has been handed out, iteration ends if the client was closed and raises
    SwitchUnreachable if the connection was lost.
    """

    def __init__(self, names: frozenset[str], maxsize: int, changed: Callable[[], None]) -> None:
        """Take events called one of `names` (lower case; none: all); call `changed` when `full` flips."""
        self.full = False
        self._names = names
        self._maxsize = maxsize
        self._changed = changed
        self._queue: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self._error: CctoolkitError | None = None

    def __len__(self) -> int:
        """Events waiting; over the limit by what was read in one piece or while an answer was awaited."""
        return len(self._queue)

    def offer(self, event: Message) -> None:
        """Queue `event` if it is one of ours."""
        if self._names and event.event.lower() not in self._names:
            return
        self._queue.append(event)
        self._wake.set()
        if not self.full and len(self._queue) >= self._maxsize:
            self.full = True
            self._changed()

    def end(self, error: CctoolkitError | None) -> None:
        """Let the consumer finish what is queued, then stop it, with `error` if there is one."""
        self._ended, self._error = True, error
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        while not self._queue:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        event = self._queue.popleft()
        # Half empty, not one free place: or the reading would stop and start for every event.
        if self.full and len(self._queue) <= self._maxsize // 2:
            self.full = False
            self._changed()
        return event

    async def next_matching(self, predicate: Callable[[Message], bool], timeout: float) -> Message:  # noqa: ASYNC109
        """Return the next event for which `predicate` holds, dropping those before it.

        Raise EventTimeoutError after `timeout` seconds, SwitchUnreachable when the connection was lost.
        """
        passed = 0
        try:
            async with asyncio.timeout(timeout):
                async for event in self:
                    if predicate(event):
                        return event
                    passed += 1
        except TimeoutError as error:
            raise self._missed(f"within {timeout:g} s", passed) from error
        raise self._missed("before the client was closed", passed)

    def _missed(self, when: str, passed: int) -> EventTimeoutError:
        names = ", ".join(sorted(self._names)) or "any"
        return EventTimeoutError(f"the event waited for did not come {when}; {passed} others did ({names})")


class Subscribers:
    """Everyone who listens on one connection."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """Call `changed` when `is_full` may have changed."""
        self._changed = changed
        self._all: list[Subscription] = []
        self._ended = False
        self._error: CctoolkitError | None = None

    @property
    def is_full(self) -> bool:
        """Whether somebody is at their limit."""
        return any(one.full for one in self._all)

    @contextmanager
    def open(self, names: tuple[str, ...], maxsize: int) -> Iterator[Subscription]:
        """Yield a subscription to events called `names`; one opened after the end ends at once."""
        one = Subscription(frozenset(name.lower() for name in names), maxsize, self._changed)
        if self._ended:
            one.end(self._error)
        self._all.append(one)
        try:
            yield one
        finally:
            self._all.remove(one)
            self._changed()

    def offer(self, event: Message) -> None:
        """Give an event to all whom it concerns."""
        for one in self._all:
            one.offer(event)

    def end(self, error: CctoolkitError | None) -> None:
        """No more events will come: because of `error`, if there is one."""
        self._ended, self._error = True, error
        for one in self._all:
            one.end(error)
