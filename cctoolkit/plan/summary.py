"""A plan in one line: how many of what were added, changed, removed."""

from collections.abc import Iterable, Mapping

from cctoolkit.plan.changes import Change

Counts = Mapping[str, Mapping[str, int]]

_KINDS = {
    "project": ("flow", "flows"),
    "number": ("number", "numbers"),
    "queue": ("queue", "queues"),
    "queues": ("default of queues", "defaults of queues"),
    "sip": ("phone", "phones"),
    "trunk": ("trunk", "trunks"),
    "messages": ("mailing of messages", "mailings of messages"),
    "member": ("agent in a queue", "agents in a queue"),
    "memory": ("thing in memory", "things in memory"),
    "file": ("file", "files"),
}
_ACTIONS = {"add": "added", "change": "changed", "remove": "removed"}


def counts(changes: Iterable[Change]) -> dict[str, dict[str, int]]:
    """Return how many objects are added, changed and removed, by kind; what differs in memory only is "memory"."""
    things = {(_kind(change), *_thing(change), change.action) for change in changes}
    found: dict[str, dict[str, int]] = {}
    for kind, *_, action in sorted(things):
        actions = found.setdefault(kind, {})
        actions[action] = actions.get(action, 0) + 1
    return found


def _kind(change: Change) -> str:
    return "memory" if change.side == "memory" else change.kind


def _thing(change: Change) -> tuple[str, str, str]:
    if change.side == "member":
        return (change.kind, change.name, change.option)
    # A phone is an endpoint, an aor and a password.
    return (change.kind, change.name.partition(" ")[0], "")


def in_words(found: Counts) -> str:
    """Return counts as "1 queue changed, 2 phones added"."""
    return ", ".join(
        f"{number} {_noun(kind, number)} {_ACTIONS.get(action, action)}"
        for kind in sorted(found, key=lambda kind: list(_KINDS).index(kind) if kind in _KINDS else len(_KINDS))
        for action, number in found[kind].items()
    )


def _noun(kind: str, number: int) -> str:
    return _KINDS.get(kind, (kind, kind))[number != 1]
