"""One day of one node, three times: as the journal's events tell it, as queue_log does, and as the store has it. Pure.

What only one of them knows, or two tell otherwise, is a finding; a moment is another one only when it lies further off
than its source is exact.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import asdict, replace

from cctoolkit import marks
from cctoolkit.capture.lines import SECOND
from cctoolkit.capture.untold import by_agent, untold
from cctoolkit.cdr.records import PRECISION_SECONDS, AgentInterval, AgentLeg, CallRecord, Edge, QueueVisit

LATE = SECOND
"""How much later than what it tells a line may be written, besides its whole second."""

GOES_ON = 24 * 3600 * SECOND
"""How long a call may go on before it counts as left open."""


class Source(Struct):
    """What one source tells of a day: calls that entered in it by their ids, states that began in it, and all those
    `around` it. `since` is from when on it tells anything, `until` its newest moment.
    """

    calls: dict[str, CallRecord]
    states: list[AgentInterval]
    around: list[AgentInterval]
    since: int = 0
    until: int = 0


class Gap(Struct, frozen=True):
    """A stretch without events, in microseconds. `filled`: queue_log's lines were read for it."""

    start: int
    end: int
    filled: bool


class Finding(Struct, frozen=True):
    """What does not fit. `kind` is missing, outcome, agent, edge, unfinished, state or gap; `of` the call or agent."""

    kind: str
    of: str
    text: str


class Day(Struct):
    """All that is known of a node's day, from `start` until before `end`; `events` and `log` are None where there is no
    journal, or no queue_log.
    """

    node: str
    start: int
    end: int
    store: Source
    events: Source | None = None
    log: Source | None = None
    gaps: tuple[Gap, ...] = ()


class Count(Struct, frozen=True):
    """How many calls came to the same end, source by source."""

    project: str
    queue: str
    outcome: str
    events: int
    queue_log: int
    store: int


def counts(day: Day) -> list[Count]:
    """Return calls by project, first queue and outcome."""
    found = {name: Counter(_kinds(source)) for name, source in _sources(day).items()}
    kinds = sorted({kind for counter in found.values() for kind in counter})
    none: Counter[tuple[str, str, str]] = Counter()
    of = [found.get(name, none) for name in ("events", "queue_log", "store")]
    return [Count(*kind, *(counter[kind] for counter in of)) for kind in kinds]


def _kinds(source: Source) -> Iterator[tuple[str, str, str]]:
    for call in source.calls.values():
        yield call.project, call.visits[0].queue if call.visits else "", call.outcome


def _sources(day: Day) -> dict[str, Source]:
    named = {"events": day.events, "queue_log": day.log, "store": day.store}
    return {name: source for name, source in named.items() if source is not None}


def findings(day: Day) -> Iterator[Finding]:
    """Yield what does not fit, calls first."""
    sources = _sources(day)
    for call in sorted({id_ for source in sources.values() for id_ in source.calls}):
        yield from _call(call, day, {name: source.calls.get(call) for name, source in sources.items()})
    if day.log:
        yield from _states(day, day.log)
    for gap in day.gaps:
        if not gap.filled and _happened(day, gap):
            yield Finding("gap", day.node, f"no events from {told(gap.start)} to {told(gap.end)}, and no lines for it")


def _happened(day: Day, gap: Gap) -> bool:
    """Say whether anything is known to have happened in a gap, or nobody can know."""
    if day.log is None:
        return True
    calls = ((call.entered, call.ended or call.entered) for call in day.log.calls.values())
    states = ((state.start, state.start) for state in day.log.states)
    ended = ((state.end, state.end) for state in day.log.states if state.end)
    return any(first.at <= gap.end and last.at >= gap.start for first, last in (*calls, *states, *ended))


def _call(call: str, day: Day, versions: Mapping[str, CallRecord | None]) -> Iterator[Finding]:
    known = {name: record for name, record in versions.items() if record}
    where = ", ".join(known)
    entered = next(iter(known.values())).entered.at
    for name, record in versions.items():
        source = _sources(day)[name]
        told_of = source.since - LATE <= entered and not (name == "events" and _in_a_gap(day, entered))
        if name == "queue_log":
            # Of a call without a queue, and of another dialplan, no line is written.
            told_of = told_of and any(one.project or one.visits for one in known.values())
        if record is None and told_of and not _at_midnight(day, entered):
            yield Finding("missing", call, f"entered {told(entered)}: in {where}, not in {name}")
    kept = versions["store"]
    if kept is None:
        return
    for name in ("events", "queue_log"):
        other = versions.get(name)
        if other:
            yield from _differences(call, name, other, kept)
    if kept.outcome == "unfinished" and kept.project:
        until = max(source.until for source in _sources(day).values())
        if entered < until - GOES_ON or any(one.ended for one in known.values()):
            yield Finding("unfinished", call, f"entered {told(entered)}: its record has no end")


