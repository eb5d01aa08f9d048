"""Where a call would go: the graph walked with a number, a time and what the caller does.

The same semantics as the rendered dialplan, on the same graph; a live test places the same calls and
compares.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.errors import SpecError, ToolkitBug, UsageError
from cctoolkit.flow.call import NO_OVERRIDE, SILENCE, Call, Caller, Outside, check
from cctoolkit.flow.graph import Entry, FlowGraph, Vertex
from cctoolkit.flow.known import Known, matches
from cctoolkit.model.calendar import Timetable, timetable
from cctoolkit.model.guard import (
    OVERRIDES,
    Always,
    BadInput,
    CallbackResult,
    Collected,
    CrmAnswer,
    Edge,
    InHours,
    Key,
    Match,
    NoInput,
    Otherwise,
    QueueExit,
    Share,
    SurveyResult,
    TransferResult,
    VoicemailResult,
)

OVERRIDDEN = "is overridden: a supervisor says"


class Taken(Struct, frozen=True):
    """One step of a walk: why it was left, and by which label ("" never: an end has its name as label)."""

    step: str
    kind: str
    label: str
    why: str
    target: str = ""


class Walk(Struct, frozen=True):
    """A whole call: its steps in order and how it ended."""

    number: str
    steps: tuple[Taken, ...]

    @property
    def end(self) -> str:
        """Return the end's name, such as answered or hangup."""
        return self.steps[-1].label

    @property
    def path(self) -> tuple[tuple[str, str], ...]:
        """Return (step, label) pairs: what events of a real call are held against."""
        return tuple((t.step, t.label) for t in self.steps)


_WORDS: dict[type[Outside], tuple[str, str]] = {
    QueueExit: ("queue-", "left the queue"),
    TransferResult: ("transfer-", "the transfer"),
    VoicemailResult: ("voicemail-", "the message"),
    CrmAnswer: ("crm-", "the CRM's answer"),
    CallbackResult: ("callback-", "the offer to call back"),
    SurveyResult: ("survey-", "the score"),
}


def simulate(graph: FlowGraph, call: Call) -> Walk:
    """Walk the graph; raise UsageError for a call nobody can make, SpecError for one that goes round for
    ever.
    """
    check(call, collects=any(isinstance(e.guard, Collected) for v in graph.vertices.values() for e in v.edges))
    entry = _entry(graph, call.number)
    step, caller = entry.step, Caller(call, Known(call.caller, entry.number, graph.language, call.record))
    taken: list[Taken] = []
    seen: set[tuple[str, tuple[object, ...]]] = set()
    while step:
        if (step, caller.left) in seen:
            last = next(n for n in reversed(range(len(taken))) if taken[n].step == step)
            ring = " -> ".join(t.step for t in taken[last:])
            raise SpecError(f"the call goes round for ever: {ring} -> {step}", next_step="lead one of these ways out")
        seen.add((step, caller.left))
        taken.append(_leave(graph, graph.vertices[step], caller))
        step = taken[-1].target
    return Walk(call.number, tuple(taken))


def _entry(graph: FlowGraph, number: str) -> Entry:
    for entry in graph.entries:
        if number in entry.forms:
            return entry
    known = ", ".join(entry.number for entry in graph.entries)
    raise UsageError(f"{number} is no number of project {graph.project}", expected=f"one of {known}")


def _leave(graph: FlowGraph, vertex: Vertex, caller: Caller) -> Taken:
    edge, why = _choose(graph, vertex, caller)
    caller.known.change(vertex.sets)
    if edge is None:
        return Taken(vertex.name, vertex.kind, why, f"ends: {why}")
    return Taken(vertex.name, vertex.kind, edge.guard.label, why, edge.target)


def _choose(graph: FlowGraph, vertex: Vertex, caller: Caller) -> tuple[Edge | None, str]:
    """Return the edge the call takes and why; no edge and the end's name where it ends."""
    guards = {type(edge.guard) for edge in vertex.edges}
    if not vertex.edges:
        return None, vertex.ends[0]
    if Always in guards:
        return vertex.edges[0], "always"
    if InHours in guards:
        return _by_hours(graph, vertex, caller)
    kind = next((kind for kind in _WORDS if kind in guards), None)
    if kind:
        return _by_outcome(vertex, caller, kind)
    if Otherwise in guards:
        return _by_chance(vertex, caller.outcome(Share)) if Share in guards else _by_case(vertex, caller.known)
    attempts = (caller.key() for _ in range(vertex.attempts))
    return _by_digits(vertex, attempts) if Collected in guards else _by_keys(vertex, attempts)


