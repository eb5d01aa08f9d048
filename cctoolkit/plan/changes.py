"""Changes, plans, and the difference of two node states."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.plan.classes import Impact
from cctoolkit.state.settings import NodeState

Side = Literal["disk", "memory", "member"]
Action = Literal["add", "change", "remove"]


class Change(Struct, frozen=True, order=True):
    """One difference: `old` is what is (None: nothing), `new` what is wanted (None: gone).

    side: disk (spec against files), memory (files against what the switch runs), member (spec against
    logged-in agents). action: what becomes of the whole object: a queue that gains an option changes, and is
    not added.
    """

    side: Side
    kind: str
    name: str
    option: str
    old: str | None
    new: str | None
    action: Action = "change"


class Member(Struct, frozen=True, order=True):
    """A logged-in agent in one queue (app_queue's name of it).

    `agent` is the agent's id, or the whole interface of a member that is no phone of ours; `paused` the
    reason of the pause that is on ("" for one without a reason), None when there is none.
    """

    queue: str
    agent: str
    penalty: int
    paused: str | None = None


class Plan(Struct, frozen=True):
    """What must change on one node, an Asterisk of major version `asterisk`. `edited` are files changed by hand since
    the last apply; `cut_off` says which apply was ended half way, "" when none was; `impacts` what all that does to who
    was live when the plan was made; `pending` which release waits to be confirmed; `limits` what the way to the node
    makes different of this apply, or keeps it from, a sentence each.
    """

    node: str
    release_now: str
    release_new: str
    changes: tuple[Change, ...]
    edited: tuple[str, ...] = ()
    cut_off: str = ""
    impacts: tuple[Impact, ...] = ()
    asterisk: str = "22"
    pending: str = ""
    limits: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to do and nothing to report."""
        return not self.changes and not self.edited and not self.cut_off

    @property
    def reloads(self) -> bool:
        """Say whether the switch is made to read its files again."""
        return bool(self.edited or self.cut_off or any(change.side != "member" for change in self.changes))

    @property
    def reloads_queues(self) -> bool:
        """Say whether app_queue is among what reads its file again: where that changed, or memory is not sure."""
        return bool(self.edited or self.cut_off or any(_is_of_queues(change) for change in self.changes))


def _is_of_queues(change: Change) -> bool:
    of_file = change.kind in ("queue", "queues") or (change.kind, change.name) == ("file", "queues.conf")
    return change.side == "memory" or (change.side == "disk" and of_file)


_OPPOSITE: Mapping[Action, Action] = {"add": "remove", "change": "change", "remove": "add"}


def taken_back(plan: Plan) -> Plan:
    """Return the plan that takes this one back. What was repaired in memory stays repaired."""
    changes = (
        replace(one, old=one.new, new=one.old, action=_OPPOSITE[one.action])
        for one in plan.changes
        if one.side != "memory"
    )
    return replace(plan, release_now=plan.release_new, release_new=plan.release_now, changes=tuple(changes), edited=(),
                   cut_off="", impacts=(), limits=())  # fmt: skip


def difference(side: Side, now: NodeState, wanted: NodeState) -> list[Change]:
    """Return every setting that differs, sorted; a file's digest only where nothing finer says what
    changed.
    """
    old, new = now.by_key(), wanted.by_key()
    were, will_be = now.objects(), wanted.objects()
    changed = [
        Change(side, *key, old.get(key), new.get(key), _action(key[:2], were, will_be))
        for key in old.keys() | new.keys()
        if old.get(key) != new.get(key)
    ]
    finer = {change.kind for change in changed}
    return sorted(change for change in changed if change.option != "digest" or not _said(change, finer))


def _action(thing: tuple[str, str], were: frozenset[tuple[str, str]], will_be: frozenset[tuple[str, str]]) -> Action:
    if thing not in were:
        return "add"
    return "change" if thing in will_be else "remove"


_FINER = {
    "queues.conf": ("queue", "queues"),
    "pjsip.conf": ("sip", "trunk"),
    "messages.conf": ("messages",),
    "extensions.conf": ("number", "project"),
}


def _said(change: Change, finer: Iterable[str]) -> bool:
    """Say whether a changed file's settings tell what changed in it."""
    kinds = ("project",) if change.name.startswith("generations/") else _FINER.get(change.name, ())
    return any(kind in finer for kind in kinds)


SHARED = ("endpoint", "registration")
"""Kinds of which a node may have some of its own."""


def memory_difference(now: NodeState, wanted: NodeState, gone: NodeState | None = None) -> list[Change]:
    """Return where memory differs from what the files say.

    Phones and trunks that are not ours are nobody's business; those in `gone`, the files before, are ours and
    must go.
    """
    ours = wanted.objects() | (gone.objects() if gone else frozenset())
    owned = NodeState.of(s for s in now.settings if s.kind not in SHARED or (s.kind, s.name) in ours)
    return difference("memory", owned, wanted)


def membership(now: Iterable[Member], allowed: Iterable[Member], going: Collection[str] = ()) -> list[Change]:
    """Return the queues and penalties logged-in agents must gain or lose; nobody is logged in or out by it.

    Logged in is who is in any queue of ours that is not `going`: a queue that goes takes its members along. `allowed`
    holds every (queue, agent) the spec wants for a logged-in agent.
    """
    present = {(m.queue, m.agent): m.penalty for m in now}
    logged_in = {agent for queue, agent in present if queue not in going}
    wanted = {(m.queue, m.agent): m.penalty for m in allowed if m.agent in logged_in}
    changes = []
    for key in sorted(present.keys() | wanted.keys()):
        was, will = present.get(key), wanted.get(key)
        if was != will:
            action: Action = "add" if was is None else "remove" if will is None else "change"
            changes.append(Change("member", "member", *key, _text(was), _text(will), action))
    return changes


def _text(penalty: int | None) -> str | None:
    return None if penalty is None else str(penalty)
