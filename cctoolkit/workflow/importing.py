"""Taking an existing switch over: its folder read, a first spec written, and what is left over."""

import os
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import get_args
from zoneinfo import available_timezones

import msgspec
from msgspec import Struct

from cctoolkit import clock
from cctoolkit.errors import OperatorError, Refused, ToolkitBug, UsageError
from cctoolkit.model.lint import DIGEST
from cctoolkit.model.phone import countries
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.model.words import Date, Identifier, Language
from cctoolkit.spec.problem import did_you_mean, errors
from cctoolkit.spec.whole import ENDING, LIBRARY, PROJECT_FILE
from cctoolkit.takeover import text
from cctoolkit.takeover.leftovers import Leftover
from cctoolkit.takeover.specs import Taken, take
from cctoolkit.takeover.wanted import Wanted
from cctoolkit.workflow import fmt, specs
from cctoolkit.workflow.validating import validate

MOST_FILES = 20_000
MOST_BYTES = 32 * 1024 * 1024
"""Of one file; FreePBX writes a few megabytes for a thousand extensions."""
DEEPEST = 8
_TELL_SECONDS = 1


class Imported(Struct, frozen=True):
    """What an import wrote, by the files' names, how much it found, and what is left over."""

    files: tuple[str, ...]
    counts: dict[str, int]
    left: tuple[Leftover, ...]


class ConfigFolder:
    """A configuration folder, which is only read: links are followed, nothing but plain files is opened."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.closed: list[str] = []
        self.names = frozenset(_names(top, self.closed))
        self.places = ("/etc/asterisk", str(top.absolute()), os.path.realpath(top))

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raise OperatorError when it is no plain file, too large, or may not be read."""
        path = self.top / name
        try:
            # Without waiting: a pipe would keep us for ever.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise OperatorError("is no plain file", where=name)
                if status.st_size > MOST_BYTES:
                    raise OperatorError(
                        f"is larger than {MOST_BYTES // 2**20} MiB", where=name, next_step="import a part of it"
                    )
                return file.read(MOST_BYTES)
        except OSError as error:
            raise OperatorError(f"cannot be read: {error.strerror}", where=name) from error


def _names(top: Path, closed: list[str]) -> list[str]:
    """Return the files below a folder, by their names from its top; links to folders are followed, but not back to one
    they stand in. Those that cannot be opened go to `closed`.
    """
    found: list[str] = []
    ahead: list[tuple[str, tuple[tuple[int, int], ...]]] = [("", ())]
    opened = 0
    while ahead and len(found) + opened < MOST_FILES:
        inner, within = ahead.pop()
        opened += 1
        try:
            status = (top / inner).stat()
            entries = sorted(os.scandir(top / inner), key=lambda entry: entry.name)
        except OSError:
            closed.append(inner or ".")
            continue
        here = (status.st_dev, status.st_ino)
        if here in within:
            continue
        for entry in entries:
            if not entry.name.isprintable():
                continue
            name = f"{inner}{entry.name}"
            if not _is_folder(entry):
                found.append(name)
            elif len(within) < DEEPEST:
                ahead.append((f"{name}/", (*within, here)))
    return found[:MOST_FILES]


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link to itself, or past what may be seen: no folder, and as a file it says so when it is read.
        return False


class Asked(Struct, frozen=True, kw_only=True):
    """What the command line says of an import, "" where nothing. `projects` are names, or NAME=NUMBER,NUMBER."""

    projects: Sequence[str] = ()
    site: str = "imported"
    country: str = ""
    language: str = ""
    time_zone: str = ""
    contexts: Sequence[str] = ()
    certified: str = ""

    def wanted(self) -> Wanted:
        """Return it checked; raise UsageError for what is no name, country, language, zone or date."""
        return Wanted(
            projects=_projects(self.projects or ["imported"]),
            site=_identifier(self.site),
            today=clock.now().date(),
            country=_one_of(self.country, countries(), "country", "two capital letters, such as RU or PL"),
            language=_one_of(self.language, get_args(Language), "language of a spec", "ru, pl or en"),
            time_zone=_one_of(self.time_zone, available_timezones(), "time zone", "a name such as Europe/Moscow"),
            contexts=tuple(self.contexts),
            certified=_date(self.certified),
        )


