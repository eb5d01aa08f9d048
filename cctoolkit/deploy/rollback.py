"""Which kept release a rollback goes back to, and its files as they stand in its folder on the node."""

from collections.abc import Sequence

from msgspec import UNSET

from cctoolkit.deploy.release import Disk, read
from cctoolkit.errors import Refused, UsageError
from cctoolkit.node.transports import Intent, Transport
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import Secret, SecretRef
from cctoolkit.state.described import GENERATION_FILE


async def choose(there: Transport, node: str, wanted: str, intent: Intent | None) -> Disk:
    """Return the release `wanted` names: its id, its folder, or the commit it was applied from, the newest of several.

    With "" the one before: what a cut-off apply or one that waits to be confirmed has put in question, else the newest
    that is another one than that in force. Raise UsageError, with what there is, when there is none.
    """
    current = await read(there)
    releases = [await read(there, folder) for folder in await there.releases() if folder != current.folder]
    if wanted:
        found = [one for one in (*releases, current) if wanted in _names(one)]
    elif intent and intent.back_to:
        found = [one for one in (*releases, current) if one.folder == intent.back_to]
    else:
        found = [one for one in _before(releases, current) if one.manifest.release != current.manifest.release]
    if not found:
        raise _unknown(node, wanted, releases)
    # Of one release in two folders, the one in force is not the first choice: it may have been edited.
    return found[-1] if found[-1].folder != current.folder or len(found) == 1 else found[-2]


def _before(releases: Sequence[Disk], current: Disk) -> list[Disk]:
    number = _number(current.folder)
    return [one for one in releases if number is None or (_number(one.folder) or 0) < number]


def _number(folder: str) -> int | None:
    digits = folder.partition("-")[0]
    return int(digits) if digits.isdecimal() else None


def _names(found: Disk) -> tuple[str, ...]:
    commit = found.manifest.commit
    return tuple(name for name in (found.folder, found.manifest.release, commit, commit.removesuffix("+")) if name)


def _unknown(node: str, wanted: str, releases: Sequence[Disk]) -> UsageError:
    told = [(one.folder, one.manifest.created[:19], one.manifest.commit or "no commit") for one in releases]
    known = ", ".join(f"{folder} ({created}Z, {commit})" for folder, created, commit in told) or "none"
    return UsageError(
        f"there is no release {wanted!r}" if wanted else "there is no other release before this one",
        where=f"node {node}", expected=f"one of those the node keeps: {known}",
        next_step="cctoolkit history lists all that were applied; one no longer kept is applied from its commit",
    )  # fmt: skip


def refuse_edited(found: Disk, node: str, accepted: bool) -> None:
    """Raise Refused when somebody edited the kept release: what is in its folder is not what once was in force."""
    if found.edited and (not accepted or found.observable() is None):
        more = "" if accepted else "; --with-edits takes it as it is"
        raise Refused(
            f"edited by hand since it was in force: {', '.join(found.edited)}",
            where=f"node {node}, release {found.folder}", expected="the files as they were written",
            next_step=f"choose another release{more}; nothing was changed",
        )  # fmt: skip


def config_of(found: Disk) -> ConfigSet:
    """Return a release as what an apply takes, passwords in its texts. Generations kept for calls of that time stay
    away.
    """
    manifest = found.manifest
    generations = {m[1]: m[2] for path in found.files if (m := GENERATION_FILE.fullmatch(path))}
    members = None if manifest.members is UNSET else manifest.members
    return ConfigSet(manifest.release, found.files, generations, members)


def as_it_is(ref: SecretRef) -> Secret:
    """Leave what looks like the place of a secret alone: a kept release has its secrets written in."""
    return Secret(ref.placeholder())
