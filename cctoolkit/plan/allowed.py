"""Which queues a release gives to whom: what logged-in agents are held against."""

from datetime import datetime

from cctoolkit.plan.changes import Change, Member, membership
from cctoolkit.render.configset import ConfigSet


def allowed(config: ConfigSet, now: datetime) -> list[Member]:
    """Return the queues each agent may be in at this moment."""
    members = (config.members or {}).items()
    return [Member(one.queue, agent, one.penalty) for agent, queues in members for one in queues if one.holds(now)]


def misplaced(config: ConfigSet, there: list[Member], now: datetime) -> list[Change]:
    """Return what logged-in agents must gain or lose; nothing where the release does not know."""
    return [] if config.members is None else membership(there, allowed(config, now))
