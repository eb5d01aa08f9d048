"""Watching a site: one connection a node, the board each fills, and today's figures from the store."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from random import Random

from msgspec import Struct, field

from cctoolkit import clock, marks
from cctoolkit.ami.backoff import delays
from cctoolkit.ami.client import Client
from cctoolkit.ami.messages import Message
from cctoolkit.cdr.address import Where
from cctoolkit.cdr.records import Micros
from cctoolkit.errors import OperatorError, SpecError, SwitchError
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node
from cctoolkit.model.ssh import Ssh
from cctoolkit.model.steps.voicemail import Voicemail
from cctoolkit.model.words import seconds
from cctoolkit.render.dialplan import memberships
from cctoolkit.report.board import AgentRow, Board, QueueRow, agent_rows, queue_rows
from cctoolkit.workflow import message_copies, message_nodes, messages, records
from cctoolkit.workflow.reach import by_ssh, ssh_place
from cctoolkit.workflow.specs import LoadedSite
from cctoolkit.workflow.switch import reached

FIGURES_SECONDS = 10.0
"""How often today's figures are read again."""
THERE_SECONDS = 60.0
"""How often messages are counted on a node that ssh leads to: for it the heads of all its recordings are copied."""

_EVENTS = (
    "QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberStatus",
    "QueueCallerJoin", "QueueCallerLeave", "AgentCalled", "AgentRingNoAnswer", "AgentConnect", "AgentComplete",
    "Hold", "Unhold",
)  # fmt: skip
_METRICS = ("offered", "answered", "service_level")


class Today(Struct, frozen=True):
    """A queue's day so far; the service level is the project's reading, None while nobody has called."""

    offered: int
    answered: int
    service_level: float | None


class Picture(Struct, frozen=True):
    """What is shown: rows of queues and agents, today's figures by queue, and nodes that do not answer."""

    at: Micros
    queues: tuple[QueueRow, ...]
    agents: tuple[AgentRow, ...]
    today: Mapping[str, Today]
    lost: Mapping[str, str]
    """Node -> why."""
    unmailed: tuple[int, int] = (0, 0)
    """Messages that wait to be mailed, and how many of them for too long."""
    uncounted: Mapping[str, str] = {}
    """Node -> why its messages are not among them."""
    no_figures: str = ""
    """Why today's figures cannot be read."""


