"""Which queues a release gives to whom: what logged-in agents are held against."""

from collections.abc import Collection, Sequence
from datetime import datetime

from cctoolkit.plan.changes import Change, Member, membership
from cctoolkit.render.configset import ConfigSet


def allowed(config: ConfigSet, now: datetime) -> list[Member]:
    """Return the queues each agent may be in at this moment."""
    members = (config.members or {}).items()
    return [Member(one.queue, agent, one.penalty) for agent, queues in members for one in queues if one.holds(now)]


def misplaced(
    config: ConfigSet,
    there: Sequence[Member],
    now: datetime,
    staying: Collection[str] = frozenset(),
    going: Collection[str] = frozenset(),
) -> list[Change]:
    """Return what logged-in agents must gain or lose; nothing where the release does not know. Who of the roster is in
    a queue that is `staying` stays; who is only in queues that are `going` is out with them.
    """
    if config.members is None:
        return []
    stay = [one for one in there if one.queue in staying and one.agent in config.members]
    return membership(there, [*allowed(config, now), *stay], going)
