"""queues.conf: each queue, its shadow twin for test calls, and the canary.

Source: queues.conf.sample of Asterisk 22. Agents are dynamic members: a reload makes static ones anew and
wipes the reasons of their pauses.
"""

import hashlib
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from cctoolkit import marks
from cctoolkit.model.project import Project
from cctoolkit.model.queue import LEAST_ANNOUNCE_SECONDS, QueueOptions
from cctoolkit.model.words import seconds
from cctoolkit.render.dialplan import exit_keys
from cctoolkit.render.quote import text_of

_NOBODY = "unavailable,invalid"
"""No member's phone can ring. Not app_queue's own `no`: that turns callers away while every agent is paused, in
wrap-up for instance, and lets them join when every phone is gone.
"""


def render(projects: Sequence[Project]) -> str:
    """Render the queues of all projects."""
    queues = sections(projects)
    text = text_of("queues.conf.j2", queues=[{"name": name, "options": list(o.items())} for name, o in queues.items()])
    return text.replace("servicelevel = CANARY", f"servicelevel = {canary(text)}")


def sections(projects: Sequence[Project]) -> dict[str, dict[str, str]]:
    """Return the options of every queue and of its twin, by the queue's name."""
    return {
        marks.queue_name(project.id, name) + twin: {
            **{option: str(value) for option, value in options(shape)},
            **({"context": marks.exit_context(keys[name])} if name in keys else {}),
        }
        for project in projects
        for keys in (exit_keys(project),)
        for name, queue in project.queues.items()
        for twin, shape in (("", queue), *((marks.SHADOW + n, _twin(queue)) for n in marks.TWINS))
    }


def _twin(queue: QueueOptions) -> QueueOptions:
    """Return the queue as test calls need it: one caller fills it, and where nobody is logged in none may join."""
    return replace(queue, maxlen=1, joinempty=False)


def canary(text: str) -> int:
    """Return a digest of the text that fits a service level: it is in QueueStatus, so the switch can be
    asked for it.
    """
    return int(hashlib.sha256(text.encode()).hexdigest()[:7], 16)


def options(queue: QueueOptions) -> Iterator[tuple[str, str | int]]:
    """Yield a queue's options in the file's order, those the toolkit owns last."""
    yield "strategy", queue.strategy
    yield "servicelevel", seconds(queue.service_level.within)
    yield "timeout", seconds(queue.timeout)
    yield "retry", seconds(queue.retry)
    yield "maxlen", queue.maxlen
    yield "weight", queue.weight
    yield "joinempty", "yes" if queue.joinempty else _NOBODY
    yield "leavewhenempty", _NOBODY if queue.leavewhenempty else "no"
    yield "musicclass", queue.musicclass
    yield from _announcing(seconds(queue.announce_frequency))
    yield "announce-position", _yes(queue.announce_position)
    if queue.periodic_announce:
        yield "periodic-announce", ",".join(queue.periodic_announce)
        yield "periodic-announce-frequency", seconds(queue.periodic_announce_frequency)
    # After-call work is measured by a pause of ours; one second of wrapuptime covers the gap until it is set.
    yield "wrapuptime", 1
    yield "ringinuse", "no"


def _announcing(every: int) -> Iterator[tuple[str, int]]:
    """Yield how often the place is said: app_queue lets so many seconds pass between two, whatever the frequency is."""
    yield "announce-frequency", every
    if 0 < every < LEAST_ANNOUNCE_SECONDS:
        yield "min-announce-frequency", every


def _yes(value: bool) -> str:
    return "yes" if value else "no"
