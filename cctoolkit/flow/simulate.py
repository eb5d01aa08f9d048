"""Where a call would go: the graph walked with a number, a time and what the caller does.

The same semantics as the rendered dialplan, on the same graph; a live test places the same calls and
compares.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctoolkit.errors import SpecError, ToolkitBug, UsageError
from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.model.calendar import answer
from cctoolkit.model.guard import (
    Always,
    BadInput,
    Edge,
    InHours,
    Key,
    NoInput,
    QueueExit,
    TransferResult,
    VoicemailResult,
    key_name,
)

SILENCE = "-"
_PRESSED = frozenset("0123456789*#" + SILENCE)
QUEUE_ENDS = ("answered", "abandoned")
QUEUE_OUTCOMES = (
    *QUEUE_ENDS,
    *("timeout", "full", "no-agents", "continued"),
    *(f"key-{key_name(key)}" for key in "1234567890*#"),
)
TRANSFER_OUTCOMES = ("transferred", "busy", "no-answer", "failed")
VOICEMAIL_OUTCOMES = ("message-left", "done", "too-short")


class Call(Struct, frozen=True):
    """A call to think through: `keys` in the order pressed ("-" is silence for one attempt; after the last
    key the caller is silent), `queue` how queues end for it, one after another, of `QUEUE_OUTCOMES`; the last
    stays so. `transfer` and `voicemail` are the same for transfers and messages.
    """

    number: str
    at: datetime
    keys: tuple[str, ...] = ()
    queue: tuple[str, ...] = ("answered",)
    transfer: tuple[str, ...] = ("transferred",)
    voicemail: tuple[str, ...] = ("message-left",)


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


Outside = QueueExit | TransferResult | VoicemailResult
"""Guards that neither the caller's keys nor the clock decide."""

_WORDS: dict[type[Outside], tuple[str, str]] = {
    QueueExit: ("queue-", "left the queue"),
    TransferResult: ("transfer-", "the transfer"),
    VoicemailResult: ("voicemail-", "the message"),
}


class _Caller:
    """What the caller still does: keys to press; and what still happens: how queues and the like end."""

    def __init__(self, call: Call) -> None:
        self.at = call.at
        self._keys = list(reversed(call.keys))
        self._outcomes = {
            QueueExit: list(reversed(call.queue)),
            TransferResult: list(reversed(call.transfer)),
            VoicemailResult: list(reversed(call.voicemail)),
        }

    def key(self) -> str:
        return self._keys.pop() if self._keys else SILENCE

    def outcome(self, kind: type[Outside]) -> str:
        outcomes = self._outcomes[kind]
        return outcomes.pop() if len(outcomes) > 1 else outcomes[0]

    @property
    def left(self) -> tuple[int, ...]:
        """Return how much is left to do: a call back at a step with as much left goes round for ever."""
        return len(self._keys), *map(len, self._outcomes.values())


def simulate(graph: FlowGraph, call: Call) -> Walk:
    """Walk the graph; raise UsageError for a call nobody can make, SpecError for one that goes round for
    ever.
    """
    _check(call)
    step, caller = _entry_step(graph, call.number), _Caller(call)
    taken: list[Taken] = []
    seen: set[tuple[str, tuple[int, ...]]] = set()
    while step:
        if (step, caller.left) in seen:
            last = next(n for n in reversed(range(len(taken))) if taken[n].step == step)
            ring = " -> ".join(t.step for t in taken[last:])
            raise SpecError(f"the call goes round for ever: {ring} -> {step}", next_step="lead one of these ways out")
        seen.add((step, caller.left))
        taken.append(_leave(graph, graph.vertices[step], caller))
        step = taken[-1].target
    return Walk(call.number, tuple(taken))


