"""A configuration folder that is reached by ssh; place.sh does on the node what LocalPlace does on this machine."""

from base64 import b64decode, b64encode

from cctoolkit.node import refusals
from cctoolkit.node.prepare.place import FOLDER_MODE, FOLDERS
from cctoolkit.node.ssh.session import Answer, Session

_NO_GROUP = 15
"""What place.sh ends with then."""


class SshPlace:
    """`session` works in our folder on the node, and in the one that is in; see Place."""

    def __init__(self, node: str, session: Session, group: int | str) -> None:
        self._node = node
        self._session = session
        self._group = str(group)

    async def read(self, name: str) -> str | None:
        """Return a file's text; see Place."""
        found = await self._ask("peek", name)
        return b64decode(found[0]).decode("utf-8", "surrogateescape") if found else None

    async def write(self, name: str, text: str) -> bool:
        """Put a file in place; see Place."""
        content = b64encode(text.encode("utf-8", "surrogateescape")).decode()
        return bool(await self._ask("place", name, self._group, content))

    async def unfit(self) -> list[str]:
        """Return the folders that are not as they must be; see Place."""
        found = await self._ask("folders", *FOLDERS)
        return [name for name, said in zip(FOLDERS, found, strict=True) if not self._fit(said)]

    def _fit(self, said: str) -> bool:
        mode, *groups = said.split() or [""]
        return mode == f"{FOLDER_MODE:o}" and self._group in groups

    async def make(self, folder: str) -> None:
        """Make a folder; see Place."""
        await self._ask("folder", folder, self._group)

    async def linked(self) -> str:
        """Return where the link leads; see Place."""
        return "".join(await self._ask("linked"))

    async def releases(self) -> list[str]:
        """Return the releases; see Place."""
        return sorted(name for name in await self._ask("kept_releases") if name != "empty")

    async def link(self) -> None:
        """Make the link; see Place."""
        await self._ask("link_empty")

    async def glob(self, pattern: str) -> list[str]:
        """Return the files that fit; see Place."""
        return await self._ask("fitting", pattern)

    async def is_there(self, path: str) -> bool:
        """Say whether there is anything; see Place."""
        return bool(await self._ask("is_there", path))

    async def entrusted(self, name: str, like: str) -> bool:
        """Say whether a file is its owner's alone; see Place."""
        found = await self._ask("entrusted", name, like)
        mode, uid, wanted = found[0].split() if found else ("", "", "none")
        return (mode, uid) == ("600", wanted)

    async def entrust(self, name: str, content: bytes, like: str) -> None:
        """Put a file in place for its owner alone; see Place."""
        await self._ask("entrust", name, like, b64encode(content).decode())

    async def _ask(self, operation: str, *arguments: str) -> list[str]:
        try:
            return await self._session.ask(operation, *arguments)
        except Answer as error:
            if error.status == _NO_GROUP:
                raise refusals.no_group(self._node, self._group) from error
            raise
