"""Each mark stands in AMI and in queue_log, at whatever moment the call is hung up."""

import asyncio
import random
from collections import defaultdict
from pathlib import Path

import pytest

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.workflow import specs, switch

pytestmark = pytest.mark.live

NUMBER = "78001002030"
CALLS = 150
AT_ONCE = 6
CALL = {"Channel": f"Local/{NUMBER}@cct-test/n", "Application": "Wait", "Data": "5", "Async": "true"}


def in_queue_log(line, call: str) -> list[tuple[str, str, str]]:
    """Return (kind, step, detail) of each mark the switch's own log has of a call."""
    rows = line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8").splitlines()
    found = [marks.from_queue_log(row.split("|")) for row in rows if f"|{call}|" in row]
    return [(mark.kind, mark.step, mark.detail) for mark in found if mark]


def the_tester(line):
    node = specs.load_site(line.site).site.nodes[0]
    return Client.connect(switch.account(node, node.ami.accounts.test), events=True)


async def test_what_is_owed_is_paid_by_the_hangup_handler(line):
    """A call that ends right behind the first line of a mark has the second one all the same, written once."""
    node = line.lab.nodes["n1"]
    node.cli("dialplan remove extension s@cct-mark 2")
    try:
        assert "QueueLog" not in node.cli("dialplan show cct-mark")
        async with the_tester(line) as client, client.subscribe("Hangup") as ends:
            await client.action("Originate", {**CALL, "ChannelId": "owes"})
            await ends.next_matching(lambda event: event.get("Uniqueid") == "owes;2", 10)
    finally:
        # A reload of a file that did not change does nothing.
        (Path(line.lab.nodes["n1"].folder) / "etc/asterisk/extensions.conf").touch()
        node.cli("dialplan reload")
    assert "QueueLog" in node.cli("dialplan show cct-mark")
    assert in_queue_log(line, "owes;2") == [("entry", NUMBER, "")]


async def test_a_mark_stands_in_both_sources_whenever_the_caller_hangs_up(line):
    """Calls hung up at random moments of their first steps: AMI and queue_log say the same of each, in the same order."""
    dice = random.Random(22)
    said = defaultdict(list)
    places = asyncio.Semaphore(AT_ONCE)
    async with the_tester(line) as client, client.subscribe("UserEvent") as events:

        async def call(number: int, moment: float) -> None:
            async with places, client.subscribe("UserEvent") as mine:
                await client.action("Originate", {**CALL, "ChannelId": f"cut-{number}"})
                entered = await mine.next_matching(lambda event: event.get("Call") == f"cut-{number};2", 10)
                await asyncio.sleep(moment)
                await client.action("Hangup", {"Channel": entered.get("Channel")})

        async with asyncio.TaskGroup() as tasks:
            for number in range(CALLS):
                tasks.create_task(call(number, dice.uniform(0, 0.01)))
        while sum(marks_of[-1][0] == "end" for marks_of in said.values()) < CALLS:
            mark = marks.from_user_event((await events.next_matching(lambda event: True, 10)).get)
            assert mark
            said[mark.call].append((mark.kind, mark.step, mark.detail))
    assert {call: in_queue_log(line, call) for call in said} == dict(said)
