"""A spec in two states, and what a node must be between them: wholly the one or wholly the other, nobody disturbed."""

from dataclasses import dataclass

from cctoolkit import marks
from cctoolkit.deploy import release
from cctoolkit.node import snapshot
from cctoolkit.node.facts import GENERATION_VARIABLES
from cctoolkit.node.transports import KEPT, MANIFEST, Intent
from cctoolkit.plan.changes import memory_difference
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import reveal_files
from cctoolkit.state.described import generation_file, observable
from cctoolkit.state.settings import NodeState
from cctoolkit.workflow import specs, switch
from tests.live.conftest import PROJECT, Line
from tests.live.test_change_under_calls import Crowd

EDITS = (
    ("within: 20s", "within: 25s"),
    ("timeout: 15s", "timeout: 14s"),
    ("wait: 1s\n    attempts: 2\n    next: {timeout: orders", "wait: 2s\n    attempts: 3\n    next: {timeout: orders"),
    ("next: {open: dealers, closed: night", "next: {open: dealers, closed: notice"),
    ("  night:\n", "  notice: {type: play, prompts: [vm-goodbye], next: {done: night}}\n\n  night:\n"),
    ("channels: 8}", "channels: 8, qualify: 2m}"),
    (
        "agent: sokolov, team: row-a, grade: junior, queues: [orders], penalty: 1",
        "agent: sokolov, team: row-a, grade: junior, queues: [orders], penalty: 2",
    ),
    ("queues: [support, vip], certified", "queues: [support, vip, overflow], certified"),
    ("agent: popova, team: row-a, grade: regular, queues: [orders, support]",
     "agent: popova, team: row-a, grade: regular, queues: [orders]"),
    ("agent: kuznetsova, team: row-a, grade: senior, queues: [orders, support, vip, overflow]",
     "agent: kuznetsova, team: row-a, grade: senior, queues: [orders, vip, overflow]"),
)  # fmt: skip
"""A queue's options, a menu, one step more, a trunk, an agent's penalty, one queue more for an agent who is paused, one
less for one who talks and for one who is paused.
"""

MOVED = {(marks.queue_name(PROJECT, "support"), agent) for agent in ("popova", "kuznetsova")}
"""Who leaves a queue by the change, and comes back to it as the agent is then."""

ORDERS = marks.queue_name(PROJECT, "orders")


def other(text: str) -> str:
    """Return the project's text after the change."""
    for old, new in EDITS:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


@dataclass(frozen=True)
class Held:
    """What no apply may change: of each member the pause, its reason and since when, and the log-in; who waits at which
    place; which calls are up, each in which generation.
    """

    members: dict[tuple[str, str], tuple[str, ...]]
    places: dict[tuple[str, int], str]
    calls: dict[str, frozenset[tuple[str, str]]]

    def of(self, before: "Held") -> "Held":
        """Return what there is of what was there before, and has to stay."""
        return Held(
            {key: one for key, one in self.members.items() if key in before.members.keys() - MOVED},
            {place: who for place, who in self.places.items() if who in before.places.values()},
            {call: one for call, one in self.calls.items() if call in before.calls},
        )


async def held(crowd: Crowd) -> Held:
    """Ask the switch."""
    members, places = await crowd.status()
    async with crowd.client() as client:
        channels = await client.listing("Status", {"Variables": ",".join(GENERATION_VARIABLES)})
    calls = {one.get("Uniqueid"): snapshot.generations_in_use([one]) for one in channels}
    return Held({key: one[1:5] for key, one in members.items()}, places, calls)


class Node:
    """The line's one node, between two releases."""

    def __init__(self, line: Line) -> None:
        self._line = line
        (self._node,) = specs.load_site(line.site).site.nodes

    def config(self) -> ConfigSet:
        """Return what the spec renders to now."""
        return specs.render_site(specs.load_site(self._line.site))["n1"]

    async def files(self) -> dict[str, bytes]:
        """Return the files in force, byte by byte."""
        async with switch.transport(self._node) as there:
            return await there.read(await there.current())

    async def on_disk(self, old: dict[str, bytes], new: ConfigSet) -> str:
        """Return which release is in force, "old" or "new", by every byte of it; fail for anything between them.

        No other release is half there either.
        """
        async with switch.transport(self._node) as there:
            for name in await there.releases():
                assert (await release.read(there, name)).edited == (), f"release {name} is not whole"
            disk = await release.read(there)
            files = await there.read(disk.folder)
        if files == old:
            return "old"
        texts = {path: text.encode() for path, text in reveal_files(new.files).items()}
        known = {**old, **texts}
        assert {path: files[path] for path in disk.kept} == {path: known[path] for path in disk.kept}
        mine = {path: content for path, content in files.items() if path not in {MANIFEST, KEPT, *disk.kept}}
        if mine == texts:
            return "new"
        # Taken back as a release of its own, which says when and by whom.
        assert mine == {path: old[path] for path in mine}, f"{disk.folder} is neither the old release nor the new one"
        assert mine.keys() >= {path for path in old if not path.startswith("generations/")} - {MANIFEST, KEPT}
        return "old"

    async def check_generations(self, calls: dict[str, frozenset[tuple[str, str]]]) -> None:
        """Each call is in one generation, and memory has every line of that."""
        async with switch.transport(self._node) as there, switch.deploy_client(self._node) as client:
            found = [await there.read(name) for name in await there.releases()]
            memory = await snapshot.memory(client, ["dialplan"])
        texts = {path: content.decode() for files in found for path, content in files.items()}
        for call, generations in calls.items():
            assert len(generations) <= 1, f"call {call} is in {sorted(generations)}"
        for one in frozenset().union(*calls.values()):
            path = generation_file(*one)
            mine = NodeState.of(s for s in memory if marks.generation_of(s.name) == one)
            assert memory_difference(mine, observable({path: texts[path]})) == []

    async def memory_is_the_disk(self) -> bool:
        """Say whether the switch runs what its files say."""
        async with switch.transport(self._node) as there, switch.deploy_client(self._node) as client:
            return not memory_difference(await snapshot.memory(client), (await release.read(there)).observable())

    async def journal(self) -> Intent | None:
        """Return what a command that was cut off has left."""
        async with switch.transport(self._node) as there:
            return await there.intent()

    async def folder(self) -> str:
        """Return the folder of the release in force."""
        async with switch.transport(self._node) as there:
            return await there.current()

    async def history(self) -> list[str]:
        """Return the history's lines."""
        async with switch.transport(self._node) as there:
            return await there.history()
