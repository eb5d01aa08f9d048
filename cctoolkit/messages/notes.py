"""The outbox: one note a message, of whom it goes to and who has got it, on disk before and after every attempt.

It lies in the toolkit's own folder of the node, where Asterisk writes nothing. One sender a node, held by a lock.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from cctoolkit.errors import OperatorError
from cctoolkit.node import durable

WISH = ".again"
"""The ending of a wish's file, a message's id before it."""


class Note(msgspec.Struct, frozen=True):
    """What becomes of a message: `to` was settled when it was taken up, and a later spec does not change it.

    `mailed` holds when the relay took it for an address, `next_at` when to try the others again (seconds since the
    epoch), `error` what the last attempt came to. `tries` counts an attempt before it begins, and not those the relay
    gave no answer to; `drops` counts connections that ended in one, since the last answer. `refused` holds since when
    the relay refuses an address for good, `failed` when it was given up. `whole` is whether the switch had said its
    line; `edition` counts the times the message was taken up, `wished` is when the last wish was said that did.
    """

    to: tuple[str, ...]
    taken: float
    mailed: dict[str, float] = {}
    tries: int = 0
    next_at: float = 0
    error: str = ""
    empty: bool = False
    drops: int = 0
    refused: dict[str, float] = {}
    failed: dict[str, float] = {}
    whole: bool = True
    edition: int = 1
    wished: float = 0

    @property
    def waiting(self) -> tuple[str, ...]:
        """The addresses that have not got it and may yet."""
        return tuple(address for address in self.to if address not in self.mailed and address not in self.failed)


class Again(msgspec.Struct, frozen=True):
    """An operator's wish: send a message once more, to these addresses; `at` is when it was said."""

    to: tuple[str, ...]
    at: float


_Kept = TypeVar("_Kept", Note, Again)


class Outbox:
    """A node's notes, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, message: str) -> Note | None:
        """Return a message's note; raise OperatorError when it cannot be read: guessing could mail it again."""
        return _read(self._path(message), Note, "mend it, or remove it and the message is mailed again")

    def write(self, message: str, note: Note) -> None:
        """Keep a note, on disk for good when this returns; raise OperatorError when the disk does not take it."""
        self._write(self._path(message), msgspec.json.encode(note))

    def wish(self, message: str, again: Again) -> None:
        """Leave a wish for the node's sender, whoever it runs as; raise OperatorError as `write` does."""
        self._write(self._wish(message), msgspec.json.encode(again), to_owner=True)

    def wishes(self) -> list[str]:
        """Return the messages that are to be sent once more."""
        return sorted(path.name.removesuffix(WISH) for path in self.folder.glob(f"*{WISH}"))

    def wished(self, message: str) -> Again | None:
        """Return what is wished for a message; raise OperatorError when it cannot be read."""
        return _read(self._wish(message), Again, "remove it, and say `cctoolkit messages resend` again")

    def fulfilled(self, message: str) -> None:
        """Remove a wish."""
        self._wish(message).unlink(missing_ok=True)

    def forget(self, message: str) -> None:
        """Remove a note; its message is gone."""
        self._path(message).unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[Self]:
        """Be the node's one sender; raise OperatorError at once when somebody else is."""
        try:
            self._make()
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            what, next_step = "another process sends this node's messages", "leave it to that one"
            raise OperatorError(what, where=str(self.folder), next_step=next_step) from None
        try:
            yield self
        finally:
            os.close(handle)

    def _write(self, path: Path, text: bytes, *, to_owner: bool = False) -> None:
        fresh = path.with_name(f"{path.name}.new")
        try:
            self._make()
            durable.write(fresh, text, 0o600)
            if to_owner and os.geteuid() == 0:
                there = self.folder.stat()
                os.chown(fresh, there.st_uid, there.st_gid)
            fresh.rename(path)
            durable.sync(self.folder)
        except OSError as error:
            raise self._unwritable(error) from error

    def _make(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def _path(self, message: str) -> Path:
        return self.folder / f"{message}.json"

    def _wish(self, message: str) -> Path:
        return self.folder / f"{message}{WISH}"

    def _unwritable(self, error: OSError) -> OperatorError:
        what = f"the outbox cannot be written: {error.strerror}"
        return OperatorError(what, where=str(self.folder), next_step="mend the folder; no message is lost meanwhile")


def _read(path: Path, kind: type[_Kept], next_step: str) -> _Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        what = f"the note of a message cannot be read: {error}"
        raise OperatorError(what, where=str(path), next_step=next_step) from error
