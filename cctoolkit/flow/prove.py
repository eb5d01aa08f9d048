"""The proof that no caller is lost: every number, at every minute of thirteen months, whatever happens on the way.

Minutes in which all calendars answer alike are one class of time. A call is judged by the time at which it is placed,
as `simulate` does; the supervisor's overrides are three more classes. At each class every walk must

- have exactly one answer at each step that asks the hours (`gap`, `overlap`),
- come to a declared end (`dead-end`),
- go round only as often as the caller asks for it by a key that means something (`endless-loop`),
- call no outside number that is not meant (`toll-path`),
- wait only where somebody certified may answer (`no-agent`),
- end within a declared time (`too-long`): the waits along it together, since what prompts and talks last is in no spec.

Every finding comes with a call that shows it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.flow.call import NO_OVERRIDE
from cctoolkit.flow.circumstances import Circumstances
from cctoolkit.flow.graph import FlowGraph
from cctoolkit.flow.moments import Moments
from cctoolkit.flow.prove_facts import Facts
from cctoolkit.flow.prove_notes import Note, notes
from cctoolkit.flow.prove_spread import spread
from cctoolkit.flow.prove_times import HORIZON, TimeClass, time_classes
from cctoolkit.flow.prove_walks import MANY, Path, Walks
from cctoolkit.flow.route import Route, turn
from cctoolkit.model.guard import Override

LIMIT = timedelta(hours=4)

Kind = Literal["gap", "overlap", "dead-end", "endless-loop", "toll-path", "no-agent", "too-long"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Worst first: a call that fails at once, one that never ends, one that need not end, one that costs, one that waits
for nobody, one that lasts.
"""
_ROUND: tuple[Kind, ...] = ("dead-end", "endless-loop")
"""Kinds that may be a way round."""


class Finding(Struct, frozen=True):
    """What is wrong with which steps, in `classes` classes of time, and a call that shows it: as far as the failure, or
    twice round a loop. `override` tells what a supervisor must set for it, if anything.
    """

    kind: Kind
    what: str
    steps: tuple[str, ...]
    call: Route
    override: Override | None = None
    classes: int = 1


class Proof(Struct, frozen=True):
    """What was walked and found; proved when there are no findings. `walks` is counted up to `MANY`.

    `longest_seconds` is the longest a caller can be kept without asking to go round again, `longest` a call of which
    that is the last part.
    """

    project: str
    since: datetime
    until: datetime
    numbers: int
    classes: int
    walks: int
    longest_seconds: int
    longest: Route
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]


Failure = tuple[Kind, frozenset[str], str]
"""What is wrong with which vertices, in words; a way round is added to them."""
About = tuple[Kind, frozenset[str]]
"""What is wrong with which steps."""


class _Longest(Struct, frozen=True):
    seconds: int
    when: TimeClass
    call: Route


def prove(graph: FlowGraph, known: Facts, since: datetime, limit: timedelta = LIMIT) -> Proof:
    """Walk everything from `since` on."""
    until = since + HORIZON
    classes = time_classes(graph, since, until)
    every = spread(graph)
    waits = {key: known.waits.get(vertex.name, 0) for key, vertex in every.vertices.items()}
    found: dict[About, Finding] = {}
    count = 0
    longest: _Longest | None = None
    for when in classes:
        walks = Walks(every, when)
        loops = walks.loops()
        failures: dict[About, Failure] = {}
        for one in (*_failures(walks, loops), *_misled(walks, known)):
            failures.setdefault((one[0], _names(walks, one[1])), one)
        for about, failure in failures.items():
            _add(graph, found, walks, about, failure)
        lasting = walks.lasting(waits, loops)
        count += sum(lasting.count[entry.step] for entry in every.entries)
        start = lasting.longest()
        if longest is None or lasting.seconds[start] > longest.seconds:
            path, last = lasting.path(start)
            longest = _Longest(lasting.seconds[start], when, _call(graph, walks, (*walks.until(start), *path), last))
    if longest is None:
        raise ValueError("a proof of no time")
    findings = [*found.values(), *_too_long(longest, limit)]
    return Proof(
        graph.project, since, until, len(graph.entries), len(classes), min(count, MANY), longest.seconds, longest.call,
        tuple(sorted(findings, key=lambda finding: KINDS.index(finding.kind))),
        (*notes(graph, classes), *_awaited(known)),
    )  # fmt: skip


