"""One connection as asyncio sees it: journal first, then parse, then hand each message to whom it is for."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from cctoolkit.ami.messages import Message
from cctoolkit.ami.protocol import Parser, ProtocolError
from cctoolkit.errors import SwitchUnreachable


class Pending(Protocol):
    """An action on its way: its id, its bytes, the future of its answer."""

    id: str
    wire: bytes
    future: "asyncio.Future[list[Message]]"

    def takes(self, message: Message) -> bool:
        """Whether a message with this action's id is part of its answer."""

    def add_message(self, message: Message) -> bool:
        """Keep a part of the answer; return true when it was the last."""


class Link(asyncio.Protocol):
    """The protocol that panoramisk's Manager drives; it never reconnects and never sends anything twice.

    `greeted` is set when the banner has come, `closed` when the connection is over (and both are then);
    `reason` says why it is over.
    """

    def __init__(
        self,
        where: str,
        *,
        on_event: Callable[[Message], None],
        on_lost: Callable[[SwitchUnreachable], None],
        on_bytes: Callable[[bytes], None] | None,
    ) -> None:
        self.where = where
        self.parser = Parser()
        self.received_bytes = 0
        self.greeted = asyncio.Event()
        self.closed = asyncio.Event()
        self.reason = ""
        self.waiting: dict[str, Pending] = {}
        self._on_event = on_event
        self._on_lost = on_lost
        self._on_bytes = on_bytes
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (called by asyncio)."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Journal, parse, hand out (called by asyncio).

        What `on_bytes` raises ends the connection: events that could not be kept must not be acted on.
        """
        self.received_bytes += len(data)
        if self._on_bytes is not None:
            self._on_bytes(data)
        try:
            messages = self.parser.feed(data)
        except ProtocolError as error:
            messages = error.before
            self.abort(error.what)
        if self.parser.greeting:
            self.greeted.set()
        for message in messages:
            self._route(message)

    def _route(self, message: Message) -> None:
        action = self.waiting.get(message.action_id) if self.waiting else None
        if action is not None and action.takes(message):
            if action.add_message(message):
                del self.waiting[action.id]
        elif message.event:
            self._on_event(message)
        # What is left is the late answer to an action that was given up: nobody waits for it.

    def send(self, action: Pending, as_list: object = None) -> "asyncio.Future[list[Message]]":  # noqa: ARG002
        """Write an action once and return the future of its answer (called by panoramisk's Manager)."""
        if self.closed.is_set() or self._transport is None or self._transport.is_closing():
            raise self.unreachable()
        self.waiting[action.id] = action
        self._transport.write(action.wire)
        return action.future

    def hold(self, paused: bool) -> None:
        """Stop or resume reading; the kernel's buffers and then the switch hold what comes meanwhile."""
        if self._transport is None or self.closed.is_set():
            return
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        """End the connection after what is still to be written (also called by panoramisk's Manager)."""
        self.reason = self.reason or "this client was closed"
        if self._transport is not None:
            self._transport.close()

    def abort(self, reason: str) -> None:
        """End the connection at once, for `reason`."""
        self.reason = self.reason or reason
        if self._transport is not None:
            self._transport.abort()

    async def finish(self, patience: float) -> None:
        """Close; return when nothing is left of the connection. The peer has `patience` seconds for it."""
        if self._transport is None:
            return
        self.close()
        try:
            async with asyncio.timeout(patience):
                await self.closed.wait()
        except TimeoutError:
            self.abort("")
            await self.closed.wait()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell everyone who waits (called by asyncio, once)."""
        what = f"the connection was lost: {exc}" if exc else "the switch closed the connection"
        self.reason = self.reason or what
        self.closed.set()
        self.greeted.set()
        for action in self.waiting.values():
            if not action.future.done():
                action.future.set_exception(self.unreachable())
        self.waiting.clear()
        self._on_lost(self.unreachable())

    def unreachable(self, what: str = "") -> SwitchUnreachable:
        """Return the error for whoever needs this connection: for `what`, or for the reason of its end."""
        return SwitchUnreachable(
            what or self.reason or "not connected",
            where=self.where,
            next_step="look whether the switch runs and its manager interface is reachable at this address",
        )
