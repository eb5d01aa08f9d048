"""A plan in words: what changes, and what that does to the calls that are up."""

from collections.abc import Iterator
from itertools import groupby

from cctoolkit import marks
from cctoolkit.plan.changes import Change, Plan

_EFFECTS = {
    ("project", "change"): "calls that are up finish in the old generation, new calls enter the new one",
    ("project", "add"): "no call is touched",
    ("project", "remove"): "calls that are up finish in its generation",
    ("queue", "change"): "waiting callers, log-ins and pauses stay",
    ("queue", "add"): "no call is touched",
    ("queue", "remove"): "callers who wait in it would be stranded until their time-out",
    ("number", "add"): "new calls only",
    ("number", "change"): "new calls only",
    ("number", "remove"): "new calls only: carriers hear that there is no such number",
    ("sip", "change"): "calls that are up stay; the next call uses it",
    ("sip", "remove"): "calls that are up stay; the phone or trunk is refused from then on",
    ("member", "add"): "a logged-in agent serves one queue more; pauses stay",
    ("member", "remove"): "a logged-in agent serves one queue less; a call that is up stays",
}


def explain(plan: Plan) -> str:
    """Return the whole plan as text, one line a change, in a fixed order."""
    if plan.empty:
        return f"node {plan.node}: nothing to change (release {plan.release_now})"
    lines = [f"node {plan.node}: release {plan.release_now} -> {plan.release_new}"]
    lines += [f"  ! {path} was edited by hand" for path in plan.edited]
    for (side, kind, name), group in groupby(plan.changes, key=lambda c: (c.side, c.kind, c.name)):
        lines += _object(side, kind, name, list(group))
    return "\n".join(lines)


def _object(side: str, kind: str, name: str, changes: list[Change]) -> Iterator[str]:
    action = _action(changes)
    sign = {"add": "+", "remove": "-", "change": "~"}[action]
    where = {"disk": "", "memory": " (the switch runs something else than its files say)", "member": ""}[side]
    yield f"  {sign} {kind} {_shown(name)}{where}"
    if action == "change" or side == "member":
        for change in changes[:20]:
            yield f"      {change.option}: {_value(change.old)} -> {_value(change.new)}"
        if len(changes) > 20:
            yield f"      … and {len(changes) - 20} more"
    effect = _EFFECTS.get((kind, action)) if side != "memory" else "a reload puts it back"
    if effect:
        yield f"      effect: {effect}"


def _action(changes: list[Change]) -> str:
    if all(c.old is None for c in changes):
        return "add"
    return "remove" if all(c.new is None for c in changes) else "change"


def _shown(name: str) -> str:
    ids = marks.queue_ids(name)
    return f"{ids[1]} of {ids[0]}" if ids else name


def _value(value: str | None) -> str:
    return "nothing" if value is None else value
