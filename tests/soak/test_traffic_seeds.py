"""Many days' chances: seeded traffic, capture killed in the middle of every second one, no call lost, none twice.

Seeds come from CCTOOLKIT_SEEDS ("1-20", "7", "1-3,9"). Capture is killed where the seed is even.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
import pytest

from cctoolkit.cdr.records import AgentInterval, CallRecord
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.lab import hostile, notes
from cctoolkit.lab.notes import Dial, Note
from cctoolkit.lab.reconcile import Limits, Verdict, reconcile, told
from cctoolkit.lab.traffic import Codes, Performed, perform
from cctoolkit.lab.traffic_plan import Callers, Mix, Plan, plan
from cctoolkit.lab.turns import Agents, Span
from cctoolkit.workflow import records, specs
from tests.live.conftest import PROJECT, Line
from tests.soak import shifts
from tests.soak.capture_process import CaptureProcess
from tests.soak.conftest import AGENTS, WRAP_UP_SECONDS
from tests.soak.verdict import Run

pytestmark = [pytest.mark.soak, pytest.mark.alone]

SECONDS = 20
RATE = 4
GAP = Span(3, 5)
_SETTLE_SECONDS = 15


def seeds(text: str) -> list[int]:
    """Return the seeds that a text such as "1-3,9" names."""
    ends = [part.partition("-")[::2] for part in text.split(",")]
    return [seed for first, last in ends for seed in range(int(first), int(last or first) + 1)]


def mix(seed: int, rate: float = RATE, seconds: float = SECONDS) -> Mix:
    """Return callers of every kind, and agents who pause, miss calls, are busy and go away; 20 s of them."""
    callers = Callers(
        numbers=(("+78001002030", 4), ("+78126402030", 1)),
        keys=(("1", 6), ("2", 3), ("", 1), ("9", 1)),
        presses=2,
        press_after=Span(0.3, 1.2),
        patience_seconds=8,
        patience=Span(0.5, 15),
        talk=Span(0.3, 2),
        anonymous_ratio=0.05,
        hostile_ratio=0.2,
        # Asterisk warns of a name that it cuts.
        hostile_kinds=tuple(kind for kind in hostile.KINDS if kind != hostile.LONG),
    )
    agents = Agents(
        AGENTS,
        answer_after=Span(0.1, 1.2),
        miss_ratio=0.15,
        busy_ratio=0.05,
        talk=Span(0.4, 3),
        ready_ratio=0.5,
        ready_after=Span(0.1, 1),
        away_ratio=0.1,
        pauses=("*141", "*142", "*143"),
        pause_ratio=0.2,
        away=Span(0.6, 3),
    )
    return Mix(seed, rate, seconds, callers, agents)


@dataclass(frozen=True)
class Happened:
    """What each side knows of a run; `gap` is how long nobody captured, `dialled` every code of the agents' phones."""

    notes: Sequence[Note]
    ready: Sequence[Dial]
    records: Sequence[CallRecord]
    log: Sequence[str]
    gap: float
    dialled: Sequence[Dial]
    states: Sequence[AgentInterval]


@pytest.mark.parametrize("seed", seeds(os.environ.get("CCTOOLKIT_SEEDS", "1-20")))
async def test_every_call_of_a_seed_agrees(busy: Line, tmp_path: Path, runs: list[Run], seed: int) -> None:
    """What callers lived through, the records and queue_log agree on every call, though capture was killed."""
    planned = plan(mix(seed))
    gap = round(GAP.draw(Random(seed)), 1) if seed % 2 == 0 else 0.0
    process = CaptureProcess(busy.site, busy.root, tmp_path)
    try:
        async with asyncio.timeout(240):
            happened = await happen(busy, planned, process, tmp_path, gap)
    finally:
        process.abandon()
    limits = Limits(wrap_up_seconds=WRAP_UP_SECONDS)
    table = reconcile(happened.notes, happened.records, happened.log, happened.ready, limits)
    runs.append(Run(seed, gap, len(planned.calls), len(happened.records), table))
    different = [verdict for verdict in table.verdicts if verdict.judgement == "different"]
    shown = "\n\n".join(["\n".join(told(table, every=False)), *(evidence(one, happened) for one in different)])
    (tmp_path / "differences.txt").write_text(shown, encoding="utf-8")
    assert not different, f"seed {seed}, {tmp_path}\n{shown}"
    assert shifts.differences(happened, pauses(busy)) == []
    assert strays(tmp_path) == []
    assert replayed(tmp_path / "journal" / "n1", tmp_path / "again") == everything_in(tmp_path)
    assert len(happened.records) == len(happened.notes) == len(planned.calls) > RATE * SECONDS / 2


