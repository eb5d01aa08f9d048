"""A plan in words: what changes, and what that does to who is live."""

from collections.abc import Iterator
from itertools import groupby

from cctoolkit import marks
from cctoolkit.plan import drain
from cctoolkit.plan.changes import Action, Change, Plan, Side
from cctoolkit.plan.classes import NOTHING, Accepted, Class, Impact, dangers
from cctoolkit.plan.shadows import without_shadows
from cctoolkit.state.described import OBSERVED_QUEUE

NOT_OBSERVABLE = "not observable"
"""What app_queue shows in no reply: the file's digest and the canary stand for it, and a live test of each option
(tests/live/test_queue_options.py) shows that a reload takes it.
"""

_SIGNS: dict[Action, str] = {"add": "+", "remove": "-", "change": "~"}
_SIDES: dict[Side, str] = {
    "disk": "",
    "memory": " (the switch runs something else than its files say)",
    "member": "",
}
_SHOWN = 20


def explain(plan: Plan, accepted: Accepted = NOTHING, verb: str = "apply") -> str:
    """Return the whole plan as text, one line a change, in a fixed order; what is `accepted` is not refused by the
    command `verb`.
    """
    if plan.empty:
        head = f"node {plan.node}: nothing to change (release {plan.release_now})"
        return f"{head}\n  ! {plan.pending}" if plan.pending else head
    lines = [f"node {plan.node}: release {plan.release_now} -> {plan.release_new}"]
    lines += [f"  ! {warning}" for warning in warnings(plan)]
    for group in objects(plan):
        lines += _object(plan, group)
    lines += [f"  ! {named(one)}: {danger(one)}" for one in beside(plan)]
    return "\n".join([*lines, *(f"  ! {text}" for text in refused(plan, accepted, verb))])


def warnings(plan: Plan) -> Iterator[str]:
    """Yield what was not done by an apply of ours, or waits for a word, and what the way to the node allows."""
    if plan.pending:
        yield plan.pending
    if plan.cut_off:
        yield f"{plan.cut_off}; apply loads the whole release again"
    yield from (f"{path} was edited by hand" for path in plan.edited)
    yield from plan.limits


def objects(plan: Plan) -> Iterator[list[list[Change]]]:
    """Yield the changes of each object; many phones and trunks that come or go together are one group."""
    each = groupby(without_shadows(plan.changes), key=lambda c: (c.side, c.kind, c.name))
    for whole, alike in groupby((list(changes) for _, changes in each), key=_alike):
        group = list(alike)
        yield from [group] if whole else ([changes] for changes in group)


def _alike(changes: list[Change]) -> tuple[str, ...] | None:
    """Return what whole SIP objects have in common that come or go together; None for everything else."""
    first = changes[0]
    if first.side == "disk" and first.kind == "sip" and first.action != "change":
        return (first.side, first.kind, first.action)
    return None


def title(group: list[list[Change]]) -> str:
    """Return the line that says what comes, goes or changes."""
    first = group[0][0]
    if len(group) > 1:
        # A phone is an endpoint, an aor and a password.
        names = list(dict.fromkeys(changes[0].name.partition(" ")[0] for changes in group))
        return f"{_SIGNS[first.action]} {first.kind} {', '.join(names)}"
    by_pairs = first.side == "member"
    sign = "~" if by_pairs else _SIGNS[first.action]
    return f"{sign} {first.kind}{'s of' if by_pairs else ''} {shown(first.kind, first.name)}{_SIDES[first.side]}"


def values(group: list[list[Change]]) -> Iterator[str]:
    """Yield `option: old -> new` of an object that changes."""
    first = group[0][0]
    if len(group) > 1 or (first.side != "member" and first.action != "change"):
        return
    for change in group[0][:_SHOWN]:
        hidden = change.side == "disk" and change.kind == "queue" and change.option not in OBSERVED_QUEUE
        told = f" ({NOT_OBSERVABLE})" if hidden else ""
        yield f"{change.option}: {_value(change.old)} -> {_value(change.new)}{told}"
    if len(group[0]) > _SHOWN:
        yield f"… and {len(group[0]) - _SHOWN} more"


def impacts(plan: Plan, group: list[list[Change]]) -> list[Impact]:
    """Return what an object's changes do, each once."""
    keys = {(changes[0].side, changes[0].kind, changes[0].name) for changes in group}
    found = (one for one in plan.impacts if (one.side, one.kind, one.name) in keys)
    return list({(one.class_, one.says, one.counted): one for one in found}.values())


def beside(plan: Plan) -> list[Impact]:
    """Return whom a reload touches who is in no object of the plan."""
    keys = {(change.side, change.kind, change.name) for change in plan.changes}
    return [one for one in plan.impacts if (one.side, one.kind, one.name) not in keys]


def effect(one: Impact) -> str:
    """Return what a change does in any case, its class, and who is live there."""
    told = "; ".join(text for text in ("" if one.class_ is Class.no_effect else one.class_.words, one.counted) if text)
    return f"{one.says} ({told})" if told else one.says


def danger(one: Impact) -> str:
    """Return the class of a danger, who is touched, and how."""
    return f"{one.class_.words}{f', {one.counted}' if one.counted else ''}: {one.says}"


def refused(plan: Plan, accepted: Accepted = NOTHING, verb: str = "apply") -> Iterator[str]:
    """Yield what a command refuses without an option, and the options."""
    found = dangers(plan.impacts, accepted)
    if left := sorted({one.class_ for one in found}):
        yield f"{verb} refuses this without {' '.join(f'--accept {one}' for one in left)}"
        if Class.restart not in left:
            drained = any(drain.helps(plan, one) for one in found)
            more = ", with --drain it lets no new call into what is to go meanwhile" if drained else ""
            yield f"or with --when-idle it waits until nobody is touched{more}"


def _object(plan: Plan, group: list[list[Change]]) -> Iterator[str]:
    yield f"  {title(group)}"
    yield from (f"      {text}" for text in values(group))
    for one in impacts(plan, group):
        yield f"      ! {danger(one)}" if one.class_.dangerous else f"      effect: {effect(one)}"


def named(one: Impact) -> str:
    """Return kind and name of what is touched."""
    return f"{one.kind} {shown(one.kind, one.name)}"


def shown(kind: str, name: str) -> str:
    """Return an object's name in the spec's words."""
    ids = marks.queue_ids(name) if kind in ("queue", "member", "messages", "trunk") else None
    return f"{ids[1]}{marks.SHADOW if ids[2] else ''} of {ids[0]}" if ids else name


def _value(value: str | None) -> str:
    return "nothing" if value is None else value
