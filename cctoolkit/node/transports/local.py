"""Files on this machine. Durable order: write, fsync the files, rename the folder, fsync its parent, flip by rename."""

import fcntl
import grp
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from cctoolkit.errors import OperatorError

P = ParamSpec("P")
R = TypeVar("R")


def _told(method: Callable[Concatenate["LocalTransport", P], R]) -> Callable[Concatenate["LocalTransport", P], R]:
    """Say which folder could not be used, and what to do."""

    @wraps(method)
    def told(self: "LocalTransport", *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except OSError as error:
            raise OperatorError(
                f"{error.strerror}", where=f"node {self.node}, {error.filename or self.root}",
                expected="a folder this user can read and write",
                next_step=f"mend {self.root} and run the command again; nothing was changed",
            ) from error  # fmt: skip

    return told


class LocalTransport:
    """`folder` is Asterisk's configuration folder; ours is `cctoolkit/` below it. Files are 0640 in `group`."""

    def __init__(self, node: str, folder: Path, group: int | str) -> None:
        self.node = node
        self.root = folder / "cctoolkit"
        self._group = group

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the node's lock; see Transport."""
        handle = self._open_lock()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise OperatorError(
                "another apply is at work on this node", where=f"node {self.node}", next_step="wait for it and try again"
            ) from None
        try:
            yield
        finally:
            os.close(handle)

    @_told
    def _open_lock(self) -> int:
        return os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)

    @_told
    def key(self) -> bytes:
        """Return the node's key; see Transport."""
        path = self.root / "key"
        if not path.exists():
            fresh = path.with_name(f"key.{os.getpid()}")
            _write(fresh, secrets.token_bytes(32), 0o600)
            try:
                # A link, not a rename: of two at once the first one's key stays.
                path.hardlink_to(fresh)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_bytes()

    @_told
    def current(self) -> str:
        """Return the current release; see Transport."""
        return Path((self.root / "current").readlink()).name

    @_told
    def read(self, release: str) -> dict[str, bytes]:
        """Return a release's files; see Transport."""
        folder = self.root / "releases" / release
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    @_told
    def stage(self, release: str, files: Mapping[str, bytes]) -> None:
        """Write a release; see Transport."""
        final = self.root / "releases" / release
        draft = final.with_name(f".{release}.new")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            for folder in sorted({draft, *(draft / Path(path).parent for path in files)}):
                folder.mkdir(exist_ok=True)
                self._give(folder, 0o750)
            for path, content in files.items():
                _write(draft / path, content, 0o600)
                self._give(draft / path, 0o640)
            for folder in {draft, *(draft / Path(path).parent for path in files)}:
                _sync(folder)
            draft.rename(final)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _sync(final.parent)

    def _give(self, path: Path, mode: int) -> None:
        # Asterisk answers Success for a file it may not read, and changes nothing: it must be able to, and others not.
        gid = self._group if isinstance(self._group, int) else grp.getgrnam(self._group).gr_gid
        os.chown(path, -1, gid)
        path.chmod(mode)

    @_told
    def flip(self, release: str) -> None:
        """Make a release current; see Transport."""
        link = self.root / ".current.new"
        link.unlink(missing_ok=True)
        link.symlink_to(f"releases/{release}")
        link.rename(self.root / "current")
        _sync(self.root)

    @_told
    def discard(self, release: str) -> None:
        """Remove a release; see Transport."""
        if release == self.current():
            raise OperatorError(f"release {release} is in force and cannot be removed", where=f"node {self.node}")
        shutil.rmtree(self.root / "releases" / release)

    @_told
    def releases(self) -> list[str]:
        """Return all releases; see Transport."""
        return sorted(p.name for p in (self.root / "releases").iterdir() if not p.name.startswith("."))

    @_told
    def intend(self, text: str | None) -> None:
        """Write the intent; see Transport."""
        path = self.root / "intent"
        if text is None:
            path.unlink(missing_ok=True)
        else:
            fresh = path.with_name("intent.new")
            _write(fresh, text.encode(), 0o600)
            fresh.rename(path)
        _sync(self.root)

    @_told
    def intent(self) -> str | None:
        """Return the intent; see Transport."""
        path = self.root / "intent"
        return path.read_text(encoding="utf-8") if path.exists() else None

    @_told
    def record(self, line: str) -> None:
        """Append to the history; see Transport."""
        handle = os.open(self.root / "history.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, (line + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    @_told
    def history(self) -> list[str]:
        """Return the history; see Transport."""
        path = self.root / "history.jsonl"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _write(path: Path, content: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
