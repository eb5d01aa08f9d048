"""Every rule of `plan.rules`, on the switch: what a change does to callers who wait, agents who are logged in or paused, and
calls that are up. A rule names the test here that proves it, by its case.
"""

import asyncio
import re

import pytest

from cctoolkit.plan.rules import RULES
from cctoolkit.workflow import messages
from tests.live.staffed import DEALERS, NUMBER, PROJECT, Staffed, queue, until

pytestmark = pytest.mark.live

TEST = "test_impact::test_a_hot_change"
ORDERS = "    timeout: 15s\n    maxlen: 20"
NEW_QUEUE = ("project", "  vip:\n    title", "  extra:\n    strategy: linear\n  vip:\n    title")
DEALERS_STEP = "    queue: vip\n    wait: 2m\n"
ROSTER = "feature_codes:"


def orders(text: str) -> tuple[str, str, str]:
    """Give the queue `orders` one option more."""
    return ("project", ORDERS, f"{ORDERS}\n    {text}")


def number(entry: str) -> tuple[str, str, str]:
    """Give the project a third number."""
    third = f'  - {{number: "+7 812 640-20-31", country: RU, class: geographic, entry: {entry}}}'
    return ("project", "trunks:\n", f"{third}\ntrunks:\n")


def here(trunk: str) -> tuple[str, str, str]:
    """Put a trunk's other side on this machine: the switch, bound to it, logs an error when it asks after one outside."""
    client = f"  {PROJECT}.client-pbx: "
    return ("site", client, f"  {PROJECT}.{trunk}: 127.0.0.1\n{client}")


HOT = {
    "queue-added": [NEW_QUEUE],
    # The case before it is taken back: a queue with nobody in it goes.
    "queue-removed": [],
    "strategy": [("project", "strategy: rrmemory", "strategy: leastrecent")],
    "servicelevel": [("project", "{within: 20s, target_ratio: 0.8}", "{within: 25s, target_ratio: 0.8}")],
    "timeout": [("project", "timeout: 15s", "timeout: 10s")],
    "retry": [orders("retry: 3s")],
    "maxlen": [("project", "maxlen: 20", "maxlen: 1")],
    "weight": [orders("weight: 5")],
    "joinempty": [orders("joinempty: true")],
    "leavewhenempty": [orders("leavewhenempty: true")],
    "musicclass": [orders("musicclass: other")],
    "announcements": [orders("announce-frequency: 30s\n    announce-position: true")],
    "keys": [("project", DEALERS_STEP, f'{DEALERS_STEP}    keys: {{"1": leave-message}}\n')],
    "member-added": [("project", "petrov, team: row-a, grade: junior, queues: [orders]", "petrov, team: row-a, grade: junior, queues: [orders, support]")],
    "penalty": [("project", "queues: [orders], penalty: 1, certified: \"2026-10-12\"", "queues: [orders], penalty: 3, certified: \"2026-10-12\"")],
    "member-removed": [("project", "ivanova, team: row-a, grade: regular, queues: [orders, support]", "ivanova, team: row-a, grade: regular, queues: [orders]")],
    "project-added": [("site", f"projects: [{PROJECT}]", f"projects: [{PROJECT}, zorza-infolinia]"),
                      ("site", "trunks_at:", "trunks_at:\n  zorza-infolinia.zorza-pbx: 127.0.0.1")],
    "project-removed": [],
    "flow": [("project", "prompts: [ss-noservice]", "prompts: [ss-noservice, vm-goodbye]")],
    "number-added": [number("opening-hours")],
    "number-changed": [number("dealers-hours")],
    "number-removed": [],
    "phone-added": [("site", ROSTER, "- {agent: adamov, name: Adam, secret: 'file:secrets/phone-petrov'}\n" + ROSTER)],
    "phone-removed": [],
    "trunk-added": [("project", "  client-pbx:", "  other-pbx: {address: 10.40.0.6, channels: 2}\n  client-pbx:"), here("other-pbx")],
    "trunk-removed": [],
    "trunk-changed": [("project", "{address: 10.40.0.5, channels: 8}", "{address: 10.40.0.5, channels: 8, qualify: 30s}")],
    "messages": [("project", "keep_days: 30", "keep_days: 31")],
    "file-changed": [("site", 'ready: "*13"', 'ready: "*16"')],
}  # fmt: skip
"""Changes of the spec that touch nobody, each with the line full; one with no edit takes the one before it back."""

