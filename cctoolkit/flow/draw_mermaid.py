"""A picture in Mermaid's language, as Markdown of merge requests shows it: https://mermaid.js.org/syntax/flowchart.html.

Ids are ours (a step named `end` would close a block), and every text stands in quotes with all but letters, digits and
plain punctuation as entity codes: Mermaid reads brackets, quotes, # and ; even there.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from cctoolkit.flow.draw import Box, Picture, Way
from cctoolkit.flow.draw_colours import INK, LINE, MARKED, colour

_PLAIN = frozenset(" .,:-+/()!?«»„”“–·→✓\N{NO-BREAK SPACE}")
_BOX_WIDTH, _WAY_WIDTH, _FACT_WIDTH = 30, 26, 60


def mermaid(drawn: Picture) -> str:
    """Return the picture as a flowchart."""
    ids = {box.id: f"s{n}" for n, box in enumerate(drawn.boxes)}
    marked = [n for n, way in enumerate(drawn.ways) if way.walked]
    return "\n".join(
        [
            "flowchart TD",
            *(_box(box, ids) for box in drawn.boxes),
            *(_way(way, ids) for way in drawn.ways),
            *_below(drawn),
            *_classes(drawn),
            *([f"  linkStyle {','.join(map(str, marked))} stroke:{MARKED},stroke-width:3px"] if marked else []),
        ]
    ) + "\n"  # fmt: skip


def _box(box: Box, ids: Mapping[str, str]) -> str:
    written = [f"{', '.join(way.lines)} \N{RIGHTWARDS ARROW} {way.target}".strip() for way in box.written]
    below = _joined([*box.lines, *written], _BOX_WIDTH)
    label = f"<b>{_text(box.name)}</b>" + (f"<br/>{below}" if below else "")
    opening, closing = ("([", "])") if box.kind == "entry" else ("(", ")")
    known = box.kind if box.reached else "unreachable"
    return f'  {ids[box.id]}{opening}"{label}"{closing}:::k_{known}' + (
        f"\n  style {ids[box.id]} stroke:{MARKED},stroke-width:3px" if box.walked else ""
    )


def _way(way: Way, ids: Mapping[str, str]) -> str:
    label = _joined(way.lines, _WAY_WIDTH)
    arrow = f'-->|"{label}"|' if label else "-->"
    return f"  {ids[way.source]} {arrow} {ids[way.target]}"


def _below(drawn: Picture) -> Iterator[str]:
    """Yield the title's block: calendars and legend, in boxes that no line leads to."""
    yield f'  subgraph about["{_text(drawn.title)}"]'
    for n, fact in enumerate(drawn.facts):
        yield f'    f{n}["{_joined(fact, _FACT_WIDTH)}"]'
    for n, (kind, said) in enumerate(drawn.legend):
        yield f'    l{n}["{_text(said)}"]:::k_{kind}'
    yield "  end"


def _classes(drawn: Picture) -> Iterator[str]:
    for kind, _ in drawn.legend:
        border = f"stroke:{MARKED},stroke-width:3px" if kind == "walked" else f"stroke:{LINE}"
        yield f"  classDef k_{kind} fill:{colour(kind)},{border},color:{INK}"


def _joined(lines: Iterable[str], width: int) -> str:
    return "<br/>".join(_text(part) for line in lines for part in textwrap.wrap(line, width))


def _text(text: str) -> str:
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)
