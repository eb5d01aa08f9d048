"""Agents of plain queues on a switch that is nobody's project: their day from events, over a kill of capture, and from the log."""

import asyncio
import json
import shutil
import signal
from types import SimpleNamespace

import pytest

from cctoolkit import clock
from cctoolkit.__main__ import run
from cctoolkit.cdr.records import Edge
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.workflow import capture_status
from tests.live.exchange import Exchange, dials, logs_in, sells
from tests.live.test_gap import capture, end

pytestmark = pytest.mark.live

APART = {"ami": 50_000, "queue_log": 1_050_000}
"""Microseconds that a moment may lie off: a line has its second; an event is stamped when the switch has got to it."""


class Day:
    """What 204 does, and when: between which moments each code was dialled and done."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.did: dict[str, list[tuple[int, int]]] = {}

    async def does(self, code: str) -> None:
        begun = now()
        await dials(self.exchange, "204", code)
        self.did.setdefault(code, []).append((begun, now()))

    def was(self, edge: Edge, code: str, time: int = 0) -> bool:
        """Say whether a moment is that of the code as it was dialled the n-th time, as exactly as its source is."""
        first, last = self.did[code][time]
        apart = APART[edge.source]
        return first - apart <= edge.at <= last + apart


def now() -> int:
    return round(clock.now().timestamp() * 1_000_000)


def states(folder, agent="Phone 204"):
    with Store.read(folder / FILE_NAME) as store:
        return [one for one in store.states() if one.agent == agent]


async def until(folder, done) -> None:
    async with asyncio.timeout(15):
        while not done(states(folder)):
            await asyncio.sleep(0.05)


def audit(folder, log, capsys):
    capsys.readouterr()
    day = f"{clock.now():%Y-%m-%d}"
    code = run(["capture", "audit", "--store", str(folder), "--day", day, "--log", str(log), "--format", "json"])
    (found,) = json.loads(capsys.readouterr().out)
    return code, found["findings"], found["odd"]


def imported(folder, log, capsys):
    capsys.readouterr()
    arguments = ["import", "queue_log", str(log), "--store", str(folder), "--node", "n1", "--format", "json"]
    assert run(arguments) == 0
    return json.loads(capsys.readouterr().out)


async def works(exchange, folder) -> tuple[Day, object]:
    """Let 204's day happen; return what was done when, and what `capture status` said of the capture that was killed."""
    day, line = Day(exchange), SimpleNamespace(site=str(exchange.lab.site_file), root=folder.parent)
    process = capture(line, folder)
    try:
        async with exchange.open():
            await day.does("*41")
            await day.does("*431")
            await day.does("*44")
            await sells(exchange)
            await day.does("*432")
            await logs_in(exchange)
            await until(folder, lambda found: found[-1].reason == "tea")
            async with asyncio.timeout(10):
                while (await capture_status.look(folder, None))[0].state != "capturing":
                    await asyncio.sleep(0.05)
            end(process, signal.SIGKILL)
            (status,) = await capture_status.look(folder, None)
            await asyncio.sleep(1.2)  # a line has whole seconds: what is to be told apart by it lies in two
            await day.does("*431")
            await asyncio.sleep(1.2)
            await day.does("*44")
            await day.does("*432")
            process = capture(line, folder)
            await day.does("*44")
            await day.does("*42")
            await until(folder, lambda found: found[0].end)
    finally:
        end(process, signal.SIGTERM)
    return day, status


async def test_a_day(exchange, tmp_path, capsys):
    """A member logs in, pauses with a reason, takes a call, has the wrap-up of its own wrapuptime; capture is killed
    while a pause lasts, which is replaced by another that is over when it comes back: every interval is right, and the
    audit is clean. Members of queues.conf are there, and the agent of AgentLogin while logged in.
    """
    folder, log = tmp_path / "store", exchange.node.queue_log
    day, status = await works(exchange, folder)
    assert (status.state, status.pulse.running, status.pulse.reading) == ("stopped", True, True)
    found = states(folder)
    assert [(one.state, one.reason) for one in found] == [
        ("logged_in", ""), ("paused", "lunch"), ("wrap-up", "wrapuptime"), ("paused", "tea"), ("paused", "lunch"), ("paused", "tea"),
    ]  # fmt: skip
    there, lunch, wrap_up, tea, over_gap, last = found
    edges = [
        (there.start, "*41", 0), (there.end, "*42", 0), (lunch.start, "*431", 0), (lunch.end, "*44", 0),
        (tea.start, "*432", 0), (tea.end, "*431", 1), (over_gap.start, "*431", 1), (over_gap.end, "*44", 1),
        (last.start, "*432", 1), (last.end, "*44", 2),
    ]  # fmt: skip
    assert [edge for edge in edges if not day.was(*edge)] == []
    assert [edge.source for edge, *_ in edges] == ["ami"] * 5 + ["queue_log"] * 4 + ["ami"]
    with Store.read(folder / FILE_NAME) as store:
        (call,) = (one for one in store.calls() if one.visits)
        others = {one.agent: (one.state, bool(one.end)) for one in store.states() if one.agent != "Phone 204"}
    (leg,) = call.visits[0].legs
    assert (leg.agent, leg.ended) == ("Phone 204", wrap_up.start)
    assert 3 <= (wrap_up.end.at - wrap_up.start.at) / 1_000_000 <= 4
    assert others == dict.fromkeys(("Anna", "Boris"), ("logged_in", False)) | {"Zoe": ("logged_in", True)}
    assert audit(folder, log, capsys) == (0, [], {})
    imports(folder, log, capsys, found)


def imports(folder, log, capsys, found):
    """An import of the same log, which calls the member by the interface, adds nothing; alone, beside the same journal, it
    tells the same but for what no line has, and nobody under another name.
    """
    assert "|PJSIP/204|ADDMEMBER|" in log.read_text()
    result = imported(folder, log, capsys)
    assert (result["kept_states"], result["kept_calls"], result["odd"]) == (0, 0, {})
    assert states(folder) == found
    alone = folder.parent / "alone"
    shutil.copytree(folder / "journal", alone / "journal")
    imported(alone, log, capsys)
    told = [(one.state, one.reason) for one in states(alone)]
    assert sorted(told) == sorted((one.state, one.reason) for one in found if one.reason != "wrapuptime")
    assert states(alone, "PJSIP/204") == []
