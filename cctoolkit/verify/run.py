"""Places a test call for every route and collects the evidence."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.calls import shadow
from cctoolkit.calls.place import ABANDONED, place
from cctoolkit.errors import SwitchError, SwitchUnreachable
from cctoolkit.flow.graph import FlowGraph
from cctoolkit.flow.routes import Route
from cctoolkit.model.project import Project
from cctoolkit.model.steps.queue import Queue
from cctoolkit.verify.checks import Tried

AT_ONCE = 8
_FILLS = 20


async def call_all(
    client: Client,
    project: Project,
    graph: FlowGraph,
    routes: Sequence[Route],
    progress: Callable[[int, int], None],
) -> tuple[Tried, ...]:
    """Call every route; those that wait in a queue one after another, since they share its shadow twin."""
    caller = _Caller(client, project, graph, len(routes), progress)
    groups: dict[str, list[Route]] = {}
    for route in routes:
        groups.setdefault(caller.queue_of(route) or f"alone {len(groups)}", []).append(route)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(caller.in_turn(group)) for group in groups.values()]
    tried = {t.route: t for task in running for t in task.result()}
    return tuple(tried[route] for route in routes)


class _Caller:
    def __init__(
        self,
        client: Client,
        project: Project,
        graph: FlowGraph,
        total: int,
        progress: Callable[[int, int], None],
    ) -> None:
        self.client = client
        self.project = project
        self.graph = graph
        self.total = total
        self.done = 0
        self.progress = progress
        self._places = asyncio.Semaphore(AT_ONCE)

    def queue_of(self, route: Route) -> str | None:
        """Return the shadow queue a route waits in, the first one when there are several."""
        for turn in route.turns:
            step = self.project.flow[turn.step]
            if isinstance(step, Queue):
                return marks.queue_name(self.project.id, step.queue) + marks.SHADOW
        return None

    async def in_turn(self, routes: Sequence[Route]) -> list[Tried]:
        return [await self._one(route) for route in routes]

    async def _one(self, route: Route) -> Tried:
        async with self._places:
            tried = await self._try(route)
        self.done += 1
        self.progress(self.done, self.total)
        return tried

    async def _try(self, route: Route) -> Tried:
        try:
            async with AsyncExitStack() as stack:
                for turn in route.turns:
                    step = self.project.flow[turn.step]
                    if isinstance(step, Queue):
                        queue = marks.queue_name(self.project.id, step.queue) + marks.SHADOW
                        await stack.enter_async_context(self._prepared(queue, turn.label, route))
                return Tried(route, (await place(self.client, route)).path)
        except SwitchUnreachable:
            raise
        except SwitchError as error:
            return Tried(route, (), str(error))

    def _prepared(self, queue: str, label: str, route: Route) -> AbstractAsyncContextManager[None]:
        """Make the shadow queue such that a call leaves it by `label`."""
        if label == "answered":
            return shadow.member(self.client, queue, shadow.ANSWERS)
        if label == "queue-no-agents":
            return shadow.empty(self.client, queue)
        if label == "queue-full":
            return _Filled(self.client, queue, route)
        return shadow.member(self.client, queue, shadow.RINGS)


class _Filled(AbstractAsyncContextManager[None]):
    """A shadow queue with one test call waiting in it, which is all its twin takes."""

    def __init__(self, client: Client, queue: str, route: Route) -> None:
        self._client = client
        self._queue = queue
        self._route = route
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> None:
        await self._stack.enter_async_context(shadow.member(self._client, self._queue, shadow.RINGS))
        events = await self._stack.enter_async_context(self._client.subscribe("QueueCallerJoin"))
        self._first = asyncio.create_task(place(self._client, _up_to(self._route), wait_seconds=_FILLS))
        joined = await events.next_matching(lambda e: e.get("Queue") == self._queue, _FILLS)
        self._channel = joined.get("Channel")

    async def __aexit__(self, *_: object) -> None:
        await self._client.action("Hangup", {"Channel": self._channel})
        await self._first
        await self._stack.aclose()


def _up_to(route: Route) -> Route:
    """Return the route cut at the full queue: the call before it waits there until it is hung up."""
    cut = next(n for n, turn in enumerate(route.turns) if turn.label == "queue-full")
    return Route(route.number, route.at, route.turns[: cut + 1])


__all__ = ["ABANDONED", "call_all"]