class Watch(Struct):
    """A site being watched. `picture()` is what it looks like now."""

    loaded: LoadedSite
    projects: tuple[Project, ...]
    store: Where | None = None
    boards: dict[str, Board] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    today: dict[str, Today] = field(default_factory=dict)
    waiting: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By node: messages that wait to be mailed, and how many of them for too long."""
    uncounted: dict[str, str] = field(default_factory=dict)
    """By node: why its messages cannot be counted now."""
    no_figures: str = ""

    def picture(self) -> Picture:
        """Return the picture of this moment."""
        now = _now()
        serves, boards = serving(self.projects), list(self.boards.values())
        agents = dict.fromkeys(agent for queue in serves.values() for agent in queue)
        names = {entry.agent: entry.name for entry in self.loaded.site.roster}
        order = sorted(agents, key=lambda agent: names.get(agent, agent))
        rows = (row for row in agent_rows(boards, order, now))
        waiting = list(self.waiting.values())
        unmailed = sum(some for some, _ in waiting), sum(late for _, late in waiting)
        uncounted = {node.id: why for node in self.loaded.site.nodes if (why := self.uncounted.get(node.id))}
        return Picture(
            now, tuple(queue_rows(boards, serves, now)), tuple(rows), self.today, self.lost, unmailed, uncounted,
            self.no_figures,
        )  # fmt: skip

    @property
    def takes_messages(self) -> bool:
        """Say whether callers can leave messages in a project of the site."""
        return any(isinstance(step, Voicemail) for project in self.loaded.projects for step in project.flow.values())

    def over_limit(self, row: AgentRow) -> bool:
        """Say whether an agent's pause lasts longer than its reason may."""
        limits = [p.pauses[row.reason].limit for p in self.projects if row.reason in p.pauses]
        longest = max((seconds(limit) for limit in limits if limit), default=None)
        return row.state == "paused" and longest is not None and (row.seconds or 0) > longest

    async def run(self) -> None:
        """Follow every node, and the store, until cancelled; a lost connection is tried again."""
        async with asyncio.TaskGroup() as group:
            for node in self.loaded.site.nodes:
                group.create_task(self._follow(node))
            for there in self._there():
                group.create_task(self._count_there_for_ever(*there))
            group.create_task(self._count_for_ever())

    async def look(self) -> None:
        """See every node once. Raise SwitchUnreachable when one does not answer."""
        for node in self.loaded.site.nodes:
            async with (
                reached(node, node.ami.accounts.capture) as found,
                Client.connect(found, events=True) as client,
            ):
                self.boards[node.id] = await listed(client)
        await asyncio.gather(*(self._count_there(*there) for there in self._there()))
        self.count()

    async def _follow(self, node: Node) -> None:
        waits = delays(Random())  # noqa: S311 - jitter, no secret
        while True:
            try:
                async with _connected(node) as (client, events):
                    self.boards[node.id] = await listed(client)
                    self.lost.pop(node.id, None)
                    waits = delays(Random())  # noqa: S311
                    async for message in events:
                        self.boards[node.id].feed(plain(message), message.timestamp_us or _now())
            except (SwitchError, OperatorError) as error:
                # The last picture would look alive: an empty board beside the reason does not.
                self.boards.pop(node.id, None)
                self.lost[node.id] = error.what
                await asyncio.sleep(next(waits))

    def _there(self) -> list[tuple[Node, Ssh]]:
        """Return the nodes whose messages ssh leads to."""
        return [(node, ssh) for node in self.loaded.site.nodes if (ssh := by_ssh(node))]

    async def _count_there_for_ever(self, node: Node, ssh: Ssh) -> None:
        while True:
            await self._count_there(node, ssh)
            await asyncio.sleep(THERE_SECONDS)

    async def _count_there(self, node: Node, ssh: Ssh) -> None:
        with self._counting(node):
            async with message_copies.brought(node, ssh) as near:
                self.waiting[node.id] = await asyncio.to_thread(messages.waiting, self.loaded, [near.node])

    def _count_here(self) -> None:
        nodes = [node for node in self.loaded.site.nodes if not by_ssh(node)]
        found, passed = message_nodes.parted(nodes)
        for name, why in passed.items():
            self._not_counted(name, why)
        for node in found:
            with self._counting(node):
                self.waiting[node.id] = messages.waiting(self.loaded, [node])

    @contextmanager
    def _counting(self, node: Node) -> Iterator[None]:
        """Keep why a node's messages are not counted inside, as long as that lasts: 0 would be a claim."""
        try:
            yield
        except (OperatorError, SpecError, SwitchError) as error:
            known = node.ssh and error.where == ssh_place(node, node.ssh)  # of every node alike, and of the site's file
            where = "" if known else error.where.removeprefix(f"node {node.id}").removeprefix(", ")
            self._not_counted(node.id, f"{where}: {error.what}" if where else error.what)
        else:
            self.uncounted.pop(node.id, None)

    def _not_counted(self, node: str, why: str) -> None:
        self.waiting.pop(node, None)
        self.uncounted[node] = why

    async def _count_for_ever(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.count)
                self.no_figures = ""
            except OperatorError as error:  # figures of before would look like those of now
                self.today.clear()
                self.no_figures = f"{error.where}: {error.what}"
            await asyncio.sleep(FIGURES_SECONDS)

    def count(self) -> None:
        """Read today's figures from the store, when there is one, and the messages, where their files are.

        Raise OperatorError when the store cannot be read.
        """
        self._count_here()
        if self.store is None:
            return
        for project in self.projects:
            found = records.kpi(project, self.store, records.span(project, "", ""), ["queue"], _METRICS)
            values = {(one.queue, one.metric): one.value for one in found if one.chosen}
            for queue in project.queues:
                offered, answered = values.get((queue, "offered")), values.get((queue, "answered"))
                level = values.get((queue, "service_level"))
                self.today[marks.queue_name(project.id, queue)] = Today(int(offered or 0), int(answered or 0), level)


@asynccontextmanager
async def _connected(node: Node) -> AsyncIterator[tuple[Client, AsyncIterator[Message]]]:
    """Yield a client of the capture account and its events, which begin before anything is asked."""
    async with (
        reached(node, node.ami.accounts.capture) as found,
        Client.connect(found, events=True) as client,
        client.subscribe(*_EVENTS) as events,
    ):
        yield client, events


async def listed(client: Client) -> Board:
    """Return a board as QueueStatus shows the node now."""
    board = Board()
    for message in await client.listing("QueueStatus"):
        board.feed(plain(message), message.timestamp_us or _now())
    return board


def plain(message: Message) -> dict[str, str]:
    """Return an event's headers; of two of the same name the first: what a value slips in behind is no news."""
    return dict(reversed(message.headers))


def serving(projects: Sequence[Project]) -> dict[str, tuple[str, ...]]:
    """Return each queue's name in app_queue and the agents who may join it."""
    agents = dict.fromkeys(one.agent for project in projects for one in project.agents)
    found: dict[str, tuple[str, ...]] = {
        marks.queue_name(project.id, queue): () for project in projects for queue in project.queues
    }
    for agent in agents:
        for one in memberships(projects, agent):
            if one.holds(clock.now()):
                found[one.queue] = (*found[one.queue], agent)
    return found


def _now() -> Micros:
    return int(clock.now().timestamp() * 1_000_000)
