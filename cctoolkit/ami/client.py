"""The client: log in, ask, listen. The only module that touches panoramisk.

panoramisk's Manager opens the connection and its Action gives ids and futures. What it gets wrong is replaced
here: it reconnects at a fixed pace and re-sends actions, takes a wrong password for a lost connection, never
misses the answer to a ping, and guesses from the words of a reply whether more will follow.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from types import MappingProxyType
from typing import Final, Self
from uuid import uuid4

import msgspec
from panoramisk import Manager
from panoramisk.actions import Action

from cctoolkit.ami.clocks import Clocks, Reading
from cctoolkit.ami.faults import ActionRefusedError, LoginRefused
from cctoolkit.ami.link import Link
from cctoolkit.ami.messages import Message
from cctoolkit.ami.protocol import encode_action
from cctoolkit.ami.subscription import Subscribers, Subscription
from cctoolkit.errors import SwitchError, SwitchUnreachable
from cctoolkit.secret import Secret

Headers = Mapping[str, str | Sequence[str]]
"""Headers of an action; a list or tuple repeats its header."""

_NONE: Final[Headers] = MappingProxyType({})
_CLOSE_TIMEOUT: Final = 1.0
_OURS: Final = f"cct/{uuid4()}"
"""What our actions' numbers begin with: some events that carry one go to every connection."""

_NUMBERS: Final = count(1)


class Account(msgspec.Struct, frozen=True):
    """Where a switch listens and who we are there.

    `port` is 5038, with `tls` 5039, unless manager.conf differs. With `tls` the switch's certificate must be
    good for `host` and issued by an authority of this system (or of the file SSL_CERT_FILE names). `told_as`: what
    messages say instead, where the address is that of a tunnel.
    """

    host: str
    port: int
    username: str
    secret: Secret
    tls: bool = False
    told_as: str = ""

    @property
    def where(self) -> str:
        """The address as it stands in messages."""
        return self.told_as or f"{self.host}:{self.port}"


class _Action(Action):  # type: ignore[misc]  # panoramisk ships no types
    """panoramisk's action; when its answer is whole is read from the protocol, not from the wording."""

    wire: bytes
    responses: list[Message]
    future: "asyncio.Future[list[Message]]"

    def __init__(self, name: str, headers: Headers = _NONE, *, as_list: bool = False) -> None:
        # Only the name goes into the mapping, which prints itself: a header may be a secret. The number is ours:
        # panoramisk's fails when two threads ask for one at once.
        super().__init__({"Action": name, "ActionID": f"{_OURS}/{next(_NUMBERS)}"}, as_list=as_list)
        self.wire = encode_action(name, headers, self.id)

    def takes(self, message: Message) -> bool:
        # OriginateResponse carries the id too, often long after the reply: it is an event like any other.
        return bool(message.response or self.as_list)

    def add_message(self, message: Message) -> bool:
        if not self.future.done():
            self.responses.append(message)
        if not self._ends_with(message):
            return False
        if not self.future.done():
            self.future.set_result(self.responses)
        return True

    def _ends_with(self, message: Message) -> bool:
        if message.response:
            return not self.as_list or message.response == "Error"
        # AMI v2 Specification, "Action Responses": the last event of a list says so in its EventList header.
        return message.event_list.lower() in ("complete", "cancelled")


class _Manager(Manager):  # type: ignore[misc]  # panoramisk ships no types
    """panoramisk's manager without its retries: whoever holds the client decides what a loss means."""

    def connection_made(self, f: "asyncio.Task[tuple[asyncio.Transport, Link]]") -> None:
        # A failure is raised to the one who awaits the task; in the original it starts the retries.
        if not f.cancelled() and f.exception() is None:
            self.protocol = f.result()[1]


