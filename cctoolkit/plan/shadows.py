"""Changes without those that say nothing new: a queue's shadows, for test calls, are in memory as the queue is."""

from collections.abc import Sequence

from msgspec.structs import replace

from cctoolkit import marks
from cctoolkit.plan.changes import Change


def without_shadows(changes: Sequence[Change]) -> list[Change]:
    """Return the changes to tell a person of, in their order."""
    there = set(changes)
    return [change for change in changes if replace(change, name=_shadowed(change)) not in there]


def _shadowed(change: Change) -> str:
    """Return the queue whose shadow a queue in memory is, "" where it is none."""
    ids = marks.queue_ids(change.name) if (change.side, change.kind) == ("memory", "queue") else None
    return marks.queue_name(ids[0], ids[1]) if ids and ids[2] else ""
