"""Pictures of flows: composed here, laid out by graphviz' `dot` where the format is one that is looked at."""

import shutil
import subprocess
from collections.abc import Callable, Mapping

from msgspec import Struct

from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.flow.draw import Picture, picture
from cctoolkit.flow.draw_dot import dot
from cctoolkit.flow.draw_mermaid import mermaid
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.simulate import Walk
from cctoolkit.model.project import Project
from cctoolkit.spec.problem import InvalidSpecError, Problem, one_of
from cctoolkit.workflow import specs

TEXTS: Mapping[str, Callable[[Picture], str]] = {"dot": dot, "mermaid": mermaid}
LAID_OUT = ("svg", "png", "pdf")
ENDINGS = {".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid", **{f".{f}": f for f in LAID_OUT}}

_SHOWN_ANYWAY = frozenset({"unreachable-step", "endless-loop"})
"""Problems that a picture shows best."""

_MOST_SECONDS = 60
# DejaVu Sans came from Verdana: a reader who lacks the one sees labels of the same width in the other.
_FONTS = (b'font-family="DejaVu Sans"', b'font-family="DejaVu Sans,Verdana,sans-serif"')


class Drawable(Struct, frozen=True):
    """A project that can be drawn, and what is wrong with where its calls go."""

    project: Project
    problems: tuple[Problem, ...]


def kind_of(named: str, ending: str) -> str:
    """Return the format: the one that is named, else the one of the file's ending, else dot."""
    known = (*TEXTS, *LAID_OUT)
    if named and named not in known:
        raise UsageError(f"{named!r} is no format of a picture", expected=one_of(known))
    if not named and ending and ending not in ENDINGS:
        raise UsageError(f"{ending!r} is the ending of no format", expected=one_of(ENDINGS), next_step="add --format")
    return named or ENDINGS.get(ending, "dot")


def load(name: str) -> Drawable:
    """Load a project whose steps all lead somewhere; raise InvalidSpecError for any other."""
    loaded, problems = specs.check_project(specs.find_project(name))
    if loaded is None or any(problem.code not in _SHOWN_ANYWAY for problem in problems):
        raise InvalidSpecError(problems)
    return Drawable(loaded.project, tuple(problems))


def draw(project: Project, kind: str, walk: Walk | None = None) -> bytes:
    """Return the picture in a format of `kind_of`, with one call's way marked if there is one."""
    drawn = picture(project, compile_flow(project), walk)
    if kind in TEXTS:
        return TEXTS[kind](drawn).encode()
    return _laid_out(dot(drawn), kind).replace(*_FONTS)


def _laid_out(text: str, kind: str) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise OperatorError(f"a picture as {kind} needs graphviz' program dot, which is not here",
                            next_step="apt-get install graphviz fonts-dejavu-core, or --format mermaid")  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - no shell; what is drawn goes in by standard input
            [program, f"-T{kind}"], input=text.encode(), capture_output=True, check=False, timeout=_MOST_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise OperatorError(f"dot has not laid the flow out in {_MOST_SECONDS} seconds",
                            next_step="--format mermaid, which needs no layout") from error  # fmt: skip
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip() or "nothing"
        raise OperatorError(f"dot failed with code {done.returncode} and said: {said}", where=program)
    return done.stdout