class Client:
    """A logged-in connection to one switch; made by `Client.connect`.

    Nothing is sent twice and nothing reconnects. While the connection stands, a watchdog pings the switch.
    """

    def __init__(self, account: Account, on_bytes: Callable[[bytes], None] | None, ping_interval: float) -> None:
        self.account = account
        self._ping_interval = ping_interval
        self._subscribers = Subscribers(self._balance)
        self._booted = asyncio.Event()
        self._closing = False
        self._clocks = Clocks()
        self._asking = 0
        self._watchdog: asyncio.Task[None] | None = None
        self._link = Link(account.where, on_event=self._on_event, on_lost=self._on_lost, on_bytes=on_bytes)
        self._manager = _Manager(
            host=account.host,
            port=account.port,
            ssl=account.tls,
            protocol_factory=lambda: self._link,
            loop=asyncio.get_running_loop(),
        )

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        account: Account,
        *,
        events: bool = False,
        on_bytes: Callable[[bytes], None] | None = None,
        timeout: float = 5.0,  # noqa: ASYNC109 - it covers three steps, and the error says which one failed
        ping_interval: float = 10.0,
    ) -> AsyncIterator[Self]:
        """Yield a client that is connected and logged in; log off and close at the end.

        `on_bytes` gets every chunk as received, before it is parsed; what it raises ends the connection.
        With `events` the switch sends events from the login on; those before the first `subscribe` reach
        `on_bytes` only. To miss none: no `events`, subscribe, then `action("Events", {"EventMask": "on"})`.

        Raise SwitchUnreachable when nothing answers within `timeout` seconds, when what answers is no manager
        interface, and, at once, when it refuses the login.
        """
        client = cls(account, on_bytes, ping_interval)
        try:
            await client._open(events, timeout)
            yield client
        finally:
            await client._close()

    async def action(self, name: str, headers: Headers = _NONE, *, timeout: float = 10.0) -> Message:  # noqa: ASYNC109
        """Send one action and return the reply.

        Raise ActionRefusedError (a SwitchError) when the reply is an error, SwitchUnreachable when the
        connection is lost or no reply comes within `timeout` seconds: whether the action was performed is
        then unknown.
        """
        return (await self._ask(_Action(name, headers), timeout))[0]

    async def listing(
        self,
        name: str,
        headers: Headers = _NONE,
        *,
        timeout: float = 10.0,  # noqa: ASYNC109
        empty_ok: str | None = None,
    ) -> list[Message]:
        """Send an action that answers with a list of events; return them, without the one that ends the list.

        Some actions answer an error when there is nothing to list: `empty_ok` is a part of that error's text
        ("No endpoints found", in any case) for which an empty list is returned. Other errors as in `action`.
        """
        try:
            messages = await self._ask(_Action(name, headers, as_list=True), timeout)
        except ActionRefusedError as refusal:
            if empty_ok and empty_ok.lower() in refusal.reply.get("Message").lower():
                return []
            raise
        if messages[-1].event_list.lower() == "cancelled":
            raise SwitchError("the switch broke off its list", where=f"{self.account.where} {name}")
        return [message for message in messages[:-1] if message.event]

    async def command(self, text: str, *, timeout: float = 10.0) -> str:  # noqa: ASYNC109
        """Run a command of the Asterisk console; return the lines of its output. Errors as in `action`."""
        reply = await self.action("Command", {"Command": text}, timeout=timeout)
        return "\n".join(reply.all("Output"))

    async def ping(self, *, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Ask for a sign of life; what it says of the switch's clock goes to `clock`. Errors as in `action`."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        (reply, *_) = await self._ask(_Action("Ping"), timeout)
        self._clocks.told(reply.timestamp_us, loop.time() - asked)

    @property
    def clock(self) -> Reading | None:
        """How far the switch's clock is from ours by the last pings; None when none told."""
        return self._clocks.best

    @asynccontextmanager
    async def subscribe(self, *names: str, maxsize: int = 10_000) -> AsyncIterator[Subscription]:
        """Yield a queue of the events called `names` (in any case; all when none is named) from now on.

        When a queue holds `maxsize` events the socket is not read until that queue is half empty, except
        while an action waits for its reply, so that a consumer can ask about the event in its hands. The
        switch cuts off a reader who stays behind for longer than its `writetimeout`.
        """
        with self._subscribers.open(names, maxsize) as subscription:
            yield subscription

    async def fully_booted(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Return when the switch has said it is fully booted; raise SwitchUnreachable if it does not in time.

        It says so after every login with `events` of an account that may read the class "system".
        """
        waits = [asyncio.create_task(event.wait()) for event in (self._booted, self._link.closed)]
        try:
            await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self._booted.is_set():
            raise self._link.unreachable(self._link.reason or f"not fully booted within {timeout:g} s")

    @property
    def banner(self) -> str:
        """The line the switch greeted with: "Asterisk Call Manager/" and the version of the protocol."""
        return self._link.parser.greeting

    async def _open(self, events: bool, limit: float) -> None:
        step = "the switch does not answer"
        try:
            async with asyncio.timeout(limit):
                await self._manager.connect()
                step = "what answers does not greet as a manager interface"
                await self._link.greeted.wait()
                step = "the switch does not answer the login"
                await self._login(self._login_action(events), limit)
        except TimeoutError as error:
            raise self._link.unreachable(f"{step} within {limit:g} s") from error
        except OSError as error:
            cause = "refused" if isinstance(error, ConnectionRefusedError) else error.strerror or error
            raise self._link.unreachable(f"no connection: {cause}") from error
        self._watchdog = asyncio.create_task(self._watch())

    def _login_action(self, events: bool) -> _Action:
        # In a frame of its own, which nothing raises through: a traceback may print the variables of a frame.
        secret, mask = self.account.secret.reveal(), "on" if events else "off"
        return _Action("Login", {"Username": self.account.username, "Secret": secret, "Events": mask})

    async def _login(self, login: _Action, limit: float) -> None:
        try:
            await self._ask(login, limit)
        except ActionRefusedError as refusal:
            name, why = self.account.username, refusal.reply.get("Message")
            raise LoginRefused(
                f"the switch refused the login of account {name!r}: {why}",
                where=self.account.where,
                next_step="compare the account's name, secret and permit lines with manager.conf",
            ) from refusal

    async def _ask(self, action: _Action, limit: float) -> list[Message]:
        self._asking += 1
        self._balance()
        try:
            async with asyncio.timeout(limit):
                messages: list[Message] = await self._manager.send_action(action)
        except TimeoutError as error:
            what = "no end of the list from" if action.responses else "no answer to"
            raise self._link.unreachable(f"{what} {action['Action']} within {limit:g} s") from error
        finally:
            self._asking -= 1
            self._balance()
        if messages[0].response == "Error":
            raise ActionRefusedError(action["Action"], messages[0], where=self.account.where)
        return messages

    async def _watch(self) -> None:
        """Ping for ever; end the connection when for an interval neither the answer nor anything came."""
        while not self._link.closed.is_set():
            await asyncio.sleep(self._ping_interval)
            if self._is_held():
                continue  # The answer would wait unread behind the events.
            before = self._link.received_bytes
            try:
                await self.ping(timeout=self._ping_interval)
            except SwitchUnreachable:
                # Under a flood the answer may be late, and the flood shows that the switch lives.
                if self._link.received_bytes == before:
                    self._link.abort(f"no sign of life for {self._ping_interval:g} s after a ping")

    def _on_event(self, event: Message) -> None:
        if event.event == "FullyBooted":
            self._booted.set()
        if not self._closing:
            self._subscribers.offer(event)

    def _on_lost(self, error: SwitchUnreachable) -> None:
        self._subscribers.end(None if self._closing else error)

    def _is_held(self) -> bool:
        return not self._asking and self._subscribers.is_full

    def _balance(self) -> None:
        self._link.hold(self._is_held())

    async def _close(self) -> None:
        self._closing = True
        try:
            if self._watchdog is not None:
                self._watchdog.cancel()
                await asyncio.wait([self._watchdog])
                with suppress(SwitchError):
                    await self.action("Logoff", timeout=_CLOSE_TIMEOUT)
        finally:
            await self._link.finish(_CLOSE_TIMEOUT)
