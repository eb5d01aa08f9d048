"""Tidying specs: one form for every project, and never another meaning."""

import contextlib
import difflib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from cctoolkit.errors import OperatorError, ToolkitBug, UsageError
from cctoolkit.flow.graph import compile_flow
from cctoolkit.model import build, form
from cctoolkit.spec import emit, layout, source
from cctoolkit.spec.problem import InvalidSpecError, Problem
from cctoolkit.spec.source import Document
from cctoolkit.workflow import specs


class Tidied(Struct, frozen=True):
    """A project's file as it is and as it should be."""

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


def tidy(names: Sequence[str]) -> list[Tidied]:
    """Tidy projects by name or path, all when none is named; raise InvalidSpecError with the problems of those that
    cannot be understood. Nothing is written yet.
    """
    paths = [specs.find_project(name) for name in names] or specs.project_files()
    if not paths:
        raise UsageError("there is no project here", where=str(specs.root() / "projects"))
    problems: list[Problem] = []
    found: list[Tidied] = []
    for path in paths:
        loaded, wrong = specs.check_project(path)
        if loaded is None:
            problems += wrong
        else:
            before = path.read_bytes().decode("utf-8-sig")
            found.append(Tidied(path, specs.shown(path), path.read_bytes().decode(), tidied(before, loaded.document)))
    if problems:
        raise InvalidSpecError(problems)
    return found


def tidied(text: str, document: Document) -> str:
    """Return a project's text in its form; raise ToolkitBug when it would not mean the same."""
    read = layout.read(text.replace("\r\n", "\n"))
    form.arrange(read)
    after = emit.emit(read)
    again, problems = source.parse(after, document.file)
    if again is None or problems or form.meaning(again.data) != form.meaning(document.data):
        raise _changed("its data", document)
    if compile_flow(build.project(again)) != compile_flow(build.project(document)):
        raise _changed("its call flow", document)
    if layout.read(after).comments != read.comments:
        raise _changed("its comments", document)
    return after


def _changed(what: str, document: Document) -> ToolkitBug:
    return ToolkitBug(
        f"tidied, {what} would not be the same; the file was left as it is",
        where=document.file,
        next_step="write the unusual part of it, such as a comment between a dash and its text, in a plainer way",
    )


def write(one: Tidied) -> None:
    """Replace the file in one step: a crash leaves the old text or the new one."""
    place = one.path.resolve()
    fresh = ""
    try:
        handle, fresh = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(one.after.encode())
            file.flush()
            os.fsync(handle)
        Path(fresh).chmod(place.stat().st_mode & 0o7777)
        Path(fresh).replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(fresh).unlink(missing_ok=True)
        raise OperatorError(f"cannot be written: {error.strerror}", where=one.shown) from error