def _by_outcome(vertex: Vertex, caller: Caller, kind: type[Outside]) -> tuple[Edge | None, str]:
    outcome, (prefix, words) = caller.outcome(kind), _WORDS[kind]
    if outcome in vertex.ends:
        return None, outcome
    for edge in vertex.edges:
        # A queue that goes on after its agents is left by being answered.
        if edge.guard.label in (prefix + outcome, "queue-continued" if outcome == "answered" else ""):
            if edge.guard == CrmAnswer("found"):
                caller.known.found()
            return edge, f"{words}: {outcome}"
    ways = [edge.guard.label.removeprefix(prefix) for edge in vertex.edges]
    raise UsageError(
        f"step {vertex.name!r} cannot be left by {outcome}", expected="one of " + ", ".join([*vertex.ends, *ways])
    )


def _by_hours(graph: FlowGraph, vertex: Vertex, caller: Caller) -> tuple[Edge, str]:
    local = caller.at.astimezone(ZoneInfo(graph.time_zone))
    said = caller.outcome(InHours)
    overridden = next((outcome for word, outcome in OVERRIDES.items() if word == said), None)
    for edge in vertex.edges:
        guard = edge.guard
        if not isinstance(guard, InHours):
            continue
        if said != NO_OVERRIDE:
            if guard.outcome == overridden:
                return edge, f"{guard.calendar} {OVERRIDDEN} {said}"
        elif (table := timetable(graph.calendars[guard.calendar])).answer(local) == guard.outcome:
            return edge, f"{told(guard.calendar, table, local)} at {local:%a %Y-%m-%d %H:%M} {graph.time_zone}"
    raise ToolkitBug(f"step {vertex.name!r} has no way out at {local}")


def told(calendar: str, table: Timetable, local: datetime) -> str:
    """Return what a calendar answers and why that day is not as its weekday, if an official day makes it so."""
    why = table.day(local.date()).why
    answer = table.answer(local)
    return f"{calendar} is {answer}" + (f": {why}," if why and answer == "holiday" else f" ({why})" if why else "")


def _by_case(vertex: Vertex, known: Known) -> tuple[Edge, str]:
    """Take the first case that holds, the last way when none does."""
    asked = ""
    for edge in vertex.edges:
        if isinstance(edge.guard, Match):
            value = known.value(edge.guard)
            asked = f"{edge.guard.field or edge.guard.subject} is {value or 'not known'}"
            if matches(edge.guard, value):
                return edge, asked
    return vertex.edges[-1], asked


def _by_chance(vertex: Vertex, case: str) -> tuple[Edge, str]:
    """Take the way named, else the likeliest."""
    shares = {edge: edge.guard.percent for edge in vertex.edges if isinstance(edge.guard, Share)}
    shares[vertex.edges[-1]] = 100 - sum(shares.values())
    named = {edge.guard.label.removeprefix("case-"): edge for edge, percent in shares.items() if percent}
    if case and case not in named:
        raise UsageError(f"step {vertex.name!r} cannot be left by {case}", expected="one of " + ", ".join(named))
    edge = named[case] if case else max(shares, key=shares.__getitem__)
    return edge, f"{shares[edge]} of 100 calls"


def _by_digits(vertex: Vertex, attempts: Iterator[str]) -> tuple[Edge, str]:
    """Silence and wrong digits use up the same attempts, as in a menu; # ends them early, and alone is silence."""
    right = vertex.edges[0]
    entered = ""
    for attempt, pressed in enumerate(attempts, 1):
        entered = "" if pressed == SILENCE else pressed.partition("#")[0]
        if isinstance(right.guard, Collected) and len(entered) > right.guard.longest:
            raise UsageError(f"{pressed!r} is too long for step {vertex.name!r}",
                             expected=f"at most {right.guard.longest} digits")  # fmt: skip
        if isinstance(right.guard, Collected) and right.guard.accepts(entered):
            return right, f"entered {entered}, attempt {attempt} of {vertex.attempts}"
    return _given_up(vertex, entered)


def _by_keys(vertex: Vertex, attempts: Iterator[str]) -> tuple[Edge, str]:
    """Silence and wrong keys use up the same attempts; which of the two came last decides the way out."""
    known = {edge.guard.key: edge for edge in vertex.edges if isinstance(edge.guard, Key)}
    pressed = ""
    for attempt, entered in enumerate(attempts, 1):
        if len(entered) > 1:
            raise UsageError(
                f"step {vertex.name!r} takes one key, not {entered!r}", expected="keys with commas between"
            )
        pressed = "" if entered == SILENCE else entered
        if pressed in known:
            return known[pressed], f"pressed {pressed}, attempt {attempt} of {vertex.attempts}"
    return _given_up(vertex, pressed)


def _given_up(vertex: Vertex, last: str) -> tuple[Edge, str]:
    """Return the way of a caller whose attempts are used up, the last of them by silence ("") or a mistake."""
    kind: type[NoInput | BadInput] = BadInput if last else NoInput
    how = f"pressed {last}" if last else "silence"
    edge = next(e for e in vertex.edges if isinstance(e.guard, kind))
    return edge, f"{how} at the last of {vertex.attempts} attempts"
