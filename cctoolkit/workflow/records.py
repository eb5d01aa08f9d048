"""Calls that come back: capture, replay, figures, report."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.capture import replay as replaying
from cctoolkit.capture.journal import Journal, Terms
from cctoolkit.capture.metrics import Exporter, served
from cctoolkit.capture.notify import Notifier
from cctoolkit.capture.piecewise import Piecewise
from cctoolkit.capture.reading import node_of
from cctoolkit.capture.service import Service
from cctoolkit.capture.session import Session, journal_path
from cctoolkit.capture.told import Told
from cctoolkit.cdr.address import Where, place
from cctoolkit.cdr.records import CallRecord
from cctoolkit.cdr.store import Store
from cctoolkit.cdr.wanted import Wanted
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
from cctoolkit.workflow.keeping import Work, every_day, journal_days, journal_folder, kept
from cctoolkit.workflow.nodes import chosen
from cctoolkit.workflow.own import own_followers
from cctoolkit.workflow.reach import follower
from cctoolkit.workflow.spans import day
from cctoolkit.workflow.specs import LoadedSite
from cctoolkit.workflow.switch import reached


class Manner(Struct, frozen=True, kw_only=True):
    """How a capture runs: which `nodes` (all when none is named), whether it waits for one that does not answer at the
    start, where it shows its `metrics` ("127.0.0.1:9750", "": nowhere), and whom it tells that it lives. `journals` is
    the folder of journals, which is not that of the records when these go into a database.
    """

    nodes: tuple[str, ...] = ()
    patient: bool = False
    metrics: str = ""
    journals: Path | None = None
    notifier: Notifier = Notifier()


_PLAINLY = Manner()


async def capture(
    loaded: LoadedSite,
    where: Where,
    stop: asyncio.Event,
    progress: Callable[[Told], None],
    reading: asyncio.Event | None = None,
    manner: Manner = _PLAINLY,
) -> None:
    """Capture nodes of a site until `stop` is set; `reading` is set once events of all of them flow.

    Raise SwitchUnreachable when a node cannot be reached at the start, unless it is waited for, OperatorError when the
    folder cannot be written.
    """
    folder = journal_folder(where, manner.journals)
    nodes = chosen(loaded, manner.nodes)
    exporter = Exporter()

    def say(text: str) -> None:
        progress(Told.of("", "store", text, "warning"))

    async with AsyncExitStack() as stack:
        if manner.metrics:
            stack.enter_context(served(manner.metrics, exporter))
        paths = {node.id: journal_path(folder, node.id) for node in nodes}
        keeping, works = await kept(stack, place(where), paths, say)
        sessions = []
        for node in nodes:
            days = journal_days(loaded.projects, node.keep_journal_days)
            warn = partial(_warn, node.id, progress)
            journal = stack.enter_context(Journal(paths[node.id], Terms(node.journal_segment_mib << 20, days)))
            sessions.append(
                Session(
                    node.id,
                    partial(reached, node, node.ami.accounts.capture),
                    journal,
                    keeping,
                    follower(node, warn),
                    progress,
                )
            )
            sessions[-1].patient, sessions[-1].filling.own.followers = manner.patient, own_followers(node, warn)
        service = Service(sessions, list(paths.values()), progress, exporter=exporter, notifier=manner.notifier)
        works.append(partial(every_day, loaded, place(where), say))
        await _run(sessions, [*works, service.run], service, stop, reading)


def _warn(node: str, progress: Callable[[Told], None], text: str) -> None:
    progress(Told.of(node, "warning", text, "warning"))


async def _run(
    sessions: Sequence[Session],
    works: Sequence[Work],
    service: Service,
    stop: asyncio.Event,
    reading: asyncio.Event | None,
) -> None:
    running = [asyncio.create_task(work()) for work in (*(session.run for session in sessions), *works)]
    started = asyncio.create_task(_all_reading(service, reading))
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([*running, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        service.stopping()
        for task in (*running, started, stopped):
            task.cancel()
        await asyncio.gather(*running, started, stopped, return_exceptions=True)
        service.last()
    for task in done - {stopped}:
        task.result()


async def _all_reading(service: Service, reading: asyncio.Event | None) -> None:
    await service.ready()
    if reading:
        reading.set()


def replay(path: Path, node: str, where: Where, say: Callable[[str], None] = lambda _text: None) -> int:
    """Fold a journal's folder, one of its segments or a raw AMI transcript into the store; return how many records were
    new or newer. `node` is only needed where the file does not say it; `say` is told what makes no record.
    """
    node = node or node_of(path) or path.stem
    with Store.open(place(where)) as store:
        # Not in one commit: a capture into this store would wait for its end, and give up.
        pieces = Piecewise(store)
        replaying.replay(path, node, pieces, say)
        pieces.flush()
        return pieces.changed


def records(where: Where, wanted: Wanted) -> Iterator[CallRecord]:
    """Yield the records wanted by time of entry."""
    with Store.read(place(where)) as store:
        yield from store.search(wanted)


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
    start = day(first) if first else today
    end = day(last) if last else (start if first else today)
    if end < start:
        raise UsageError(f"the period ends on {end}, before it begins", expected=f"a day from {start} on")
    return window(start, end, project.project.time_zone)


def period(project: Project, text: str) -> Window:
    """Return the window of a period: a day, a month ("2026-11"), or today when nothing is written."""
    if len(text) == 7:
        first = day(f"{text}-01")
        return window(
            first,
            (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1),
            project.project.time_zone,
        )
    return span(project, text, text)


def kpi(
    project: Project, where: Where, span_: Window, by: Sequence[str], metrics: Sequence[str] | None = None
) -> list[Figure]:
    """Return figures of a project, those named or all that can be grouped so, in every variant."""
    asked = Question(
        project.id, span_, tuple(by), targets(project), tuple(metrics) if metrics else None,
        agents(project), clock.now(),
    )  # fmt: skip
    return figures(place(where), asked)


def agents(project: Project) -> tuple[str, ...]:
    """Return the agents who may serve a project."""
    return tuple(one.agent for one in project.agents if one.certified)


def report(
    project: Project,
    where: Where,
    span_: Window,
    language: str,
    made: datetime,
    names: Mapping[str, str] | None = None,
) -> str:
    """Return the report as one HTML page; `names` are what agents are called, by their ids."""
    about = replace(subject(project), agent_names=names or {})
    return build(gather(place(where), about, span_, made), language or project.project.language, made)
