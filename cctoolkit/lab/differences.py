"""What can differ between a street's note, a call record and queue_log: one function a rule, each yields reasons."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cctoolkit.cdr.records import PRECISION_SECONDS, AgentLeg, CallRecord, Edge
from cctoolkit.lab import sent_on
from cctoolkit.lab.notes import Dial, Note
from cctoolkit.lab.phone_legs import NEAR, Held, PhoneLeg
from cctoolkit.lab.queue_lines import Logged
from cctoolkit.model.guard import Key

_AS_LIVED = {
    "answered": ("answered",),
    # In the queue, before it, after leaving a message or with the client's people: the caller hung up.
    "gave up": ("abandoned", "ended_in_flow", "message", "transferred"),
    "sent away": ("ended_in_flow", "message", "transferred"),
    "not answered": ("ended_in_flow", "busy"),
}
_BY = {"node": "flow"}
_SAME_PRESS_US = 1_000_000
_WHOLE_SECOND = 1
_TIMER_SECONDS = 0.1
"""A timer of the switch may be early or late by so much."""


def missing(note: Note | None, record: CallRecord | None, line: Logged | None) -> Iterator[str]:
    """The call is not in every source."""
    if note is None:
        yield "a record without a call, or the second of one"
    elif record is None:
        yield "no record"
    if record and line is None:
        yield "not in queue_log"


def outcomes(note: Note, record: CallRecord) -> Iterator[str]:
    """The call ended otherwise than its caller knows."""
    if note.number != record.number:
        yield f"dialled {note.number}, the record says {record.number}"
    if record.outcome == "answered" and not note.legs_known:
        # Whose phone leg it was, of several callers without a number at once, the street cannot know.
        return
    if record.outcome not in _AS_LIVED.get(note.lived, ()):
        yield f"the caller {note.lived}, the record says {record.outcome}"
    who = _BY.get(note.hung_up_by, note.hung_up_by)
    # Who ended a transferred call is known at the other end only.
    # A call that goes on after its agent is ended by the flow; for the caller it was the agent who left, or whom the
    # agent had sent it to.
    left_first = "agent" if record.transfers else _left_first(record)
    known = {record.hung_up_by, left_first} if _went_on(record) else {record.hung_up_by}
    if who not in known and record.outcome != "transferred":
        yield f"hung up by the {who}, the record says {record.hung_up_by or 'nobody'}"


def lines(record: CallRecord, line: Logged) -> Iterator[str]:
    """queue_log tells another call than the record."""
    pairs = (
        ("outcome", line.outcome, record.outcome),
        ("agent", line.agent, answered_by(record)),
        ("caller", line.caller, record.caller),
        ("hung up by", line.hung_up_by or _left_first(record), _left_first(record)),
        ("steps", _in_steps(line), tuple((step.step, step.outcome) for step in record.steps if step.outcome)),
    )
    for what, logged, recorded in pairs:
        if logged != recorded:
            yield f"queue_log: {what} {logged or 'none'}, the record: {recorded or 'none'}"
    if (line.entries, line.ends) != (1, 1 if record.ended else 0):
        yield f"queue_log: entered {line.entries} times, ended {line.ends} times"
    for what, at, edge in (("entry", line.entered, record.entered), ("end", line.ended, record.ended)):
        if at and edge and abs(edge.at // 1_000_000 - at) > _WHOLE_SECOND:
            yield f"queue_log: {what} {abs(edge.at / 1_000_000 - at):.0f} s away"


def _in_steps(line: Logged) -> tuple[tuple[str, str], ...]:
    """Leave out what is no step: a number that is full."""
    return tuple((step, outcome) for step, outcome in line.outs if step)


def rings(note: Note, record: CallRecord) -> Iterator[str]:
    """Phones rang more or less often than the record says."""
    rang = Counter(leg.agent for leg in note.legs)
    recorded = Counter(leg.agent for leg in legs_of(record))
    # A phone that stops ringing because another agent answered has no line in queue_log: in a gap it is not known of.
    logged = any(leg.answered and leg.answered.source == "queue_log" for leg in legs_of(record))
    if note.legs_known and rang != recorded and not (logged and recorded <= rang):
        yield f"phones rang: {_listed(rang)}; the record: {_listed(recorded)}"


def answers(note: Note, record: CallRecord) -> Iterator[str]:
    """Others answered than the record says."""
    answered = Counter(leg.agent for leg in note.legs if leg.answered)
    recorded = Counter(leg.agent for leg in legs_of(record) if leg.answered)
    if note.legs_known and answered != recorded:
        yield f"answered: {_listed(answered)}; the record: {_listed(recorded)}"


def holds(note: Note, record: CallRecord) -> Iterator[str]:
    """Callers were put on hold more or less often than the record says."""
    for leg, phone in _paired(note, record):
        # What fell into a gap of the events nobody has told: no line of queue_log does.
        gap = any(edge and edge.source == "queue_log" for edge in (leg.answered, leg.ended))
        gap = gap or any(not hold.whole for hold in leg.holds)
        seen = _holds_seen(leg, phone)
        if len(leg.holds) != len(seen) and not (gap and len(leg.holds) < len(seen)):
            yield f"{leg.agent}: {len(seen)} holds, the record says {len(leg.holds)}"


def _holds_seen(leg: AgentLeg, phone: PhoneLeg) -> tuple[Held, ...]:
    """Leave out a hold that crossed the end of the call on the wire, when the node did not see it."""
    last = phone.holds[-1] if phone.holds else None
    crossed = last and phone.ended and phone.ended - last.start <= NEAR
    return phone.holds[:-1] if crossed and len(leg.holds) < len(phone.holds) else phone.holds


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{agent} {count} times" for agent, count in sorted(counts.items())) or "nobody"


def keys(note: Note, record: CallRecord) -> Iterator[str]:
    """A menu took a key that the caller did not press in it."""
    for step in record.steps:
        if not step.outcome.startswith("key-") or step.left is None:
            continue
        left = step.left.at
        pressed = {
            Key(press.key).label
            for press in note.presses
            if step.entered.at - _SAME_PRESS_US - _blur_us(step.entered)
            <= press.begin.timestamp() * 1_000_000
            <= left + _blur_us(step.left)
        }
        if step.outcome not in pressed:
            yield f"step {step.step}: {step.outcome}, the caller pressed {', '.join(sorted(pressed)) or 'nothing'}"


def edges(note: Note, record: CallRecord, ready: Sequence[Dial], longest_wrap_up: float) -> dict[str, float]:
    """Return how far each edge of the record lies from the street's, in ms, later is more."""
    found: list[tuple[str, Edge | None, datetime | None]] = [
        ("entered", record.entered, _came(note, record)),
        ("answered", record.answered, note.answered),
        ("ended", record.ended, _over(note, record.ended)),
    ]
    for index, (leg, phone) in enumerate(_paired(note, record), start=1):
        name = f"{leg.agent} {index}"
        found += [
            (f"{name} rings", leg.offered, phone.rang),
            (f"{name} answers", leg.answered, phone.answered),
            (f"{name} ends", leg.ended, _talk_over(leg, phone)),
        ]
        seen = _holds_seen(leg, phone)
        if len(leg.holds) == len(seen):
            for count, (hold, held) in enumerate(zip(leg.holds, seen, strict=True), start=1):
                found.append((f"{name} holds {count}", hold.start, held.start))
                found.append((f"{name} unholds {count}", hold.end if hold.whole else None, held.end or phone.ended))
        found += [(f"{name} ready", leg.wrap_up_ended, dial.answered) for dial in _pressed(leg, ready, longest_wrap_up)]
    found += sent_on.edges(note, record)
    return {name: _apart_ms(edge, at) for name, edge, at in found if edge and at}


