"""The client in front of a real Asterisk: the recorded answers and the limits are still the switch's own."""

import asyncio
import json
import traceback
from pathlib import Path

import pytest

from cctoolkit.ami import protocol
from cctoolkit.ami.client import Account, Client
from cctoolkit.ami.faults import ActionRefusedError
from cctoolkit.ami.messages import Message
from cctoolkit.errors import SwitchUnreachable
from cctoolkit.lab.address import AMI_PORT
from cctoolkit.lab.lab import Lab
from cctoolkit.secret import Secret

pytestmark = pytest.mark.live
RECORDED = Path(__file__).parents[1] / "unit/ami/asterisk_22_10_1.json"


@pytest.fixture(scope="module")
def lab(tmp_path_factory, lab_template):
    """A lab whose node may log warnings: these tests provoke them."""
    with Lab(tmp_path_factory.mktemp("lab"), lab_template, owned=True) as lab:
        yield lab


@pytest.fixture
def account(lab):
    """Return a function: "deploy", "test" or "capture" -> the account on the node."""

    def of(name):
        user = f"cct-{name}"
        secret = (lab.folder / f"secrets/n1-{user}").read_text(encoding="ascii").strip()
        return Account(lab.nodes["n1"].address, AMI_PORT, user, Secret(secret))

    return of


def recorded(key):
    """The first message of a recorded answer."""
    text = json.loads(RECORDED.read_text(encoding="utf-8"))[key]
    return Message(text.split("\r\n\r\n")[0])


async def test_the_switch_still_answers_as_recorded(account):
    """Response, Message and the order of headers of each recorded answer are what this switch says."""
    asked = {
        "Ping": ("Ping", {}),
        "PJSIPShowEndpoints": ("PJSIPShowEndpoints", {}),
        "ShowDialPlan nowhere": ("ShowDialPlan", {"Context": "nope"}),
        "Command": ("Command", {"Command": "core show uptime"}),
        "Command nonsense": ("Command", {"Command": "no such"}),
        "DBGet": ("DBGet", {"Family": "a", "Key": "b"}),
        "Unknown": ("Nonsense", {}),
    }
    async with Client.connect(account("deploy")) as client:
        for key, (action, headers) in asked.items():
            try:
                reply = await client.action(action, headers)
            except ActionRefusedError as refusal:
                reply = refusal.reply
            before = recorded(key)
            assert [name for name, _ in reply.headers] == [name for name, _ in before.headers], key
            assert (reply.response, reply.get("Message")) == (before.response, before.get("Message"))


async def test_every_list_of_the_switch_is_read_to_its_end(account):
    """Each list ends with EventList: Complete, or is refused in words that mean there is nothing."""
    lists = {
        "QueueStatus": None,
        "QueueSummary": None,
        "CoreShowChannels": None,
        "Status": None,
        "ShowDialPlan": None,
        "DeviceStateList": None,
        "BridgeList": None,
        "PJSIPShowEndpoints": "No endpoints found",
        "PJSIPShowAors": "No AORs found",
        "PJSIPShowContacts": "No Contacts found",
        "PJSIPShowRegistrationsOutbound": None,
    }
    async with Client.connect(account("deploy")) as client:
        for name, empty in lists.items():
            for message in await client.listing(name, empty_ok=empty, timeout=3):
                assert message.event
                assert message.get("EventList") == ""


async def test_the_limits_of_an_action_are_the_switchs(account, monkeypatch):
    """One header or one byte more than we allow is refused by the switch; the most we allow is taken."""
    monkeypatch.setattr(protocol, "MAX_HEADERS", 1000)
    monkeypatch.setattr(protocol, "MAX_LINE_BYTES", 100_000)
    async with Client.connect(account("deploy")) as client:
        await client.action("Setvar", {"Value": "1", "Variable": ["X"] * (128 - 3)})
        with pytest.raises(ActionRefusedError, match="Too many lines"):
            await client.action("Setvar", {"Value": "1", "Variable": ["X"] * (128 - 2)})
        await client.action("Setvar", {"Variable": "X", "Value": "v" * (1022 - 7)})
        with pytest.raises(ActionRefusedError, match="line too long"):
            await client.action("Setvar", {"Variable": "X", "Value": "v" * (1023 - 7)})


