"""The flow as a picture: boxes and the ways between them, in the words of the project's language.

One picture for every format: `draw_dot` and `draw_mermaid` only write it down. Guards are read by their labels, steps
by the words their fields have in `flow/words`: a step type this module never saw is drawn by its name and ways out.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.flow.draw_hours import dates_said, week_said
from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.flow.known import ANONYMOUS
from cctoolkit.flow.simulate import Walk
from cctoolkit.flow.words import FlowWords
from cctoolkit.model import phone
from cctoolkit.model.guard import Collected, Edge, InHours, Key, Match, QueueKey, Share
from cctoolkit.model.project import Project
from cctoolkit.model.step import Step

_CROWD = 4
"""To a step that more steps lead to, only the first is drawn with a line, and the others say it inside their boxes:
lines across the whole page to one common end hide everything else.
"""


class Way(Struct, frozen=True):
    """A line from box to box, with why a call goes there; each of `lines` is one reason."""

    source: str
    target: str
    lines: tuple[str, ...] = ()
    walked: bool = False


class Box(Struct, frozen=True):
    """A number (`kind` entry) or a step: `name` on top, `lines` below it, then the ways that are `written` in it."""

    id: str
    name: str
    kind: str
    lines: tuple[str, ...] = ()
    written: tuple[Way, ...] = ()
    reached: bool = True
    walked: bool = False


class Picture(Struct, frozen=True):
    """All that is drawn; `facts` are the calendars (a headline, then lines), `legend` the kinds that appear."""

    title: str
    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]
    facts: tuple[tuple[str, ...], ...]
    legend: tuple[tuple[str, str], ...]


def picture(project: Project, graph: FlowGraph, walk: Walk | None = None) -> Picture:
    """Compose the picture of a flow, with one call's way marked if there is one."""
    artist = _Artist(project, graph, walk)
    boxes, ways = artist.boxes(), artist.ways()
    boxes, ways = _without_crowds(boxes, ways)
    return Picture(
        title=f"{project.project.title} · {project.project.client}",
        boxes=tuple(boxes), ways=tuple(ways),
        facts=tuple(artist.facts()), legend=tuple(artist.legend(boxes)),
    )  # fmt: skip


