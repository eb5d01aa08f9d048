"""What a project says that the switch does not do yet: steps without a dialplan, and sections nothing applies."""

from collections.abc import Iterator

from cctoolkit.model.answering import Answering
from cctoolkit.model.project import Project
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document


def unrendered(project: Project, document: Document) -> Iterator[Problem]:
    """Yield every step that has no dialplan yet: a project with one can be proved, not applied."""
    for name, step in project.flow.items():
        if what := step.unrendered():
            yield Problem("not-rendered", f'step "{name}" ({what}) is not rendered yet', document.file,
                          document.mark(("flow", name), key=True),
                          hint="validate, prove, trace and graph know it; the switch cannot be given it")  # fmt: skip


def unapplied(project: Project, document: Document) -> Iterator[str]:
    """Yield what the switch is not told yet, though the project says it: `file:line: section …`."""
    for path, says in _sections(project):
        if says:
            yield f"{document.file}:{document.mark(path).line}: {'.'.join(map(str, path))} is not applied yet"


def _sections(project: Project) -> Iterator[tuple[Route, bool]]:
    yield ("answer",), project.answer != Answering()
    yield ("recording",), project.recording.record != "off" or project.recording.announcement is not None
    yield ("crm",), project.crm is not None
    yield ("after_call", "mode"), project.after_call.mode == "fixed"
    yield ("after_call", "disposition"), project.after_call.disposition != "none"
    for index, number in enumerate(project.numbers):
        yield ("numbers", index, "shared_with"), bool(number.shared_with)
    for name, queue in project.queues.items():
        yield ("queues", name, "shared_with"), bool(queue.shared_with)
        yield ("queues", name, "skills"), bool(queue.skills)
