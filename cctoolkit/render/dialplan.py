"""extensions.conf and what it includes: entry, runtime, one file a generation."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.flow.graph import FlowGraph, compile_flow
from cctoolkit.model import calling
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.model.steps.queue import Queue
from cctoolkit.render import check
from cctoolkit.render.quote import refuse_hostile, text_of
from cctoolkit.state.described import keys_file

_SLOT = "0" * 8
_CLEARED = (
    "CCT_TEST",
    "CCT_NOW",
    "CCT_CALL",
    "CCT_PROJECT",
    "CCT_GENERATION",
    "CCT_RELEASE",
    "CCT_STEP",
    "CCT_WRAP",
    "CCT_WAIT",
    "CCT_DIAL",
    "CCT_TWIN",
    "CCT_HERE",
    "CCT_RECORDING",
    "CCT_MESSAGE",
    "CCT_MESSAGES",
    "CCT_NUMBER",
    "CCT_SHARE",
    "CCT_OVERRIDE",
    "CCT_OWED",
    "CCT_WHOLE",
    "CCT_HOP",
)


class Generation(Struct, frozen=True):
    """One project's dialplan under the name of its own digest."""

    project: str
    digest: str
    graph: FlowGraph
    text: str


def generation(project: Project) -> Generation:
    """Render a project's steps, check the text against the graph, and name its contexts by its digest."""
    refuse_hostile(project)
    graph = compile_flow(project)
    draft = _steps(project, graph, _SLOT)
    digest = hashlib.sha256(draft.encode()).hexdigest()[:8]
    # Rendered once: nothing but the names of contexts knows the digest, and the check below would see a wrong one.
    text = draft.replace(marks.context(project.id, _SLOT, ""), marks.context(project.id, digest, ""))
    check.generation(graph, digest, text)
    return Generation(project.id, digest, graph, text)


def _steps(project: Project, graph: FlowGraph, digest: str) -> str:
    return text_of(
        "generation.conf.j2",
        project=project,
        graph=graph,
        ctx=lambda step: marks.context(project.id, digest, step),
    )


def runtime(site: Site, projects: Sequence[Project]) -> str:
    """Render what no release removes: marks, handlers, timers, feature codes."""
    codes = site.feature_codes
    features = ((codes.login, marks.LOGIN), (codes.logout, marks.LOGOUT), (codes.ready, marks.READY))
    pauses = [(codes.pause + code, reason) for code, reason in sorted(pause_codes(projects).items())]
    agents = []
    for entry in site.roster:
        queues = memberships(projects, entry.agent)
        agents.append(
            {"id": entry.agent, "queues": queues, "first": min(queues, key=lambda one: one.since, default=None)}
        )
    refuse_hostile(site)
    return text_of(
        "runtime.conf.j2", features=features, agents=agents, pauses=pauses,
        override=codes.override, supervised={entry.agent: supervised(projects, entry.agent) for entry in site.roster},
    )  # fmt: skip


def supervised(projects: Sequence[Project], agent: str) -> list[dict[str, str]]:
    """Return the projects whose hours the agent's phone may override, each with the number by which it is spoken of."""
    return [
        {"id": project.id, "language": project.project.language, "number": entry.number.lstrip("+")}
        for project in projects
        if agent in project.project.roles.may_override()
        for entry in compile_flow(project).entries[:1]
    ]


def pause_codes(projects: Sequence[Project]) -> dict[str, str]:
    """Return the reason of each pause code; projects of one site agree on them, or the site's rules say so."""
    return {pause.code: reason for project in projects for reason, pause in project.pauses.items()}


def pressed(projects: Sequence[Project]) -> dict[str, str]:
    """Return the files of keys pressed while waiting, one for each set of keys a queue has."""
    found = {keys for project in projects for keys in exit_keys(project).values()}
    contexts = {marks.exit_context(keys): keys for keys in sorted(found) if keys}
    return {keys_file(name): text_of("keys.conf.j2", context=name, keys=keys) for name, keys in contexts.items()}


def exit_keys(project: Project) -> dict[str, tuple[str, ...]]:
    """Return the keys that lead out of each queue: those of its steps, which all have the same."""
    return {
        step.queue: tuple(sorted(step.keys)) for step in project.flow.values() if isinstance(step, Queue) and step.keys
    }


class Membership(Struct, frozen=True):
    """A queue an agent may join from the day of the certificate on, in the project's time zone."""

    queue: str
    penalty: int
    since: date
    zone: str

    def holds(self, now: datetime) -> bool:
        """Say whether the certificate's day has come."""
        return now.astimezone(ZoneInfo(self.zone)).date() >= self.since


def memberships(projects: Sequence[Project], agent: str) -> list[Membership]:
    """Return the queues the agent may join, now or later: those of projects the agent has a certificate for."""
    return [
        Membership(
            marks.queue_name(project.id, queue),
            assignment.penalty,
            date.fromisoformat(assignment.certified),
            project.project.time_zone,
        )
        for project in projects
        for assignment in project.agents
        if assignment.agent == agent and assignment.certified
        for queue in project.queues_of(assignment)
    ]


def entry(projects: Sequence[Project], built: Sequence[Generation], release: str) -> str:
    """Render the entry file: every number, and nothing else that knows the release."""
    entries = [
        {
            "number": e.number, "country": n.country, "forms": e.forms, "project": p.id, "generation": g.digest,
            "language": p.project.language, "capacity": n.capacity, "context": marks.context(p.id, g.digest, e.step),
        }
        for p, g in zip(projects, built, strict=True) for e, n in zip(g.graph.entries, p.numbers, strict=True)
    ]  # fmt: skip
    named = [{"id": g.project, "generation": g.digest} for g in built]
    calling_forms = {n.country: calling.forms(n.country) for p in projects for n in p.numbers}
    return text_of(
        "extensions.conf.j2", projects=named, keys=sorted(pressed(projects)), entries=entries, release=release,
        cleared=_CLEARED, calling=calling_forms, calling_context=marks.calling_context,
        passes=any(p.passes_calls for p in projects),
    )  # fmt: skip
