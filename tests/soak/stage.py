"""The line on which applies are cut off: full of calls, or with its agents alone; its spec before and after a change."""

from dataclasses import dataclass

from tests.live.conftest import Line
from tests.live.test_change_under_calls import PAUSED, REASONS, TO_ORDERS, Crowd, until
from tests.soak import change
from tests.soak.change import Held, Node, held
from tests.soak.ways import Local

SEEDS = 20
"""So many seeds try every place of each kind, or every so many-th where they are alike."""

ENOUGH = 3
"""So many changes there and back, and old releases are removed."""

WAITS = (("wait: 3m", "wait: 60m"), ("wait: 4m", "wait: 60m"))
"""Who waits does so for the whole run."""


@dataclass
class Stage:
    """Eleven agents, four of them paused; on a full one ten of them talk, and ten callers wait."""

    line: Line
    way: Local
    crowd: Crowd
    node: Node
    old: str
    new: str
    old_id: str

    @classmethod
    def on(cls, crowd: Crowd, way: Local) -> "Stage":
        """Return the stage on a line with its spec applied."""
        text = crowd.line.project.read_text(encoding="utf-8")
        node = Node(crowd.line)
        return cls(crowd.line, way, crowd, node, text, change.other(text), node.config().release)

    def write(self, text: str) -> None:
        """Make this the spec."""
        self.line.project.write_text(text, encoding="utf-8")

    async def run(self, *arguments: str) -> int:
        """Run one command to its end."""
        return await self.line.run_aside(*arguments, "--site", self.way.site)

    async def prepare(self) -> None:
        """Bring the node to where old releases are removed; the spec in force is then the old one."""
        for _ in range(ENOUGH):
            self.write(self.new)
            assert await self.run("apply") == 0
            await self.back()

    async def back(self) -> None:
        """Apply the spec as it was; nothing is then left to do, or left over."""
        self.write(self.old)
        await self.done()

    async def done(self) -> None:
        """Apply what the spec says."""
        assert await self.run("apply") == 0
        assert await self.run("plan") == 0
        assert await self.node.journal() is None

    async def check(self, before: Held, where: str) -> None:
        """Nobody has noticed anything: fail with `where` otherwise."""
        now = await held(self.crowd)
        assert now.of(before) == before.of(before), where
        assert pauses(now) == {agent: {REASONS[code]} for agent, code in PAUSED.items()}, where
        await self.node.check_generations(now.calls)

    async def probe(self) -> str:
        """Let somebody call now; return their number."""
        await self.crowd.call(1, TO_ORDERS)
        return list(self.crowd.calls)[-1]

    async def end(self, caller: str, before: Held) -> None:
        """See that the caller waits behind those who wait, and let them hang up."""
        waited = sum(queue == change.ORDERS for queue, _ in before.places)
        await until(lambda: self.place_of(caller), (change.ORDERS, waited + 1))
        await self.line.lab.street.hang_up(self.crowd.calls[caller])
        await until(lambda: self.place_of(caller), None)

    async def place_of(self, caller: str) -> tuple[str, int] | None:
        """Return the queue and the place at which this caller waits."""
        return next((at for at, who in (await held(self.crowd)).places.items() if who == caller), None)


def pauses(now: Held) -> dict[str, set[str]]:
    """Return the reasons of each agent who is paused anywhere; "not paused" for a queue in which they are not."""
    found: dict[str, set[str]] = {}
    for (_, agent), (paused, reason, *_) in now.members.items():
        found.setdefault(agent, set()).add(reason if paused == "1" else "not paused")
    return {agent: reasons for agent, reasons in found.items() if reasons != {"not paused"}}


def patient(line: Line) -> Crowd:
    """Let callers wait for the whole run; return the line's crowd, nobody there yet."""
    for old, new in WAITS:
        line.edit(old, new)
    assert line.run("apply", "--site", line.site) == 0
    return Crowd(line)


async def clear(crowd: Crowd) -> None:
    """Let every caller hang up, and wait until they have."""
    for call in crowd.calls.values():
        await crowd.line.lab.street.hang_up(call)
    await until(crowd.channels, set())
