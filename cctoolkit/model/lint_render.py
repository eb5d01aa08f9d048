"""What a project says that the switch does not do yet: steps without a dialplan, and sections nothing applies."""

from collections.abc import Iterator

from cctoolkit.model.project import Project
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document


def unrendered(project: Project, document: Document) -> Iterator[Problem]:
    """Yield every step that has no dialplan yet: a project with one can be proved, not applied."""
    for name, step in project.flow.items():
        if what := step.unrendered():
            yield Problem("not-rendered", f'step "{name}" ({what}) is not rendered yet', document.file,
                          document.mark(("flow", name), key=True),
                          hint="validate, prove, trace and graph know it; the switch cannot be given it")  # fmt: skip