def _came(note: Note, record: CallRecord) -> datetime | None:
    """Return when a call came to the node: as it was dialled, or, where it was long on its way, counted back from the
    answer that the street heard by as long as the node took for it. It never came before.
    """
    if note.dialled is None or note.answered is None or record.answered is None:
        return note.dialled
    entered = record.entered.moment()
    back = max(note.dialled, note.answered - (record.answered.moment() - entered))
    return min(note.dialled, back, key=lambda at: abs(entered - at))


def _talk_over(leg: AgentLeg, phone: PhoneLeg) -> datetime | None:
    """Return when an agent's talk was over: for who sends the caller on it is so before the phone's call is."""
    return phone.sent.at if phone.sent and not leg.hung_up_by else phone.ended


def _over(note: Note, edge: Edge | None) -> datetime | None:
    """Return when the call was over for its caller. Who presses a key notices only when the key is up again: then it
    was over at any moment since the key went down.
    """
    pressing = note.presses[-1] if note.presses and note.presses[-1].end is None else None
    if pressing and edge and note.ended:
        blur = timedelta(microseconds=_blur_us(edge))
        if pressing.begin - blur <= edge.moment() <= note.ended:
            return edge.moment()
    return note.ended


def _apart_ms(edge: Edge, at: datetime) -> float:
    """Return how far apart two words on a moment lie, beyond what the record's source can know."""
    apart = edge.at / 1000 - at.timestamp() * 1000
    blur = _blur_us(edge) / 1000
    return round(max(0.0, abs(apart) - blur) * (1 if apart > 0 else -1), 3)