def _failures(walks: Walks, loops: Iterable[frozenset[str]]) -> Iterator[Failure]:
    """Yield what fails at one class of time; what follows from a worse failure of the same steps is left out."""
    undecided = dict(walks.undecided())
    for step, answers in undecided.items():
        has = f"{answers} answers" if answers else "no answer"
        what = f"{walks.graph.vertices[step].name} asks the hours and has {has}"
        yield "overlap" if answers else "gap", frozenset([step]), what
    for step in walks.stuck():
        if step not in undecided:
            yield "dead-end", frozenset([step]), f"{walks.graph.vertices[step].name} has no way on and no end"
    hopeless = list(walks.hopeless())
    yield from (("dead-end", ring, "whatever happens, the call goes round: ") for ring in hopeless)
    for loop in loops:
        if not any(loop <= ring for ring in hopeless):
            yield "endless-loop", loop, "the call goes round without a choice of the caller: "


def _misled(walks: Walks, known: Facts) -> Iterator[Failure]:
    """Yield the steps to which no call should come at this class of time."""
    when = walks.when
    day = when.first.astimezone(ZoneInfo(walks.graph.time_zone)).date()
    for key in walks.ways:
        step = walks.graph.vertices[key].name
        if number := known.tolls.get(step):
            yield "toll-path", frozenset([key]), f"{step} calls {number}, and the spec does not say that this is meant"
        staff = known.staff.get(step)
        # A class begins with its earliest minute: later ones find no fewer people. An override has no day of its own.
        if staff and not known.draft and not (staff.since if when.override else staff.there(day)):
            ever = f"is certified before {staff.since}" if staff.since else "is certified"
            yield "no-agent", frozenset([key]), f"{step} waits in the queue {staff.queue}, for which nobody {ever}"


def _awaited(known: Facts) -> Iterator[Note]:
    """Yield what a draft may lack, and a line that is open may not."""
    for step, staff in known.staff.items():
        if known.draft and staff.since is None:
            yield Note(
                step, f"waits in the queue {staff.queue}, for which nobody is certified yet: the project is a draft"
            )


def _names(walks: Walks, steps: Iterable[str]) -> frozenset[str]:
    return frozenset(walks.graph.vertices[step].name for step in steps)


def _add(graph: FlowGraph, found: dict[About, Finding], walks: Walks, about: About, failure: Failure) -> None:
    """Keep a finding once: with the earliest call that shows it, and in how many classes it is so."""
    kind, steps, what = failure
    known = found.get(about)
    if known is not None:
        found[about] = replace(known, classes=known.classes + 1)
        return
    ring = walks.round(steps) if kind in _ROUND else ()
    # The ring need not begin where calls come in: it is turned until it does.
    first = min((n for n in range(len(ring))), key=lambda n: walks.depth[ring[n][0]], default=0)
    ring = ring[first:] + ring[:first]
    step = ring[0][0] if ring else min(steps)
    path = (*walks.until(step), *ring, *ring)
    names = [walks.graph.vertices[key].name for key in walks.ways if key in steps]
    if ring:
        what += " -> ".join(walks.graph.vertices[key].name for key in (*(key for key, _ in ring), step))
    call = _call(graph, walks, path, "" if ring else step)
    found[about] = Finding(kind, what, tuple(dict.fromkeys(names)), call, walks.when.override)


def _too_long(longest: _Longest, limit: timedelta) -> Iterator[Finding]:
    if longest.seconds > limit.total_seconds():
        what = f"a caller can be kept for {timedelta(seconds=longest.seconds)}, the limit is {limit}"
        steps = tuple(dict.fromkeys(turn.step for turn in longest.call.turns))
        yield Finding("too-long", what, steps, longest.call, longest.when.override)


def _call(graph: FlowGraph, walks: Walks, path: Path, last: str) -> Route:
    """Return the call along a path; at `last`, if any, it ends in the first way, or fails."""
    vertices = walks.graph.vertices
    turns = [turn(vertices[step], edge.guard.label, edge.guard) for step, edge in path]
    if last:
        vertex, ways = vertices[last], walks.ways[last]
        # The caller who waits longest is one whom nobody answered. Where no call ends, it goes the first way.
        named = None if vertex.ends or not ways else ways[0].guard
        label = vertex.ends[-1] if vertex.ends else named.label if named else ""
        turns.append(turn(vertex, label, named))
    first = path[0][0] if path else last
    number = next(entry.number for entry in walks.graph.entries if entry.step == first)
    entry = next(entry for entry in graph.entries if entry.number == number)
    when = Moments((walks.when.first,), dict.fromkeys(walks.when.answers.items(), 1))
    circumstances = Circumstances(graph, when)
    possible = circumstances.along(entry, [(graph.vertices[vertices[step].name], edge) for step, edge in path])
    return Route(number, walks.when.first, tuple(turns), *circumstances.witness(possible)[1:],
                 (walks.when.override or NO_OVERRIDE,))  # fmt: skip
