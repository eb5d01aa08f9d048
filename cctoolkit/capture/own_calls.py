"""What the switch's own call records say of a call: rows to what was said of it, and a record where nobody else tells.

Rows that name the same linkedid or channel are of one call; a caller who began another call stays in that, whoever was
put through to them (a conference, a phone that joins two callers). What rows do not tell: when a phone began to ring,
transfers, holds, who hung up; and of a call that another one picked up they say that the first phone answered.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from cctoolkit.capture.channel import call_of, endpoint, number
from cctoolkit.capture.lines import SECOND, parse
from cctoolkit.capture.own_records import Row, row_of
from cctoolkit.capture.party import find
from cctoolkit.capture.said import Said, digits, seconds
from cctoolkit.capture.story import Story
from cctoolkit.cdr.records import CallRecord, Edge, Party

MOST = 2_000
"""Rows of one call; a queue that rings ten phones writes ten a turn."""
_ROOMS = frozenset({"ConfBridge", "MeetMe"})
_TAKES = frozenset({"ParkedCall", "Pickup"})
_WHY = {"BUSY": "busy", "NO ANSWER": "no_answer", "CONGESTION": "failed", "FAILED": "failed"}
_TWICE = 2 * SECOND
"""How far apart two sources may be that mean the same end of a party."""


def together(rows: Iterable[Row]) -> list[list[Row]]:
    """Return the rows of each call, the caller's own first."""
    known = list(dict.fromkeys(rows))
    callers = {row.channel for row in known if row.begins}
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while (up := above.setdefault(name, name)) != name:
            above[name] = name = above[up]
        return name

    for row in known:
        shared = [row.other] if row.other and row.other not in callers else []
        for name in (_of(row.uniqueid), row.channel, *shared):
            above[top(name)] = top(_of(row.linkedid))
    calls: dict[str, list[Row]] = {}
    for row in known:
        calls.setdefault(top(_of(row.linkedid)), []).append(row)
    return [sorted(call, key=_age)[:MOST] for call in calls.values()]


def of_calls(text: str, ids: Collection[str]) -> str:
    """Return, in their order, the rows' lines of those calls that have one of these unique ids."""
    known = {row: line for line in parse(text) if (row := row_of(line))}
    calls = (call for call in together(known) if any(row.linkedid in ids or row.uniqueid in ids for row in call))
    wanted = {row for call in calls for row in call}
    return "".join("|".join(line.fields) + "\n" for row, line in known.items() if row in wanted)


def _of(id_: str) -> str:
    """Return what no channel is called."""
    return f"id {id_}"


def _age(row: Row) -> tuple[int, int, int]:
    """Return what the rows of older channels come before those of younger ones by."""
    second, _, count = row.uniqueid.rpartition("-")[2].partition(".")
    return seconds(second), digits(count), row.start


def entered(rows: Sequence[Row], node: str) -> CallRecord:
    """Return the record of a call at its entry."""
    first = rows[0]
    call, dialled, caller = call_of(node, first.uniqueid), number(first.dialled), number(first.caller)
    return CallRecord(call, node, "", "", "", dialled, caller, Edge(first.start, "cdr"))


def record(rows: Sequence[Row], node: str) -> CallRecord:
    """Return the record of a call as its rows alone tell it."""
    story = Story(entered(rows, node))
    for said in untold(story.record, rows, {}, 0):
        story.take(said)
    return story.record


def untold(kept: CallRecord, rows: Sequence[Row], ids: Mapping[str, str], since: int) -> list[Said]:
    """Return what rows say of a call that is over and its record does not: its answer, parties and end. `ids` are the
    unique ids of channels by their names, as far as anybody knows; what was over before `since` has been told.
    """
    first = rows[0]
    said = list(_parties(kept, [row for row in rows if row.end >= since - SECOND], ids, first))
    answers = [row.answered_at for row in rows if row.answered_at and row.uniqueid == first.uniqueid]
    if kept.answered is None and answers:
        said.append(Said("up", _edge(min(answers), kept.entered.at)))
    latest = max(one.at.at for one in (*said, Said("up", kept.entered)))
    said.append(Said("hangup", _edge(max(row.end for row in rows), latest)))
    return sorted(said, key=lambda one: one.at.at)


