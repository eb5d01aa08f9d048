"""Rules about where calls go: steps no call reaches, and loops a call cannot leave.

They need the whole graph: while a step is broken or a target has no step, nothing can be said.
"""

from collections.abc import Iterator

import networkx as nx

from cctoolkit.flow.graph import FlowGraph
from cctoolkit.model.guard import Always, InHours
from cctoolkit.spec.problem import Problem, bounded
from cctoolkit.spec.source import Document


def flow_problems(graph: FlowGraph, document: Document) -> list[Problem]:
    """Run every rule; return the problems in the file's order."""
    return bounded(problem for rule in (unreachable_steps, endless_loops) for problem in rule(graph, document))


def unreachable_steps(graph: FlowGraph, document: Document) -> Iterator[Problem]:
    """Every step must be the target of some way a call can go; a library's steps are there for other projects too.

    Of steps that lead to each other only the first is told: with a way to it the others are reached too.
    """
    reachable = graph.reachable()
    lost = [name for name in graph.vertices if name not in reachable]
    net = nx.DiGraph((name, edge.target) for name in lost for edge in graph.vertices[name].edges)
    net.add_nodes_from(lost)
    behind: set[str] = set()
    # A step nothing leads to comes first; then one of each ring.
    for name in sorted(lost, key=lambda name: any(before != name for before in net.predecessors(name))):
        after = nx.descendants(net, name) - reachable
        mark = document.mark(("flow", name), key=True)
        if name not in behind and mark.file not in document.shared:
            others = ", ".join(step for step in lost if step in after - behind - {name})
            hint = "delete it, or lead a way to it" + (f"; behind it are {others}" if others else "")
            yield Problem("unreachable-step", f'no call reaches the step "{name}"', document.file, mark, hint=hint)
        behind |= after


def endless_loops(graph: FlowGraph, document: Document) -> Iterator[Problem]:
    """A call must not go round without the caller having a say: by steps that only play or ask the hours.

    A loop through a menu or a queue is the author's choice: there the caller can press a key, or wait for an
    agent.
    """
    net = nx.DiGraph(
        (v.name, e.target) for v in graph.vertices.values() for e in v.edges if isinstance(e.guard, Always | InHours)
    )
    order = {name: place for place, name in enumerate(graph.vertices)}
    for loop in nx.strongly_connected_components(net):
        first = min(loop, key=order.__getitem__)
        if len(loop) == 1 and not net.has_edge(first, first):
            continue
        ring = [edge[0] for edge in nx.find_cycle(net.subgraph(sorted(loop, key=order.__getitem__)), first)]
        shown = " -> ".join([*ring[:8], "…"] if len(ring) > 8 else [*ring, ring[0]])
        yield Problem("endless-loop", f"a call goes round for ever: {shown}", document.file,
                      document.mark(("flow", first), key=True),
                      "a menu, a queue or an end on the way round")  # fmt: skip
