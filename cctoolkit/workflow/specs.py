"""Specs: find, read, check, render, trace."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit import clock, resources
from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.flow import lint as flow_lint
from cctoolkit.flow.graph import compile_parts
from cctoolkit.model import build, lint, lint_render, lint_site, phone
from cctoolkit.model.lint_missing import UNKNOWN_STEP
from cctoolkit.model.lint_words import unknown
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.render.configset import ConfigSet, render
from cctoolkit.spec import schema, slipped, source, whole
from cctoolkit.spec.problem import InvalidSpecError, Problem, did_you_mean, errors, one_of
from cctoolkit.spec.source import Document
from cctoolkit.spec.whole import PROJECT_FILE
from cctoolkit.workflow import secret_paths
from cctoolkit.workflow.paths import is_file, is_folder, is_there, real

SITES = "sites"
LAB = "lab"

_MOST_SCRIPTS = 200


class LoadedProject(Struct, frozen=True):
    """A project that validates, and where its lines stand."""

    project: Project
    document: Document


class LoadedSite(Struct, frozen=True):
    """A site that validates, with its projects."""

    site: Site
    projects: tuple[Project, ...]
    documents: tuple[Document, ...] = ()
    """Where the projects' lines stand, in the same order."""


Check = Callable[[Path], tuple[LoadedProject | None, list[Problem]]]
"""Checks the project of a file."""


def root() -> Path:
    """Return the folder specs are looked for in: here, when it has `projects/`, else the toolkit's own."""
    here = Path.cwd()
    return here if (here / "projects").is_dir() else resources.projects().parent


def lab_folder() -> Path:
    """Return the lab's folder: what CCTOOLKIT_LAB says, else `.lab/` of this checkout or of the folder we run in."""
    named = os.environ.get("CCTOOLKIT_LAB")
    return Path(named) if named else (resources.checkout() or Path.cwd()) / ".lab"


def none_here() -> UsageError:
    """Return what is wrong where projects are looked for without a name, and there are none."""
    return UsageError("there is no project here", where=str(root() / "projects"))


def project_files() -> list[Path]:
    """Return every project's file below `projects/`."""
    return sorted((root() / "projects").glob(f"*/{PROJECT_FILE}"))


def find_project(name: str) -> Path:
    """Return the file of a project given by id, folder or file; raise UsageError when there is none."""
    for path in (Path(name), Path(name) / PROJECT_FILE, root() / "projects" / name / PROJECT_FILE):
        if is_there(path) and not is_folder(path):
            return path
    known = [path.parent.name for path in project_files()]
    raise UsageError(f"there is no project {name!r}", where=str(root() / "projects"), expected=one_of(known),
                     next_step=did_you_mean(name, known))  # fmt: skip


def find_site(name: str) -> Path:
    """Return the file of a site given by name or file; `lab` is the file that `lab up` wrote."""
    if name == LAB:
        path = lab_folder() / "site.yaml"
        if not path.is_file():
            raise OperatorError("there is no lab yet", where=str(path), next_step="cctoolkit lab up")
        return path
    for path in (Path(name), root() / "projects" / SITES / f"{name}.yaml"):
        if is_file(path):
            return path
    known = [LAB, *(p.stem for p in (root() / "projects" / SITES).glob("*.yaml") if p.stem != LAB)]
    raise UsageError(f"there is no site {name!r}", expected=one_of(known), next_step=did_you_mean(name, known))


def check_project(path: Path, today: date | None = None) -> tuple[LoadedProject | None, list[Problem]]:
    """Read and check one project, all its files: YAML, schema, then rules across sections. None when it cannot be
    built. Its dates are held against `today`, the present day when not given.
    """
    document, problems = whole.load_whole(path, shown)
    slips = slipped.slips(document, "project")
    document.unread |= slipped.unread(slips)
    parts = build.parts(document)
    problems += schema.check(document, "project")
    valid = not problems
    problems += lint.project_problems(parts, document)
    problems += _misplaced(path, parts, document)
    if parts.whole_flow and not any(p.code == UNKNOWN_STEP for p in problems):
        problems += flow_lint.flow_problems(compile_parts(parts), document)
    project = build.project(document) if valid else None
    if project and path.name == PROJECT_FILE:
        problems += _missing_scripts(path.parent, project, document)
    if project and not problems:
        problems += lint.project_warnings(parts, project, document, today or clock.now().date())
    problems = sorted(dict.fromkeys(slipped.told(slips, problems)), key=lambda p: p.place)
    if project is None:
        return None, problems
    return LoadedProject(secret_paths.of_project(project, path.parent), document), problems


