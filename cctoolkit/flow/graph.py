"""The graph and its compilation from a project."""

from collections.abc import Mapping

import networkx as nx
from msgspec import Struct

from cctoolkit.model import phone
from cctoolkit.model.build import Parts
from cctoolkit.model.calendar import Calendar
from cctoolkit.model.guard import Edge
from cctoolkit.model.project import Project
from cctoolkit.model.step import Step


class Vertex(Struct, frozen=True):
    """A step as the graph sees it: `kind` names its type, `attempts` is how often the caller may try."""

    name: str
    kind: str
    edges: tuple[Edge, ...]
    ends: tuple[str, ...]
    attempts: int
    needs_answer: bool


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
        vertices={name: _vertex(name, step) for name, step in project.flow.items()},
        calendars=project.calendars,
    )


def compile_parts(parts: Parts) -> FlowGraph:
    """Compile a flow that is whole, to judge it though other parts of the project are broken."""
    return FlowGraph(
        project=parts.info.id if parts.info else "",
        time_zone=parts.info.time_zone if parts.info else "UTC",
        entries=tuple(_entry(n.number, n.arrives_as, n.country, n.entry) for n in parts.numbers.values()),
        vertices={name: _vertex(name, step) for name, step in parts.flow.items()},
        calendars={},
    )


def _entry(number: str, arrives_as: tuple[str, ...], country: str, step: str) -> Entry:
    forms = [form for text in (number, *arrives_as) for form in phone.forms(text, country)]
    return Entry(phone.e164(number, country) or number, tuple(dict.fromkeys(forms)), step)


def _vertex(name: str, step: Step) -> Vertex:
    return Vertex(name, str(step.__struct_config__.tag), step.edges(), step.ends(), step.tries(), step.needs_answer)
