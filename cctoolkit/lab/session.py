"""Steers the street over one connection: callers call, phones act, feature codes are dialled."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from cctoolkit.ami.client import Client
from cctoolkit.errors import SwitchError, UsageError
from cctoolkit.lab.street_config import ASK_SECONDS, NAME_PIECES, NUMBER_PIECES, PIECE_BYTES

RING_SECONDS = 1800.0
_KEYS = re.compile(r"[0-9*#A-D]+")
_DIALLED = re.compile(r"[0-9*#+]+")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_MOST_PLAIN = 200

Mode = Literal["answer", "never", "busy"]


class Caller(msgspec.Struct, frozen=True):
    """Who calls, as the carrier says it: any text, line breaks too. An empty `number` is an anonymous caller.

    `headers` go into the INVITE beside the usual ones.
    """

    number: str = "+79161234567"
    name: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class PhoneAct(msgspec.Struct, frozen=True):
    """What a phone does with a call: `answer_after` seconds of ringing it answers, and after `talk` seconds hangs up
    (0: never). With a `hold` (whole seconds, 0: none) it puts the caller on hold `hold_after` seconds after the
    answer, and `talk` counts from when it takes the caller back. A number to `refer` to: `refer_after` seconds later it
    sends the caller there, unseen or, where it `asks`, after a talk with whoever answers; if nobody does, it talks on.
    """

    mode: Mode = "answer"
    answer_after: float = 1
    talk: float = 0
    hold_after: float = 0
    hold: int = 0
    refer: str = ""
    refer_after: float = 0
    asks: bool = False

    @property
    def coded(self) -> str:
        """Return it as the street's dialplan reads it."""
        seconds = f"{self.answer_after:g}:{self.talk:g}:{self.hold_after:g}:{self.hold}"
        refer = f"{dialled(self.refer)}:{self.refer_after:g}:{'asks' if self.asks else ''}" if self.refer else "::"
        return f"{self.mode}:{seconds}:{refer}"


class Session:
    """A logged-in connection to the street's AMI; made by `Street.session`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def place_call(
        self,
        number: str,
        caller: Caller,
        *,
        keys: Sequence[tuple[float, str]] = (),
        hang_up_after: float | None = None,
        ring_seconds: float = RING_SECONDS,
        node: str = "n1",
    ) -> str:
        """As `Street.place_call`; the caller gives up after `ring_seconds` without an answer."""
        call = _id()
        variables = [f"KEYS={schedule(keys)}"]
        if hang_up_after is not None:
            variables.append(f"HANG_UP_AFTER={hang_up_after:g}")
        more: dict[str, str | Sequence[str]] = {"Account": number, "Timeout": f"{ring_seconds * 1000:.0f}"}
        channel = f"PJSIP/{dialled(number)}@carrier-{node}"
        if caller.headers or not (_plain(caller.number) and _plain(caller.name)):
            channel = f"Local/{number}@who/n"
            variables += [f"NODE={node}", *_encoded(caller)]
        elif caller.number:
            more["CallerID"] = f'"{quoted(caller.name)}" <{caller.number}>'
        await self._originate(call, channel, more, variables)
        return call

    async def agent_dials(
        self, agent: str, number: str, *, keys: Sequence[tuple[float, str]] = (), hang_up_after: float | None = None
    ) -> str:
        """As `Street.agent_dials`."""
        call = _id()
        variables = [f"HANG_UP_AFTER={hang_up_after:g}"] if hang_up_after is not None else []
        variables += [f"KEYS={schedule(keys)}"] if keys else []
        more = {"Account": number, "Timeout": f"{RING_SECONDS * 1000:.0f}"}
        await self._originate(call, f"PJSIP/{dialled(number)}@phone-{agent}", more, variables)
        return call

    async def asks(self, agent: str, number: str, channel: str, talk: float) -> None:
        """Let the agent's phone, which has a caller on hold by `channel`, call `number` beside, ASK_SECONDS at most.
        Once somebody has answered and they have talked for `talk` seconds, it sends the caller there.
        """
        more = {"Account": number, "Timeout": f"{ASK_SECONDS * 1000}", "Context": "asks"}
        variables = [f"FOR={channel}", f"AGENT={agent}", f"ASK={talk:g}"]
        await self._originate(_id(), f"PJSIP/{dialled(number)}@phone-{agent}", more, variables)

    async def _originate(
        self, call: str, channel: str, more: Mapping[str, str | Sequence[str]], variables: Sequence[str]
    ) -> None:
        headers = {
            "Channel": channel,
            "ChannelId": call,
            "Context": "callers",
            "Exten": "talk",
            "Priority": "1",
            "Async": "true",
            "Variable": variables,
            **more,
        }
        await self._client.action("Originate", headers)

    async def hang_up(self, call: str) -> None:
        """Let the caller (or phone) of this call hang up now, ringing or talking; harmless if it is over."""
        if name := (await self.channels()).get(call):
            await self._unless_gone("Hangup", {"Channel": name, "Cause": "16"})

    async def press(self, call: str, key: str) -> None:
        """As `Street.press`."""
        await self._client.action("PlayDTMF", {"Channel": (await self.channels())[call], "Digit": key})

    async def pick_up(self, agent: str) -> None:
        """As `Street.pick_up`."""
        found = await self._client.listing("CoreShowChannels")
        [ringing] = [one.get("Channel") for one in found if one.get("Channel").startswith(f"PJSIP/phone-{agent}-")]
        where = {"Context": "phones", "Exten": agent, "Priority": "answer"}
        await self._client.action("Redirect", {"Channel": ringing, **where})

    async def stay(self, channel: str, seconds: float) -> None:
        """Let the caller on this channel hang up `seconds` from now, at no time if 0; harmless if it is gone."""
        await self._unless_gone(
            "Setvar", {"Channel": channel, "Variable": "TIMEOUT(absolute)", "Value": f"{seconds:g}"}
        )

    async def _unless_gone(self, action: str, headers: Mapping[str, str]) -> None:
        try:
            await self._client.action(action, headers)
        except SwitchError as error:
            if "no such channel" not in str(error).lower():
                raise

    async def channels(self) -> dict[str, str]:
        """Return the name of each channel there is, by its id."""
        found = await self._client.listing("CoreShowChannels")
        return {channel.get("Uniqueid"): channel.get("Channel") for channel in found}

    async def set_phone(self, agent: str, act: PhoneAct) -> None:
        """Say what the agent's phone does from its next call on."""
        await self._put(f"phone-{agent}", {"act": act.coded, "turns": "0"})

    async def set_turns(self, agent: str, turns: Sequence[PhoneAct]) -> None:
        """Say what the agent's phone does with each call that rings it, in turn, round and round. None: as `set_phone`
        says.
        """
        acts = {f"turn-{i}": one.coded for i, one in enumerate(turns)}
        await self._put(f"phone-{agent}", {**acts, "next": "0", "turns": str(len(turns))})

    async def _put(self, family: str, values: Mapping[str, str]) -> None:
        for key, value in values.items():
            await self._client.action("DBPut", {"Family": family, "Key": key, "Val": value})

    async def registered(self) -> list[str]:
        """Return the agents whose phones are registered, in order."""
        lines = await self._client.listing("PJSIPShowRegistrationsOutbound", empty_ok="No outbound registrations")
        return sorted(line.get("ContactUser") for line in lines if line.get("Status") == "Registered")


