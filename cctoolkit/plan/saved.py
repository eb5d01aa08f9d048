"""Plan files: what `plan -o` writes and `apply --plan` performs, or refuses when anything has moved on since. Pure.

A plan holds no secret: passwords are in it as fingerprints under the node's key.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from cctoolkit.errors import CctoolkitError, OperatorError, SwitchUnreachable, UsageError
from cctoolkit.plan.changes import Change, Plan

VERSION = 1
_NOBODY: Mapping[str, CctoolkitError] = MappingProxyType({})


class Saved(msgspec.Struct, frozen=True):
    """A site's plans, node by node."""

    site: str
    nodes: tuple[Plan, ...]
    version: int = VERSION


def write(site: str, plans: Sequence[Plan]) -> bytes:
    """Return a plan file: of equal plans the same bytes."""
    return msgspec.json.format(msgspec.json.encode(Saved(site, tuple(plans)), order="deterministic"), indent=1) + b"\n"


def read(content: bytes, where: str) -> Saved:
    """Read a plan file; raise UsageError when it is none, or one of another version."""
    try:
        found = msgspec.json.decode(content, type=Saved)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(
            f"not a plan file: {error}", where=where, expected="what `cctoolkit plan -o` writes"
        ) from error
    if found.version != VERSION:
        raise UsageError(f"a plan file of version {found.version}", where=where, expected=f"version {VERSION}",
                         next_step="plan again with this cctoolkit")  # fmt: skip
    return found


def refuse_other(
    promised: Saved, site: str, plans: Sequence[Plan], away: Mapping[str, CctoolkitError] = _NOBODY
) -> None:
    """Raise OperatorError when the plans made now are not those of the file, SwitchUnreachable when a node of the file
    is `away`. Who is live does not count here: that is judged anew in any case.
    """
    if promised.site != site:
        raise UsageError(f"the plan file is of site {promised.site}", expected=f"one of site {site}")
    now = {plan.node for plan in plans}
    for was in promised.nodes:
        if was.node in away:
            raise SwitchUnreachable(
                f"the plan file has a plan for it, and it is away: {away[was.node].what}", where=f"node {was.node}",
                expected="every node of the plan file",
                next_step="apply the file when it is there, or plan the others with --node; nothing was changed",
            )  # fmt: skip
        if was.node not in now:
            raise _moved_on(was.node, "it is none of the nodes asked for now")
    for plan in plans:
        refuse_changed(promised, plan)


def refuse_changed(promised: Saved, now: Plan) -> None:
    """Raise OperatorError when a node's plan is not the one of the file, or when that has none."""
    was = next((plan for plan in promised.nodes if plan.node == now.node), None)
    if was is None:
        raise _moved_on(now.node, "it has no plan for this node, which was away, or not asked for, when it was made")
    if different := _different(was, now):
        raise _moved_on(now.node, different)


def _different(was: Plan, now: Plan) -> str:
    """Say what has moved on, "" when nothing has."""
    for what, one, other in (
        ("the release in force", was.release_now, now.release_now),
        ("the release the spec makes", was.release_new, now.release_new),
        ("what was edited by hand", ", ".join(was.edited), ", ".join(now.edited)),
        ("an apply that was cut off", was.cut_off, now.cut_off),
    ):
        if one != other:
            return f"{what} is {other or 'nothing'}, no longer {one or 'nothing'}"
    odd = sorted(set(was.changes) ^ set(now.changes))
    if odd:
        where = "is in the plan file only" if odd[0] in was.changes else "is not in the plan file"
        return f"{_told(odd[0])} {where}, and {len(odd) - 1} more" if len(odd) > 1 else f"{_told(odd[0])} {where}"
    same = replace(was, impacts=(), limits=()) == replace(now, impacts=(), limits=())
    return "" if same else "it is another Asterisk"


def _told(change: Change) -> str:
    return f"{change.kind} {change.name} {change.option} ({change.side})"


def _moved_on(node: str, what: str) -> OperatorError:
    return OperatorError(
        f"the plan file is out of date: {what}", where=f"node {node}", expected="what there was when it was made",
        next_step="plan again, review it, and apply the new file; nothing was changed",
    )  # fmt: skip
