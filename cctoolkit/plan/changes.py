"""Changes, plans, and the difference of two node states."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from cctoolkit.state.settings import NodeState

Side = Literal["disk", "memory", "member"]


class Change(Struct, frozen=True, order=True):
    """One difference: `old` is what is (None: nothing), `new` what is wanted (None: gone).

    side: disk (spec against files), memory (files against what the switch runs), member (spec against logged-in agents).
    """

    side: Side
    kind: str
    name: str
    option: str
    old: str | None
    new: str | None


class Member(Struct, frozen=True, order=True):
    """A logged-in agent in one queue (app_queue's name of it)."""

    queue: str
    agent: str
    penalty: int


class Plan(Struct, frozen=True):
    """What must change on one node. `edited` are files changed by hand since the last apply."""

    node: str
    release_now: str
    release_new: str
    changes: tuple[Change, ...]
    edited: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to do and nothing to report."""
        return not self.changes and not self.edited


def difference(side: Side, now: NodeState, wanted: NodeState) -> list[Change]:
    """Return every setting that differs, sorted; a file's digest only where nothing finer says what changed."""
    old, new = now.by_key(), wanted.by_key()
    changed = [
        Change(side, *key, old.get(key), new.get(key)) for key in old.keys() | new.keys() if old.get(key) != new.get(key)
    ]
    return sorted(change for change in changed if change.kind != "file" or not _said_finer(change, changed))


def memory_difference(now: NodeState, wanted: NodeState) -> list[Change]:
    """Return where memory differs from what the files say; phones and trunks that are not ours are nobody's business."""
    ours = wanted.objects()
    owned = NodeState.of(s for s in now if s.kind != "endpoint" or (s.kind, s.name) in ours)
    return difference("memory", owned, wanted)


_FINER = {"queues.conf": ("queue", "queues"), "pjsip.conf": ("sip",), "extensions.conf": ("number", "project")}


def _said_finer(change: Change, changed: Iterable[Change]) -> bool:
    kinds = ("project",) if change.name.startswith("generations/") else _FINER.get(change.name, ())
    return any(other.kind in kinds for other in changed)


def membership(now: Iterable[Member], allowed: Iterable[Member]) -> list[Change]:
    """Return the queues and penalties logged-in agents must gain or lose; nobody is logged in or out by it.

    Logged in is who is in any queue of ours; `allowed` holds every (queue, agent) the spec wants for a logged-in agent.
    """
    present = {(m.queue, m.agent): m.penalty for m in now}
    logged_in = {agent for _, agent in present}
    wanted = {(m.queue, m.agent): m.penalty for m in allowed if m.agent in logged_in}
    changes = []
    for key in sorted(present.keys() | wanted.keys()):
        was, will = present.get(key), wanted.get(key)
        if was != will:
            changes.append(Change("member", "member", key[0], key[1], _text(was), _text(will)))
    return changes


def _text(penalty: int | None) -> str | None:
    return None if penalty is None else str(penalty)
