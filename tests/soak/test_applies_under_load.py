"""Apply after apply on a line at work: callers come all the time, thirty agents serve them, and nobody notices.

The specs alternate: a queue's options, a menu, a step more or less, agents' penalties. Five applies for each seed of
CCTOOLKIT_SEEDS ("1-20", "7", "1-3,9"); CCTOOLKIT_RATE calls a second, 20 unless said.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import msgspec
import pytest

from cctoolkit import marks
from cctoolkit.lab import notes
from cctoolkit.lab.lab import Lab
from cctoolkit.lab.notes import Note
from cctoolkit.lab.traffic import Codes, Performed, perform
from cctoolkit.lab.traffic_plan import Callers, Mix, plan
from cctoolkit.lab.turns import Agents, Span
from cctoolkit.lab.witness import WitnessEvent
from cctoolkit.workflow import specs, switch
from tests.live.conftest import PROJECT, Line, expected, specs_for_tests
from tests.live.test_change_under_calls import PAUSED, REASONS, Crowd, until
from tests.soak import crowded
from tests.soak.crowded import NEWCOMERS, Watch, rss_kib
from tests.soak.test_traffic_seeds import seeds
from tests.soak.ways import Local

pytestmark = [pytest.mark.soak, pytest.mark.alone]

RATE = float(os.environ.get("CCTOOLKIT_RATE", "20"))
SEEDS = seeds(os.environ.get("CCTOOLKIT_SEEDS", "1-20"))
APPLIES = 5 * len(SEEDS)
EVERY_SECONDS = 4.0
"""From the beginning of one apply to that of the next, at least."""

MOST_SECONDS = 20
"""For so long callers come for each apply, at most."""

BEFORE = 6
"""Seconds of traffic before the first apply."""

MANY = 40
MEMORY = 1.03
"""How much more the switch may grow from the middle of many applies to their end than the street, which sees the same calls
and no apply. With fewer both still fill with what calls need for the first time.
"""

STILL = {**PAUSED, "agent-13": "*141", "agent-14": "*142", "agent-15": "*143", "agent-16": "*141"}
"""Who is paused for the whole run, by the code dialled; all others serve callers."""

AT_WORK = tuple(
    agent
    for agent in ("ivanova", "smirnova", "sokolov", "popova", "vasiliev", "mikhailova", "fedorov", *NEWCOMERS)
    if agent not in STILL
)

_TIMES = (
    ("timeout: 15s", "timeout: 2s"),
    ("wait: 3m", "wait: 6s"),
    ("wait: 4m", "wait: 6s"),
    ("wait: 2m", "wait: 6s"),
    ("wait: 1m", "wait: 3s"),
    ("limit: 3s", "limit: 2s"),
    ("capacity: 30", "capacity: 0"),
    ("capacity: 10", "capacity: 0"),
    ("maxlen: 20", "maxlen: 0"),
    ("maxlen: 30", "maxlen: 0"),
)

Edits = tuple[tuple[str, str], ...]
"""Texts of the spec and what takes their places."""

CHANGES: dict[str, Edits] = {
    "queue": (("within: 20s", "within: 25s"),),
    "menu": (
        (
            "wait: 1s\n    attempts: 2\n    next: {timeout: orders",
            "wait: 2s\n    attempts: 3\n    next: {timeout: orders",
        ),
    ),
    "step": (
        ("next: {open: subject, closed: night", "next: {open: greeting, closed: night"),
        ("  subject:\n", "  greeting: {type: play, prompts: [vm-press], next: {done: subject}}\n\n  subject:\n"),
    ),
    "penalties": (
        (
            "agent: sokolov, team: row-a, grade: junior, queues: [orders], penalty: 1",
            "agent: sokolov, team: row-a, grade: junior, queues: [orders], penalty: 2",
        ),
        (
            "agent: agent-20, grade: regular, queues: [support, overflow], penalty: 2",
            "agent: agent-20, grade: regular, queues: [support, overflow], penalty: 0",
        ),
    ),
}
"""A queue's option, a menu, a step that all calls go through, agents' penalties; each apply takes one there or back."""


@dataclass(frozen=True)
class Applied:
    """One apply: what changed, how long it took, the memory of the switch after it, and of the street."""

    what: str
    seconds: float
    rss_kib: int
    street_kib: int


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A lab with thirty agents, their phones registered, and the line with short times."""
    root = tmp_path_factory.mktemp("load")
    template = specs_for_tests(root)
    crowded.staff(root)
    before = Path.cwd()
    with Lab(root / "lab", template, owned=True) as lab:
        os.chdir(root)
        try:
            found = Line(lab, root)
            for old, new in _TIMES:
                found.edit(old, new)
            assert found.run("apply", "--site", found.site) == 0
            asyncio.run(lab.street.wait_registered([*AT_WORK, *STILL]))
            yield found
        finally:
            os.chdir(before)
        problems = [text for node in lab.nodes.values() for text in node.problems() if not expected(text)]
    # Both sides hung up at once; the machine is slow.
    known = ("Session already DISCONNECTED", "queue reached 3000 scheduled tasks")
    assert [text for text in problems if not any(one in text for one in known)] == []