BY_HAND = {
    "queue-by-hand": ("queues.conf", "wrapuptime = 1", "wrapuptime = 9", "queue reload all"),
    "general": ("queues.conf", "shared_lastcall = yes", "shared_lastcall = no", "queue reload all"),
    "phone-changed": ("pjsip.conf", "busy_at = 1", "busy_at = 2", "module reload res_pjsip.so"),
    "endpoint-by-hand": (
        "pjsip.conf",
        "auth = petrov\n",
        "auth = petrov\ntransport = udp\n",
        "module reload res_pjsip.so",
    ),
    "dialplan-by-hand": ("", "", "", "dialplan add extension 999,1,NoOp,hi into cct-trunk"),
}
"""Changes somebody makes on the node, which apply takes back: file, text, text instead, what makes the switch read it. The
endpoint's file is put back: only the switch has something else.
"""


@pytest.fixture(scope="module")
def staffed(line):
    """The line with its spec; every test leaves the first spec in force and nobody there."""
    return Staffed(line)


@pytest.fixture
async def alone(staffed):
    """The line with nobody there."""
    await staffed.clear()
    yield staffed
    await staffed.begin_again()


@pytest.fixture(scope="module")
def full(staffed):
    """Two callers wait, five agents are logged in, four of them paused for different reasons; the fifth talks."""

    async def fill():
        street = staffed.line.lab.street
        await street.wait_registered(["ivanova", "petrov", "sokolov", "kuznetsova", "novikov"])
        await street.set_phone("novikov", answer_after=0.1)
        for agent, reason in {"ivanova": "lunch", "petrov": "training", "sokolov": ""}.items():
            await staffed.member("orders", agent, reason=reason)
        await staffed.member("support", "ivanova", reason="lunch")
        await staffed.member("vip", "novikov")
        await staffed.member("support", "novikov")
        await staffed.call(DEALERS)
        await until(staffed.talking, 1)
        await staffed.call(NUMBER, (0.4, "1"))
        await staffed.call(NUMBER, (0.4, "1"))
        await until(staffed.count, 2)

    asyncio.run(fill())
    yield staffed
    asyncio.run(staffed.clear())


def kept(there):
    """Leave out of members what a case may change: the queues and penalties of ivanova and petrov."""
    members, waiting, channels = there
    stay = {(queue("orders"), agent) for agent in ("ivanova", "petrov", "sokolov")} | {(queue("vip"), "novikov")}
    return {key: members[key][1:] for key in stay}, waiting, channels


@pytest.fixture
def other_password(full):
    """A phone's password that is not the phone's."""
    path = full.line.lab.folder / "secrets/phone-petrov"
    before = path.read_text(encoding="utf-8")
    yield lambda: path.write_text("another-one", encoding="utf-8")
    path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize("case", [*HOT, *BY_HAND, "password"])
async def test_a_hot_change(full, case, other_password):
    """Nobody is touched, as the plan says: places, log-ins, pauses, reasons and their times, the call that is up."""
    before = await full.there()
    if case in BY_HAND:
        await by_hand(full, *BY_HAND[case], back=case == "endpoint-by-hand")
    elif case == "password":
        other_password()
    elif case == "trunk-removed":
        full.spec(("site", carrier(full), ""))
    else:
        full.spec(*HOT[case])
    plan = await full.plan()
    assert {rule.name for rule in RULES["22"] if rule.test == f"{TEST}[{case}]"} & {one.rule for one in plan.impacts}
    assert [one for one in plan.impacts if one.class_.dangerous] == []
    assert await full.apply("--overwrite-edits") == 0
    assert kept(await full.there()) == kept(before)
    assert (await full.plan()).empty
    if case == "password":
        call = await full.line.lab.street.agent_dials("petrov", "*13")
        await full.line.lab.street.wait_for(lambda event: (event.kind, event.uniqueid) == ("HANGUP", call), 20)
        assert "ANSWER" not in {event.kind for event in full.line.lab.street.witness() if event.uniqueid == call}


async def by_hand(full, file: str, old: str, new: str, command: str, *, back: bool) -> None:
    """Change a file on the node, if any, and let the switch read it; then put it back, if that is wanted."""
    path = full.node.config / "cctoolkit/current" / file
    text = path.read_text(encoding="utf-8") if file else ""
    if file:
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    full.node.cli(command)
    if back:
        await until(lambda: memory_differs(full), True)
        path.write_text(text, encoding="utf-8")


