"""Who waits, who is logged in and which calls are up, as QueueStatus and Status show it. Pure.

Sources: AMI actions QueueStatus (QueueParams, QueueMember, QueueEntry) and Status of Asterisk 22.
"""

from collections.abc import Iterable, Sequence

from cctoolkit import marks
from cctoolkit.ami.messages import Message
from cctoolkit.node.facts import PHONE
from cctoolkit.plan.live import Call, Live, Seat

CALL_VARIABLES = ("CCT_CALL", "CCT_PROJECT", "CCT_GENERATION", "CCT_STEP")

_CANNOT_RING = frozenset({"4", "5"})
"""AST_DEVICE_INVALID and AST_DEVICE_UNAVAILABLE: a queue all of whose members are so counts as empty."""


def read_live(queues: Sequence[Message], channels: Sequence[Message]) -> Live:
    """Return what is live; shadow queues, in which only test calls wait, are left out."""
    real = [event for event in queues if not marks.is_shadow(event.get("Queue"))]
    entries = {event.get("Uniqueid"): event.get("Queue") for event in real if event.event == "QueueEntry"}
    seats = [_seat(event) for event in real if event.event == "QueueMember"]
    params = {event.get("Queue"): event for event in real if event.event == "QueueParams"}
    waiting = {
        queue: int(one.get("Calls")) for queue, one in sorted(params.items()) if one.get("Calls") not in ("", "0")
    }
    strategies = {queue: one.get("Strategy") for queue, one in sorted(params.items()) if marks.queue_ids(queue)}
    return Live(tuple(sorted(seats)), tuple(sorted(_calls(channels, entries))), waiting, strategies)


def _seat(event: Message) -> Seat:
    paused = event.get("PausedReason") if event.get("Paused") == "1" else None
    static, rings = event.get("Membership") == "static", event.get("Status") not in _CANNOT_RING
    return Seat(event.get("Queue"), event.get("Location").removeprefix(PHONE), paused, static, rings)


def _calls(channels: Iterable[Message], entries: dict[str, str]) -> Iterable[Call]:
    groups: dict[str, list[Message]] = {}
    for event in channels:
        said = _said(event)
        # The timer of a wrap-up carries the call it belongs to, which is over.
        timer = event.get("Context") == marks.TIMER
        groups.setdefault("" if timer else said["CCT_CALL"] or f" {event.get('Linkedid')}", []).append(event)
    for id_, events in groups.items():
        timers = not id_
        main = next((event for event in events if event.get("Uniqueid") == id_), events[0])
        said = dict.fromkeys(CALL_VARIABLES, "") if timers else _said(main)
        bridged, goes_on = bool(main.get("BridgeID")), "c" in _options(main)
        yield Call(
            "" if id_.startswith(" ") else id_,
            said["CCT_PROJECT"], said["CCT_GENERATION"], said["CCT_STEP"],
            next((entries[e.get("Uniqueid")] for e in events if e.get("Uniqueid") in entries), ""),
            not bridged or goes_on,
            tuple(sorted({(event.get("Context"), event.get("Exten")) for event in events})),
            tuple(sorted({marks.agent_of(event.get("Channel")) for event in events} - {""})),
        )  # fmt: skip


def _options(event: Message) -> str:
    """Return the options of the Queue() a channel is in: its second argument."""
    parts = event.get("Data").split(",")
    return parts[1] if event.get("Application") == "Queue" and len(parts) > 1 else ""


def _said(event: Message) -> dict[str, str]:
    found = dict(text.partition("=")[::2] for text in event.all("Variable"))
    # A variable that a channel does not have is shown as "(null)".
    return {name: found.get(name, "").replace("(null)", "") for name in CALL_VARIABLES}