def mix(seconds: float) -> Mix:
    """Return callers who are impatient now and then, and agents quick enough for half of them."""
    callers = Callers(
        numbers=(("+78001002030", 9), ("+78126402030", 1)),
        keys=(("1", 5), ("2", 4), ("", 1)),
        presses=2,
        press_after=Span(0.4, 0.9),
        patience_seconds=5,
        patience=Span(1, 12),
        talk=Span(0.4, 2),
        anonymous_ratio=0,
        hostile_ratio=0,
    )
    agents = Agents(
        AT_WORK,
        answer_after=Span(0.1, 0.6),
        miss_ratio=0.02,
        busy_ratio=0,
        talk=Span(0.5, 2),
        ready_ratio=0.8,
        ready_after=Span(0.1, 0.5),
        away_ratio=0,
        pauses=("*141", "*142", "*143"),
        pause_ratio=0.05,
        away=Span(0.6, 2),
        hold_ratio=0,
    )
    return Mix(SEEDS[0], RATE, seconds, callers, agents)


async def test_nobody_notices(line: Line, load_rows: list[tuple[str, ...]]) -> None:
    """No call ends but by its caller, its agent or its flow's end, each in one generation; nobody who waits is passed;
    nobody's log-in changes, nor the pause of those who are paused; the switch does not grow.
    """
    crowd = Crowd(line)
    everybody = (*AT_WORK, *STILL)
    assert len(everybody) == 30
    await crowd.dial(dict.fromkeys(everybody, "*11"))
    await crowd.dial(STILL)
    await until(crowd.paused, {agent: {REASONS[code]} for agent, code in STILL.items()})
    planned = plan(mix(BEFORE + APPLIES * MOST_SECONDS))
    enough = asyncio.Event()
    (node,) = specs.load_site(line.site).site.nodes
    async with switch.deploy_client(node) as client:
        watch = Watch(client, frozenset(STILL))
        async with asyncio.TaskGroup() as group:
            happening = group.create_task(perform(line.lab.street, planned, Codes(), drain_seconds=60, enough=enough))
            await asyncio.sleep(BEFORE)
            watching = group.create_task(watch.run())
            applied = await apply_all(line)
            watching.cancel()
            enough.set()
            done = await happening
    events = [event for event in line.lab.street.witness() if event.at >= done.began]
    found, here = notes.notes(events, done.calls), hung_up_here(events)
    load_rows += rows(applied, Counter(ended_by(note, here) for note in found), found, done, watch)
    assert done.cut == ()
    assert watch.faults == []
    assert cut_off(found, here, crowd.marks()) == []
    assert generations(crowd.marks()) > 1
    switch_grew, street_grew = grown([one.rss_kib for one in applied]), grown([one.street_kib for one in applied])
    assert len(applied) < MANY or switch_grew <= MEMORY * street_grew


