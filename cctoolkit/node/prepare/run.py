"""Prepares a node's folder: what is missing, and making it so. Nothing is written where anything is refused."""

from collections.abc import AsyncIterator

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.errors import CctoolkitError, Refused
from cctoolkit.node.prepare import text
from cctoolkit.node.prepare.accounts import FILE
from cctoolkit.node.prepare.needs import CONF, EMPTY, Prepared, Step, Wanted, prepared
from cctoolkit.node.prepare.options import RESTART
from cctoolkit.node.prepare.place import BACKUP, FOLDERS, LINK, Place
from cctoolkit.node.prepare.place import EMPTY as EMPTY_RELEASE
from cctoolkit.node.realtime import prepare as realtime


class Survey(Struct, frozen=True):
    """What a node lacks: folders, whether the link to a release is missing, or a store, and its files as they are and
    must be. `spool` is a folder of whoever Asterisk runs as.
    """

    folders: tuple[str, ...]
    unlinked: bool
    unstored: bool
    spool: str
    before: dict[str, str]
    files: Prepared

    @property
    def steps(self) -> list[Step]:
        """What is to be done, in order."""
        folders = [Step(name, "a folder of mode 2770 in Asterisk's group", "") for name in self.folders]
        link = [Step(LINK, f"leads to {EMPTY_RELEASE}, until the first apply", "")] if self.unlinked else []
        store = [Step(realtime.STORE, "the store, 0600, of Asterisk's user", RESTART)] if self.unstored else []
        return [*folders, *link, *store, *self.files.steps]


async def survey(place: Place, wanted: Wanted, spool: str) -> Survey:
    """Look at a node; nothing is changed. `spool` is its spool folder: Asterisk's user has it."""
    unfit = await place.unfit()
    before: dict[str, str] = {}
    names = [*CONF, FILE, realtime.GENERAL, *EMPTY]
    for name in names:
        if name not in before and (found := await place.read(name)) is not None:
            before[name] = found
            # What a file includes counts too; an absolute path is beyond what is looked at.
            names += [one async for one in _included(place, found)]
    files = prepared(before, wanted)
    if wanted.stored:
        folders = tuple(name for name in unfit if name == FOLDERS[0])
        if await place.is_there(LINK):
            files = _refusing(files, f"{LINK} is there: Asterisk would hold its files for the store's; take it away")
        return Survey(folders, False, not await place.entrusted(realtime.STORE, spool), spool, before, files)
    unlinked = not await place.linked()
    if unlinked and (releases := await place.releases()):
        lost = f"{LINK} is gone, though there are releases: ln -s releases/{releases[-1]} {LINK}"
        files = _refusing(files, lost)
    return Survey(tuple(unfit), unlinked, False, spool, before, files)


async def _included(place: Place, found: str) -> AsyncIterator[str]:
    for path in text.includes(found):
        if path.startswith(("/", text.OURS)):
            continue
        for name in await place.glob(path) if text.is_pattern(path) else [path]:
            yield name


def _refusing(files: Prepared, why: str) -> Prepared:
    return replace(files, refused=(*files.refused, why))


def refuse(node: str, found: Survey) -> None:
    """Raise Refused with everything that cannot be done."""
    if found.files.refused:
        raise Refused(
            "; ".join(found.files.refused), where=f"node {node}", expected="files that may be added to",
            next_step="do what is said, then site init again; nothing was changed",
        )  # fmt: skip


async def carry_out(place: Place, found: Survey) -> list[str]:
    """Make it so, includes last: what they name is there by then. Return the copies that were kept of files.

    What ends it half way is told with what was done before: all of that stays as it must be.
    """
    done: list[str] = []
    kept: list[str] = []
    try:
        await _carry_out(place, found, done, kept)
    except CctoolkitError as error:
        error.add_note(f"done before that: {', '.join(done) or 'nothing'}; site init again does what is left")
        raise
    return kept


async def _carry_out(place: Place, found: Survey, done: list[str], kept: list[str]) -> None:
    changed = {name: new for name, new in found.files.texts.items() if found.before.get(name) != new}
    for folder in found.folders:
        await place.make(folder)
        done.append(folder)
    for name in [name for name in changed if name.startswith(text.OURS)]:
        await place.write(name, changed.pop(name))
        done.append(name)
    if found.unlinked:
        await place.link()
        done.append(LINK)
    if found.unstored:
        await place.entrust(realtime.STORE, realtime.empty(), found.spool)
        done.append(realtime.STORE)
    for name, new in changed.items():
        if await place.write(name, new):
            kept.append(f"{name}{BACKUP}")
        done.append(name)
