"""Work that an interruption (a cancellation) must not part: ended in order, or let come to its end, and then told."""

import asyncio
from collections.abc import Coroutine, Sequence

from cctoolkit.errors import CctoolkitError


async def through(work: Coroutine[None, None, object]) -> None:
    """Let work come to its end, also when we are interrupted meanwhile."""
    task = asyncio.create_task(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise


async def all_of(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for all tasks; when one fails or we are interrupted, end the others first. Raise the first failure, one of
    no kind we know before the others.
    """
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await through(asyncio.wait(tasks))
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception())]
    for error in sorted(errors, key=lambda one: isinstance(one, CctoolkitError)):
        raise error


def obeyed(already: int = 0) -> bool:
    """Let an interruption (not those `already` there) be over: what it asks for is done, and who called goes on
    to tell. Say whether there was one.
    """
    found, task = False, asyncio.current_task()
    while task is not None and task.cancelling() > already:
        task.uncancel()
        found = True
    return found
