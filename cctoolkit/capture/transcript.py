"""A transcript of AMI from wherever: its bytes as the switch would have sent them, or no transcript at all.

Tools keep what they heard in their own ways: with bare line feeds, with a line of their own before each event, with
the headers sorted so that Event stands somewhere below, or as a JSON list of objects. What is not understood stays as
it is, for the parser to count.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from cctoolkit.errors import OperatorError

_BLOCK_END = b"\n\n"
_KEPT = 8 * 1024 * 1024
"""Bytes of a block without an end that are waited for."""
_OPENS = (b"event: ", b"response: ")
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9_.()-]*: ?")


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a transcript, cut anywhere, with every line ended by CRLF and every block opened by its Event."""
    more = iter(pieces)
    rest = next(more, b"")
    if rest.lstrip()[:1] in (b"[", b"{"):
        yield from _objects(b"".join([rest, *more]))
        return
    for piece in chain([b""], more):
        # A CR at the very end may belong to a LF that comes.
        text = (rest + piece).replace(b"\r\n", b"\n")
        *blocks, rest = text.split(_BLOCK_END)
        if blocks:
            yield b"".join(map(_block, blocks))
        if len(rest) > _KEPT:
            yield rest
            rest = b""
    # A torn line could name another channel.
    if rest.strip() and rest.endswith(b"\n"):
        yield _block(rest)


def _block(block: bytes) -> bytes:
    rows = [row.rstrip(b"\r") for row in block.split(b"\n") if row.strip()]
    opens = next((i for sign in _OPENS for i, row in enumerate(rows) if row[:10].lower().startswith(sign)), None)
    if opens is None or b"--END COMMAND--" in block:
        return b"\r\n".join(rows) + b"\r\n\r\n" if rows else b""
    found = [rows[opens], *(row for i, row in enumerate(rows) if i != opens and (i > opens or _HEADER.match(row)))]
    return b"\r\n".join(found) + b"\r\n\r\n"


def _objects(text: bytes) -> Iterator[bytes]:
    """Yield a JSON list of objects, or one object a line, as blocks."""
    try:
        found = msgspec.json.decode(text) if text.lstrip()[:1] == b"[" else msgspec.json.Decoder().decode_lines(text)
    except msgspec.DecodeError as error:
        raise OperatorError(
            f"it begins like JSON and is none: {error}", expected="a list of events, or one event a line"
        ) from None
    for event in found:
        if isinstance(event, dict):
            yield _block("\n".join(row for name, value in event.items() for row in _rows(name, value)).encode())


def _rows(name: str, value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        # A line break in a value would begin a header of its own.
        yield f"{name}: {one}".replace("\r", " ").replace("\n", " ")
