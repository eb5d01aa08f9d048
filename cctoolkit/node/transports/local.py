"""Files on this machine. Durable order: write, fsync the files, rename the folder, fsync its parent, flip
by rename.
"""

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec

from cctoolkit.errors import OperatorError
from cctoolkit.node import durable, owners, refusals
from cctoolkit.node.groups import gid_of
from cctoolkit.node.locking import Lockable
from cctoolkit.node.transports import Holder, Intent, Touched

P = ParamSpec("P")
R = TypeVar("R")

_RELEASE = re.compile(r"[0-9]{6,}-[0-9a-f]+")
_DRAFT = ".new"


def _told(
    method: Callable[Concatenate["LocalTransport", P], R],
) -> Callable[Concatenate["LocalTransport", P], Coroutine[Any, Any, R]]:
    """Make a method one to await, and say which file or folder could not be used, and what to do.

    The work stays in the event loop: files of a few kilobytes, and a cancellation cannot part it.
    """

    @wraps(method)
    async def told(self: "LocalTransport", /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except OSError as error:
            raise OperatorError(
                error.strerror or str(error), where=f"node {self.node}, {error.filename or self.root}",
                expected="a folder this user can read and write, with room on the disk",
                next_step=f"mend {self.root} and run the command again",
            ) from error  # fmt: skip

    return told


class LocalTransport(Lockable):
    """`folder` is Asterisk's configuration folder; ours is `cctoolkit/` below it. Files are 0640 in
    `group`.
    """

    def __init__(self, node: str, folder: Path, group: int | str) -> None:
        self.node = node
        self.root = folder / "cctoolkit"
        self._group = group

    @asynccontextmanager
    async def _locked(self, holder: Holder | None) -> AsyncIterator[None]:
        handle = await self._open_lock()
        try:
            await self._take(handle, holder)
            yield
        finally:
            os.close(handle)

    @_told
    def _open_lock(self) -> int:
        self._prepared()
        return os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)

    @_told
    def _take(self, handle: int, holder: Holder | None) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refusals.at_work(self.node, os.pread(handle, 4096, 0)) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, msgspec.json.encode(holder) if holder else b"", 0)

    def _prepared(self) -> None:
        if not (self.root / "releases").is_dir():
            raise refusals.unprepared(self.node, str(self.root))

    @_told
    def sweep(self) -> None:
        """Remove drafts; see Transport."""
        for name in ("intent", ".current"):
            (self.root / f"{name}{_DRAFT}").unlink(missing_ok=True)
        for draft in self.root.glob(f"releases/.*{_DRAFT}"):
            shutil.rmtree(draft)

    @_told
    def key(self) -> bytes:
        """Return the node's key; see Transport."""
        self._prepared()
        path = self.root / "key"
        if not path.exists():
            fresh = path.with_name(f"key.{os.getpid()}")
            durable.write(fresh, secrets.token_bytes(32), 0o600)
            try:
                # A link, not a rename: of two at once the first one's key stays.
                with suppress(FileExistsError):
                    path.hardlink_to(fresh)
            finally:
                fresh.unlink(missing_ok=True)
            durable.sync(self.root)
        return path.read_bytes()

    @_told
    def current(self) -> str:
        """Return the current release; see Transport."""
        return self._current()

    def _current(self) -> str:
        self._prepared()
        link = self.root / "current"
        name = link.readlink().name if link.is_symlink() else ""
        if not (self.root / "releases" / name).is_dir() or not name:
            raise refusals.astray(self.node, str(link), name, self._releases())
        return name

    @_told
    def read(self, release: str) -> dict[str, bytes]:
        """Return a release's files; see Transport."""
        folder = self.root / "releases" / release
        folder.stat()
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    @_told
    def touched(self, release: str) -> dict[str, Touched]:
        """Return who wrote a release's files, and when; see Transport."""
        return owners.touched(self.root / "releases" / release)

    @_told
    def stage(self, release: str, files: Mapping[str, bytes]) -> None:
        """Write a release; see Transport."""
        final = self.root / "releases" / release
        if final.exists():
            raise refusals.taken(self.node, str(final))
        draft = final.with_name(f".{release}{_DRAFT}")
        shutil.rmtree(draft, ignore_errors=True)
        gid = gid_of(self.node, self._group)
        try:
            folders = sorted({draft, *(draft / Path(path).parent for path in files)})
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
                os.chown(folder, -1, gid)
                folder.chmod(0o750)
            for path, content in files.items():
                durable.write(draft / path, content, 0o640, gid)
            for folder in folders:
                durable.sync(folder)
            draft.rename(final)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        durable.sync(final.parent)

    @_told
    def flip(self, release: str) -> None:
        """Make a release current; see Transport."""
        (self.root / "releases" / release).stat()
        link = self.root / f".current{_DRAFT}"
        link.unlink(missing_ok=True)
        link.symlink_to(f"releases/{release}")
        link.rename(self.root / "current")
        durable.sync(self.root)

    @_told
    def discard(self, release: str) -> None:
        """Remove a release; see Transport."""
        if release == self._current():
            raise refusals.in_force(self.node, release)
        # Renamed first: half a release must not look like a whole one, whatever happens in the middle.
        doomed = self.root / "releases" / f".{release}{_DRAFT}"
        (self.root / "releases" / release).rename(doomed)
        shutil.rmtree(doomed)

    @_told
    def releases(self) -> list[str]:
        """Return all releases; see Transport."""
        return self._releases()

    def _releases(self) -> list[str]:
        found = [p.name for p in (self.root / "releases").iterdir() if _RELEASE.fullmatch(p.name) and p.is_dir()]
        return sorted(found, key=lambda name: int(name.partition("-")[0]))

    @_told
    def intend(self, intent: Intent | None) -> None:
        """Write the intent; see Transport."""
        path = self.root / "intent"
        if intent is None:
            path.unlink(missing_ok=True)
        else:
            fresh = path.with_name(f"intent{_DRAFT}")
            durable.write(fresh, msgspec.json.encode(intent), 0o600)
            fresh.rename(path)
        durable.sync(self.root)

    @_told
    def intent(self) -> Intent | None:
        """Return the intent; see Transport."""
        try:
            return msgspec.json.decode((self.root / "intent").read_bytes(), type=Intent)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError:
            return Intent("", "", "", "")

    @_told
    def record(self, line: str) -> None:
        """Append to the history; see Transport."""
        path = self.root / "history.jsonl"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            # A line a full disk cut short must not spoil this one too.
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            content = (b"\n" if torn else b"") + (line + "\n").encode()
            if os.write(handle, content) != len(content):
                os.ftruncate(handle, size)
                raise OSError(None, "no room for the whole line", str(path))
            os.fsync(handle)

    @_told
    def history(self) -> list[str]:
        """Return the history; see Transport."""
        path = self.root / "history.jsonl"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