def _parties(kept: CallRecord, rows: Sequence[Row], ids: Mapping[str, str], first: Row) -> Iterator[Said]:
    others: dict[str, list[Row]] = {}
    for row in rows:
        if row.other and row.other != first.channel and not row.other.startswith("Local/"):
            others.setdefault(row.other, []).append(row)
    took = {row.channel for row in rows if row.application in _TAKES}
    taken = {ids.get(name, name) for name in others}
    for name, mine in others.items():
        how = "pickup" if name in took else _how(mine, first)
        if mine[0].application not in _ROOMS and not (kept.project and how == "queue"):
            dialled = number((_asked(mine, first) or mine[0]).dialled)
            yield from _party(kept, mine, how, ids.get(name, name), taken, dialled)
    for row in rows:
        if row.application in _ROOMS and row.uniqueid == first.uniqueid:
            room = row.data.partition(",")[0]
            yield from _party(kept, [replace(row, other=room)], "conference", f"{room} {row.uniqueid}", taken)


def _how(mine: Sequence[Row], first: Row) -> str:
    if _asked(mine, first):
        return "transfer"
    return "queue" if mine[0].application == "Queue" else "dial"


def _asked(mine: Sequence[Row], first: Row) -> Row | None:
    """Return the row of a call of its own by which a party was asked before it was left with the caller."""
    return next((row for row in mine if row.begins and row.uniqueid != first.uniqueid), None)


def _party(
    kept: CallRecord, rows: Sequence[Row], how: str, channel: str, taken: set[str], dialled: str = ""
) -> Iterator[Said]:
    """Yield what rows say of a party. `taken` are the channels whose rows are known: no party is found twice."""
    name, known = endpoint(rows[0].other) if how != "conference" else rows[0].other, find(kept, channel)
    answers = [row.answered_at for row in rows if row.disposition == "ANSWERED" and row.answered_at]
    end = max(row.end for row in rows)
    if known is None:
        alike = (one for one in kept.parties if one.endpoint == name and one.channel not in taken)
        # Nobody may know any more whose channel's name it was; whoever is still there may have had it.
        lost = channel == rows[0].other
        known = next((one for one in alike if _same(one, end) or (lost and _goes_on(one, rows))), None)
        channel = known.channel if known else channel
        taken.add(channel)
    if known and known.ended:
        return
    if known is None:
        began = Edge(max(min(row.start for row in rows), kept.entered.at), "sequence")
        yield Said("rings", began, name, how, channel=channel, number=dialled)
        known = Party(channel, name, dialled, "dial", began)
    if known.answered is None and answers:
        known = replace(known, answered=_edge(min(answers), known.rang.at))
        yield Said("talks", known.answered or known.rang, channel=channel)
    why = "" if known.answered else _WHY.get(rows[-1].disposition, "failed")
    yield Said("stops", _edge(end, (known.answered or known.rang).at), detail=why, channel=channel)


def _goes_on(party: Party, rows: Sequence[Row]) -> bool:
    """Say whether rows may be of a party whose end nobody has told."""
    first, last = min(row.start for row in rows), max(row.end for row in rows)
    return party.ended is None and first - SECOND <= party.rang.at <= last + SECOND


def _same(party: Party, end: int) -> bool:
    """Say whether a party that was told of under another channel's name is this one."""
    return party.ended is not None and abs(party.ended.at - end) <= _TWICE


def _edge(at: int, earliest: int) -> Edge:
    """Return the moment of a row, whose second begins before it: no earlier than what came before."""
    return Edge(max(at, earliest), "cdr")