async def happen(line: Line, planned: Plan, process: CaptureProcess, folder: Path, gap: float) -> Happened:
    """Let the plan happen while capture runs, but for `gap` seconds in its middle."""
    street = line.lab.street
    await process.start()
    async with asyncio.TaskGroup() as group:
        group.create_task(_interrupt(process, gap))
        done = await perform(street, planned, Codes(), drain_seconds=60)
    assert done.cut == ()
    await settle(folder, len(planned.calls))
    await process.stop()
    return what_happened(line, done, folder, gap)


def what_happened(line: Line, done: Performed, folder: Path, gap: float = 0.0) -> Happened:
    """Return what each side knows of a run."""
    # Every run's callers have the same numbers: what the street saw before is of other calls.
    events = [event for event in line.lab.street.witness() if event.at >= done.began]
    # Not splitlines: a caller's name may hold what Unicode takes for a line's end.
    log = line.lab.nodes["n1"].queue_log.read_bytes().decode(errors="replace").split("\n")
    # A pause and a log-out end a wrap-up too.
    dialled = [dial for dial in notes.dials(events) if dial.code.startswith("*")]
    ready = [dial for dial in dialled if dial.code != Codes().login]
    with Store.read(folder / FILE_NAME) as store:
        states = [state for state in store.states() if state.start.moment() >= done.began]
    return Happened(notes.notes(events, done.calls), ready, captured(folder), log, gap, dialled, states)


def pauses(line: Line) -> dict[str, str]:
    """Return what each code of a pause is for."""
    loaded = specs.load_site(line.site)
    code = loaded.site.feature_codes.pause
    return {f"{code}{pause.code}": reason for reason, pause in loaded.projects[0].pauses.items()}


async def _interrupt(process: CaptureProcess, gap: float) -> None:
    if gap:
        await asyncio.sleep(SECONDS / 2)
        await process.kill()
        await asyncio.sleep(gap)
        await process.start()


async def settle(folder: Path, count: int) -> None:
    """Wait until as many records have ended, not for ever: what is missing is the verdict's matter."""
    for _ in range(_SETTLE_SECONDS * 4):
        if sum(record.ended is not None for record in captured(folder)) >= count:
            return
        await asyncio.sleep(0.25)


def captured(folder: Path) -> list[CallRecord]:
    """Return the project's records."""
    with Store.read(folder / FILE_NAME) as store:
        return list(store.calls(PROJECT))


def strays(folder: Path) -> list[CallRecord]:
    """Return the records of calls that are no project's."""
    with Store.read(folder / FILE_NAME) as store:
        return list(store.calls(""))


def everything_in(folder: Path) -> tuple[list[CallRecord], list[AgentInterval]]:
    """Return all records and states of a store."""
    with Store.read(folder / FILE_NAME) as store:
        return list(store.calls()), list(store.states())


def replayed(journal: Path, folder: Path) -> tuple[list[CallRecord], list[AgentInterval]]:
    """Return all records and states that a journal makes from its beginning, without a snapshot."""
    records.replay(journal, "n1", folder)
    return everything_in(folder)


def evidence(verdict: Verdict, happened: Happened) -> str:
    """Return all that is known of a call, for a person who looks for the cause."""
    texts = [f"== {verdict.record or verdict.note}: {'; '.join(verdict.reasons)}"]
    texts += [f"note   {_plain(note)}" for note in happened.notes if note.call == verdict.note]
    texts += [f"record {_plain(record)}" for record in happened.records if record.call == verdict.record]
    if verdict.record:
        texts += [f"log    {row}" for row in happened.log if row.split("|")[1:2] == [verdict.record]]
    return "\n".join(texts)


def _plain(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()
