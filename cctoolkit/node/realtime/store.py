"""Asks and changes a node's store by commands of Asterisk's console.

Sources: res/res_realtime.c (`realtime load`, `store`, `update2`, `destroy`), main/cli.c (how a command is split into
words) and main/manager.c (how long a line of an action may be) of Asterisk 22; store.sql.
"""

import asyncio
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from cctoolkit.ami.client import Client
from cctoolkit.ami.faults import ActionRefusedError
from cctoolkit.errors import OperatorError
from cctoolkit.node import refusals

_PIECE_BYTES = 850
"""What of a text goes into one command, quoted: an action's line holds 1,022 bytes."""

_AT_ONCE = 64
"""Commands on their way at a time: the switch does them one after the other, and each has its time-out."""

_SECONDS = 30.0
_VALUE_COLUMN = 32


class Store:
    """The store of one node. Errors are the operator's, but for a switch that does not answer."""

    def __init__(self, node: str, client: Client) -> None:
        self.client = client
        self.where = f"node {node}, AMI {client.account.where}"

    async def told(self, subject: str) -> Any:  # noqa: ANN401 - what a row of the view `told` holds
        """Return what the store says of a subject, None when it knows nothing of it."""
        said = await self._value(subject)
        return None if said is None else json.loads(said)

    async def text(self, digest: str) -> str | None:
        """Return a text, None when it is not there, or is none any more since somebody edited it."""
        said = await self._value(f"text {digest}")
        try:
            return None if said is None else "\n".join(msgspec.json.decode(said, type=list[str]))
        except msgspec.DecodeError:
            return None

    async def lacking(self, section: str, lines: Collection[str]) -> list[str]:
        """Return which of these lines, `option=value`, a section of the node's own queues.conf does not have."""
        try:
            said = await self.client.action("GetConfig", {"Filename": "queues.conf", "Category": section})
        except ActionRefusedError as refusal:
            raise self._denied(refusal) or refusals.no_store(self.where, refusal.what) from refusal
        return sorted({*lines} - {value for header, value in said.headers if header.startswith("Line-")})

    async def _value(self, subject: str) -> str | None:
        said = await self._run(f"realtime load cct_told id {quoted(subject)}")
        values = (line[_VALUE_COLUMN:] for line in said.splitlines() if line[:_VALUE_COLUMN].strip() == "value")
        return next(values, None)

    async def set(self, column: str, value: str, *, where: str, is_: str) -> bool:
        """Set a column of the node's row if another one has a value; say whether it had. One statement."""
        match, change = f"id node {where} {quoted(is_)}", f"{column} {quoted(value)}"
        return (await self._run(f"realtime update2 cct_node {match} NULL {change}")).startswith("Updated 1 ")

    async def add(self, table: str, **columns: str) -> None:
        """Add a row."""
        await self._add([_row(table, **columns)])

    async def add_text(self, table: str, column: str, name: str, text: object) -> None:
        """Add the rows of a text, as JSON, under a name."""
        pieces = cut(json.dumps(text, ensure_ascii=False, separators=(",", ":")))
        await self._add([_row(table, **{column: name}, number=str(n), body=body) for n, body in enumerate(pieces)])

    async def drop(self, table: str, column: str, value: str) -> None:
        """Remove the rows that have this value."""
        # Twice: the engine looks at the second pair alone (res_config_sqlite3.c, realtime_sqlite3_destroy).
        pair = f"{column} {quoted(value)}"
        await self._run(f"realtime destroy cct_{table} {pair} {pair}")

    async def _add(self, commands: Sequence[str]) -> None:
        for start in range(0, len(commands), _AT_ONCE):
            await asyncio.gather(*(self._run(one) for one in commands[start : start + _AT_ONCE]))

    async def _run(self, command: str) -> str:
        try:
            return await self.client.command(command, timeout=_SECONDS)
        except ActionRefusedError as refusal:
            if "No such command" in refusal.what:
                raise refusals.no_store(self.where) from refusal
            if denied := self._denied(refusal):
                raise denied from refusal
            # The command is not shown: it may hold a phone's password.
            raise OperatorError(
                refusal.what, where=self.where, expected="a store that Asterisk can write, with room on the disk",
                next_step="look for res_config_sqlite3 in the node's log, and run the command again",
            ) from refusal  # fmt: skip

    def _denied(self, refusal: ActionRefusedError) -> OperatorError | None:
        """Return what to do where the account may not do it, None when it is refused for something else."""
        if "Permission denied" not in refusal.what:
            return None
        return OperatorError(
            refusal.what, where=self.where, expected="an account that may do it",
            next_step=f"give {self.client.account.username} the classes config and command in manager.conf",
        )  # fmt: skip


def _row(table: str, **columns: str) -> str:
    return f"realtime store cct_{table} " + " ".join(f"{name} {quoted(value)}" for name, value in columns.items())


def quoted(text: str) -> str:
    """Return a word of a console command that is this text, whatever it holds but a line break."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def cut(text: str) -> Iterator[str]:
    """Cut a text into pieces that are short enough when they are quoted."""
    piece = list[str]()
    size = 0
    for character in text:
        length = len(character.encode()) + (character in '"\\')
        if size + length > _PIECE_BYTES:
            yield "".join(piece)
            piece, size = [], 0
        piece.append(character)
        size += length
    yield "".join(piece)
