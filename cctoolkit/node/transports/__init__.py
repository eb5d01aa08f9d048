"""How a node's files are read and changed: one module each, all alike behind `Transport`."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from cctoolkit.render.dialplan import Membership

MANIFEST = "manifest.json"
KEPT = "kept.conf"


class Manifest(msgspec.Struct, frozen=True):
    """What a release is: kept beside its files. `digests` are keyed: a file may hold a password; `seal` is
    the keyed digest of the rest of the manifest, so that a change of it by hand is seen too. `members` are the queues
    each agent may join, which a rollback goes back to as well; releases of before that was kept do not know.
    """

    release: str
    created: str
    who: str
    commit: str
    generations: dict[str, str]
    digests: dict[str, str]
    seal: str = ""
    members: dict[str, tuple[Membership, ...]] | msgspec.UnsetType = msgspec.UNSET


class Intent(msgspec.Struct, frozen=True):
    """What an apply is about to do: make the release folder `new` current in place of `old`.

    With `confirm_by` (UTC, ISO 8601) it is done and read back, and waits for somebody to say that it may stay;
    `back_to` is the folder of the release that a rollback goes back to meanwhile.
    """

    old: str
    new: str
    who: str
    when: str
    verb: str = "apply"
    back_to: str = ""
    confirm_by: str = ""


class Holder(msgspec.Struct, frozen=True):
    """Who holds a node's lock, from which machine, doing what, since when (UTC, ISO 8601): the text of the lock file,
    so that whoever is refused is told.
    """

    who: str
    machine: str
    doing: str
    since: str


class Touched(msgspec.Struct, frozen=True):
    """Who owns a file on the node, and when it was last written (UTC, ISO 8601)."""

    owner: str
    when: str


class Transport(Protocol):
    """A node's folder `cctoolkit/`: releases, the `current` link, a lock, a journal, a key.

    Coroutines all, since some are reached over a network and a fleet is applied at once. Every method raises
    OperatorError, with the path and what to do, when the folder cannot be read or
    written, and leaves things as they were.
    """

    def lock(self, holder: Holder | None = None) -> AbstractAsyncContextManager[None]:
        """Hold the node against every other apply; raise Busy when somebody else does, naming who it is. Without a
        `holder` it is only to see whether it is held, and for a moment: who comes with a name waits for that.

        Held once more by the same object it stays held until the first one lets go.
        """

    async def sweep(self) -> None:
        """Remove what a cut-off write has left half done. Only under the lock."""

    async def key(self) -> bytes:
        """Return the node's key for fingerprints, made on first use, 0600."""

    async def current(self) -> str:
        """Return the folder name of the release in force; raise OperatorError when there is none."""

    async def read(self, release: str) -> dict[str, bytes]:
        """Return a release's files by path."""

    async def touched(self, release: str) -> dict[str, Touched]:
        """Return who last wrote a release's files, and when, by path; the folder itself is "". Nothing where nobody
        can say.
        """

    async def stage(self, release: str, files: Mapping[str, bytes]) -> None:
        """Write a whole release beside the others: on disk for good, or not there at all."""

    async def flip(self, release: str) -> None:
        """Make a staged release current by one rename."""

    async def discard(self, release: str) -> None:
        """Remove a release that is not current."""

    async def releases(self) -> list[str]:
        """Return the folder names of all releases of ours, `NNNNNN-<release>`, oldest first."""

    async def intend(self, intent: Intent | None) -> None:
        """Write what is about to be done into the intent journal; None: it is done or put back."""

    async def intent(self) -> Intent | None:
        """Return what a cut-off apply left in the intent journal; its fields are "" where it cannot be
        read.
        """

    async def record(self, line: str) -> None:
        """Append a line to the node's history."""

    async def history(self) -> list[str]:
        """Return the history's lines, oldest first."""