async def apply_all(line: Line) -> list[Applied]:
    """Apply one change after the other, at a fixed pace."""
    applied = []
    start = time.monotonic()
    for at, (what, edits) in enumerate(islice(cycle(there_and_back()), APPLIES)):
        await asyncio.sleep(max(0, start + at * EVERY_SECONDS - time.monotonic()))
        for old, new in edits:
            line.edit(old, new)
        began = time.monotonic()
        async with Local(line).working(0) as process:
            assert await process.ended() == 0, process.said
            assert "applied and read back: n1" in process.said
        took = time.monotonic() - began
        applied.append(Applied(what, took, rss_kib(line.lab.nodes["n1"]), rss_kib(line.lab.street.node)))
    return applied


def there_and_back() -> list[tuple[str, Edits]]:
    """Return each change, then each back."""
    back = ((what, tuple((new, old) for old, new in edits)) for what, edits in CHANGES.items())
    return [*CHANGES.items(), *back]


def cut_off(found: Sequence[Note], here: frozenset[str], said: Sequence[marks.Mark]) -> list[str]:
    """Return the calls that neither party ended and that were not at their flow's end, or that were in two generations."""
    by_call: dict[str, list[marks.Mark]] = {}
    for mark in said:
        by_call.setdefault(mark.call, []).append(mark)
    of = {mark.detail: mark.call for mark in said if mark.kind == "entry"}
    faults = []
    for note in found:
        told = by_call.get(of.get(note.caller, ""), [])
        steps = [mark.detail.partition(":")[0] for mark in told if mark.kind == "step"]
        if ended_by(note, here) == "flow" and (not steps or steps[-1] not in {"hangup", "voicemail"}):
            faults.append(f"ended by the node after {steps}: {note}")
        if len({mark.generation for mark in told if mark.generation}) > 1:
            faults.append(f"in more than one generation: {told}")
    return faults


class _Hangup(msgspec.Struct):
    hangupsource: str


def hung_up_here(events: Sequence[WitnessEvent]) -> frozenset[str]:
    """Return the calls that the street hung up itself, answered or not: of the others the node's BYE names its channel."""
    ends = (event for event in events if event.kind == "HANGUP")
    return frozenset(
        event.uniqueid for event in ends if msgspec.json.decode(event.extra, type=_Hangup).hangupsource != event.channel
    )


def ended_by(note: Note, here: frozenset[str]) -> str:
    """Return who ended a call: its agent, its caller, or the flow."""
    if any(leg.hung_up for leg in note.legs):
        return "agent"
    return "caller" if note.call in here else "flow"


def generations(said: Sequence[marks.Mark]) -> int:
    """Return how many generations calls entered in."""
    return len({mark.generation for mark in said if mark.kind == "entry" and mark.project == PROJECT})


def grown(sizes: Sequence[int]) -> float:
    """Return how much larger something was in the last quarter than in the one before."""
    quarter = max(len(sizes) // 4, 1)
    return median(sizes[-quarter:]) / median(sizes[-2 * quarter : -quarter])


def rows(
    applied: Sequence[Applied], ended: Counter[str], found: Sequence[Note], done: Performed, watch: Watch
) -> list[tuple[str, ...]]:
    """Return what the run came to."""
    dialled = [note.dialled for note in found if note.dialled]
    took = sorted(one.seconds for one in applied)
    here, street = [one.rss_kib for one in applied], [one.street_kib for one in applied]
    return [
        ("applies", str(len(applied))),
        ("seconds each, median and most", f"{median(took):.1f}, {took[-1]:.1f}"),
        ("calls, a second", f"{len(found)}, {len(found) / (max(dialled) - min(dialled)).total_seconds():.1f}"),
        ("street behind its plan at most, s", f"{done.late_seconds:.2f}"),
        ("ended by caller, agent, flow", ", ".join(str(ended[who]) for who in ("caller", "agent", "flow"))),
        ("answered", str(sum(note.lived == "answered" for note in found))),
        ("looks at the switch, most waiting", f"{watch.looks}, {watch.most_waiting}"),
        ("faults seen", str(len(watch.faults))),
        ("the switch's MiB at each tenth", _tenths(here)),
        ("the street's, which sees no apply", _tenths(street)),
        ("last quarter against the one before", f"{grown(here):.3f}x, the street {grown(street):.3f}x"),
    ]


def _tenths(sizes: Sequence[int]) -> str:
    return " ".join(str(size // 1024) for size in sizes[:: max(len(sizes) // 10, 1)])
