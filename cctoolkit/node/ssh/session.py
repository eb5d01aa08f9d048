"""One shell on a node that does what is asked of it, request by request; see session.sh for its side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shlex import quote

import asyncssh

from cctoolkit.errors import OperatorError, SwitchUnreachable

# What the last one answers with stands before it.
_SCRIPT = b"".join(Path(__file__).with_name(f"{name}.sh").read_bytes() for name in ("place", "spool", "session"))
PARTS = "\x1f"
"""Parts the words of a request, and stands in none of them."""

PATIENCE_SECONDS = 60
"""After so long without a word the node takes the client for dead and frees the lock."""

_BEAT_SECONDS = PATIENCE_SECONDS / 4
_BEGIN_SECONDS = 15.0
_LOST = "the connection to the node was lost"


class Answer(OperatorError):
    """The node did not do it. `status` is session.sh's, `data` what it said besides."""

    def __init__(self, status: int, data: list[str], what: str, where: str, root: str) -> None:
        super().__init__(
            what or f"session.sh ended with {status}", where=where,
            expected="a folder this user can read and write, with room on the disk",
            next_step=f"mend {root} on the node and run the command again",
        )  # fmt: skip
        self.status = status
        self.data = data


class Session:
    """The shell of one connection. Requests wait for one another; one that was sent is answered, whoever gives up."""

    def __init__(self, process: asyncssh.SSHClientProcess[bytes], where: str, root: str) -> None:
        self.where = where
        self.root = root
        self._process = process
        self._turn = asyncio.Lock()

    async def ask(self, operation: str, *arguments: str, payload: bytes = b"") -> list[str]:
        """Return what the node answers; raise Answer when it refuses, SwitchUnreachable when it is gone."""
        if bad := [text for text in arguments if {*text} & {PARTS, "\n", "\0"}]:
            raise OperatorError(f"{bad[0]!r} cannot be told to a node", where=self.where, expected="one line of text")
        line = PARTS.join((operation, *arguments)).encode(errors="surrogateescape")
        request = asyncio.ensure_future(self._ask(line + b"\n" + payload))
        # Whoever is cancelled leaves no half request and no answer for the next one.
        request.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(request)

    async def _ask(self, request: bytes) -> list[str]:
        async with self._turn:
            try:
                self._process.stdin.write(request)
                await self._process.stdin.drain()
                return await self._answer()
            except (OSError, asyncssh.Error) as error:
                raise self.lost(str(error)) from error

    async def _answer(self) -> list[str]:
        data = list[str]()
        while (line := await self._line())[:1] == "=":
            data.append(line[1:])
        if line == ".":
            return data
        if line[:1] != "!":
            raise self.lost(f"it said {line[:80]!r}")
        status, _, what = line[1:].partition(PARTS)
        raise Answer(int(status), data, what.strip(), self.where, self.root)

    async def _line(self) -> str:
        parts = [b""]
        # A line longer than the channel's window comes in parts.
        while not parts[-1].endswith(b"\n"):
            parts.append(await self._process.stdout.readline())
            if not parts[-1]:
                raise self.lost((await self._process.stderr.read(4096)).decode(errors="replace"))
        return b"".join(parts)[:-1].decode(errors="surrogateescape")

    def lost(self, why: str) -> SwitchUnreachable:
        """Return what to do when the node has gone; the last line of `why` says it."""
        last = next((text for text in reversed(why.splitlines()) if text.strip()), "")
        return SwitchUnreachable(
            _LOST + (f": {last}" if last else ""), where=self.where,
            expected="an answer", next_step="run the command again: it carries on from what is on the node",
        )  # fmt: skip

    async def begin(self, sudo: bool) -> None:
        """Send the script and wait for its first word, whatever the login shell says before it."""
        self._process.stdin.write(_SCRIPT)
        said = list[str]()
        try:
            async with asyncio.timeout(_BEGIN_SECONDS):
                while not said or said[-1] != "cctoolkit":
                    said.append(await self._line())
        except (OSError, asyncssh.Error, SwitchUnreachable) as error:
            what = (
                error.what.removeprefix(_LOST).removeprefix(": ")
                if isinstance(error, SwitchUnreachable)
                else str(error)
            )
            if not (what := what or "".join(said[-1:])):
                raise self.lost("") from error
            raise OperatorError(
                f"no shell is to be had: {what}", where=self.where,
                expected="a login that may run sh" + (" by sudo without a password" if sudo else ""),
                next_step="see docs/nodes.md, what a node needs",
            ) from error  # fmt: skip

    async def beat(self) -> None:
        """Say now and then that this client lives, until cancelled or the node is gone."""
        with suppress(SwitchUnreachable):
            while True:
                await asyncio.sleep(_BEAT_SECONDS)
                await self.ask("alive")


@asynccontextmanager
async def opened(
    connection: asyncssh.SSHClientConnection, where: str, root: str, *, sudo: bool
) -> AsyncIterator[Session]:
    """Yield a session; the node forgets it, with its lock, when it is left or the client dies."""
    # The script comes by standard input: as an argument it would meet every login shell's own idea of quotes.
    command = ("sh", "-c", f'eval "$(head -c {len(_SCRIPT)})"', "cctoolkit", root, str(PATIENCE_SECONDS))
    words = (*(("sudo", "-n", "--") if sudo else ()), *command)
    try:
        process = await connection.create_process(" ".join(map(quote, words)), encoding=None)
    except (OSError, asyncssh.Error) as error:
        raise OperatorError(f"no shell is to be had: {error}", where=where) from error
    session = Session(process, where, root)
    await session.begin(sudo)
    beats = asyncio.create_task(session.beat())
    try:
        yield session
    finally:
        beats.cancel()
        process.close()
