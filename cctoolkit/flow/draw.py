"""The flow as DOT text: colours by kind, guards on the edges, steps no call reaches in red."""

from cctoolkit.flow.graph import FlowGraph

_COLOURS = {"menu": "#dbeafe", "hours": "#fef3c7", "queue": "#dcfce7", "play": "#f3f4f6", "hangup": "#e5e7eb"}


def dot(graph: FlowGraph) -> str:
    """Return a directed graph in graphviz' language; names hold no character that needs quoting but the
    hyphen.
    """
    reachable = graph.reachable()
    lines = [
        f'digraph "{graph.project}" {{',
        '  rankdir=TB; node [shape=box, style="rounded,filled", fontname="DejaVu Sans"];',
        '  edge [fontname="DejaVu Sans", fontsize=10];',
    ]
    for entry in graph.entries:
        lines += [
            f'  "{entry.number}" [shape=oval, fillcolor="#ffffff"];',
            f'  "{entry.number}" -> "{entry.step}";',
        ]
    for vertex in graph.vertices.values():
        colour = _COLOURS.get(vertex.kind, "#ffffff") if vertex.name in reachable else "#fecaca"
        lines.append(f'  "{vertex.name}" [label="{vertex.name}\\n{vertex.kind}", fillcolor="{colour}"];')
        targets: dict[str, list[str]] = {}
        for edge in vertex.edges:
            targets.setdefault(edge.target, []).append(edge.guard.label)
        lines += [
            f'  "{vertex.name}" -> "{target}" [label="{", ".join(labels)}"];' for target, labels in targets.items()
        ]
    return "\n".join([*lines, "}"]) + "\n"
