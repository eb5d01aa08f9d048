"""Calls that come back: capture, replay, figures, report."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.capture import replay as replaying
from cctoolkit.capture.journal import Journal, Terms
from cctoolkit.capture.reading import node_of
from cctoolkit.capture.session import Session, journal_path
from cctoolkit.cdr.records import CallRecord
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import UsageError
from cctoolkit.kpi.figure import Figure
from cctoolkit.kpi.interval import Window, window
from cctoolkit.kpi.query import figures
from cctoolkit.kpi.sources import Question
from cctoolkit.model.project import Project
from cctoolkit.model.words import seconds
from cctoolkit.report.build import build
from cctoolkit.report.material import Subject, gather
from cctoolkit.workflow.agreed import targets
from cctoolkit.workflow.reach import queue_log
from cctoolkit.workflow.specs import LoadedSite
from cctoolkit.workflow.switch import reached


async def capture(
    loaded: LoadedSite,
    folder: Path,
    stop: asyncio.Event,
    progress: Callable[[str], None],
    reading: asyncio.Event | None = None,
) -> None:
    """Capture every node of a site until `stop` is set; `reading` is set once events of all nodes flow.

    Raise SwitchUnreachable when a node cannot be reached at the start, OperatorError when the folder cannot be written.
    """
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(folder / FILE_NAME))
        sessions = []
        for node in loaded.site.nodes:
            terms = Terms(node.journal_segment_mib << 20, node.keep_journal_days)
            journal = stack.enter_context(Journal(journal_path(folder, node.id), terms))
            sessions.append(
                Session(
                    node.id,
                    partial(reached, node, node.ami.accounts.capture),
                    journal,
                    store,
                    partial(queue_log, node),
                    progress,
                )
            )
        await _run(sessions, stop, reading)


async def _run(sessions: Sequence[Session], stop: asyncio.Event, reading: asyncio.Event | None) -> None:
    running = [asyncio.create_task(session.run()) for session in sessions]
    started = asyncio.create_task(_all_reading(sessions, reading))
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([*running, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*running, started, stopped):
            task.cancel()
        await asyncio.gather(*running, started, stopped, return_exceptions=True)
    for task in done - {stopped}:
        task.result()


async def _all_reading(sessions: Sequence[Session], reading: asyncio.Event | None) -> None:
    for session in sessions:
        await session.reading.wait()
    if reading:
        reading.set()


def replay(path: Path, node: str, folder: Path, say: Callable[[str], None] = lambda _text: None) -> int:
    """Fold a journal's folder, one of its segments or a raw AMI transcript into the store; return how many records were
    new or newer. `node` is only needed where the file does not say it; `say` is told what makes no record.
    """
    with Store.open(folder / FILE_NAME) as store:
        return replaying.replay(path, node or node_of(path) or path.stem, store, say)


def records(folder: Path, project: str | None, span: Window | None, *, test: bool) -> Iterator[CallRecord]:
    """Yield a project's records by time of entry, or everybody's; of the window, or of all times."""
    with Store.read(folder / FILE_NAME) as store:
        start, end = (span.start, span.end) if span else (None, None)
        yield from store.calls(project, start, end, None if test else False)


def days(first: str, last: str) -> Window | None:
    """Return the window of days in UTC, None when neither is written. Raise UsageError for what is no date."""
    if not first and not last:
        return None
    start = _day(first or last)
    return window(start, _day(last) if last else start, "UTC")


def subject(project: Project) -> Subject:
    """Return what a report needs to know of a project."""
    return Subject(
        project.id,
        project.project.title,
        project.project.client,
        targets(project),
        queue_titles={name: queue.title for name, queue in project.queues.items() if queue.title},
        agents=agents(project),
        pause_limits={reason: seconds(pause.limit) for reason, pause in project.pauses.items() if pause.limit},
    )


def span(project: Project, first: str, last: str) -> Window:
    """Return the window of local days; today when nothing is written. Raise UsageError for what is no date."""
    today = clock.now().astimezone(ZoneInfo(project.project.time_zone)).date()
    start = _day(first) if first else today
    end = _day(last) if last else (start if first else today)
    if end < start:
        raise UsageError(f"the period ends on {end}, before it begins", expected=f"a day from {start} on")
    return window(start, end, project.project.time_zone)


def period(project: Project, text: str) -> Window:
    """Return the window of a period: a day, a month ("2026-11"), or today when nothing is written."""
    if len(text) == 7:
        first = _day(f"{text}-01")
        return window(
            first,
            (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1),
            project.project.time_zone,
        )
    return span(project, text, text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no date", expected="a day such as 2026-11-22, or a month such as 2026-11"
        ) from None


def kpi(
    project: Project, folder: Path, span_: Window, by: Sequence[str], metrics: Sequence[str] | None = None
) -> list[Figure]:
    """Return figures of a project, those named or all that can be grouped so, in every variant."""
    asked = Question(
        project.id, span_, tuple(by), targets(project), tuple(metrics) if metrics else None,
        agents(project), clock.now(),
    )  # fmt: skip
    return figures(folder / FILE_NAME, asked)


def agents(project: Project) -> tuple[str, ...]:
    """Return the agents who may serve a project."""
    return tuple(one.agent for one in project.agents if one.certified)


def report(
    project: Project,
    folder: Path,
    span_: Window,
    language: str,
    made: datetime,
    names: Mapping[str, str] | None = None,
) -> str:
    """Return the report as one HTML page; `names` are what agents are called, by their ids."""
    about = replace(subject(project), agent_names=names or {})
    return build(gather(folder / FILE_NAME, about, span_, made), language or project.project.language, made)
