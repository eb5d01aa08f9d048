"""A node that nothing but AMI reaches: its releases are rows of a store that Asterisk reads its configuration from.

AMI's own way to write files, UpdateConfig, empties a file and then writes it line by line: an Asterisk that dies
meanwhile comes up without it. So nothing is written but rows, each by one statement of SQLite, and `current` is one.
Asterisk loads what is current through `#include "cctoolkit/current/X.conf"` as from files, all of them at once.
"""

import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import msgspec

from cctoolkit.ami.client import Client
from cctoolkit.errors import OperatorError
from cctoolkit.node import refusals
from cctoolkit.node.locking import Lockable
from cctoolkit.node.realtime import feed
from cctoolkit.node.realtime.lock import Lock
from cctoolkit.node.realtime.store import Store
from cctoolkit.node.transports import KEPT, Holder, Intent, Touched

_FEED = "feed"
_LIMITS = (
    "by AMI alone: a switch that dies before it was read back comes up with the new release; the next apply judges it",
    "by AMI alone: what loads a file of the release reads all of it anew, changed or not",
)
_RELEASE = re.compile(r"[0-9]{6,}-[0-9a-f]+")


class AmiTransport(Lockable):
    """`client` is logged in with the account that deploys; it needs the classes config and command."""

    def __init__(self, node: str, client: Client) -> None:
        self.node = node
        self._store = Store(node, client)
        self._lock = Lock(self._store)

    @asynccontextmanager
    async def _locked(self, holder: Holder | None) -> AsyncIterator[None]:
        """Without the connection it is free again."""
        await self._row()
        mine = msgspec.json.encode(holder) if holder else b""
        if (theirs := await self._lock.take(mine)) is not None:
            raise refusals.at_work(self.node, theirs)
        try:
            yield
        finally:
            await self._lock.give_back()

    async def sweep(self) -> None:
        """Remove drafts; see Transport."""
        for draft in await self._asked("drafts"):
            await self._store.drop("file", "release", draft)

    async def key(self) -> bytes:
        """Return the node's key; see Transport. It is only to be had by a console command."""
        # Of two at once the first one's key stays.
        if not (found := await self._asked("key")):
            await self._store.set("key", secrets.token_hex(32), where="key", is_="")
            found = await self._asked("key")
        return bytes.fromhex(found)

    async def current(self) -> str:
        """Return the current release; see Transport."""
        name = str((await self._row())["current"])
        known = await self._asked("releases")
        if name not in known:
            raise refusals.astray_row(self.node, name, known)
        return name

    async def read(self, release: str) -> dict[str, bytes]:
        """Return a release's files; see Transport."""
        await self._known(release)
        digests = await self._store.told(f"files {release}") or {}
        files = {path: (await self._store.text(digest) or "").encode() for path, digest in sorted(digests.items())}
        node = await self._row()
        if release == node["current"] and node["strange"]:
            # What Asterisk loads was changed, its texts were not: an edit by hand like any other.
            files[_FEED] = f"; {node['strange']} lines were changed.\n".encode()
        return files

    async def touched(self, release: str) -> dict[str, Touched]:  # noqa: ARG002 - of every release the same
        """Return nothing; see Transport. Rows tell neither who wrote them nor when."""
        return {}

    async def stage(self, release: str, files: Mapping[str, bytes]) -> None:
        """Write a release; see Transport. A file that is there from another one is not sent again."""
        if release in await self._asked("releases"):
            raise refusals.taken(self.node, release)
        await self._store.drop("file", "release", release)
        texts = {path: _text(path, content) for path, content in files.items()}
        digests = {path: sha256(content).hexdigest() for path, content in files.items()}
        # What is there was held against the rules when it came.
        fresh = {path for path, digest in digests.items() if await self._store.text(digest) != texts[path]}
        await self._prepared_for(feed.extended(texts, fresh))
        for path, digest in digests.items():
            await self._store.add("file", release=release, path=path, digest=digest)
            if path in fresh:
                await self._store.drop("piece", "digest", digest)
                await self._store.add_text("piece", "digest", digest, texts[path].split("\n"))
        await self._store.add("release", name=release)

    async def limits(self, texts: Mapping[str, str]) -> list[str]:
        """Return what AMI alone makes of an apply of these files, or keeps it from: a sentence each."""
        found = []
        try:
            await self._prepared_for(feed.extended({KEPT: "", **texts}, texts))
        except OperatorError as error:
            found.append(f"apply will be refused: {error.where}: {error.what}; {error.next_step}")
        return [*found, *_LIMITS]

    async def _prepared_for(self, additions: feed.Rows) -> None:
        """Refuse a release whose additions to the node's own sections are not in the file that was prepared."""
        for section in {name for name, _, _ in additions}:
            wanted = {f"{option}={value}" for name, option, value in additions if name == section}
            if missing := await self._store.lacking(section, wanted):
                raise refusals.no_store(self._store.where, f"[{section}] of queues.conf lacks {', '.join(missing)}")

    async def flip(self, release: str) -> None:
        """Make a release current by one statement; see Transport."""
        await self._known(release)
        await self._set("current", release)

    async def discard(self, release: str) -> None:
        """Remove a release; see Transport."""
        await self._known(release)
        if release == (await self._row())["current"]:
            raise refusals.in_force(self.node, release)
        await self._store.drop("release", "name", release)

    async def releases(self) -> list[str]:
        """Return all releases; see Transport."""
        names = filter(_RELEASE.fullmatch, await self._asked("releases"))
        return sorted(names, key=lambda name: int(name.partition("-")[0]))

    async def intend(self, intent: Intent | None) -> None:
        """Write the intent; see Transport."""
        await self._set("intent", msgspec.json.encode(intent).decode() if intent else "")

    async def intent(self) -> Intent | None:
        """Return the intent; see Transport."""
        found = (await self._row())["intent"]
        try:
            return msgspec.json.decode(found, type=Intent) if found else None
        except msgspec.DecodeError:
            return Intent("", "", "", "")

    async def record(self, line: str) -> None:
        """Append to the history; see Transport."""
        await self._store.add_text("history", "entry", secrets.token_hex(8), line)

    async def history(self) -> list[str]:
        """Return the history; see Transport."""
        return list(await self._asked("history"))

    async def _row(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self._asked("node")
        return found

    async def _asked(self, subject: str) -> Any:  # noqa: ANN401 - as `Store.told`
        if (found := await self._store.told(subject)) is None:
            raise refusals.no_store(self._store.where)
        return found

    async def _known(self, release: str) -> None:
        if release not in await self._asked("releases"):
            raise OperatorError("there is no such release", where=f"{self._store.where}, {release}",
                                next_step="plan again")  # fmt: skip

    async def _set(self, column: str, value: str) -> None:
        """Change the node's row if nobody else holds the lock."""
        if not await self._store.set(column, value, where="lock", is_=self._lock.token):
            raise refusals.at_work(self.node)


def _text(path: str, content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise OperatorError("AMI carries text alone, and this is none", where=path, expected="UTF-8") from error
    if "\0" in text:
        raise OperatorError("AMI carries text alone, and this holds a NUL", where=path)
    return text
