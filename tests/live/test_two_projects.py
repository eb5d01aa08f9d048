"""Both projects of the repository, as they are, on one node: verify passes, no prompt is missing, and the dialplan answers
for the hours what the calendars do.
"""

import asyncio
import os
import shutil
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.lab.lab import Lab
from cctoolkit.model.calendar import timetable
from cctoolkit.workflow import specs, switch
from tests.live.conftest import Line, expected
from tests.live.test_line import capturing

pytestmark = pytest.mark.live

HOURS = {"northwind-hotline": ("opening-hours", "office", ""), "zorza-infolinia": ("godziny", "biuro", "2")}
"""The step that asks, its calendar, and the key that leads to it."""

DAYS = (
    "2026-11-03", "2026-11-04", "2026-12-06", "2026-12-24", "2026-12-25", "2026-12-31", "2027-01-08", "2027-02-20", "2027-02-22", "2027-02-23",
    "2027-03-28", "2027-03-29", "2027-04-30", "2027-05-01", "2027-05-27", "2027-11-04", "2028-01-01", "2026-11-28",
)  # fmt: skip
"""Eves, feasts with and without a fixed date, moved days both ways, dates of their own, a plain Saturday."""


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A lab with both projects, untouched copies, whose node warned of nothing but what queues are meant to do."""
    root = tmp_path_factory.mktemp("both")
    shutil.copytree(Path("projects").resolve(), root / "projects")
    before = Path.cwd()
    with Lab(root / "lab", root / "projects/sites/lab.yaml", owned=True) as lab:
        os.chdir(root)
        try:
            line = Line(lab, root)
            assert line.run("apply", "--site", line.site) == 0
            yield line
        finally:
            os.chdir(before)
        problems = [text for node in lab.nodes.values() for text in node.problems() if not expected(text)]
    assert problems == []


def minutes(project: str) -> list[datetime]:
    """The first minute, the last and the middle of every stretch of the days, as the wall clock has them."""
    found = specs.load_project(project).project
    table = timetable(found.calendars[HOURS[project][1]])
    zone = ZoneInfo(found.project.time_zone)
    at = []
    for day in map(date.fromisoformat, DAYS):
        edges = {minute for pair in table.day(day).spans for minute in pair}
        asked = sorted({720} | {m + d for m in edges for d in (-1, 0)})
        at += [datetime.combine(day, time(minute // 60, minute % 60), zone) for minute in asked]
    return at


async def answered(client: Client, number: str, at: datetime, step: str, key: str) -> str:
    """Place a test call at that moment; return how it left the step that asks the hours, and hang up."""
    name = f"cct-test-hours-{number[1:]}-{at.timestamp():.0f}"
    headers = {
        "Channel": f"Local/{number[1:]}@{marks.TEST}/n", "ChannelId": name, "Application": "Wait", "Data": "30", "Async": "true",
        "Variable": [f"__CCT_NOW={at.timestamp():.0f}"],
    }  # fmt: skip
    async with client.subscribe("UserEvent") as events:
        await client.action("Originate", headers)
        while True:
            event = await events.next_matching(lambda one: one.get("Call") == f"{name};2", 20)
            mark = marks.from_user_event(event.get)
            if mark and mark.kind == "ask":
                channel = event.get("Channel").removesuffix(";2")
                await client.action("PlayDTMF", {"Channel": f"{channel};1", "Digit": key})
            if mark and (mark.kind, mark.step) == ("out", step):
                await client.action("Hangup", {"Channel": event.get("Channel")})
                return mark.detail


@pytest.mark.parametrize("project", HOURS)
async def test_the_switch_keeps_the_calendar(both, project):
    """At every edge of eves, feasts, moved days and dates of its own the dialplan answers as the calendar."""
    step, calendar, key = HOURS[project]
    found = specs.load_project(project).project
    table = timetable(found.calendars[calendar])
    number = specs.dialled(found, found.numbers[0].number)
    (node,) = specs.load_site(both.site).site.nodes
    many = asyncio.Semaphore(8)

    async def ask(client: Client, at: datetime) -> str:
        async with many:
            return await answered(client, number, at, step, key)

    async with Client.connect(switch.account(node, node.ami.accounts.test), events=True) as client:
        moments = minutes(project)
        said = await asyncio.gather(*(ask(client, at) for at in moments))
    wanted = [table.answer(at) for at in moments]
    assert {"open", "closed", "holiday"} == set(wanted)
    assert dict(zip(moments, said, strict=True)) == dict(zip(moments, wanted, strict=True))


@pytest.mark.parametrize("project", HOURS)
def test_verify(both, project):
    """Every way through each project is walked on the node they share."""
    assert both.run("verify", project, "--site", both.site) == 0


def test_the_plan_is_empty_whenever_it_is_made(both, monkeypatch):
    """Dates come from the spec and the package alone: a year later nothing is to be done."""
    assert both.run("plan", "--site", both.site) == 0
    later = datetime.now(UTC) + timedelta(days=400)
    monkeypatch.setattr("cctoolkit.clock.now", lambda: later)
    assert both.run("plan", "--site", both.site) == 0


async def test_polish_callers_hear_something(both, tmp_path):
    """No package brings Polish prompts: the lab's are the English ones, which last, and no silence."""
    number = "+48800120340"
    assert await both.run_aside("override", "zorza-infolinia", "closed", "--until", "5m", "--site", both.site) == 0
    async with capturing(both, tmp_path):
        await both.lab.street.place_call(number, keys=[(0.5, "2")], hang_up_after=9)
        async with asyncio.timeout(20):
            while not (heard := _left(tmp_path)):
                await asyncio.sleep(0.1)
    assert heard > 2


def _left(folder: Path) -> float:
    """Return how long the night message of the captured call lasted, 0 before it has ended."""
    with Store.open(folder / FILE_NAME) as store:
        for record in store.calls("zorza-infolinia", test=False):
            for step in record.steps:
                if step.step == "po-godzinach" and step.left:
                    return (step.left.at - step.entered.at) / 1e6
    return 0.0