def _blur_us(edge: Edge) -> int:
    """queue_log has whole seconds, and so have listings; events have microseconds."""
    return round(PRECISION_SECONDS[edge.source] * 1_000_000) if edge.source != "ami" else 0


def _paired(note: Note, record: CallRecord) -> Iterator[tuple[AgentLeg, PhoneLeg]]:
    """Pair legs by agent, in their order; where rings may be another caller's only the answered ones."""
    theirs = [leg for leg in note.legs if note.legs_known or leg.answered]
    for leg in legs_of(record):
        if not (note.legs_known or leg.answered):
            continue
        phone = next((one for one in theirs if one.agent == leg.agent), None)
        if phone:
            theirs.remove(phone)
            yield leg, phone


def _pressed(leg: AgentLeg, ready: Sequence[Dial], longest: float) -> Iterator[Dial]:
    """Ready is a call to a feature code; when the wrap-up's limit ended it, one that came after it ended nothing. Of
    several calls that end a wrap-up the nearest did.
    """
    began, ended = leg.wrap_up_started, leg.wrap_up_ended
    if began and ended and (ended.at - began.at) / 1_000_000 < longest - _TIMER_SECONDS:
        apart = [(abs((d.answered - ended.moment()).total_seconds()), d) for d in ready if d.agent == leg.agent]
        yield from (d for seconds, d in sorted(apart, key=lambda one: one[0])[:1] if seconds < 1)


def legs_of(record: CallRecord) -> list[AgentLeg]:
    """Return the legs of all visits, in order."""
    return [leg for visit in record.visits for leg in visit.legs]


def _went_on(record: CallRecord) -> bool:
    """Say whether the call went on to another step after an agent had answered and hung up."""
    # By the steps' order: inside a gap, all that happens within a second has the same time.
    return any(step.outcome == "answered" for step in record.steps[:-1])


def _left_first(record: CallRecord) -> str:
    """Return who ended the talk with the last agent, else the call."""
    talked = [leg for leg in legs_of(record) if leg.outcome == "answered"]
    return talked[-1].hung_up_by if talked else record.hung_up_by


def answered_by(record: CallRecord) -> str:
    """Return the first agent who answered, "" when nobody did."""
    return next((leg.agent for leg in legs_of(record) if leg.answered), "")
