"""Bytes to messages and actions to bytes; no socket, no clock.

The wire format is that of the "AMI v2 Specification", "Message Layout":
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/AMI-v2-Specification/
a banner line, then blocks of `Name: value` lines, each line ended by CRLF and each block by an empty line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final, NoReturn

import msgspec

from cctoolkit.ami.messages import Message
from cctoolkit.errors import SwitchError, ToolkitBug

BANNER: Final = b"Asterisk Call Manager/"
MAX_BLOCK_BYTES: Final = 8 * 1024 * 1024
"""A block holds a whole command's output; `dialplan show` of a large switch takes a few megabytes."""
MAX_EVENT_BYTES: Final = 64 * 1024
"""Asterisk's longest events, with all channel variables, are a tenth of that; what is kept of events stays small."""
MAX_HEADERS: Final = 128
"""Headers of one action, Action and ActionID counted: AST_MAX_MANHEADERS in Asterisk's manager.h."""
MAX_LINE_BYTES: Final = 1022
"""Bytes of one header's line without CRLF: `inbuf` of a session in Asterisk's manager.c."""

_EOL: Final = b"\r\n"
_BLOCK_END: Final = b"\r\n\r\n"
_MAX_BANNER_BYTES: Final = 128
_EMPTY_LINES: Final = re.compile(r"\A(?:\r\n)+|(?:\r\n)+\Z")
_EVENT: Final = "Event: "
_OPENINGS: Final = (_EVENT, "Response: ")
_LEGACY_START: Final = "Response: Follows"
_LEGACY_END: Final = "--END COMMAND--"
_LEGACY_HEADERS: Final = ("Response: ", "Privilege: ", "ActionID: ", "Message: ")


class ProtocolError(SwitchError):
    """What arrives is not AMI. `before` holds the messages that were completed in the same call."""

    def __init__(self, what: str, before: Sequence[Message] = ()) -> None:
        super().__init__(what, expected="the Asterisk Manager Interface")
        self.before = list(before)


class Parser(msgspec.Struct, kw_only=True):
    """Turns a byte stream into messages, however it is cut into chunks.

    `banner` says whether the switch's first line is still to come; false from the beginning for a stream taken up in
    its middle. `greeting` is that line once it has come ("Asterisk Call Manager/…"; the number is the protocol's, not
    Asterisk's). `odd` counts, by name, what made no message: foreign_block is neither event nor response, endless_block
    and endless_output have no end, long_event is over MAX_EVENT_BYTES. Bytes that are not UTF-8 become U+FFFD: messages
    can always be stored and printed, and the journal keeps the exact bytes.
    """

    banner: bool = True
    max_block_bytes: int = MAX_BLOCK_BYTES
    greeting: str = ""
    odd: dict[str, int] = msgspec.field(default_factory=dict)
    _buffer: bytearray = msgspec.field(default_factory=bytearray)
    _legacy: str = ""

    @property
    def anomalies(self) -> int:
        """How much made no message."""
        return sum(self.odd.values())

    @property
    def pending_bytes(self) -> int:
        """Bytes held back because their block has not ended."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages `data` completes; raise ProtocolError when this is no AMI or never ends."""
        # What is held back holds no end of block, so only the seam has to be searched again.
        seam = max(0, len(self._buffer) - len(_BLOCK_END) + 1)
        self._buffer += data
        if self.banner:
            self.banner, seam = not self._take_banner(), 0
        end = -1 if self.banner else self._buffer.rfind(_BLOCK_END, seam)
        messages: list[Message] = []
        if end >= 0:
            whole = bytes(self._buffer[:end])
            del self._buffer[: end + len(_BLOCK_END)]
            self._take(whole, messages)
        if len(self._buffer) >= self.max_block_bytes + len(_BLOCK_END):
            self._give_up("endless_block", messages)
        return messages

    def _take_banner(self) -> bool:
        line, end, rest = bytes(self._buffer).partition(_EOL)
        expected = BANNER if end else BANNER[: len(line)]
        if not line.startswith(expected) or len(line) > _MAX_BANNER_BYTES:
            raise ProtocolError("what answers does not greet as a manager interface")
        if not end:
            return False
        self.greeting = line.decode("utf-8", "replace")
        self._buffer = bytearray(rest)
        return True

    def _take(self, whole: bytes, messages: list[Message]) -> None:
        if len(whole) > self.max_block_bytes and max(map(len, whole.split(_BLOCK_END))) > self.max_block_bytes:
            self._take_until_too_long(whole, messages)
        # One decoding for all: CR and LF are never part of a longer UTF-8 sequence, so no character is cut.
        for block in whole.decode("utf-8", "replace").split("\r\n\r\n"):
            text = block
            if text.startswith("\r\n") or text.endswith("\r\n"):
                text = _EMPTY_LINES.sub("", text)
            if self._legacy or text.startswith(_LEGACY_START):
                text = self._legacy_output(text, messages)
            if text.startswith(_OPENINGS):
                if len(text) > MAX_EVENT_BYTES and text.startswith(_EVENT):
                    self._count("long_event")
                else:
                    messages.append(Message(text))
            elif text:
                self._count("foreign_block")

    def _take_until_too_long(self, whole: bytes, messages: list[Message]) -> None:
        blocks = whole.split(_BLOCK_END)
        fitting = list(takewhile(lambda block: len(block) <= self.max_block_bytes, blocks))
        self._take(_BLOCK_END.join(fitting), messages)
        self._give_up("endless_block", messages)

    def _legacy_output(self, text: str, messages: list[Message]) -> str:
        """Return a command's output of before Asterisk 14 in today's form, or "" while its end is missing."""
        text = "\r\n\r\n".join(filter(None, (self._legacy, text)))
        if text.endswith(_LEGACY_END) or "\r\nOutput: " in text:
            self._legacy = ""
            return _modern(text)
        self._legacy = text
        if len(text) > self.max_block_bytes:
            self._give_up("endless_output", messages)
        return ""

    def _count(self, what: str) -> None:
        self.odd[what] = self.odd.get(what, 0) + 1

    def _give_up(self, what: str, messages: list[Message]) -> NoReturn:
        self._count(what)
        self._buffer.clear()
        self._legacy = ""
        raise ProtocolError(f"a block without an end after {self.max_block_bytes} bytes", messages)


