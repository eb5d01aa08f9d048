"""Files on a node that is reached by ssh. The durable order of local.py is kept by session.sh, on the node."""

import re
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import PurePosixPath

import msgspec

from cctoolkit.errors import OperatorError, SwitchUnreachable
from cctoolkit.node import refusals
from cctoolkit.node.locking import Lockable
from cctoolkit.node.ssh.session import PARTS, Answer, Session
from cctoolkit.node.transports import Holder, Intent, Touched

_RELEASE = re.compile(r"[0-9]{6,}-[0-9a-f]+")


class SshTransport(Lockable):
    """`session` works in our folder on the node; files are 0640 in `group`."""

    def __init__(self, node: str, session: Session, group: int | str) -> None:
        self.node = node
        self._session = session
        self._group = str(group)

    @asynccontextmanager
    async def _locked(self, holder: Holder | None) -> AsyncIterator[None]:
        """Without the connection it is free again, and nothing can be done."""
        await self._ask("lock", msgspec.json.encode(holder).decode() if holder else "")
        try:
            yield
        finally:
            with suppress(SwitchUnreachable):
                await self._ask("unlock")

    async def sweep(self) -> None:
        """Remove drafts; see Transport."""
        await self._ask("sweep")

    async def key(self) -> bytes:
        """Return the node's key; see Transport."""
        return await self._file("key") or b""

    async def current(self) -> str:
        """Return the current release; see Transport."""
        return (await self._ask("current"))[0]

    async def read(self, release: str) -> dict[str, bytes]:
        """Return a release's files; see Transport."""
        found = iter(await self._ask("read_release", release))
        return dict(sorted((path, b64decode(content)) for path, content in zip(found, found, strict=True)))

    async def touched(self, release: str) -> dict[str, Touched]:
        """Return who wrote a release's files, and when; see Transport."""
        found = iter(await self._ask("touched", release))
        return {path: _touched(stamp) for path, stamp in zip(found, found, strict=True)}

    async def stage(self, release: str, files: Mapping[str, bytes]) -> None:
        """Write a release; see Transport."""
        pack = _pack(files)
        await self._ask("stage", release, self._group, str(len(pack)), payload=pack)

    async def flip(self, release: str) -> None:
        """Make a release current; see Transport."""
        await self._ask("flip", release)

    async def discard(self, release: str) -> None:
        """Remove a release; see Transport."""
        await self._ask("discard", release)

    async def releases(self) -> list[str]:
        """Return all releases; see Transport."""
        return _ours(await self._ask("releases"))

    async def intend(self, intent: Intent | None) -> None:
        """Write the intent; see Transport."""
        if intent is None:
            await self._ask("done_with")
        else:
            await self._ask("intend", msgspec.json.encode(intent).decode())

    async def intent(self) -> Intent | None:
        """Return the intent; see Transport."""
        found = await self._file("intent")
        if found is None:
            return None
        try:
            return msgspec.json.decode(found, type=Intent)
        except msgspec.DecodeError:
            return Intent("", "", "", "")

    async def record(self, line: str) -> None:
        """Append to the history; see Transport."""
        await self._ask("record", line)

    async def history(self) -> list[str]:
        """Return the history; see Transport."""
        return (await self._file("history") or b"").decode("utf-8").splitlines()

    async def _file(self, operation: str) -> bytes | None:
        found = await self._ask(operation)
        return b64decode(found[0]) if found else None

    async def _ask(self, operation: str, *arguments: str, payload: bytes = b"") -> list[str]:
        try:
            return await self._session.ask(operation, *arguments, payload=payload)
        except Answer as error:
            raise self._refusal(error, arguments) from error

    def _refusal(self, error: Answer, arguments: tuple[str, ...]) -> OperatorError:
        """Return what a status of session.sh means."""
        root, node, subject = self._session.root, self.node, arguments[0] if arguments else ""
        known: dict[int, Callable[[], OperatorError]] = {
            10: lambda: refusals.unprepared(node, root),
            11: lambda: refusals.at_work(node, b64decode(error.data[0]) if error.data else b""),
            12: lambda: refusals.taken(node, f"{root}/releases/{subject}"),
            13: lambda: refusals.astray(node, f"{root}/current", error.data[0], _ours(error.data[1:])),
            14: lambda: refusals.in_force(node, subject),
            15: lambda: refusals.no_group(node, self._group),
        }
        return known.get(error.status, lambda: error)()


def _ours(names: list[str]) -> list[str]:
    return sorted(filter(_RELEASE.fullmatch, names), key=lambda name: int(name.partition("-")[0]))


def _touched(stamp: str) -> Touched:
    name, number, seconds = stamp.split()
    return Touched(number if name == "UNKNOWN" else name, datetime.fromtimestamp(int(seconds), UTC).isoformat())


def _pack(files: Mapping[str, bytes]) -> bytes:
    """Return a release as one stream: a line of `folder` or the size, and the path, then the bytes."""
    parents = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {"."}
    parts = [f"folder{PARTS}{path}\n".encode() for path in sorted(parents)]
    for path, content in sorted(files.items()):
        parts += [f"{len(content)}{PARTS}{path}\n".encode(), content]
    return b"".join(parts)
