"""The graph and its compilation from a project."""

from collections.abc import Iterable, Mapping

import networkx as nx
from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.model import phone
from cctoolkit.model.build import Parts
from cctoolkit.model.calendar import Calendar
from cctoolkit.model.guard import Edge, InHours, Match
from cctoolkit.model.project import Number, Project
from cctoolkit.model.step import Step


class Vertex(Struct, frozen=True):
    """A step as the graph sees it: `kind` names its type, `attempts` is how often the caller may try, `sets` what the
    step changes about the call.
    """

    name: str
    kind: str
    edges: tuple[Edge, ...]
    ends: tuple[str, ...]
    attempts: int
    needs_answer: bool
    sets: tuple[tuple[str, str], ...] = ()


class Entry(Struct, frozen=True):
    """A number and the step its calls begin with; `forms` are the ways a carrier may write it."""

    number: str
    forms: tuple[str, ...]
    step: str


class FlowGraph(Struct, frozen=True):
    """One project's flow, complete: every target is a vertex."""

    project: str
    time_zone: str
    entries: tuple[Entry, ...]
    vertices: Mapping[str, Vertex]
    calendars: Mapping[str, Calendar]
    language: str = ""
    """What callers hear until a step sets another."""

    def calendars_asked(self) -> list[str]:
        """Return the calendars that some step asks, in order."""
        guards = (edge.guard for vertex in self.vertices.values() for edge in vertex.edges)
        return sorted({guard.calendar for guard in guards if isinstance(guard, InHours)})

    def reachable(self) -> frozenset[str]:
        """Return the steps some call can reach."""
        net = nx.DiGraph((v.name, e.target) for v in self.vertices.values() for e in v.edges)
        net.add_nodes_from(self.vertices)
        starts = {entry.step for entry in self.entries}
        return frozenset(starts.union(*(nx.descendants(net, start) for start in starts)))


def compile_flow(project: Project) -> FlowGraph:
    """Compile a project that passed its rules."""
    return FlowGraph(
        project=project.id,
        time_zone=project.project.time_zone,
        entries=tuple(_entry(n.number, n.arrives_as, n.country, n.entry) for n in project.numbers),
        vertices={name: _vertex(name, step, project.numbers) for name, step in project.flow.items()},
        calendars=project.calendars,
        language=project.project.language,
    )


def compile_parts(parts: Parts) -> FlowGraph:
    """Compile a flow that is whole, to judge it though other parts of the project are broken."""
    return FlowGraph(
        project=parts.info.id if parts.info else "",
        time_zone=parts.info.time_zone if parts.info else "UTC",
        entries=tuple(_entry(n.number, n.arrives_as, n.country, n.entry) for n in parts.numbers.values()),
        vertices={name: _vertex(name, step, parts.numbers.values()) for name, step in parts.flow.items()},
        calendars={},
        language=parts.info.language if parts.info else "",
    )


def _entry(number: str, arrives_as: tuple[str, ...], country: str, step: str) -> Entry:
    forms = [form for text in (number, *arrives_as) for form in phone.forms(text, country)]
    return Entry(phone.e164(number, country) or number, tuple(dict.fromkeys(forms)), step)


def _vertex(name: str, step: Step, numbers: Iterable[Number]) -> Vertex:
    kind = str(step.__struct_config__.tag)
    edges = tuple(_plain(edge, numbers) for edge in step.edges())
    return Vertex(name, kind, edges, step.ends(), step.tries(), step.needs_answer, step.sets())


def _plain(edge: Edge, numbers: Iterable[Number]) -> Edge:
    """Write the numbers a case names as entries do: authors may write them in any form."""
    guard = edge.guard
    if not isinstance(guard, Match) or guard.subject != "number":
        return edge
    full = {form: phone.e164(n.number, n.country) or "" for n in numbers for form in phone.forms(n.number, n.country)}
    values = tuple(full.get(phone.digits(value), value) for value in guard.values)
    return Edge(replace(guard, values=values), edge.target)
