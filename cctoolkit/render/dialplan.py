"""extensions.conf and what it includes: entry, runtime, one file a generation."""

import hashlib
from collections.abc import Sequence

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.errors import ToolkitBug
from cctoolkit.flow.graph import FlowGraph, compile_flow
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.render.quote import environment
from cctoolkit.state.dialplan import gotos

_SLOT = "0" * 8
_CLEARED = (
    "CCT_TEST", "CCT_NOW", "CCT_CALL", "CCT_PROJECT", "CCT_GENERATION", "CCT_RELEASE", "CCT_STEP", "CCT_WRAP", "CCT_WAIT",
)  # fmt: skip


class Generation(Struct, frozen=True):
    """One project's dialplan under the name of its own digest."""

    project: str
    digest: str
    graph: FlowGraph
    text: str


def generation(project: Project) -> Generation:
    """Render a project's steps, check the text against the graph, and name its contexts by its digest."""
    graph = compile_flow(project)
    draft = _steps(project, graph, _SLOT)
    digest = hashlib.sha256(draft.encode()).hexdigest()[:8]
    text = _steps(project, graph, digest)
    check(graph, digest, text)
    return Generation(project.id, digest, graph, text)


def _steps(project: Project, graph: FlowGraph, digest: str) -> str:
    return environment().get_template("generation.conf.j2").render(
        project=project, graph=graph, ctx=lambda step: marks.context(project.id, digest, step)
    )  # fmt: skip


def check(graph: FlowGraph, digest: str, text: str) -> None:
    """Hold rendered text against the graph: the same contexts, and every edge exactly where the graph has it."""
    file = f"{graph.project}-{digest}.conf"
    found = gotos(text, file)
    wanted = {
        (marks.context(graph.project, digest, v.name), e.guard.label): marks.context(graph.project, digest, e.target)
        for v in graph.vertices.values()
        for e in v.edges
    }
    for key in sorted(wanted.keys() | found.keys()):
        if wanted.get(key) != found.get(key):
            raise ToolkitBug(
                f"[{key[0]}] {key[1]} goes to {found.get(key, 'nowhere')}", where=f"the template rendered as {file}",
                expected=wanted.get(key, "no such way out"), next_step="mend the step's template",
            )  # fmt: skip


def runtime(site: Site, projects: Sequence[Project]) -> str:
    """Render what no release removes: marks, handlers, timers, feature codes."""
    codes = site.feature_codes
    features = ((codes.login, marks.LOGIN), (codes.logout, marks.LOGOUT), (codes.ready, marks.READY))
    agents = [{"id": entry.agent, "queues": memberships(projects, entry.agent)} for entry in site.roster]
    return environment().get_template("runtime.conf.j2").render(features=features, agents=agents)


def memberships(projects: Sequence[Project], agent: str) -> list[tuple[str, int]]:
    """Return (queue's name, penalty) for each queue the agent may join: certified for the project, or none of its."""
    return [
        (marks.queue_name(project.id, queue), assignment.penalty)
        for project in projects
        for assignment in project.agents
        if assignment.agent == agent and assignment.certified
        for queue in project.queues_of(assignment)
    ]


def entry(projects: Sequence[Project], built: Sequence[Generation], release: str) -> str:
    """Render the entry file: every number, and nothing else that knows the release."""
    entries = [
        {
            "number": e.number, "forms": e.forms, "project": p.id, "generation": g.digest,
            "language": p.project.language, "context": marks.context(p.id, g.digest, e.step),
        }
        for p, g in zip(projects, built, strict=True) for e in g.graph.entries
    ]  # fmt: skip
    named = [{"id": g.project, "generation": g.digest} for g in built]
    return environment().get_template("extensions.conf.j2").render(
        projects=named, entries=entries, release=release, cleared=_CLEARED
    )  # fmt: skip