def _missing_scripts(folder: Path, project: Project, document: Document) -> Iterator[Problem]:
    """Agents read the scripts beside the spec: one that is not there is seen by nobody."""
    for name, script in project.scripts.items():
        if not is_file(folder / script.file):
            there = [str(path.relative_to(folder)) for path in sorted(folder.glob("**/*.md"))[:_MOST_SCRIPTS]]
            yield Problem("script-missing", f'there is no file "{script.file}"', document.file,
                          document.mark(("scripts", name, "file")), f"a file in {shown(folder)}",
                          did_you_mean(script.file, there))  # fmt: skip


def _misplaced(path: Path, parts: build.Parts, document: Document) -> list[Problem]:
    """A project's folder has the project's name, or nobody would find it by its id."""
    place = real(path)
    folder = place.parent.name
    elsewhere = place.name != PROJECT_FILE or place.parent.parent.name != "projects"
    if elsewhere or parts.info is None or parts.info.id == folder:
        return []
    what = f'the project "{parts.info.id}" stands in the folder "{folder}"'
    mark = document.mark(("project", "id"))
    return [Problem("folder-name", what, document.file, mark, f'"{folder}"', "rename one of the two")]


def shown(path: Path) -> str:
    """Return a path as a person would type it here."""
    place = path.absolute()
    return str(place.relative_to(Path.cwd())) if place.is_relative_to(Path.cwd()) else str(path)


def load_project(name: str) -> LoadedProject:
    """Return a project that validates; raise InvalidSpecError with every problem otherwise."""
    loaded, problems = check_project(find_project(name))
    if errors(problems) or loaded is None:
        raise InvalidSpecError(problems)
    return loaded


def load_site(name: str, only: Sequence[str] = ()) -> LoadedSite:
    """Return a site with its projects; raise InvalidSpecError with every problem of all of them.

    A release holds all of a site's projects, so all must validate. `only` must be among them.
    """
    path = find_site(name)
    site, projects, problems = check_site(path)
    if errors(problems) or site is None:
        raise InvalidSpecError(problems)
    for project in only:
        if project not in site.projects:
            raise UsageError(f"project {project!r} is not on site {site.id}", expected=one_of(site.projects))
    documents = tuple(one.document for one in projects)
    return LoadedSite(secret_paths.of_site(site, path.parent), tuple(one.project for one in projects), documents)


def check_site(path: Path, check: Check = check_project) -> tuple[Site | None, list[LoadedProject], list[Problem]]:
    """Check a site and its projects, each by `check`; None when the site's own file does not keep to its schema."""
    document, problems = source.load(path, shown(path))
    if document is not None:
        slips = slipped.slips(document, "site")
        document.unread |= slipped.unread(slips)
        problems = slipped.told(slips, problems + schema.check(document, "site"))
    if document is None or problems:
        return None, [], problems
    site = build.site(document)
    projects, problems = _projects_of(site, document, path, check)
    problems += lint_site.site_problems(site, document, [(one.project, one.document) for one in projects])
    return site, projects, problems


def _projects_of(site: Site, document: Document, path: Path, check: Check) -> tuple[list[LoadedProject], list[Problem]]:
    loaded: list[LoadedProject] = []
    problems: list[Problem] = []
    place = real(path).parent
    folder = place.parent if place.name == SITES else root() / "projects"
    for index, name in enumerate(site.projects):
        file = folder / name / PROJECT_FILE
        if not is_file(file):
            known = [path.parent.name for path in folder.glob(f"*/{PROJECT_FILE}")]
            problems.append(unknown(document, ("projects", index), "project", name, known))
            continue
        project, found = check(file)
        problems += found
        if project:
            loaded.append(project)
    return loaded, problems


def unapplied(loaded: LoadedSite) -> list[str]:
    """Return what the projects say and the switch is not told yet."""
    found = zip(loaded.projects, loaded.documents, strict=True)
    return [text for project, document in found for text in lint_render.unapplied(project, document)]


def render_site(loaded: LoadedSite) -> dict[str, ConfigSet]:
    """Return the files of every node, by node; raise InvalidSpecError for steps that cannot be rendered yet."""
    found = zip(loaded.projects, loaded.documents, strict=True)
    if problems := [problem for project, document in found for problem in lint_render.unrendered(project, document)]:
        raise InvalidSpecError(problems)
    return {node.id: render(loaded.site, node, loaded.projects) for node in loaded.site.nodes}


def dialled(project: Project, text: str) -> str:
    """Return a number as people write it in a form a carrier would send; unchanged when it is none."""
    for number in project.numbers:
        if found := phone.e164(text, number.country):
            return found
    return text


def moment(project: Project, text: str) -> datetime:
    """Read a local time of the project, the present when nothing is written; raise UsageError else."""
    if not text:
        return clock.now()
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time", expected='a time such as "2026-12-31 18:30"') from None
    return local if local.tzinfo else local.replace(tzinfo=ZoneInfo(project.project.time_zone)).astimezone(UTC)
