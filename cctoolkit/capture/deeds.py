"""What agents do, as events and lines tell it: in which queue, under which name.

An agent is called as the queue calls its member: by the name, which is the interface where none was given. All events
and lines say that name, but ADDMEMBER and REMOVEMEMBER, which say the interface unless queues.conf has
log_membername_as_agent = yes; and those of AgentLogin, which say the agent's number: here Agent/7, until a queue has a
name for them.
Source: app_queue.c and app_agent_pool.c of Asterisk 22, chan_agent.c of Asterisk 11.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from msgspec import Struct, field

from cctoolkit import marks
from cctoolkit.capture.lines import SECOND, Line

What = Literal["joined", "left", "paused", "unpaused"]

_LINES: dict[str, What] = {
    "ADDMEMBER": "joined", "REMOVEMEMBER": "left", "PAUSE": "paused", "UNPAUSE": "unpaused",
    "AGENTLOGIN": "joined", "AGENTLOGOFF": "left", "AGENTCALLBACKLOGIN": "joined", "AGENTCALLBACKLOGOFF": "left",
}  # fmt: skip
"""By event. PAUSEALL and UNPAUSEALL are not among them: a line of each queue tells the same."""

STARTED = "QUEUESTART"
"""The switch began anew: without persistentmembers = yes nobody is a member any more, of which there is no line."""

STATE_EVENTS = frozenset(_LINES) | {STARTED}
NO_QUEUE = "NONE"
"""The queue of AgentLogin, in lines and here, where agents are called Agent/7."""

LONGEST_NAME = 80
"""Characters of a member's name, or of a queue's; app_queue cuts them there."""

MOST_NAMES = 100_000
_EARLY, _LATE = SECOND + SECOND // 10, SECOND


class Deed(Struct, frozen=True):
    """What an agent did, in which queue, when, and why they paused."""

    what: What
    queue: str
    at: int
    reason: str = ""

    def is_line(self, line: "Deed") -> bool:
        """Say whether a line of queue_log, cut to its second, may be this event's. Its reason ends at a bar, and who is
        added paused is so for one that no line has.
        """
        near = -_LATE <= self.at - line.at <= _EARLY
        return near and (self.what, self.queue) == (line.what, line.queue) and self.reason.startswith(line.reason)


def of_line(line: Line) -> Iterator[Deed]:
    """Yield what a line says was done."""
    if what := _LINES.get(line.event):
        yield Deed(what, line.queue, line.at, line.data(1) if what == "paused" else "")
    if line.event == "ADDMEMBER" and line.data(1) == "PAUSED":
        yield Deed("paused", line.queue, line.at)


@lru_cache(256)
def is_plain(queue: str) -> bool:
    """Say whether a queue is no project's."""
    return marks.queue_ids(queue) is None


def are_told(agent: str, queue: str) -> bool:
    """Say whether what is done by somebody of this name in a queue of this name is an agent's."""
    return 0 < len(agent) <= LONGEST_NAME and len(queue) <= LONGEST_NAME and _has_agents(queue)


_has_agents = lru_cache(256)(marks.has_agents)


class Names(Struct):
    """Which member has which interface, where the name is another than the interface; and, where a queue names somebody
    otherwise, in that queue.
    """

    _names: dict[str, str] = field(default_factory=dict)
    _in_queue: dict[str, dict[str, str]] = field(default_factory=dict)
    _count: int = 0

    def learn(self, queue: str, interface: str, name: str) -> None:
        """Take note of what an event or a listing says; beyond MOST_NAMES, and of names too long, nothing is kept."""
        if self.of(queue, interface) == name or max(map(len, (queue, interface, name))) > LONGEST_NAME:
            return
        new = interface not in self._names or interface not in self._in_queue.get(queue, {})
        if new and self._count >= MOST_NAMES:
            return
        self._count += new
        (self._in_queue.setdefault(queue, {}) if interface in self._names else self._names)[interface] = name

    def of(self, queue: str, called: str) -> str:
        """Return the name of a member who is called so, in lines, or in an event that has no name."""
        interface = f"Agent/{called}" if queue == NO_QUEUE and called and "/" not in called else called
        return self._in_queue.get(queue, {}).get(interface) or self._names.get(interface, interface)

    def lacks(self, line: Line) -> bool:
        """Say whether a line may call somebody by an interface that nothing was said of yet."""
        shown = line.event in ("ADDMEMBER", "REMOVEMEMBER") and "/" in line.agent
        return shown and line.agent not in self._names
