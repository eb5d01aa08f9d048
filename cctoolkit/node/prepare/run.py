"""Prepares a node's folder: what is missing, and making it so. Nothing is written where anything is refused."""

from msgspec import Struct

from cctoolkit.errors import Refused
from cctoolkit.node.prepare.accounts import FILE
from cctoolkit.node.prepare.needs import CONF, EMPTY, Prepared, Step, Wanted, customs, prepared
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
    names = (*CONF, *customs(), FILE, *EMPTY)
    before = {name: text for name in names if (text := await place.read(name)) is not None}
    return Survey(tuple(await place.unfit()), not await place.linked(), before, prepared(before, wanted))


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
    changed = {name: text for name, text in found.files.texts.items() if found.before.get(name) != text}
    ours = {name: text for name, text in changed.items() if name.startswith("cctoolkit/")}
    kept = []
    for name, text in ours.items():
        await place.write(name, text)
    if found.unlinked:
        await place.link()
    for name, text in changed.items():
        if name not in ours and await place.write(name, text):
            kept.append(f"{name}{BACKUP}")
    return kept
