"""A project as it was: at a Git revision, or in another folder.

Git writes the project's folder and the library of that revision into a temporary one; nothing is checked out here.
Source: gitrevisions(7), git-archive(1).
"""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.spec.problem import InvalidSpecError, Problem, errors
from cctoolkit.spec.whole import PROJECT_FILE
from cctoolkit.workflow import specs
from cctoolkit.workflow.paths import is_file, is_folder

LIBRARY = "library"
_SECONDS = 60


def project_at(file: Path, against: str) -> specs.LoadedProject:
    """Return the project of `file` as it was at a revision or is in a folder; problems name the place they are in."""
    folder = file.resolve().parent
    if not against or "\0" in against:
        raise UsageError(f"{against!r} is no revision", expected="a Git revision, or the folder of another spec")
    if commit := _commit(folder, against):
        with _unpacked(file.resolve(), commit, against) as (path, inside):
            return _loaded(path, specs.shown(path).removesuffix(inside), f"{against}:")
    return _loaded(_elsewhere(Path(against), folder.name))


def _loaded(path: Path, here: str = "", there: str = "") -> specs.LoadedProject:
    """Return the project of a file; problems name what lies `here`, in any of its files, as being `there`."""
    loaded, problems = specs.check_project(path)
    if loaded is None or errors(problems):
        raise InvalidSpecError([_moved(one, here, there) for one in problems] if here else problems)
    return loaded


def _moved(one: Problem, here: str, there: str) -> Problem:
    # A mark that knows its own file wins over the problem's.
    mark = replace(one.mark, file=one.mark.file.replace(here, there, 1))
    return replace(one, file=one.file.replace(here, there, 1), mark=mark, hint=one.hint.replace(here, there))


def _elsewhere(place: Path, name: str) -> Path:
    for path in (place, place / name, place / "projects" / name):
        for file in (path, path / PROJECT_FILE):
            if is_file(file):
                return file
    if is_folder(place):
        wanted = " or ".join(f"{before}{PROJECT_FILE}" for before in ("", f"{name}/", f"projects/{name}/"))
        raise UsageError(f"there is no project {name!r}", where=str(place), expected=wanted)
    raise UsageError(f"{str(place)!r} is neither a revision nor a folder",
                     expected="a Git revision such as main or HEAD~1, or the folder of another spec",
                     next_step="git log --oneline, or git fetch when it is another's")  # fmt: skip


def _commit(folder: Path, revision: str) -> str:
    """Return the commit's name; nothing when Git knows no such revision, or when this is no Git folder."""
    asked = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if asked.returncode == 0:
        return asked.stdout.decode().strip()
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode != 0 and not is_folder(Path(revision)) and not is_file(Path(revision)):
        raise UsageError(f"{revision!r} is no folder, and no revision can be read: {_said(inside)}", where=str(folder),
                         expected="a project in a Git folder, or the folder of another spec")  # fmt: skip
    return ""


@contextmanager
def _unpacked(file: Path, commit: str, shown: str) -> Iterator[tuple[Path, str]]:
    """Yield the file in a temporary folder, and its path inside the repository."""
    top = Path(_git(file.parent, "rev-parse", "--show-toplevel").stdout.decode().rstrip("\n"))
    inside = file.relative_to(top.resolve())
    if not _is_there(top, commit, inside):
        raise UsageError(f"there is no project {file.parent.name!r} at {shown}", where=f"{shown}:{inside}",
                         next_step=f"git log --oneline -- {inside} shows since when there is")  # fmt: skip
    library = inside.parent.parent / LIBRARY
    names = [str(inside.parent), *([str(library)] if _is_there(top, commit, library) else [])]
    packed = _git(top, "archive", "--format=tar", commit, *names)
    if packed.returncode != 0:
        raise OperatorError(f"git archive: {_said(packed)}", where=str(top))
    with tempfile.TemporaryDirectory(prefix="cctoolkit-") as place:
        try:
            with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
                _unpack(archive, Path(place).resolve())
        except (tarfile.TarError, OSError) as error:
            raise OperatorError(f"{shown} cannot be unpacked: {error}", where=place) from None
        yield Path(place) / inside, str(inside)


def _unpack(archive: tarfile.TarFile, place: Path) -> None:
    """Write files, and links that stay inside. (Python's own filters begin with 3.11.4.)"""
    for member in archive:
        target = place / member.name
        aim = target.parent / member.linkname if member.issym() else target
        if not aim.resolve().is_relative_to(place):
            raise tarfile.TarError(f"{member.name} leads out of the folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        if member.issym():
            target.symlink_to(member.linkname)
        elif content := archive.extractfile(member):
            target.write_bytes(content.read())


def _is_there(top: Path, commit: str, inside: Path) -> bool:
    return _git(top, "cat-file", "-e", f"{commit}:{inside}").returncode == 0


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    git = shutil.which("git")
    if git is None:
        raise OperatorError("git is not installed", next_step="install git, or name a folder instead")
    command = [git, "--literal-pathspecs", "-C", str(folder), *words]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)  # noqa: S603 - no shell
    except subprocess.TimeoutExpired:
        raise OperatorError(f"git {words[0]} did not end in {_SECONDS} s", where=str(folder)) from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode(errors="replace").strip().removeprefix("fatal: ").partition("\n")[0]
