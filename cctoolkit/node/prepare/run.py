"""Prepares a node's folder: what is missing, and making it so. Nothing is written where anything is refused."""

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.errors import Refused
from cctoolkit.node.prepare import text
from cctoolkit.node.prepare.accounts import FILE
from cctoolkit.node.prepare.needs import CONF, EMPTY, Prepared, Step, Wanted, prepared
from cctoolkit.node.prepare.place import BACKUP, LINK, Place
from cctoolkit.node.prepare.place import EMPTY as EMPTY_RELEASE


class Survey(Struct, frozen=True):
    """What a node lacks: folders, whether the link to a release is missing, and its files as they are and must be."""

    folders: tuple[str, ...]
    unlinked: bool
    before: dict[str, str]
    files: Prepared

    @property
    def steps(self) -> list[Step]:
        """What is to be done, in order."""
        folders = [Step(name, "a folder of mode 2770 in Asterisk's group", "") for name in self.folders]
        link = [Step(LINK, f"leads to {EMPTY_RELEASE}, until the first apply", "")] if self.unlinked else []
        return [*folders, *link, *self.files.steps]


async def survey(place: Place, wanted: Wanted) -> Survey:
    """Look at a node; nothing is changed."""
    before: dict[str, str] = {}
    names = [*CONF, FILE, *EMPTY]
    for name in names:
        if name not in before and (found := await place.read(name)) is not None:
            before[name] = found
            # What a file includes counts too; a pattern and an absolute path are beyond what is looked at.
            names += [path for path in text.includes(found) if _is_beside(path)]
    files = prepared(before, wanted)
    unlinked = not await place.linked()
    if unlinked and (releases := await place.releases()):
        lost = f"{LINK} is gone, though there are releases: ln -s releases/{releases[-1]} {LINK}"
        files = replace(files, refused=(*files.refused, lost))
    return Survey(tuple(await place.unfit()), unlinked, before, files)


def _is_beside(path: str) -> bool:
    return not path.startswith(("/", text.OURS)) and not set(path) & set("*?[")


def refuse(node: str, found: Survey) -> None:
    """Raise Refused with everything that cannot be done."""
    if found.files.refused:
        raise Refused(
            "; ".join(found.files.refused), where=f"node {node}", expected="files that may be added to",
            next_step="do what is said, then site init again; nothing was changed",
        )  # fmt: skip


async def carry_out(place: Place, found: Survey) -> list[str]:
    """Make it so, includes last: what they name is there by then. Return the copies that were kept of files."""
    for folder in found.folders:
        await place.make(folder)
    changed = {name: new for name, new in found.files.texts.items() if found.before.get(name) != new}
    kept = []
    for name, new in changed.items():
        if name.startswith(text.OURS):
            await place.write(name, new)
    if found.unlinked:
        await place.link()
    for name, new in changed.items():
        if not name.startswith(text.OURS) and await place.write(name, new):
            kept.append(f"{name}{BACKUP}")
    return kept