async def memory_differs(full) -> bool:
    """Say whether the switch runs something else than its files say, or they were edited."""
    async with full.client() as client:
        found = await client.listing("PJSIPShowEndpoints")
    return any((e.get("ObjectName"), e.get("Transport")) == ("petrov", "udp") for e in found)


def carrier(full) -> str:
    """Return the site's text of the carrier's trunk, over which all calls are."""
    return re.search(r"trunks:\n- id: carrier\n(?:  .*\n)*", full.texts["site"])[0]


async def test_a_phone_that_rings(alone):
    """Everything changes that may while an agent's phone rings for a caller: it rings on, and is answered."""
    street = alone.line.lab.street
    await street.set_phone("novikov", answers=False)
    for name in ("vip", "support"):
        await alone.member(name, "novikov")
    await alone.call(DEALERS)
    await until(lambda: alone.at("AppQueue"), True)
    there = await alone.there()
    alone.spec(*HOT["flow"], *HOT["file-changed"], *HOT["trunk-changed"], ("project", "    weight: 10\n", "    weight: 3\n"),
               ("project", "    strategy: ringall\n", "    strategy: rrmemory\n"))  # fmt: skip
    assert await alone.dangers() == {}
    assert await alone.apply() == 0
    assert await alone.there() == there
    await street.pick_up("novikov")
    await until(alone.talking, 1)
    assert await alone.channels() == there[2]


async def waits_in(alone, name: str, number: str, *keys) -> None:
    """Let a caller wait in a queue with one agent in it, who is paused and then logs out."""
    await alone.member(name, "kuznetsova", reason="lunch")
    await alone.call(number, *keys)
    await until(alone.count, 1)
    async with alone.client() as client:
        await client.action("QueueRemove", {"Queue": queue(name), "Interface": "PJSIP/kuznetsova"})


REMOVED = {
    "empty": {},
    "waiting": {"queue-remove-waiting": {"waiting": 1}},
    "members": {"queue-remove-members": {"logged in": 2, "paused": 1}},
    "coming": {"queue-remove-coming": {"calls up": 1}},
}


@pytest.mark.parametrize("case", REMOVED)
async def test_a_removed_queue(alone, capsys, case):
    """Nobody in it: nothing happens. A caller stays inside, seen by nobody, and an agent of a queue of that name is not
    offered the call; agents are out; a call of the old generation that comes to it finds no agents.
    """
    name = "support" if case == "coming" else "vip"
    if case == "waiting":
        await waits_in(alone, "vip", DEALERS)
    elif case == "members":
        await alone.member("vip", "kuznetsova", reason="lunch")
        await alone.member("vip", "novikov")
        await alone.member("support", "novikov")
    elif case == "coming":
        await alone.call(NUMBER, (0.4, "2"))
        await until(lambda: alone.last("step"), "support-topic")
    channels = await alone.channels()
    alone.without(name)
    assert await alone.dangers() == REMOVED[case]
    plan = await alone.plan()
    classes = {option for one in plan.impacts if one.class_.dangerous for option in accepts(one)}
    assert "kuznetsova" not in {
        change.option for change in plan.changes if (change.kind, change.action) == ("member", "add")
    }
    if case != "empty":
        assert await alone.apply() == 1
        told = capsys.readouterr()
        assert f"apply refuses this without --accept {min(classes)}" in told.out
        assert f"apply with --accept {min(classes)}" in told.err
        assert await alone.dangers() == REMOVED[case]
    assert await alone.apply(*[f"--accept={one}" for one in classes]) == 0
    assert await alone.channels() >= channels
    if case == "waiting":
        assert await alone.count() == 0
        assert await alone.at("Queue")
        alone.spec()
        assert await alone.apply() == 0
        await alone.member("vip", "novikov")
        await asyncio.sleep(1)
        assert await alone.at("Queue")
        assert await alone.talking() == 0
    elif case == "members":
        assert {queue for queue, _ in await alone.members()} == {queue("support")}
    elif case == "coming":
        await alone.press("1")
        await until(lambda: alone.went("support", "queue-no-agents"), True, 15)


def accepts(impact) -> set[str]:
    """Return what --accept takes for a danger."""
    return {impact.class_.value}