async def test_a_wrong_password_is_told_at_once(account):
    """The switch's refusal (it takes a second over it) is raised, and no secret is in the text."""
    right, wrong = account("deploy"), "sesame".title()
    with pytest.raises(SwitchUnreachable, match=r"refused the login of account 'cct-deploy'") as caught:
        async with Client.connect(Account(right.host, right.port, right.username, Secret(wrong))):
            pytest.fail("let in")
    assert wrong not in "".join(traceback.format_exception(caught.value))


async def test_a_right_that_is_missing_is_told(account):
    """The account that captures may not run commands, and says so."""
    async with Client.connect(account("capture")) as client:
        with pytest.raises(ActionRefusedError, match="Permission denied"):
            await client.command("core show uptime")


async def test_full_boot_is_announced_at_a_login_with_events(account):
    """FullyBooted follows each login of an account that reads the class system, with events on."""
    async with Client.connect(account("capture"), events=True) as client:
        await client.fully_booted(2)
    async with Client.connect(account("capture"), events=False) as client:
        with pytest.raises(SwitchUnreachable, match="not fully booted"):
            await client.fully_booted(0.3)


async def test_calls_arrive_whole_behind_a_slow_consumer(account):
    """Far over its limit a consumer gets every event, in order, with Cyrillic and empty headers whole."""
    calls = 25
    journal = bytearray()
    async with (
        Client.connect(account("deploy")) as deploy,
        Client.connect(account("test")) as test,
        Client.connect(account("capture"), events=True, on_bytes=journal.extend) as capture,
        capture.subscribe("UserEvent", maxsize=5) as events,
    ):
        await deploy.command("dialplan add extension s,1,Answer, into cct-live-ami")
        await deploy.command("dialplan add extension s,2,Wait,1 into cct-live-ami")
        for n in range(calls):
            headers = {
                "Channel": "Local/s@cct-live-ami/n",
                "Application": "UserEvent",
                "Data": f"Live,Number: {n},Name: Жук: №{n},Empty: ",
            }
            await test.action("Originate", headers)
        seen = []
        while len(seen) < calls:
            seen.append(await events.next_matching(lambda m: m.get("UserEvent") == "Live", 5))
            await asyncio.sleep(0.01)
    assert [m.get("Name") for m in seen] == [f"Жук: №{m.get('Number')}" for m in seen]
    assert sorted(int(m.get("Number")) for m in seen) == list(range(calls))
    assert all(m.headers[-1] == ("Empty", "") for m in seen)
    stamps = [m.timestamp_us for m in seen]
    assert None not in stamps
    assert stamps == sorted(stamps)
    parser = protocol.Parser()
    parser.feed(bytes(journal))
    assert (parser.anomalies, parser.pending_bytes) == (0, 0)


async def test_a_killed_switch_is_noticed_by_all_who_wait(lab, account):
    """After kill -9 consumers get the error, and a new connection is refused."""
    node = lab.nodes["n1"]
    who = account("capture")
    async with Client.connect(who, events=True) as client, client.subscribe("Nothing") as events:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.to_thread(node.kill9)
        with pytest.raises(SwitchUnreachable):
            await asyncio.wait_for(waiting, 2)
        with pytest.raises(SwitchUnreachable):
            await client.action("Ping")
    with pytest.raises(SwitchUnreachable, match="no connection: refused"):
        async with Client.connect(who):
            pytest.fail("let in")
    await asyncio.to_thread(node.start)
    async with Client.connect(who, events=True) as client:
        await client.fully_booted(5)
