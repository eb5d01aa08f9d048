"""Where a capture's records are put, and what is done with them in time: sealed, and forgotten as a spec says."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date, timedelta
from pathlib import Path

from cctoolkit import clock
from cctoolkit.capture.outbox import Outbox
from cctoolkit.capture.replay import Remembers
from cctoolkit.cdr.address import Place, Where
from cctoolkit.cdr.days import start_of
from cctoolkit.cdr.forgetting import Rule
from cctoolkit.cdr.retention import Forgotten
from cctoolkit.cdr.retention import forget as forget_by
from cctoolkit.cdr.sealing import SealedDay
from cctoolkit.cdr.sealing import seal as seal_days
from cctoolkit.cdr.store import Store
from cctoolkit.errors import OperatorError, UsageError
from cctoolkit.model.project import Project
from cctoolkit.workflow.specs import LoadedSite

Say = Callable[[str], None]

Work = Callable[[], Coroutine[None, None, None]]
"""What is to run beside a capture, until it is cancelled."""

CHECK_SECONDS = 600.0
"""How often is looked whether a day has passed."""


async def kept(
    stack: AsyncExitStack, store: Place, journals: Mapping[str, Path], say: Say
) -> tuple[Remembers, list[Work]]:
    """Return what a capture's records are put into until the stack ends, and what must run meanwhile; `journals` are
    those of the nodes. Raise OperatorError when it is no store, but not when its database is away.
    """
    if isinstance(store, Path):
        return stack.enter_context(Store.open(store)), []

    outbox = Outbox(store, say, journals)
    await outbox.start()
    stack.push_async_callback(outbox.finish)
    return outbox, [outbox.run]


def journal_folder(where: Where, journals: Path | None) -> Path:
    """Return the folder of journals; raise UsageError when records in a database leave no place for them."""
    folder = journals or (where if isinstance(where, Path) else None)
    if folder is None:
        raise UsageError("records in a database leave no place for the journal", expected="--journal DIR")
    return folder


def today() -> date:
    """Return the day it is in UTC."""
    return clock.now().date()


def seal(place: Place, before: date, say: Say) -> list[SealedDay]:
    """Seal all days before this one; see `cdr.sealing.seal`. Raise OperatorError when there is no store."""
    with _kept_already(place) as store:
        return seal_days(store, before, say)


def forget(place: Place, projects: Iterable[Project], day: date) -> list[Forgotten]:
    """Forget what these projects' specs say is not kept on this day any more; return what was. Raise OperatorError when
    there is no store.
    """
    with _kept_already(place) as store:
        return [forget_by(store, rule) for rule in rules(projects, day)]


def _kept_already(place: Place) -> Store:
    """Open a store to write, but make none: there would be nothing in it to seal or forget."""
    Store.read(place).close()
    return Store.open(place)


def rules(projects: Iterable[Project], day: date) -> Iterator[Rule]:
    """Yield what is to be forgotten on this day, of projects whose specs say anything of it."""
    for project in projects:
        said = project.privacy
        numbers = start_of(day - timedelta(days=said.numbers_days)) if said.numbers != "keep" else 0
        records = start_of(day - timedelta(days=said.records_days)) if said.records_days else 0
        if numbers or records:
            yield Rule(project.id, said.numbers, numbers, records)


def journal_days(projects: Iterable[Project], most: int) -> int:
    """Return how many days a journal may be kept, at most this many: it has the numbers that are not kept longer."""
    days = [most]
    for said in (project.privacy for project in projects):
        days += [said.numbers_days] if said.numbers != "keep" else []
        days += [said.records_days] if said.records_days else []
    return min(days)


async def every_day(loaded: LoadedSite, place: Place, say: Say) -> None:
    """Do it all once a day, for ever, beside a capture; what cannot be done is said once, and tried again."""
    done, trouble = None, ""
    while True:
        day = today()
        if done != day:
            found = await asyncio.to_thread(_once, loaded, place, day, say)
            if found and found != trouble:
                say(found)
            done, trouble = None if found else day, found
        await asyncio.sleep(CHECK_SECONDS)


def _once(loaded: LoadedSite, place: Place, day: date, say: Say) -> str:
    """Do it; return why it cannot be done, "" when it was."""
    try:
        with Store.open(place) as store:
            _forget(store, loaded.projects, day, say)
            if store.days.can_be:
                for sealed in seal_days(store, day - timedelta(days=loaded.site.hot_days), say):
                    say(f"{sealed.day} is sealed with {sealed.calls} calls")
    except OperatorError as error:
        why = ": ".join(filter(None, (error.where, error.what)))
        help_ = f"; {error.next_step}" if error.next_step else ""
        return f"sealing and forgetting are not done, and tried again: {why}{help_}"
    return ""


def _forget(store: Store, projects: Sequence[Project], day: date, say: Say) -> None:
    for rule in rules(projects, day):
        found = forget_by(store, rule)
        if found.numbers or found.records:
            say(told(found))


def told(found: Forgotten) -> str:
    """Say what was forgotten of a project."""
    return f"{found.project}: numbers of {found.numbers} calls forgotten, {found.records} calls removed"