async def test_linear_needs_a_restart(alone, capsys):
    """A queue that has kept its members hashed goes on so: agents are not in the order of their log-in. One that begins
    as linear is right, and so is one that was in order already.
    """
    agents = ["sokolov", "ivanova", "popova", "petrov", "fedorov"]
    alone.spec(("project", "strategy: rrmemory", "strategy: linear"), NEW_QUEUE)
    assert await alone.dangers() == {"queue-order": {"logged in": 0}}
    assert await alone.apply("--when-idle") == 1
    assert "--accept needs-restart" in capsys.readouterr().err
    assert await alone.apply("--accept", "needs-restart") == 0
    for agent in agents:
        await alone.member("orders", agent)
        await alone.member("extra", agent)
    assert await alone.order("extra") == agents
    assert await alone.order("orders") != agents
    alone.spec(
        ("project", "strategy: rrmemory", "strategy: rrordered"),
        (*NEW_QUEUE[:2], NEW_QUEUE[2].replace("linear", "rrordered")),
    )
    assert "queue-order" not in await alone.dangers()
    alone.spec(
        ("project", "strategy: rrmemory", "strategy: random"),
        (*NEW_QUEUE[:2], NEW_QUEUE[2].replace("linear", "ringall")),
    )
    assert "queue-order" not in await alone.dangers()


LEAVES = ("project", "    weight: 10\n", "    weight: 10\n    leavewhenempty: true\n")
DEAD_PHONE = [
    *HOT["phone-added"],
    ("project", "\nagents:\n", '\nagents:\n  - {agent: adamov, queues: [support, vip], certified: "2026-10-12"}\n'),
]
"""Somebody whose phone is nowhere registered."""


@pytest.mark.parametrize("rings", [False, True])
async def test_callers_leave_an_empty_queue(alone, rings):
    """`leavewhenempty` comes to a queue in which no phone can ring: who waits is out at once, by no_agents; where one can,
    though paused, they stay, until it goes: one that cannot ring comes in its place for nothing.
    """
    await waits_in(alone, "vip", DEALERS)
    if rings:
        await alone.member("vip", "kuznetsova", reason="lunch")
    alone.spec(LEAVES)
    assert await alone.dangers() == ({} if rings else {"queue-leave": {"waiting": 1}})
    assert await alone.apply("--accept", "moves-running-calls") == 0
    if rings:
        await asyncio.sleep(1)
        assert await alone.count() == 1
        await alone.member("support", "adamov")
        serves = "kuznetsova, team: row-a, grade: senior, queues: [orders, support, vip, overflow]"
        alone.spec(LEAVES, *DEAD_PHONE, ("project", serves, serves.replace(" vip,", "")))
        assert await alone.dangers() == {"member-leave": {"waiting": 1}}
        assert await alone.apply() == 1
        assert await alone.apply("--accept", "moves-running-calls") == 0
    await until(lambda: alone.went("dealers", "queue-no-agents"), True)


@pytest.mark.parametrize("case", ["waiting", "coming"])
async def test_other_keys(alone, case):
    """Who waits keeps the keys of the moment of joining, and they lead where they did; once no call is up they go.
    Who joins later, in the old generation, presses a new key that it does not know: the call ends.
    """
    keys = alone.node.config / "cctoolkit/current/generations/cct-exit-0-keys.conf"
    await alone.member("orders", "kuznetsova", reason="lunch")
    if case == "waiting":
        await alone.call(NUMBER, (0.4, "1"))
        await until(alone.count, 1)
    else:
        await alone.call(NUMBER)
        await until(lambda: alone.last("step"), "subject")
    alone.spec(("project", 'keys: {"0": leave-message}', 'keys: {"5": leave-message}'))
    assert await alone.dangers() == ({} if case == "waiting" else {"queue-keys-coming": {"calls up": 1}})
    if case == "waiting":
        assert await alone.apply() == 0
        assert await alone.dangers() == {}
        alone.spec(("project", 'keys: {"0": leave-message}', 'keys: {"9": leave-message}'))
        assert await alone.apply() == 0
        assert keys.exists()
        await alone.press("5")
        await alone.press("0")
        await until(lambda: alone.last("step"), "leave-message")
        alone.spec(("project", 'keys: {"0": leave-message}', 'keys: {"7": leave-message}'))
        await alone.clear()
        assert await alone.apply() == 0
        assert not keys.exists()
    else:
        assert await alone.apply("--accept", "moves-running-calls") == 0
        await alone.press("1")
        await until(alone.count, 1)
        await alone.press("5")
        await until(alone.channels, frozenset(), 15)
        assert alone.said()[-1].kind == "end"
        alone.forgive("sent to invalid extension")


