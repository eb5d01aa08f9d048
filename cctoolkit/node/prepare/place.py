"""A node's configuration folder as preparing it needs it, and the one on this machine."""

import glob
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from cctoolkit.errors import OperatorError
from cctoolkit.node import durable
from cctoolkit.node.groups import gid_of

R = TypeVar("R")

BACKUP = ".before-cctoolkit"
FOLDERS = ("cctoolkit", "cctoolkit/releases", "cctoolkit/releases/empty")
FOLDER_MODE = 0o2770
"""Set-group-id: what comes here later belongs to Asterisk's group too, which must read it."""

LINK, EMPTY = "cctoolkit/current", "releases/empty"


class Place(Protocol):
    """A node's configuration folder. Paths are below it; every method raises OperatorError with the path."""

    async def read(self, name: str) -> str | None:
        """Return a file's text, None when there is none."""

    async def write(self, name: str, text: str) -> bool:
        """Put a file in place by one rename, with owner and mode of the one before (else ours); keep a copy of that one
        beside it, the first time. Say whether such a copy was made now.
        """

    async def unfit(self) -> list[str]:
        """Return those of FOLDERS that are missing, or have not our group and FOLDER_MODE."""

    async def make(self, folder: str) -> None:
        """Make a folder, in our group, with FOLDER_MODE."""

    async def linked(self) -> str:
        """Return where LINK leads, "" when there is none."""

    async def releases(self) -> list[str]:
        """Return the releases there are beside the empty one."""

    async def link(self) -> None:
        """Let LINK lead to EMPTY."""

    async def glob(self, pattern: str) -> list[str]:
        """Return the files whose names fit, in order."""

    async def is_there(self, path: str) -> bool:
        """Say whether there is anything at a path, which may be one of the whole machine."""

    async def entrusted(self, name: str, like: str) -> bool:
        """Say whether a file is there and may be read by nobody but the owner of the folder `like`."""

    async def entrust(self, name: str, content: bytes, like: str) -> None:
        """Put a file in place unless there is one, and let nobody but the owner of the folder `like` read it."""


class LocalPlace:
    """A folder on this machine; what is ours is root's, 0640 or 2770, in Asterisk's group."""

    def __init__(self, node: str, folder: Path, group: int | str) -> None:
        self._node = node
        self._folder = folder
        self._gid = gid_of(node, group)

    async def read(self, name: str) -> str | None:
        """Return a file's text; see Place."""
        return self._told(lambda: self._read(name))

    def _read(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return None

    async def write(self, name: str, text: str) -> bool:
        """Put a file in place; see Place."""
        return self._told(lambda: self._write(name, text))

    def _write(self, name: str, text: str) -> bool:
        # Where a link leads: /etc/asterisk may be kept elsewhere.
        path = Path(os.path.realpath(self._folder / name))
        was = path.stat() if path.exists() else None
        kept = was is not None and not name.startswith("cctoolkit/") and self._keep(path, was)
        fresh = path.with_name(f"{path.name}.new")
        mode, gid = (was.st_mode & 0o777, was.st_gid) if was else (0o640, self._gid)
        durable.write(fresh, text.encode("utf-8", "surrogateescape"), mode, gid)
        if was:
            os.chown(fresh, was.st_uid, -1)
        fresh.rename(path)
        durable.sync(path.parent)
        return kept

    def _keep(self, path: Path, was: os.stat_result) -> bool:
        copy = path.with_name(path.name + BACKUP)
        if copy.exists():
            return False
        durable.write(copy, path.read_bytes(), was.st_mode & 0o777, was.st_gid)
        os.chown(copy, was.st_uid, -1)
        return True

    async def unfit(self) -> list[str]:
        """Return the folders that are not as they must be; see Place."""
        return self._told(self._unfit)

    def _unfit(self) -> list[str]:
        self._folder.stat()
        return [name for name in FOLDERS if not self._fit(self._folder / name)]

    def _fit(self, path: Path) -> bool:
        if not path.is_dir():
            return False
        found = path.stat()
        return (found.st_mode & 0o7777, found.st_gid) == (FOLDER_MODE, self._gid)

    async def make(self, folder: str) -> None:
        """Make a folder; see Place."""
        self._told(lambda: self._make(self._folder / folder))

    def _make(self, path: Path) -> None:
        path.mkdir(exist_ok=True)
        os.chown(path, -1, self._gid)
        path.chmod(FOLDER_MODE)

    async def linked(self) -> str:
        """Return where the link leads; see Place."""
        link = self._folder / LINK
        return self._told(lambda: str(link.readlink()) if link.is_symlink() else "")

    async def releases(self) -> list[str]:
        """Return the releases; see Place."""
        return self._told(lambda: sorted(p.name for p in self._folder.glob(f"{FOLDERS[1]}/*") if p.name != "empty"))

    async def link(self) -> None:
        """Make the link; see Place."""
        self._told(lambda: (self._folder / LINK).symlink_to(EMPTY))

    async def glob(self, pattern: str) -> list[str]:
        """Return the files that fit; see Place."""
        found = sorted(glob.glob(pattern, root_dir=self._folder))  # noqa: PTH207 - Path.glob knows no root to be below
        return [name for name in found if (self._folder / name).is_file()]

    async def is_there(self, path: str) -> bool:
        """Say whether there is anything; see Place."""
        return self._told(lambda: os.path.lexists(self._folder / path))

    async def entrusted(self, name: str, like: str) -> bool:
        """Say whether a file is its owner's alone; see Place."""
        return self._told(lambda: self._entrusted(self._folder / name, Path(like).stat().st_uid))

    def _entrusted(self, path: Path, uid: int) -> bool:
        if not path.exists():
            return False
        found = path.stat()
        return (found.st_mode & 0o777, found.st_uid) == (0o600, uid)

    async def entrust(self, name: str, content: bytes, like: str) -> None:
        """Put a file in place for its owner alone; see Place."""
        self._told(lambda: self._entrust(self._folder / name, content, Path(like).stat()))

    def _entrust(self, path: Path, content: bytes, like: os.stat_result) -> None:
        fresh = path.with_name(f"{path.name}.new")
        if not path.exists():
            durable.write(fresh, content, 0o600)
            os.chown(fresh, like.st_uid, like.st_gid)
            fresh.rename(path)
            durable.sync(path.parent)
        os.chown(path, like.st_uid, like.st_gid)
        path.chmod(0o600)

    def _told(self, work: Callable[[], R]) -> R:
        try:
            return work()
        except OSError as error:
            raise OperatorError(
                error.strerror or str(error),
                where=f"node {self._node}, {error.filename or self._folder}",
                expected="Asterisk's configuration folder, which this user can read and write",
                next_step="run this on the node, as root; the site's file says where the folder is",
            ) from error