def _seldom(progress: Callable[[str], None]) -> Callable[[str], None]:
    """Return what tells at most once a second, the first time after one: a short import says nothing."""
    last = time.monotonic()

    def told(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _TELL_SECONDS:
            last = time.monotonic()
            progress(text)

    return told


def import_asterisk(folder: Path, output: Path, asked: Asked, progress: Callable[[str], None]) -> Imported:
    """Read a switch's configuration folder and write a first spec below `output`; nothing there is written over."""
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder), expected="an Asterisk's configuration folder")
    wanted = asked.wanted()
    found = ConfigFolder(folder)
    if "." in found.closed:
        raise OperatorError("cannot be opened", where=str(folder), next_step="run it as a user who may read it")
    if not any(name.endswith(".conf") for name in found.names):
        raise UsageError(
            "there is no .conf file in it", where=str(folder), expected="an Asterisk's configuration folder"
        )
    told = _seldom(progress)
    return _write(take(found, wanted, told), output / "projects", told)


def _write(taken: Taken, projects: Path, told: Callable[[str], None]) -> Imported:
    """Write what was taken beside its place, see that it validates, and move it there."""
    targets = [
        *(projects / name for name in taken.projects),
        projects / specs.SITES / f"{taken.site['site']['id']}{ENDING}",
    ]
    for target in targets:
        if os.path.lexists(target):
            raise Refused("there is one already, and it stays as it is", where=specs.shown(target),
                          next_step="choose another name or -o FOLDER, or remove it")  # fmt: skip
    try:
        projects.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=projects) as aside:
            fresh = Path(aside) / "projects"
            written = _files(taken, fresh)
            told("checking what was written")
            _check(fresh)
            (projects / specs.SITES).mkdir(exist_ok=True)
            for name in taken.projects:
                (fresh / name).rename(projects / name)
            written[-1].rename(targets[-1])
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror}", where=specs.shown(projects)) from error
    files = [target / PROJECT_FILE for target in targets[:-1]] + targets[-1:]
    return Imported(tuple(specs.shown(file) for file in files), taken.counts, taken.left)


def _files(taken: Taken, projects: Path) -> list[Path]:
    found = []
    for name, data in taken.projects.items():
        found.append(_file(projects / name / PROJECT_FILE, "project", data, Project))
    found.append(_file(projects / specs.SITES / f"{taken.site['site']['id']}{ENDING}", "site", taken.site, Site))
    return found


def _file(path: Path, kind: str, data: dict[str, object], struct: type) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fmt.tidied(text.of(kind, data), path.name, struct), encoding="utf-8")
    return path


def _check(projects: Path) -> None:
    """Hold what was written against the rules: an import whose spec does not validate is a bug of ours."""
    wrong = errors(validate([str(projects)]).problems)
    if wrong:
        raise ToolkitBug(
            f"the imported spec does not validate: {wrong[0]}",
            next_step="report it, with the part of the configuration",
        )


def _projects(said: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in said:
        name, _, numbers = one.partition("=")
        if name in (specs.SITES, LIBRARY):
            raise UsageError(f"projects/{name} is where others stand", expected="another name")
        if DIGEST.search(name):
            raise UsageError(f"{name!r} has a part that reads as a digest", expected="a name without eight hex digits")
        found.setdefault(_identifier(name), []).extend(text.strip() for text in numbers.split(",") if text.strip())
    return found


def _identifier(text: str) -> str:
    try:
        return msgspec.convert(text, Identifier)
    except msgspec.ValidationError:
        expected = "small Latin letters, digits and single hyphens, a letter first, at most 40"
        raise UsageError(f"{text!r} is no name", expected=expected) from None


def _one_of(text: str, known: Collection[str], what: str, expected: str) -> str:
    if text and text not in known:
        raise UsageError(f"{text!r} is no {what}", expected=expected, next_step=did_you_mean(text, sorted(known)))
    return text


def _date(text: str) -> str:
    try:
        return msgspec.convert(text, Date) if text else ""
    except msgspec.ValidationError:
        raise UsageError(f"{text!r} is no date", expected='a day such as "2026-12-31"') from None
