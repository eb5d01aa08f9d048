"""A plan in words: what changes, and what that does to the calls that are up."""

from collections.abc import Iterator
from itertools import groupby

from cctoolkit import marks
from cctoolkit.plan.changes import Action, Change, Plan, Side

_NO_CALL = "no call is touched"
_EFFECTS: dict[tuple[str, Action], str] = {
    ("project", "add"): _NO_CALL,
    ("project", "change"): "calls that are up finish in the old generation, new calls enter the new one",
    ("project", "remove"): "calls that are up finish in its generation",
    ("queue", "add"): _NO_CALL,
    ("queue", "change"): "waiting callers, log-ins and pauses stay",
    (
        "queue",
        "remove",
    ): "callers who wait in it would be stranded until their time-out; log-ins and pauses in it are lost",
    ("queues", "add"): "waiting callers, log-ins and pauses stay",
    ("queues", "change"): "waiting callers, log-ins and pauses stay",
    ("queues", "remove"): "waiting callers, log-ins and pauses stay",
    ("number", "add"): "new calls only",
    ("number", "change"): "new calls only",
    ("number", "remove"): "new calls only: carriers hear that there is no such number",
    ("messages", "add"): _NO_CALL,
    ("messages", "change"): "messages taken up before go where they were to go",
    ("messages", "remove"): "messages that wait are still mailed to whom they were to go",
    ("sip", "add"): _NO_CALL,
    ("sip", "change"): "calls that are up stay; the next call uses it",
    ("sip", "remove"): "calls that are up stay; the phone or trunk is refused from then on",
    ("trunk", "add"): _NO_CALL,
    ("trunk", "change"): "calls that are up stay as they are; the next call uses it",
    ("trunk", "remove"): "calls that are up stay; calls over it fail from then on",
    ("member", "add"): "a logged-in agent serves one queue more; a pause that is on is carried into it",
    ("member", "change"): "a logged-in agent is called earlier or later; a call that is up stays",
    ("member", "remove"): "a logged-in agent serves one queue less; a call that is up stays",
    ("file", "add"): _NO_CALL,
    ("file", "change"): "calls that are up stay; what they do next follows the new file",
    ("file", "remove"): _NO_CALL,
}
_SIGNS: dict[Action, str] = {"add": "+", "remove": "-", "change": "~"}
_SIDES: dict[Side, str] = {
    "disk": "",
    "memory": " (the switch runs something else than its files say)",
    "member": "",
}
_SHOWN = 20


def explain(plan: Plan) -> str:
    """Return the whole plan as text, one line a change, in a fixed order."""
    pending = [f"  ! {plan.pending}"] if plan.pending else []
    if plan.empty:
        return "\n".join([f"node {plan.node}: nothing to change (release {plan.release_now})", *pending])
    lines = [f"node {plan.node}: release {plan.release_now} -> {plan.release_new}", *pending]
    if plan.cut_off:
        lines.append(f"  ! {plan.cut_off}; apply loads the whole release again")
    lines += [f"  ! {path} was edited by hand" for path in plan.edited]
    for whole, alike in groupby(_objects(plan), key=_alike):
        group = list(alike)
        if whole and len(group) > 1:
            lines += _many(group)
        else:
            for changes in group:
                lines += _object(plan, changes)
    return "\n".join(lines)


def _objects(plan: Plan) -> Iterator[list[Change]]:
    for _, group in groupby(plan.changes, key=lambda c: (c.side, c.kind, c.name)):
        yield list(group)


def _alike(changes: list[Change]) -> tuple[str, ...] | None:
    """Return what whole SIP objects have in common that come or go together; None for everything else."""
    first = changes[0]
    if first.side == "disk" and first.kind == "sip" and first.action != "change":
        return (first.side, first.kind, first.action)
    return None


def _many(group: list[list[Change]]) -> Iterator[str]:
    """Tell of many phones and trunks in one line: a name has an endpoint, an aor and mostly a password."""
    first = group[0][0]
    names = list(dict.fromkeys(changes[0].name.partition(" ")[0] for changes in group))
    yield f"  {_SIGNS[first.action]} {first.kind} {', '.join(names)}"
    yield f"      effect: {_EFFECTS[first.kind, first.action]}"


def _object(plan: Plan, changes: list[Change]) -> Iterator[str]:
    first = changes[0]
    by_pairs = first.side == "member"
    sign = "~" if by_pairs else _SIGNS[first.action]
    yield f"  {sign} {first.kind}{'s of' if by_pairs else ''} {shown(first.kind, first.name)}{_SIDES[first.side]}"
    if by_pairs or first.action == "change":
        for change in changes[:_SHOWN]:
            yield f"      {change.option}: {_value(change.old)} -> {_value(change.new)}"
        if len(changes) > _SHOWN:
            yield f"      … and {len(changes) - _SHOWN} more"
    if first.side == "memory":
        yield "      effect: a reload puts it back; calls that are up stay"
        return
    for effect in dict.fromkeys(_EFFECTS[change.kind, change.action] for change in changes):
        yield f"      effect: {effect}"
    if first.kind == "queue" and first.action == "remove" and plan.waiting.get(first.name):
        waiting = plan.waiting[first.name]
        yield f"      ! {waiting} wait in it now: close the line to it and let them be served first"


def shown(kind: str, name: str) -> str:
    """Return an object's name in the spec's words."""
    ids = marks.queue_ids(name) if kind in ("queue", "member", "messages", "trunk") else None
    return f"{ids[1]}{marks.SHADOW if ids[2] else ''} of {ids[0]}" if ids else name


def _value(value: str | None) -> str:
    return "nothing" if value is None else value
