"""Places a test call for every route and collects the evidence."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.calls import shadow
from cctoolkit.calls.place import place
from cctoolkit.errors import SwitchError, SwitchUnreachable
from cctoolkit.flow.route import Route
from cctoolkit.model.project import Project
from cctoolkit.model.steps.queue import Queue
from cctoolkit.verify.checks import Tried

AT_ONCE = 8
"""Test calls that wait in no queue, at the same time."""


async def call_all(
    client: Client, project: Project, routes: Sequence[Route], progress: Callable[[int, int], None]
) -> tuple[Tried, ...]:
    """Call every route. Those that wait in queues go one after another through each set of shadow twins, which are made
    ready for one call at a time.
    """
    caller = _Caller(client, project, len(routes), progress)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(caller.call(route)) for route in routes]
    return tuple(task.result() for task in running)


class _Caller:
    def __init__(self, client: Client, project: Project, total: int, progress: Callable[[int, int], None]) -> None:
        self.client = client
        self.project = project
        self.total = total
        self.done = 0
        self.progress = progress
        self._places = asyncio.Semaphore(AT_ONCE)
        self._twins: asyncio.Queue[str] = asyncio.Queue()
        for twin in marks.TWINS:
            self._twins.put_nowait(twin)

    def _waits_in(self, route: Route, twin: str) -> dict[str, str]:
        """Return how the route leaves each shadow queue it waits in; of one it waits in twice, the last."""
        steps = ((self.project.flow[turn.step], turn.label) for turn in route.turns)
        return {
            marks.queue_name(self.project.id, step.queue) + marks.SHADOW + twin: label
            for step, label in steps
            if isinstance(step, Queue)
        }

    async def call(self, route: Route) -> Tried:
        if self._waits_in(route, ""):
            twin = await self._twins.get()
            try:
                tried = await self._try(route, twin)
            finally:
                self._twins.put_nowait(twin)
        else:
            async with self._places:
                tried = await self._try(route, "")
        self.done += 1
        self.progress(self.done, self.total)
        return tried

    async def _try(self, route: Route, twin: str) -> Tried:
        try:
            async with AsyncExitStack() as stack:
                for queue, label in self._waits_in(route, twin).items():
                    await stack.enter_async_context(self._prepared(queue, label))
                return Tried(route, (await place(self.client, route, twin)).path)
        except SwitchUnreachable:
            raise
        except SwitchError as error:
            return Tried(route, (), str(error))

    def _prepared(self, queue: str, label: str) -> AbstractAsyncContextManager[None]:
        """Make the shadow queue such that a call leaves it by `label`."""
        if label in ("answered", "queue-continued"):
            return shadow.member(self.client, queue, shadow.ANSWERS)
        if label == "queue-no-agents":
            return shadow.empty(self.client, queue)
        if label == "queue-full":
            return shadow.filled(self.client, queue)
        return shadow.member(self.client, queue, shadow.RINGS)