class _Artist:
    """Puts a project into words; the walk's steps are known by name, its turns by (step, label)."""

    def __init__(self, project: Project, graph: FlowGraph, walk: Walk | None) -> None:
        self.project, self.graph, self.walk = project, graph, walk
        self.words = FlowWords(project.project.language)
        self.turns = frozenset(walk.path) if walk else frozenset()
        self.on_way = frozenset(step for step, _ in self.turns)

    def boxes(self) -> list[Box]:
        reachable = self.graph.reachable()
        numbers = [
            Box(f"number {n}", phone.written(number.number, number.country), "entry", walked=self._dialled(n))
            for n, number in enumerate(self.project.numbers)
        ]
        steps = [
            Box(name, name, vertex.kind, tuple(self._lines(vertex, self.project.flow[name])),
                reached=name in reachable, walked=name in self.on_way)
            for name, vertex in self.graph.vertices.items()
        ]  # fmt: skip
        return [*numbers, *steps]

    def _dialled(self, index: int) -> bool:
        return self.walk is not None and self.walk.number in self.graph.entries[index].forms

    def _lines(self, vertex: Vertex, step: Step) -> Iterator[str]:
        kind = self.words.named("kind", vertex.kind)
        names = [self._title(section, name) for section, name in step.refers()]
        yield self.words.word("named", kind=kind, name=", ".join(names)) if names else kind
        for field in step.__struct_fields__:
            yield from self._detail(vertex.kind, field, getattr(step, field))
        for end in vertex.ends:
            if self.words.has(f"end.{end}"):
                yield f"\N{CHECK MARK} {self.words.word(f'end.{end}')}"

    def _detail(self, kind: str, field: str, value: object) -> Iterator[str]:
        key = f"detail.{kind}.{field}"
        if self.words.has(f"{key}.{value}"):
            yield self.words.word(f"{key}.{value}")
        elif self.words.has(key) and value not in (None, ()):
            yield self.words.word(key, value=self._said(value))

    def _said(self, value: object) -> str:
        if isinstance(value, tuple):
            return ", ".join(map(str, value))
        try:
            return self.words.duration(str(value)) if isinstance(value, str) else str(value)
        except ValueError:
            return str(value)

    def _title(self, section: str, name: str) -> str:
        title = self.project.queues[name].title if section == "queues" else None
        return title or name

    def ways(self) -> list[Way]:
        numbers = [
            Way(f"number {n}", entry.step, walked=self._dialled(n)) for n, entry in enumerate(self.graph.entries)
        ]
        steps = [
            Way(vertex.name, target, tuple(self._reasons(edges)), walked=self._taken(vertex.name, edges))
            for vertex in self.graph.vertices.values()
            for target, edges in _by_target(vertex.edges).items()
        ]
        return [*numbers, *steps]

    def _taken(self, step: str, edges: Iterable[Edge]) -> bool:
        return any((step, edge.guard.label) in self.turns for edge in edges)

    def _reasons(self, edges: list[Edge]) -> Iterator[str]:
        """Say why a call goes this way: keys together, then each other reason once."""
        for kind, key in ((Key, "press"), (QueueKey, "press.waiting")):
            if pressed := [edge.guard.key for edge in edges if isinstance(edge.guard, kind)]:
                yield self.words.word(key, keys=", ".join(pressed))
        for edge in edges:
            if not isinstance(edge.guard, Key | QueueKey) and (said := self._reason(edge)):
                yield said

    def _reason(self, edge: Edge) -> str:
        guard = edge.guard
        if isinstance(guard, InHours) and guard.outcome == "open":
            return self.words.word("way.open", hours=week_said(self.graph.calendars[guard.calendar], self.words))
        if isinstance(guard, Match):
            values = [self.words.word("anonymous") if value == ANONYMOUS else value for value in guard.values]
            return self.words.word(f"way.{guard.subject}", values=", ".join(values), field=guard.field)
        if isinstance(guard, Share):
            return self.words.word("way.share", percent=str(guard.percent))
        if isinstance(guard, Collected):
            return self.words.word("way.collected", digits="\N{EN DASH}".join(_ends(guard.shortest, guard.longest)))
        return self.words.named("way", guard.label)

    def facts(self) -> Iterator[tuple[str, ...]]:
        for name, calendar in self.graph.calendars.items():
            head = self.words.word("calendar", name=name, zone=self.graph.time_zone)
            yield (f"{head}: {week_said(calendar, self.words)}", *dates_said(calendar, self.words))
        if any(_overridden(vertex) for vertex in self.graph.vertices.values()):
            yield (self.words.word("supervisor"),)

    def legend(self, boxes: Iterable[Box]) -> Iterator[tuple[str, str]]:
        for kind in dict.fromkeys(box.kind for box in boxes):
            yield kind, self.words.named("kind", kind)
        if any(not box.reached for box in boxes):
            yield "unreachable", self.words.word("legend.unreachable")
        if self.walk:
            yield "walked", self.words.word("legend.walked", call=self.walk.number)


def _overridden(vertex: Vertex) -> bool:
    """Tell whether a step has a way of its own for an emergency."""
    targets = {edge.guard.outcome: edge.target for edge in vertex.edges if isinstance(edge.guard, InHours)}
    return targets.get("override") != targets.get("closed")


def _ends(least: int, most: int) -> list[str]:
    return [str(least)] if least == most else [str(least), str(most)]


def _by_target(edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        found.setdefault(edge.target, []).append(edge)
    return found


def _without_crowds(boxes: list[Box], ways: list[Way]) -> tuple[list[Box], list[Way]]:
    """Write ways to crowded steps into the boxes they leave, all but the first and those on a marked way."""
    sources: dict[str, list[str]] = {}
    for way in ways:
        sources.setdefault(way.target, []).append(way.source)
    kept: list[Way] = []
    written: dict[str, list[Way]] = {}
    for way in ways:
        before = sources[way.target]
        if len(before) <= _CROWD or way.source == before[0] or way.walked:
            kept.append(way)
        else:
            written.setdefault(way.source, []).append(way)
    return [replace(box, written=tuple(written.get(box.id, ()))) for box in boxes], kept