def _modern(text: str) -> str:
    """Put each line of legacy output (ended by a bare LF) under the header it has had since Asterisk 14."""
    if not text.endswith(_LEGACY_END):
        return text
    lines = text.removesuffix(_LEGACY_END).replace("\r\n", "\n").removesuffix("\n").split("\n")
    headers = list(takewhile(lambda line: line.startswith(_LEGACY_HEADERS), lines))
    return "\r\n".join([*headers, *(f"Output: {line}" for line in lines[len(headers) :])])


def encode_action(name: str, headers: Mapping[str, str | Sequence[str]], action_id: str) -> bytes:
    """Return the bytes of one action; a list or tuple as a value repeats its header.

    Raise ToolkitBug for what would make another message of it (a line break or NUL anywhere, a colon in a
    name, a second Action or ActionID) or what the switch refuses to read: too many headers, too long a line.
    Values are never shown: one of them may be a secret.
    """
    pairs = [("Action", name), ("ActionID", action_id), *_flat(headers)]
    if len(pairs) > MAX_HEADERS:
        raise ToolkitBug(f"action {name!r} has {len(pairs)} headers", expected=f"at most {MAX_HEADERS}")
    return b"".join([_line(*pair) for pair in pairs]) + _EOL


def _flat(headers: Mapping[str, str | Sequence[str]]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if name.lower() in ("action", "actionid"):
            raise ToolkitBug(f"a header {name!r} beside the action's own")
        for one in (value,) if isinstance(value, str) else value:
            yield name, one


def _line(name: str, value: str) -> bytes:
    if not name or not name.isprintable() or ":" in name or name != name.strip():
        raise ToolkitBug(f"{name!r} cannot be the name of a header")
    if any(c in value for c in "\r\n\0"):
        raise ToolkitBug(f"the value of header {name!r} holds a line break or NUL", expected="one line")
    try:
        line = f"{name}: {value}".encode()
    except UnicodeEncodeError as error:
        raise ToolkitBug(f"the value of header {name!r} is no text") from error
    if len(line) > MAX_LINE_BYTES:
        raise ToolkitBug(f"header {name!r} takes {len(line)} bytes", expected=f"at most {MAX_LINE_BYTES}")
    return line + _EOL
