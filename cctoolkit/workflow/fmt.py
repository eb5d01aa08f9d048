"""Tidying specs: one form for every file of projects, libraries and sites, and never another meaning."""

import contextlib
import difflib
import stat
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from cctoolkit.errors import OperatorError, ToolkitBug, UsageError
from cctoolkit.flow.graph import compile_parts
from cctoolkit.model import build, form
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.node import durable
from cctoolkit.spec import emit, layout, schema, source
from cctoolkit.spec.problem import InvalidSpecError, Problem, errors, one_of
from cctoolkit.spec.source import Document
from cctoolkit.spec.whole import LIBRARY
from cctoolkit.workflow import specs
from cctoolkit.workflow.paths import is_file, real
from cctoolkit.workflow.validating import kind, spec_files


class Tidied(Struct, frozen=True):
    """A file as it is and as it should be."""

    path: Path
    shown: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Tell whether the file is not yet in its form."""
        return self.before != self.after

    def diff(self) -> str:
        """Return what would change, as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), self.shown, self.shown
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


class _Piece(Struct, frozen=True):
    """A file of a spec; `struct` is what the spec is, `section` the one section it holds, "" where it has several."""

    path: Path
    struct: type
    section: str = ""


def tidy(names: Sequence[str]) -> list[Tidied]:
    """Tidy what `validate` checks, by name or path, all when none is named: a project by its files, a file by itself.
    Raise InvalidSpecError with the problems of those that cannot be understood. Nothing is written yet.
    """
    problems: dict[Problem, None] = {}
    pieces: dict[Path, _Piece] = {}
    for name in names or (str(specs.root() / "projects"),):
        for spec in spec_files(name):
            found, wrong = _project(spec) if kind(spec) == "project" else _single(spec)
            problems.update(dict.fromkeys(wrong))
            pieces |= {real(piece.path): piece for piece in _named(name, found)}
    if problems:
        raise InvalidSpecError(list(problems))
    if not pieces:
        raise specs.none_here()
    return [_tidy(piece) for piece in pieces.values()]


def _project(spec: Path) -> tuple[list[_Piece], list[Problem]]:
    """Return a project's own files; its libraries are shared, and tidied by their own names."""
    loaded, problems = specs.check_project(spec)
    if loaded is None:
        return [], problems
    own = [Path(file) for file in loaded.document.files if file not in loaded.document.shared]
    return [_Piece(file, Project, "" if real(file) == real(spec) else file.stem) for file in own], []


def _single(spec: Path) -> tuple[list[_Piece], list[Problem]]:
    """Return a site's or a library's one file."""
    what = "site" if kind(spec) == specs.SITES else LIBRARY
    document, problems = source.load(spec, specs.shown(spec))
    if document is not None:
        problems += schema.check(document, what)
    wrong = errors(problems)
    return ([] if wrong else [_Piece(spec, Site if what == "site" else Project)]), wrong


def _named(name: str, found: list[_Piece]) -> list[_Piece]:
    """Keep of a project the one file that was named, if one was."""
    wanted = real(Path(name))
    if not is_file(wanted) or not found:
        return found
    if only := [piece for piece in found if real(piece.path) == wanted]:
        return only
    parts = one_of([piece.path.name for piece in found])
    raise UsageError("is no part of the project it stands in", where=name, expected=parts)


def _tidy(piece: _Piece) -> Tidied:
    """Tidy a file that was found to be in order."""
    shown = specs.shown(piece.path)
    text = piece.path.read_bytes().decode()
    return Tidied(piece.path, shown, text, tidied(text.removeprefix("\ufeff"), shown, piece.struct, piece.section))


def tidied(text: str, file: str, struct: type = Project, section: str = "") -> str:
    """Return a text in its form; raise ToolkitBug when it would not mean the same."""
    read = layout.read(text)
    if not isinstance(read.root, layout.Block) and read.comments:
        return text  # all in one pair of brackets: there is nothing to put in order, and comments have no line to go to
    form.arrange(read, struct, section)
    after = emit.emit(read, sections=not section)
    was, _ = source.parse(text, file, section)
    now, problems = source.parse(after, file, section)
    if was is None or now is None or problems or form.meaning(now.data, struct) != form.meaning(was.data, struct):
        raise _changed("its data", file)
    if struct is Project and _calls(now) != _calls(was):
        raise _changed("its call flow", file)
    if layout.read(after).comments != read.comments:
        raise _changed("its comments", file)
    return after


def _calls(document: Document) -> object:
    """Return all that a file says of where calls go and when."""
    parts = build.parts(document)
    return compile_parts(parts), parts.hours, parts.dates


def _changed(what: str, file: str) -> ToolkitBug:
    return ToolkitBug(
        f"tidied, {what} would not be the same; the file was left as it is",
        where=file,
        next_step="write the unusual part of it, such as a comment between a dash and its text, in a plainer way",
    )


def write(one: Tidied) -> None:
    """Replace the file in one step: a crash leaves the old text or the new one."""
    place = one.path.resolve()
    fresh = place.with_name(f".{place.name}.new")
    try:
        durable.write(fresh, one.after.encode(), stat.S_IMODE(place.stat().st_mode))
        fresh.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise OperatorError(f"cannot be written: {error.strerror}", where=one.shown) from error