def _in_a_gap(day: Day, at: int) -> bool:
    return any(gap.start - LATE <= at <= gap.end + LATE for gap in day.gaps)


def _at_midnight(day: Day, at: int) -> bool:
    """Say whether it may be another day by a less exact source."""
    return min(abs(at - day.start), abs(day.end - at)) <= LATE


def _differences(call: str, name: str, other: CallRecord, kept: CallRecord) -> Iterator[Finding]:
    if other.outcome != kept.outcome:
        yield Finding("outcome", call, f"{name}: {other.outcome}; store: {kept.outcome}")
    agents = [", ".join(leg.agent for leg in _legs(one) if leg.answered) or "nobody" for one in (other, kept)]
    if agents[0] != agents[1]:
        yield Finding("agent", call, f"answered by, {name}: {agents[0]}; store: {agents[1]}")
        return
    edges, kept_edges = dict(_edges(other)), dict(_edges(kept))
    for what, edge in edges.items():
        there = kept_edges.get(what)
        if there is None:
            yield Finding("edge", call, f"{what}: {name} says {told(edge.at)}, the store nothing")
        elif not same(edge, there):
            apart = abs(edge.at - there.at) / SECOND
            yield Finding("edge", call, f"{what}: {name} {told(edge.at)}, store {told(there.at)}, {apart:.3f} s apart")


def same(one: Edge, other: Edge) -> bool:
    """Say whether two sources may mean the same moment."""
    blur = sum(round(PRECISION_SECONDS[edge.source] * SECOND) for edge in {one, other} if edge.source != "ami")
    return abs(one.at - other.at) <= (blur + LATE if blur else 1)


def _legs(call: CallRecord) -> list[AgentLeg]:
    return [leg for visit in call.visits for leg in visit.legs]


def _edges(call: CallRecord) -> Iterator[tuple[str, Edge]]:
    """Yield the moments that both sources have of the same thing, named."""
    yield from _named("", call, "entered", "answered", "ended")
    for number, visit in enumerate(call.visits, 1):
        of = f"{visit.queue} ({number}) "
        yield from _named(of, visit, "joined", "left")
        answered = [leg for leg in visit.legs if leg.answered]
        for leg in answered:
            yield from _named(f"{of}{leg.agent} ", leg, "answered", "ended", "wrap_up_started", "wrap_up_ended")


def _named(of: str, part: CallRecord | QueueVisit | AgentLeg, *names: str) -> Iterator[tuple[str, Edge]]:
    values = asdict(part)
    return ((f"{of}{name}", values[name]) for name in names if values[name] is not None)


def _states(day: Day, log: Source) -> Iterator[Finding]:
    """Compare agents' states: what one has and the other does not cover, and pauses of another reason."""
    kept, logged = by_agent(day.store.around), by_agent(log.around)
    for state in log.states:
        yield from _uncovered(state, kept.get(state.agent, []), "in queue_log, not in the store")
        begun = [one for one in kept.get(state.agent, []) if one.state == state.state and same(one.start, state.start)]
        # Of a pause that somebody is added with no line has the reason.
        if begun and state.reason not in ("", *(one.reason for one in begun)):
            yield Finding("state", state.agent, f"{_shown(state)} in queue_log, {_shown(begun[0])} in the store")
    for state in day.store.states:
        if state.start.at >= log.since and not _has_no_line(state, logged.get(state.agent, [])):
            yield from _uncovered(state, logged.get(state.agent, []), "in the store, not in queue_log")


def _has_no_line(state: AgentInterval, logged: Sequence[AgentInterval]) -> bool:
    """Say whether no line tells a state: a call of before, what the switch keeps somebody from calls for, and that
    somebody is there whom queues.conf makes a member, or who had come before.
    """
    if state.state == "logged_in" and state.start.source == "queue_status":
        return not any(one.state == "logged_in" for one in logged)
    return state.state == "in_call" or state.reason == marks.WRAPUPTIME


def _uncovered(state: AgentInterval, others: Sequence[AgentInterval], where: str) -> Iterator[Finding]:
    for piece in untold(state, others):
        # What only ends another one is no time of its own.
        if _own(piece, state, others):
            yield Finding("state", state.agent, f"{_shown(piece)}: {where}")


def _own(piece: AgentInterval, state: AgentInterval, others: Sequence[AgentInterval]) -> bool:
    return not any(replace(one, end=state.end) == piece and one.end is None for one in others)


def _shown(state: AgentInterval) -> str:
    end = told(state.end.at) if state.end else "…"
    return f"{state.state}{f' ({state.reason})' if state.reason else ''} {told(state.start.at)} to {end}"


def told(at: int) -> str:
    """Return a moment as a person reads it."""
    return f"{Edge(at).moment():%H:%M:%S.%f}"[:-3]
