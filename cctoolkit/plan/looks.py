"""How a rule looks whether anybody is touched now. Pure.

Each look returns how many, and which, or None when its rule does not hold at this moment.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from cctoolkit import marks
from cctoolkit.errors import SpecError
from cctoolkit.plan.changes import Change
from cctoolkit.plan.live import Live, Seat
from cctoolkit.plan.reach import Steps, moved
from cctoolkit.state import conf
from cctoolkit.state.described import GENERATION_FILE, KEYS_FILE, observable
from cctoolkit.state.settings import NodeState, Setting

Seen = tuple[dict[str, int], tuple[str, ...]]

_IN_ORDER = frozenset({"linear", "rrordered"})
"""Strategies whose queues keep members in a list. Any other keeps them hashed, and so the queue stays for good: source
app_queue.c of Asterisk 22, init_queue.
"""


class Situation:
    """A plan's changes and the node at one moment. `memory` is what it runs, `wanted` the files it is to run, `disk`
    those it has.
    """

    def __init__(
        self,
        changes: Iterable[Change],
        live: Live,
        memory: NodeState,
        wanted: Mapping[str, str],
        disk: Mapping[str, str],
    ) -> None:
        self.changes = tuple(changes)
        self.live = live
        self._memory = memory.only(["dialplan"])
        self._wanted = observable({path: text for path, text in wanted.items() if path != "pjsip.conf"})
        self._queues = wanted.get("queues.conf", "")
        self._kept = {p: t for p, t in disk.items() if GENERATION_FILE.fullmatch(p) or KEYS_FILE.fullmatch(p)}
        self.steps = Steps(self._kept)

    @cached_property
    def moved(self) -> frozenset[tuple[str, str]]:
        """Return the (context, extension) whose lines a reload changes."""
        return moved(self._memory, self._wanted, self._kept_lines())

    def _kept_lines(self) -> NodeState:
        found: list[Setting] = []
        for path, text in self._kept.items():
            try:
                found += observable({path: text}).settings
            except SpecError:
                # Edited by hand; what memory has of it is not what will be kept.
                continue
        return NodeState.of(found)

    def members(self, action: str) -> set[tuple[str, str]]:
        """Return the (queue, agent) the plan adds or removes."""
        return {(c.name, c.option) for c in self.changes if c.side == "member" and c.action == action}

    @cached_property
    def queues_gone(self) -> frozenset[str]:
        """Return the queues the plan removes."""
        return frozenset(c.name for c in self.changes if (c.kind, c.action) == ("queue", "remove"))

    @cached_property
    def sent_away(self) -> frozenset[str]:
        """Return the queues whose files then send callers away where no phone can ring."""
        said = conf.settings(self._queues, "queues.conf")
        return frozenset(s.name for s in said if s.option == "leavewhenempty" and _on(s.value))

    def loses_its_phones(self, queue: str) -> bool:
        """Say whether a phone can ring in a queue, and none can after the plan; who comes is asked elsewhere."""
        gone, added = self.members("remove"), {agent for name, agent in self.members("add") if name == queue}
        ring = [seat for seat in self.live.in_queue(queue) if seat.rings]
        stay = [seat for seat in ring if (queue, seat.agent) not in gone]
        come = [seat for seat in self.live.seats if seat.rings and seat.agent in added]
        return bool(ring) and not stay and not come and queue not in self.queues_gone


def _on(value: str | None) -> bool:
    """Say whether `leavewhenempty` has any condition."""
    return value not in (None, "no", "0", "false")


def waiting(now: Situation, change: Change) -> Seen | None:
    """Look for callers in the queue."""
    found = now.live.waiting.get(change.name, 0)
    return ({"waiting": found}, ()) if found else None


def logged_in(now: Situation, change: Change) -> Seen | None:
    """Look for agents in the queue."""
    found = now.live.in_queue(change.name)
    return seats(found) if found else None


def seats(found: Iterable[Seat], *names: str) -> Seen:
    """Count members and pauses, and name the reasons."""
    found = list(found)
    paused = [seat.paused for seat in found if seat.paused is not None]
    counted = {"logged in": len(found)} | ({"paused": len(paused)} if paused else {})
    return counted, (*names, *sorted({reason for reason in paused if reason}))


def still_to_come(now: Situation, change: Change) -> Seen | None:
    """Look for calls that may still come to the queue or trunk."""
    found = sum(change.name in now.steps.met(call) for call in now.live.calls)
    return ({"calls up": found}, ()) if found else None


def still_to_leave(now: Situation, change: Change) -> Seen | None:
    """Look for calls that leave, or may still leave, a message at the step."""
    project, _, step = change.name.partition(".")
    found = sum(call.project == project and now.steps.comes_to(call, step) for call in now.live.calls)
    return ({"calls up": found}, ()) if found else None


def nobody_rings(now: Situation, change: Change) -> Seen | None:
    """Look for callers in a queue that is to send them away where no phone can ring."""
    rings = any(seat.rings for seat in now.live.in_queue(change.name))
    return waiting(now, change) if _on(change.new) and not rings else None


def members_in_order(now: Situation, change: Change) -> Seen | None:
    """Look whether a queue that exists comes to keep members in order, agents or none; what it does counts, not what
    its file says.
    """
    if change.new not in _IN_ORDER or now.live.strategies.get(change.name, change.old) in _IN_ORDER:
        return None
    return seats(now.live.in_queue(change.name))


def last_queue(now: Situation, change: Change) -> Seen | None:
    """Look for agents who lose this queue and have no queue of ours left after the plan."""
    gone, added = now.members("remove"), {agent for _, agent in now.members("add")}
    stays = {
        seat.agent
        for seat in now.live.seats
        if marks.serves_callers(seat.queue)
        and (seat.queue, seat.agent) not in gone
        and seat.queue not in now.queues_gone
    }
    out = [s for s in now.live.in_queue(change.name) if (s.queue, s.agent) in gone and s.agent not in stays | added]
    return seats(out, *(seat.agent for seat in out)) if out and change.name not in now.queues_gone else None


def nobody_left(now: Situation, change: Change) -> Seen | None:
    """Look for callers in a queue that loses its last phone that can ring, and keeps them."""
    lost = change.name not in now.sent_away and now.loses_its_phones(change.name)
    return waiting(now, change) if lost else None


def nobody_stays(now: Situation, change: Change) -> Seen | None:
    """Look for callers in a queue that loses its last phone that can ring, and then sends them away."""
    lost = change.name in now.sent_away and now.loses_its_phones(change.name)
    return waiting(now, change) if lost else None


LOOKS: dict[str, Callable[[Situation, Change], Seen | None]] = {
    "waiting": waiting,
    "logged in": logged_in,
    "still to come": still_to_come,
    "still to leave": still_to_leave,
    "nobody rings": nobody_rings,
    "members in order": members_in_order,
    "last queue": last_queue,
    "nobody left": nobody_left,
    "nobody stays": nobody_stays,
}
