"""Validating: which projects and sites a name means, and every problem of all of them in one run."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct, field

from cctoolkit.errors import UsageError
from cctoolkit.spec import schema, source
from cctoolkit.spec.problem import Problem, errors
from cctoolkit.spec.whole import ENDING, LIBRARY, PROJECT_FILE, libraries, load_whole
from cctoolkit.workflow import specs
from cctoolkit.workflow.paths import is_file, is_folder, is_there, real

Checked = tuple[specs.LoadedProject | None, list[Problem]]


class Validated(Struct, frozen=True):
    """What was checked: each spec by its own file, with every file it consists of, and every problem."""

    specs: dict[str, tuple[str, ...]]
    problems: tuple[Problem, ...]

    @property
    def broken(self) -> int:
        """Return how many of the specs have an error, in whichever of their files."""
        wrong = {problem.file for problem in errors(self.problems)}
        return sum(not wrong.isdisjoint(files) for files in self.specs.values())

    def by_spec(self) -> dict[str, list[Problem]]:
        """Return the problems by spec; those of a file that several specs read stand with the first of them."""
        found: dict[str, list[Problem]] = {spec: [] for spec in self.specs}
        owners = {file: spec for spec in reversed(self.specs) for file in self.specs[spec]} | {s: s for s in self.specs}
        for problem in self.problems:
            found[owners[problem.file]].append(problem)
        return found

    @property
    def files(self) -> tuple[str, ...]:
        """Return every file that was read, each once."""
        return tuple(dict.fromkeys(file for files in self.specs.values() for file in files))


class _Run(Struct):
    """One run: what was asked for, and each project checked once however many sites have it."""

    projects: dict[Path, Checked] = field(default_factory=dict)
    specs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: dict[Problem, None] = field(default_factory=dict)

    def project(self, file: Path) -> Checked:
        """Check a project, or remember what came out."""
        place = real(file)
        if place not in self.projects:
            self.projects[place] = specs.check_project(file)
        return self.projects[place]

    def add(self, file: Path, problems: Iterable[Problem], files: Iterable[str] = ()) -> None:
        """Take in what came out of one spec; `files` are those it consists of besides its own."""
        found = list(problems)
        own = specs.shown(file)
        self.specs[own] = tuple(dict.fromkeys((own, *files, *(problem.file for problem in found))))
        self.problems.update(dict.fromkeys(found))

    def check(self, file: Path) -> None:
        """Check whatever spec a file is part of."""
        found = kind(file)
        if found == specs.SITES:
            _, projects, problems = specs.check_site(file, self.project)
            for one in projects:
                self.add(Path(one.document.file), (), one.document.files)
            self.add(file, problems)
        elif found == LIBRARY:
            self._library(file)
        else:
            loaded, problems = self.project(file)
            self.add(file, problems, loaded.document.files if loaded else ())

    def _library(self, file: Path) -> None:
        """Check a library for itself, then the projects that use it."""
        document, problems = source.load(file, specs.shown(file), part=True)
        self.add(file, problems + (schema.check(document, LIBRARY) if document else []))
        for user in sorted(real(file).parent.parent.glob(f"*/{PROJECT_FILE}")):
            document, _ = load_whole(user, specs.shown)
            if file.stem in libraries(document):
                self.check(user)


def validate(names: Sequence[str]) -> Validated:
    """Check specs by name or path, all when none is named: projects, sites and libraries. One broken file hides no
    other; a file of a project, such as `projects/x/flow.yaml`, stands for the project.
    """
    run = _Run()
    for name in names or (str(specs.root() / "projects"),):
        try:
            files = spec_files(name)
        except UsageError as error:
            run.add(Path(name), [Problem("no-such-project", error.what, name, expected=error.expected,
                                         hint=error.next_step)])  # fmt: skip
            continue
        for file in files:
            run.check(file)
    if not run.specs:
        raise specs.none_here()
    return Validated(run.specs, tuple(run.problems))


def spec_files(name: str) -> list[Path]:
    """Return the specs a name stands for; a folder of projects stands for all that is in it."""
    path = Path(name)
    if is_folder(path) and not is_there(path / PROJECT_FILE):
        found = sorted(path.glob(f"*/{PROJECT_FILE}"))
        if found or path.name == "projects":
            return [*found, *_sites(path / specs.SITES), *sorted((path / LIBRARY).glob("*" + ENDING))]
    if is_there(path) and not is_folder(path):
        above = next((f / PROJECT_FILE for f in path.parents if is_file(f / PROJECT_FILE)), None)
        return [above if above and kind(path) == "project" else path]
    projects = specs.root() / "projects"
    site = projects / specs.SITES / (name + ENDING)
    return [site] if is_file(site) and not is_file(projects / name / PROJECT_FILE) else [specs.find_project(name)]


def _sites(folder: Path) -> list[Path]:
    """Return the sites of a folder but the lab's, which is a template: `lab up` adds its nodes."""
    return sorted(file for file in folder.glob("*" + ENDING) if file.stem != specs.LAB)


def kind(file: Path) -> str:
    """Return what kind of spec a file is, by the folder it stands in."""
    folder = real(file).parent.name
    return folder if folder in (specs.SITES, LIBRARY) else "project"
