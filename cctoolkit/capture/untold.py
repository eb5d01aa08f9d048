"""What queue_log tells of what the store has already: only that which nobody told, never less exact than before."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import fields, replace

from cctoolkit import marks
from cctoolkit.capture.lines import SECOND
from cctoolkit.cdr.records import PRECISION_SECONDS, AgentInterval, CallRecord, Edge
from cctoolkit.cdr.rows import known_edges

_APART = 2 * SECOND
"""How far a line's second may lie from the moment it tells of."""

_T = TypeVar("_T")


def better(logged: CallRecord, kept: CallRecord | None) -> CallRecord | None:
    """Return the record to keep: as the log tells it, its moments as exact as the one that is kept has them; None where
    that one knows as much.
    """
    if kept is None:
        return logged
    if known_edges(logged) <= known_edges(kept):
        return None
    made = _sharper(logged, kept)
    # Of a plain call the log knows since it came to its queue. Whether one was passed on it knows to its end, also that
    # another node did not take it.
    entered = min(kept.entered, made.entered, key=lambda edge: edge.at)
    made = replace(made, entered=entered, passed_to=logged.passed_to)
    # What only events tell counts too: a hold, or another party.
    return made if known_edges(made) > known_edges(kept) else None


def _sharper(new: _T, old: object) -> _T:
    """Return `new` with what `old` knows more exactly, place by place."""
    if isinstance(new, Edge) and isinstance(old, Edge):
        exact = PRECISION_SECONDS[old.source] < PRECISION_SECONDS[new.source]
        return old if exact and abs(old.at - new.at) <= _APART else new  # type: ignore[return-value]
    if isinstance(new, Struct) and type(new) is type(old) and _alike(new, old):
        found = {f.name: _sharper(getattr(new, f.name), getattr(old, f.name)) for f in fields(new)}
        return replace(new, **found)
    if isinstance(new, tuple) and isinstance(old, tuple):
        # Of what the log has no word for, all that was told stays.
        return type(new)(map(_sharper, new, (*old, *[None] * len(new)))) if new else old  # type: ignore[return-value]
    if isinstance(new, Struct | tuple):
        return new
    return old if old and not new else new  # type: ignore[return-value]


def _alike(new: Struct, old: Struct) -> bool:
    """Say whether both are of the same call, step, queue or agent: a list may have more than the other had."""
    first = fields(new)[0].name
    return not isinstance(name := getattr(new, first), str) or name == getattr(old, first)


def untold(logged: AgentInterval, kept: Sequence[AgentInterval]) -> Iterator[AgentInterval]:
    """Yield what to keep of an agent's state that the log tells: the time of it that no state that is kept covers; and
    that state's own end, where nobody told it.
    """
    end = logged.end.at if logged.end else None
    pieces = [(logged.start, logged.end)]
    alike = sorted((one for one in kept if _same(one, logged)), key=lambda state: state.start.at)
    for one in alike:
        if end is not None and one.start.at > end:
            continue
        until = one.end
        if until is None and one.start.at < logged.start.at - _APART:
            continue  # It had ended when this one began.
        if until is None and logged.end:
            until = logged.end
            yield replace(one, end=until)
        pieces = [part for piece in pieces for part in _without(piece, one.start, until)]
    for start, until in pieces:
        if until and until.at - start.at < _APART and any(_near(one, start.at, until.at) for one in alike):
            continue  # As short as the log is inexact, it may be that one.
        yield replace(logged, start=start, end=until)


def _same(one: AgentInterval, other: AgentInterval) -> bool:
    """Say whether one time cannot have both: a pause is one, whatever its reason. What the switch keeps somebody from
    calls for is none, and in no line.
    """
    if marks.WRAPUPTIME in (one.reason, other.reason):
        return False
    pauses = {"paused", "wrap-up"}
    alike = one.state == other.state or {one.state, other.state} == pauses
    return (one.node, one.agent) == (other.node, other.agent) and alike


def _near(one: AgentInterval, start: int, end: int) -> bool:
    return one.start.at <= end + SECOND and (one.end is None or one.end.at >= start - SECOND)


def _without(piece: tuple[Edge, Edge | None], start: Edge, end: Edge | None) -> Iterator[tuple[Edge, Edge | None]]:
    """Yield what is left of a stretch without another; nothing as short as the log is inexact."""
    first, last = piece
    if end is not None and end.at <= first.at:
        yield piece
        return
    if start.at > first.at + _APART:
        yield first, Edge(start.at, "queue_log") if last is None or start.at < last.at else last
    if end is not None and (last is None or last.at > end.at + _APART):
        yield Edge(end.at, "queue_log"), last


def by_agent(states: Sequence[AgentInterval]) -> Mapping[str, list[AgentInterval]]:
    """Return states by their agent."""
    found: dict[str, list[AgentInterval]] = {}
    for state in states:
        found.setdefault(state.agent, []).append(state)
    return found