@pytest.mark.parametrize("case", ["ours", "others"])
async def test_static_members(alone, case):
    """A member from a file of ours goes with app_queue's reload; in a queue of the node's own a paused one loses the reason.
    A change of a flow alone does not reload app_queue, and keeps it.
    """
    ours, other = alone.node.config / "cctoolkit/current/queues.conf", alone.node.config / "queues.conf"
    before = other.read_text(encoding="utf-8")
    if case == "ours":
        text = ours.read_text(encoding="utf-8")
        line = f"[{queue('orders')}]\n"
        ours.write_text(text.replace(line, f"{line}member => PJSIP/ivanova\n"), encoding="utf-8")
    else:
        other.write_text(f"{before}\n[legacy]\nmember => PJSIP/ivanova\nmember => PJSIP/petrov\n", encoding="utf-8")
    name = queue("orders") if case == "ours" else "legacy"
    alone.node.cli("queue reload all")
    try:
        async with alone.client() as client:
            who = {"Queue": name, "Interface": "PJSIP/ivanova", "Paused": "true", "Reason": "lunch"}
            await client.action("QueuePause", who)
        alone.spec(*HOT["flow"])
        if case == "others":
            assert await alone.dangers() == {}
            assert await alone.apply() == 0
            assert (await alone.members())[name, "ivanova"][1:3] == ("1", "lunch")
            alone.spec(*HOT["retry"])
        found = {
            "ours": {"queue-static-ours": {"logged in": 1, "paused": 1}},
            "others": {"queue-static-others": {"logged in": 1, "paused": 1}},
        }[case]
        assert await alone.dangers() == found
        assert await alone.apply("--overwrite-edits") == 1
        assert (await alone.members())[name, "ivanova"][1:3] == ("1", "lunch")
        classes = ("--accept", "drops-log-ins", "--accept", "wipes-pause-reasons")
        assert await alone.apply("--overwrite-edits", *classes) == 0
        left = (await alone.members()).get((name, "ivanova"))
        assert left is None if case == "ours" else left[1:3] == ("1", "")
    finally:
        other.write_text(before, encoding="utf-8")
        alone.node.cli("queue reload all")


async def test_an_agents_last_queue(alone):
    """An agent loses the certificate: logged out, and who waits there has nobody left. One who loses a queue and has another
    is no danger, though callers wait.
    """
    await alone.member("vip", "novikov", reason="lunch")
    await alone.call(DEALERS)
    await until(alone.count, 1)
    novikov = 'novikov, team: row-b, grade: regular, queues: [support, vip], certified: "2026-10-12"'
    alone.spec(("project", novikov, novikov.replace("2026", "2036")))
    assert await alone.dangers() == {
        "member-last": {"logged in": 1, "paused": 1}, "member-nobody": {"waiting": 1}
    }  # fmt: skip
    alone.spec(("project", novikov, novikov.replace(", vip", "")))
    assert await alone.dangers() == {"member-nobody": {"waiting": 1}}
    await alone.member("vip", "fedorov", reason="lunch")
    assert await alone.dangers() == {}
    assert await alone.apply() == 0
    others = {(queue(name), "fedorov") for name in ("vip", "orders", "support", "overflow")}
    assert set(await alone.members()) == {*others, (queue("support"), "novikov")}
    alone.spec(("project", novikov, novikov.replace("2026", "2036")))
    assert await alone.dangers() == {"member-last": {"logged in": 1, "paused": 1}}
    assert await alone.apply() == 1
    assert await alone.apply("--accept=drops-log-ins") == 0
    assert set(await alone.members()) == others
    assert await alone.count() == 1


