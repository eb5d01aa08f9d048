"""New projects, from templates that validate, prove and are tidy as they are."""

from pathlib import Path

import msgspec
from msgspec import Struct

from cctoolkit import resources
from cctoolkit.errors import OperatorError, Refused, UsageError
from cctoolkit.model.words import Identifier
from cctoolkit.spec.problem import did_you_mean, foreign_letter, one_of
from cctoolkit.spec.whole import PROJECT_FILE
from cctoolkit.workflow import specs

_NAME = "  id: project-name\n"
_ABOUT = "# "


class Template(Struct, frozen=True):
    """A template: its name, what it is in a line, its text."""

    name: str
    about: str
    text: str


def templates() -> list[Template]:
    """Return the templates there are, by name."""
    found = (
        (path.stem, path.read_text(encoding="utf-8")) for path in sorted(resources.project_templates().glob("*.yaml"))
    )
    return [Template(name, text.splitlines()[1].removeprefix(_ABOUT), text) for name, text in found]


def scaffold(name: str, template: str) -> Path:
    """Write a new project below projects/ of the folder we are in, and return its file; never over another one."""
    known = {one.name: one for one in templates()}
    if template not in known:
        raise UsageError(f"there is no template {template!r}", expected=one_of(known),
                         next_step=did_you_mean(template, list(known)))  # fmt: skip
    _check_name(name)
    folder = Path.cwd() / "projects" / name
    file = folder / PROJECT_FILE
    try:
        folder.mkdir(parents=True)
        with file.open("x", encoding="utf-8") as written:
            written.write(known[template].text.replace(_NAME, f"  id: {name}\n"))
    except FileExistsError as error:
        raise Refused("there is one already, and it stays as it is", where=specs.shown(folder),
                      next_step="choose another name, or remove the folder") from error  # fmt: skip
    except OSError as error:
        raise OperatorError(f"cannot be written: {error.strerror}", where=specs.shown(file)) from error
    return file


def _check_name(name: str) -> None:
    try:
        msgspec.convert(name, Identifier)
    except msgspec.ValidationError:
        expected = "small Latin letters, digits and single hyphens, a letter first, at most 40"
        raise UsageError(f"{name!r} is no name of a project", expected=expected,
                         next_step=foreign_letter(name)) from None  # fmt: skip
    if name == specs.SITES:
        raise UsageError(f"projects/{specs.SITES} is where the sites are", expected="another name")
