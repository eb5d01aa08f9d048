"""Thirty agents and what happens to them: a roster for long runs, and a watch on the switch that nothing escapes."""

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from cctoolkit.ami.client import Client
from cctoolkit.lab.node import Node
from tests.live.conftest import PROJECT

NEWCOMERS = tuple(f"agent-{number}" for number in range(12, 31))
"""Beside the eleven of the project."""

_LAST_ON_ROSTER = "  - {agent: volkova, name: Алина Волкова}\n"
_QUEUES = ("orders", "orders, support", "support", "support, overflow", "orders, support, vip, overflow")


def staff(root: Path) -> None:
    """Put thirty agents on the roster and on the line's queues, in the specs below `root`."""
    site = root / "projects" / "sites" / "lab.yaml"
    text = site.read_text(encoding="utf-8")
    assert text.count(_LAST_ON_ROSTER) == 1
    more = "".join(f"  - {{agent: {name}, name: Agent {name[-2:]}}}\n" for name in NEWCOMERS)
    site.write_text(text.replace(_LAST_ON_ROSTER, _LAST_ON_ROSTER + more), encoding="utf-8")
    project = root / "projects" / PROJECT / "project.yaml"
    text = project.read_text(encoding="utf-8")
    found = re.search(r"^  - \{agent: volkova.*\n", text, re.MULTILINE)
    assert found
    rows = "".join(
        f"  - {{agent: {name}, grade: regular, queues: [{_QUEUES[at % len(_QUEUES)]}], "
        f'penalty: {at % 3}, certified: "2026-10-12"}}\n'
        for at, name in enumerate(NEWCOMERS)
    )
    project.write_text(text[: found.end()] + rows + text[found.end() :], encoding="utf-8")


@dataclass(frozen=True)
class Seen:
    """What the switch says at one moment: members as (queue, agent) -> pause, reason, since when, log-in; the callers of each
    queue in their order, by channel.
    """

    members: dict[tuple[str, str], tuple[str, ...]]
    waiting: dict[str, tuple[str, ...]]


async def look(client: Client) -> Seen:
    """Ask for members and callers."""
    found = await client.listing("QueueStatus")
    members, waiting = {}, defaultdict(dict)
    for one in found:
        if one.event == "QueueMember" and not one.get("Queue").endswith("--test"):
            shown = ("Paused", "PausedReason", "LastPause", "LoginTime")
            members[one.get("Queue"), one.get("Name")] = tuple(one.get(name) for name in shown)
        elif one.event == "QueueEntry":
            waiting[one.get("Queue")][int(one.get("Position"))] = one.get("Uniqueid")
    return Seen(members, {queue: tuple(who for _, who in sorted(those.items())) for queue, those in waiting.items()})


@dataclass
class Watch:
    """Looks again and again; `faults` are what an apply must not do: who was passed, who is logged in or out, and what
    became of the agents in `still`, who do nothing.
    """

    client: Client
    still: frozenset[str]
    looks: int = 0
    most_waiting: int = 0
    faults: list[str] = field(default_factory=list)
    last: Seen | None = None

    async def run(self, every_seconds: float = 0.25) -> None:
        """Look until cancelled."""
        while True:
            self.take(await look(self.client))
            await asyncio.sleep(every_seconds)

    def take(self, now: Seen) -> None:
        """Compare a look with the one before."""
        self.looks += 1
        self.most_waiting = max(self.most_waiting, sum(map(len, now.waiting.values())))
        if self.last:
            self.faults += passed(self.last, now)
            self.faults += changed(self.last, now, self.still)
        self.last = now


def passed(before: Seen, now: Seen) -> list[str]:
    """Return the queues in which somebody who waits has changed places with another."""
    found = []
    for queue, those in now.waiting.items():
        were = [who for who in before.waiting.get(queue, ()) if who in those]
        are = [who for who in those if who in were]
        newcomers = those[: len(are)] != tuple(are)
        if were != are or newcomers:
            found.append(f"{queue}: {before.waiting.get(queue)} became {those}")
    return found


def changed(before: Seen, now: Seen, still: frozenset[str]) -> list[str]:
    """Return whose log-in changed, and of those who do nothing whose pause."""
    found = []
    for key in before.members.keys() | now.members.keys():
        was, is_now = before.members.get(key), now.members.get(key)
        if was is None or is_now is None or was[3] != is_now[3] or (key[1] in still and was != is_now):
            found.append(f"{key}: {was} became {is_now}")
    return found


def rss_kib(node: Node) -> int:
    """Return the resident memory of a node's Asterisk."""
    status = Path(f"/proc/{node.switch_pid()}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0])