async def test_lines_change_under_a_call(alone):
    """The timer of a wrap-up waits while a line behind it, which somebody changed by hand, is put back: it goes on in the
    new line. Lines of nobody change under nobody.
    """
    alone.node.cli("dialplan add extension s,2,Set,DB(impact/said)=by-hand into cct-timer replace")
    alone.spec(*HOT["file-changed"])
    assert await alone.dangers() == {}
    async with alone.tester() as tester:
        headers = {"Channel": "Local/s@cct-timer/n", "Application": "Wait", "Data": "1", "Async": "true"}
        await tester.action("Originate", {**headers, "Timeout": "60000", "Variable": ["__CCT_WRAP=15"]})
    await until(lambda: alone.at("Wait"), True)
    assert await alone.dangers() == {"lines": {"calls up": 1}}
    assert await alone.apply() == 1
    assert await alone.apply("--accept", "moves-running-calls") == 0
    assert await alone.at("Wait")
    await until(alone.channels, frozenset(), 30)
    assert "by-hand" not in alone.node.cli("database show impact")


async def test_a_removed_trunk(alone):
    """A call in the menu of the old generation that is transferred over a trunk that has gone: the transfer fails."""
    alone.spec(
        (
            "project",
            "  client-pbx: {address: 10.40.0.5, channels: 8}\n",
            "  client-pbx: {address: 10.40.0.5, channels: 8}\n  spare: {address: 10.40.0.6, channels: 8}\n",
        ),
        here("spare"),
    )
    assert await alone.apply() == 0
    await alone.call(NUMBER)
    await until(lambda: alone.last("step"), "subject")
    alone.spec()
    assert await alone.dangers() == {}
    alone.spec(
        (
            "project",
            "  client-pbx: {address: 10.40.0.5, channels: 8}\n",
            "  spare: {address: 10.40.0.6, channels: 8}\n",
        ),
        ("project", "    trunk: client-pbx\n", "    trunk: spare\n"),
        ("site", "  northwind-hotline.client-pbx: ", "  northwind-hotline.spare: "),
    )
    assert await alone.dangers() == {"trunk-remove-coming": {"calls up": 1}}
    assert await alone.apply() == 1
    assert await alone.apply("--accept", "moves-running-calls") == 0
    await alone.press("0")
    await until(lambda: alone.went("head-office", "transfer-failed"), True, 15)
    alone.forgive("Unable to create", "does not exist")


async def test_a_call_outlives_its_phone_and_its_trunk(alone):
    """Agent and carrier are removed under a call that is up: it stays, and ends when the caller hangs up."""
    street = alone.line.lab.street
    await street.set_phone("novikov", answer_after=0.1)
    await alone.member("vip", "novikov")
    call = await alone.call(DEALERS)
    await until(alone.talking, 1)
    channels = await alone.channels()
    alone.spec(
        ("site", carrier(alone), ""),
        ("site", re.search(r"- \{agent: novikov, .*\n", alone.texts["site"])[0], ""),
        ("project", re.search(r"  - \{agent: novikov, .*\n", alone.texts["project"])[0], ""),
    )
    assert await alone.dangers() == {"member-last": {"logged in": 1}}
    assert await alone.apply("--accept=drops-log-ins") == 0
    await asyncio.sleep(1)
    assert await alone.channels() == channels
    await street.hang_up(call)
    await until(alone.channels, frozenset())
    assert [mark.kind for mark in alone.said()[-2:]] == ["out", "end"]


async def test_a_message_of_a_step_that_went(alone):
    """A caller speaks while the step gets another name: the message is kept, and nobody gets it; one of before is waited
    for by who the spec says.
    """

    async def leave(name: str, stop) -> None:
        call = await alone.call(DEALERS)
        await until(lambda: alone.last("ask"), name, 20)
        await stop()
        await asyncio.sleep(3)
        await alone.line.lab.street.hang_up(call)
        await until(alone.channels, frozenset())
        alone.heard = len(alone.said())

    async def other_name() -> None:
        alone.renamed("leave-message", "say-it")
        assert await alone.dangers() == {"messages-remove-coming": {"calls up": 1}}
        assert await alone.apply() == 1
        assert await alone.apply("--accept", "moves-running-calls") == 0

    def waiting() -> list[tuple[str, tuple[str, ...]]]:
        found = sorted((one for one in messages.shown(alone.loaded()) if one.seconds > 2), key=lambda one: one.at)
        return [(one.step, one.waiting) for one in found]

    to = ("hotline@centre.example",)
    await leave("leave-message", lambda: asyncio.sleep(1))
    assert waiting() == [("leave-message", to)]
    await leave("leave-message", other_name)
    assert waiting()[1:] == [("leave-message", ())]
