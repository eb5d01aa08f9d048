"""Which languages callers hear at each step: the project's own, until a step sets another."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.model.guard import Match, Otherwise


def languages(graph: FlowGraph) -> Mapping[str, frozenset[str]]:
    """Return the languages in which calls can come to each step some call can reach."""
    found: dict[str, set[str]] = defaultdict(set)
    ahead = [(entry.step, graph.language) for entry in graph.entries]
    while ahead:
        step, language = ahead.pop()
        if language not in found[step]:
            found[step].add(language)
            ahead += _from(graph.vertices[step], language)
    return {step: frozenset(some) for step, some in found.items()}


def _from(vertex: Vertex, language: str) -> Iterator[tuple[str, str]]:
    """Yield where a call goes on, in which language; a switch by language lets it out one way only."""
    after = dict(vertex.sets).get("language", language)
    asked = [edge for edge in vertex.edges if isinstance(edge.guard, Match) and edge.guard.subject == "language"]
    taken = next((edge for edge in asked if isinstance(edge.guard, Match) and language in edge.guard.values), None)
    for edge in vertex.edges:
        if edge not in asked and not (taken and isinstance(edge.guard, Otherwise)):
            yield edge.target, after
    if taken:
        yield taken.target, after