def _plain(text: str) -> bool:
    """Say whether a text goes into one header of AMI as it is."""
    return text.isprintable() and len(text.encode()) <= _MOST_PLAIN and not set(text) & set("<>")


def _id() -> str:
    return f"street-{secrets.token_hex(6)}"


def digits(number: str) -> str:
    """Return what identifies a caller, whatever else stands in the number."""
    return "".join(char for char in number if char in "+0123456789")


def shown(number: str) -> str:
    """Return the number a node takes a caller for: "" when anything but digits stands in it."""
    return number if digits(number) == number else ""


def _encoded(caller: Caller) -> list[str]:
    if any(ord(char) < 32 for char in caller.name):
        # RFC 3261, 25.1: a quoted string holds no control character; it would end the header.
        raise UsageError(f"the name {caller.name[:40]!r} cannot be sent", expected="no control characters in a name")
    headers = []
    for name, value in caller.headers:
        if not _HEADER.fullmatch(name):
            raise UsageError(f"{name!r} is no header", expected="a letter, then letters, digits, - and _")
        headers.append(f"{name}:{quote(value, safe='')}")
    return [
        f"DIGITS={shown(caller.number)}",
        *_pieces("NAME", caller.name, NAME_PIECES),
        *_pieces("NUMBER", caller.number, NUMBER_PIECES),
        *([f"__HEADERS={'&'.join(headers)}"] if headers else []),
    ]


def _pieces(variable: str, text: str, most: int) -> list[str]:
    pieces: list[str] = []
    for char in text:
        mark = quote(char, safe="")
        if not pieces or len(pieces[-1]) + len(mark) > PIECE_BYTES:
            pieces.append("")
        pieces[-1] += mark
    if len(pieces) > most:
        limit = f"at most {most * PIECE_BYTES} bytes, URI-encoded"
        raise UsageError(f"a text of {len(text)} characters is more than the carrier sends", expected=limit)
    return [f"__{variable}_{i}={piece}" for i, piece in enumerate(pieces)]


def quoted(name: str) -> str:
    """Return a name as it stands between quotes in a CallerID header."""
    return name.replace("\\", "\\\\").replace('"', '\\"')


def dialled(number: str) -> str:
    """Return what can be dialled as it is; raise UsageError for anything else."""
    if not _DIALLED.fullmatch(number):
        raise UsageError(f"{number!r} cannot be dialled", expected="digits, +, * and #")
    return number


def schedule(keys: Sequence[tuple[float, str]]) -> str:
    """Return the keys as the street's dialplan reads them; raise UsageError for what is no key."""
    for _, pressed in keys:
        if not _KEYS.fullmatch(pressed):
            raise UsageError(f"{pressed!r} is no key", expected="0 to 9, *, #, A to D")
    return "&".join(f"{at:g}:{pressed}" for at, pressed in sorted(keys))