def _check(call: Call) -> None:
    for key in call.keys:
        if key not in _PRESSED:
            raise UsageError(f"{key!r} is no key of a phone", expected='0 to 9, *, # or "-" for silence')
    for what, outcomes, known in (
        ("a queue", call.queue, QUEUE_OUTCOMES),
        ("a transfer", call.transfer, TRANSFER_OUTCOMES),
        ("a message", call.voicemail, VOICEMAIL_OUTCOMES),
    ):
        for outcome in outcomes or ("",):
            if outcome not in known:
                raise UsageError(f"{outcome!r} is no way {what} ends", expected="one of " + ", ".join(known))


def _entry_step(graph: FlowGraph, number: str) -> str:
    for entry in graph.entries:
        if number in entry.forms:
            return entry.step
    known = ", ".join(entry.number for entry in graph.entries)
    raise UsageError(f"{number} is no number of project {graph.project}", expected=f"one of {known}")


def _leave(graph: FlowGraph, vertex: Vertex, caller: _Caller) -> Taken:
    edge, why = _choose(graph, vertex, caller)
    if edge is None:
        return Taken(vertex.name, vertex.kind, why, f"ends: {why}")
    return Taken(vertex.name, vertex.kind, edge.guard.label, why, edge.target)


def _choose(graph: FlowGraph, vertex: Vertex, caller: _Caller) -> tuple[Edge | None, str]:
    """Return the edge the call takes and why; no edge and the end's name where it ends."""
    guards = {type(edge.guard) for edge in vertex.edges}
    if not vertex.edges:
        return None, vertex.ends[0]
    if Always in guards:
        return vertex.edges[0], "always"
    if InHours in guards:
        return _by_hours(graph, vertex, caller.at)
    for kind, (prefix, words) in _WORDS.items():
        if kind in guards:
            return _by_outcome(vertex, caller.outcome(kind), prefix, words)
    return _by_keys(vertex, _attempts(vertex, caller))


def _by_outcome(vertex: Vertex, outcome: str, prefix: str, words: str) -> tuple[Edge | None, str]:
    if outcome in vertex.ends:
        return None, outcome
    for edge in vertex.edges:
        # A queue that goes on after its agents is left by being answered.
        if edge.guard.label in (prefix + outcome, "queue-continued" if outcome == "answered" else ""):
            return edge, f"{words}: {outcome}"
    ways = [edge.guard.label.removeprefix(prefix) for edge in vertex.edges]
    raise UsageError(
        f"step {vertex.name!r} cannot be left by {outcome}", expected="one of " + ", ".join([*vertex.ends, *ways])
    )


def _by_hours(graph: FlowGraph, vertex: Vertex, at: datetime) -> tuple[Edge, str]:
    local = at.astimezone(ZoneInfo(graph.time_zone))
    for edge in vertex.edges:
        guard = edge.guard
        if isinstance(guard, InHours) and answer(graph.calendars[guard.calendar], local) == guard.outcome:
            return edge, f"{guard.calendar} is {guard.outcome} at {local:%a %Y-%m-%d %H:%M} {graph.time_zone}"
    raise ToolkitBug(f"step {vertex.name!r} has no way out at {local}")


def _attempts(vertex: Vertex, caller: _Caller) -> Iterator[str]:
    return (caller.key() for _ in range(vertex.attempts))


def _by_keys(vertex: Vertex, attempts: Iterator[str]) -> tuple[Edge, str]:
    """Silence and wrong keys use up the same attempts; which of the two came last decides the way out."""
    known = {edge.guard.key: edge for edge in vertex.edges if isinstance(edge.guard, Key)}
    pressed = SILENCE
    for attempt, pressed in enumerate(attempts, 1):
        if pressed in known:
            return known[pressed], f"pressed {pressed}, attempt {attempt} of {vertex.attempts}"
    kind: type[NoInput | BadInput] = NoInput if pressed == SILENCE else BadInput
    how = "silence" if pressed == SILENCE else f"pressed {pressed}"
    edge = next(e for e in vertex.edges if isinstance(e.guard, kind))
    return edge, f"{how} at the last of {vertex.attempts} attempts"
