"""What the live tests of capture share: a capture that runs while a test's body does, and waiting for its records."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from cctoolkit.cdr.address import Where
from cctoolkit.cdr.records import AgentLeg, CallRecord
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.workflow import records, specs
from cctoolkit.workflow.records import Manner

PROJECT = "northwind-hotline"


@asynccontextmanager
async def capturing(
    line, where: Where, say: Callable[[str], None] = lambda _text: None, manner: Manner | None = None
) -> AsyncIterator[None]:
    """Capture the line into a folder or a database while the body runs."""
    stop, reading = asyncio.Event(), asyncio.Event()
    loaded = specs.load_site(line.site)
    task = asyncio.create_task(records.capture(loaded, where, stop, say, reading, manner or Manner()))
    try:
        async with asyncio.timeout(20):
            await reading.wait()
        yield
    finally:
        stop.set()
        await task


async def the_record(folder: Path, done: Callable[[CallRecord], object]) -> CallRecord:
    """Wait until the store holds a call as `done` wants it."""
    async with asyncio.timeout(20):
        while True:
            with Store.open(folder / FILE_NAME) as store:
                for record in store.calls(PROJECT, test=False):
                    if done(record):
                        return record
            await asyncio.sleep(0.05)


def legs(record: CallRecord) -> list[AgentLeg]:
    """Return the legs of all visits, in order."""
    return [leg for visit in record.visits for leg in visit.legs]


async def log_in(line, *agents: str) -> None:
    """Let the agents' phones dial the log-in code, and wait until app_queue has them."""
    await _dial(line, agents, "*11", there=True)


async def log_out(line, *agents: str) -> None:
    """Let the agents' phones dial the log-out code, and wait until app_queue has them no more."""
    await _dial(line, agents, "*12", there=False)


async def _dial(line, agents: tuple[str, ...], code: str, *, there: bool) -> None:
    for agent in agents:
        await line.lab.street.agent_dials(agent, code)
    async with asyncio.timeout(10):
        while any(
            (f"PJSIP/{agent}" in line.lab.nodes["n1"].cli(f"queue show {PROJECT}.orders")) is not there
            for agent in agents
        ):
            await asyncio.sleep(0.05)
