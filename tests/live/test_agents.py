"""What agents dial on the real switch: log-in, log-out, pauses, after-call work, and all of it over a crash."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from cctoolkit import clock
from cctoolkit.workflow import specs, switch

pytestmark = pytest.mark.live

PROJECT = "northwind-hotline"
NUMBER = "+78001002030"
EVERY = ("orders", "support", "vip", "overflow")


async def members(line, agent) -> dict[str, tuple[int, str | None]]:
    """Return what app_queue knows of an agent: queue -> (penalty, reason of the pause or None)."""
    (node,) = specs.load_site(line.site).site.nodes
    async with switch.deploy_client(node) as client:
        found = [one for one in await client.listing("QueueStatus") if one.get("Name") == agent]
    return {
        one.get("Queue").removeprefix(f"{PROJECT}."): (
            int(one.get("Penalty")),
            one.get("PausedReason") if one.get("Paused") == "1" else None,
        )
        for one in found
        if one.event == "QueueMember"
    }


async def until(found, wanted, seconds=10):
    """Await until `found()`, plain or async, is `wanted`."""
    last = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                value = found()
                last = await value if asyncio.iscoroutine(value) else value
                if last == wanted:
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{last!r} is not {wanted!r} after {seconds} s") from None


def held(line, agent) -> str:
    """Return the pause the node's database holds for an agent, "" when there is none."""
    text = line.lab.nodes["n1"].cli(f"database get cct-pause {agent}")
    return text.partition("Value: ")[2].strip()


def marks_of(line, agent) -> list[str]:
    """Return the edges of an agent's after-call work in queue_log, in order."""
    rows = [row.split("|") for row in line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8").splitlines()]
    return [row[4] for row in rows if row[4] in ("CCTWRAPUP", "CCTREADY") and row[8] == agent]


def channels(line) -> str:
    """Return the node's channels, one a line: name!context!extension!priority!state!application!data!…"""
    return line.lab.nodes["n1"].cli("core show channels concise")


async def dial(line, agent, code):
    """Let the agent's phone dial a code and wait until the switch has done it and hung up."""
    call = await line.lab.street.agent_dials(agent, code)
    await line.lab.street.wait_for(lambda e: e.kind == "HANGUP" and e.uniqueid == call)


async def one_call(line, agent, *, talk=0.4):
    """Let a caller reach the one agent who is ready; return when the phone has hung up after `talk` seconds."""
    await line.lab.street.set_phone(agent, answer_after=0.1, talk=talk)
    call = await line.lab.street.place_call(NUMBER, keys=[(0.4, "1")])
    await line.lab.street.wait_for(lambda e: e.kind == "HANGUP" and e.uniqueid == call)


@pytest.fixture
async def ivanova(line):
    """An agent who is logged in alone, ready; logged out at the end, with nothing left of her."""
    await dial(line, "ivanova", "*11")
    await until(lambda: members(line, "ivanova"), {"orders": (0, None), "support": (0, None)})
    yield "ivanova"
    await dial(line, "ivanova", "*12")
    await until(lambda: members(line, "ivanova"), {})
    await until(lambda: channels(line), "")
    assert held(line, "ivanova") == ""


@pytest.fixture
def longer(line):
    """A limit of after-call work long enough for something to happen in it, however slow the machine is."""
    line.edit("limit: 3s", "limit: 7s")
    assert line.run("apply", "--site", line.site) == 0
    yield
    line.edit("limit: 7s", "limit: 3s")
    assert line.run("apply", "--site", line.site) == 0


IN_WRAP_UP = {"orders": (0, "wrap-up"), "support": (0, "wrap-up")}
AT_LUNCH = {"orders": (0, "lunch"), "support": (0, "lunch")}
READY = {"orders": (0, None), "support": (0, None)}


async def test_without_a_certificate_nobody_gets_on_the_line(line):
    """An agent who is not certified dials the log-in, hears that it is wrong, and is in no queue."""
    call = await line.lab.street.agent_dials("volkova", "*11")

    def heard():
        return ["!".join(row.split("!")[5:7]) for row in channels(line).splitlines() if "PJSIP/volkova" in row]

    await until(heard, ["Playback!agent-incorrect"])
    assert await members(line, "volkova") == {}
    await line.lab.street.hang_up(call)
    await until(lambda: channels(line), "")
    assert await members(line, "volkova") == {}


async def test_a_certificate_counts_from_its_day(line):
    """Who is certified from tomorrow on is not on the line today, who is from today on is; the plan says the same."""
    agents = '- {agent: petrov, team: row-a, grade: junior, queues: [orders], penalty: 1, certified: "2026-10-12"}'
    today = clock.now().astimezone(ZoneInfo("Europe/Moscow")).date()
    for day, wanted in ((today + timedelta(days=1), {}), (today, {"orders": (1, None)})):
        dated = agents.replace("2026-10-12", str(day))
        line.edit(agents, dated)
        assert await line.run_aside("apply", "--site", line.site) == 0
        before = line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8").count("|petrov|ADDMEMBER")
        await dial(line, "petrov", "*11")
        await until(lambda: members(line, "petrov"), wanted)
        await until(lambda: channels(line), "")
        assert await members(line, "petrov") == wanted
        added = line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8").count("|petrov|ADDMEMBER") - before
        assert added == len(wanted)
        assert await line.run_aside("plan", "--site", line.site) == 0
        line.edit(dated, agents)
    await dial(line, "petrov", "*12")
    await until(lambda: members(line, "petrov"), {})
    assert await line.run_aside("apply", "--site", line.site) == 0


async def test_a_log_in_joins_every_queue_and_a_log_out_leaves_them(line):
    """Each agent joins the queues of the spec with their penalty, no other, and leaves all of them."""
    wanted = {
        "kuznetsova": dict.fromkeys(EVERY, (0, None)),
        "petrov": {"orders": (1, None)},
        "mikhailova": {"support": (1, None)},
    }
    for agent, queues in wanted.items():
        await dial(line, agent, "*11")
        await until(lambda agent=agent: members(line, agent), queues)
    for agent in wanted:
        await dial(line, agent, "*12")
        await until(lambda agent=agent: members(line, agent), {})


async def test_a_pause_is_in_every_queue_and_is_carried_into_new_ones(line):
    """*141 pauses in all queues as lunch; who logs in while at lunch is at lunch in the queues joined; *13 ends it."""
    at_lunch = dict.fromkeys(EVERY, (0, "lunch"))
    await dial(line, "kuznetsova", "*11")
    await dial(line, "kuznetsova", "*141")
    await until(lambda: members(line, "kuznetsova"), at_lunch)
    (node,) = specs.load_site(line.site).site.nodes
    async with switch.deploy_client(node) as client:
        for queue in ("support", "vip", "overflow"):
            await client.action("QueueRemove", {"Queue": f"{PROJECT}.{queue}", "Interface": "PJSIP/kuznetsova"})
    await until(lambda: members(line, "kuznetsova"), {"orders": (0, "lunch")})
    await dial(line, "kuznetsova", "*11")
    await until(lambda: members(line, "kuznetsova"), at_lunch)
    assert held(line, "kuznetsova") == "lunch/"
    await dial(line, "kuznetsova", "*13")
    await until(lambda: members(line, "kuznetsova"), dict.fromkeys(EVERY, (0, None)))
    assert held(line, "kuznetsova") == ""
    await dial(line, "kuznetsova", "*12")


async def test_after_call_work_ends_at_its_limit(line, ivanova):
    """The end of a call pauses her everywhere as wrap-up, and the limit frees her."""
    told = len(marks_of(line, ivanova))
    await one_call(line, ivanova)
    await until(lambda: members(line, ivanova), IN_WRAP_UP)
    assert held(line, ivanova).startswith("wrap-up/n1-")
    await until(lambda: members(line, ivanova), READY)
    assert held(line, ivanova) == ""
    assert marks_of(line, ivanova)[told:] == ["CCTWRAPUP", "CCTREADY"]


async def test_a_pause_dialled_while_talking_outlives_the_call(line, ivanova):
    """The phone dials *141 beside its call; the call goes on, and at its end she is at lunch, not in wrap-up."""
    told, street = len(marks_of(line, ivanova)), line.lab.street
    await street.set_phone(ivanova, answer_after=0.1)
    call = await street.place_call(NUMBER, keys=[(0.4, "1")])
    await until(lambda: channels(line).count("!Up!AppQueue!"), 1)
    await dial(line, ivanova, "*141")
    await until(lambda: members(line, ivanova), AT_LUNCH)
    assert channels(line).count("!Up!AppQueue!") == 1
    await street.hang_up(call)
    await until(lambda: channels(line), "")
    assert (await members(line, ivanova), held(line, ivanova)) == (AT_LUNCH, "lunch/")
    assert marks_of(line, ivanova)[told:] == []


async def test_a_reason_dialled_in_wrap_up_replaces_it(line, ivanova):
    """*141 in after-call work ends that work; its limit passes and she is still at lunch."""
    told = len(marks_of(line, ivanova))
    await one_call(line, ivanova)
    await until(lambda: members(line, ivanova), IN_WRAP_UP)
    await dial(line, ivanova, "*141")
    await until(lambda: members(line, ivanova), AT_LUNCH)
    assert marks_of(line, ivanova)[told:] == ["CCTWRAPUP", "CCTREADY"]
    assert "!cct-timer!" in channels(line)
    await until(lambda: channels(line), "")  # the limit has passed
    assert (await members(line, ivanova), held(line, ivanova)) == (AT_LUNCH, "lunch/")
    assert marks_of(line, ivanova)[told:] == ["CCTWRAPUP", "CCTREADY"]


async def test_the_limit_of_one_call_does_not_end_the_wrap_up_of_the_next(line, ivanova, longer):
    """Ready at once and called again, she keeps her second wrap-up when the first one's limit passes."""

    def timers():
        return channels(line).count(";2!cct-timer!")

    await one_call(line, ivanova)
    await until(lambda: members(line, ivanova), IN_WRAP_UP)
    first = held(line, ivanova)
    await dial(line, ivanova, "*13")
    await one_call(line, ivanova, talk=0.2)
    await until(lambda: members(line, ivanova), IN_WRAP_UP)
    second = held(line, ivanova)
    assert first != second
    assert timers() == 2
    await until(timers, 1)
    assert (await members(line, ivanova), held(line, ivanova)) == (IN_WRAP_UP, second)
    await until(lambda: members(line, ivanova), READY)


async def test_a_log_out_ends_after_call_work(line, ivanova):
    """She logs out in wrap-up: it is over and told, and when she comes back she is ready, also past the limit."""
    told = len(marks_of(line, ivanova))
    await one_call(line, ivanova)
    await until(lambda: members(line, ivanova), IN_WRAP_UP)
    await dial(line, ivanova, "*12")
    await until(lambda: members(line, ivanova), {})
    assert held(line, ivanova) == ""
    assert marks_of(line, ivanova)[told:] == ["CCTWRAPUP", "CCTREADY"]
    await dial(line, ivanova, "*11")
    await until(lambda: members(line, ivanova), READY)
    await until(lambda: channels(line), "")
    assert await members(line, ivanova) == READY


async def test_a_talking_agent_is_not_rung(line, ivanova):
    """A second caller waits while she talks and her phone gets no INVITE; once she is ready it gets one."""
    street = line.lab.street
    seen = len(street.witness())

    def rings():
        return [
            e for e in street.witness()[seen:]
            if e.kind == "CHAN_START" and e.rings_phone and e.endpoint == "phone-ivanova"
        ]  # fmt: skip

    def waiting():
        return line.lab.nodes["n1"].cli(f"queue show {PROJECT}.orders").count("(wait:")

    await street.set_phone(ivanova, answer_after=0.1)
    first = await street.place_call(NUMBER, keys=[(0.4, "1")])
    await until(lambda: channels(line).count("!Up!AppQueue!"), 1)
    second = await street.place_call(NUMBER, caller="+79161234568", keys=[(0.4, "1")])
    await until(waiting, 1)
    await asyncio.sleep(1.5)  # app_queue looks for an agent every second
    assert (waiting(), len(rings())) == (1, 1)
    await street.hang_up(first)
    over = await street.wait_for(lambda e: e.kind == "HANGUP" and e.uniqueid == first)
    await until(lambda: members(line, ivanova), IN_WRAP_UP)
    assert waiting() == 1
    await dial(line, ivanova, "*13")
    await until(lambda: len(rings()), 2)
    assert rings()[1].at > over.at
    await until(lambda: channels(line).count("!Up!AppQueue!"), 1)
    await street.hang_up(second)
    await until(lambda: members(line, ivanova), IN_WRAP_UP)


def kept(line) -> dict[str, str]:
    """Return what is on the disk of the node's database, of pauses and members."""
    with closing(sqlite3.connect(line.lab.nodes["n1"].folder / "db/astdb.sqlite3")) as db:
        return dict(db.execute("SELECT key, value FROM astdb WHERE key LIKE '/cct-pause/%' OR key LIKE '/Queue/%'"))


async def test_after_call_work_and_pauses_survive_a_crash(line, ivanova, longer):
    """Killed in her wrap-up the node comes back with it and its limit, though its timer died; and a pause whose last
    write was lost in one queue is there again.
    """
    node = line.lab.nodes["n1"]
    await dial(line, "fedorov", "*11")
    await dial(line, "fedorov", "*142")
    told = len(marks_of(line, ivanova))
    await one_call(line, ivanova)
    await until(lambda: members(line, ivanova), IN_WRAP_UP)
    before = held(line, ivanova)
    orders, support = (f"/Queue/PersistentMembers/{PROJECT}.{queue}" for queue in ("orders", "support"))
    await until(lambda: [kept(line).get(key, "").count(";wrap-up;") for key in (orders, support)], [1, 1])
    node.kill9()
    paused, unpaused = ("PJSIP/fedorov;0;1;fedorov;PJSIP/fedorov;break;", "PJSIP/fedorov;0;0;fedorov;PJSIP/fedorov;;")
    assert paused in kept(line)[orders]
    with closing(sqlite3.connect(node.folder / "db/astdb.sqlite3")) as db, db:
        db.execute("UPDATE astdb SET value = replace(value, ?, ?) WHERE key = ?", (paused, unpaused, orders))
    node.start()
    on_break = dict.fromkeys(EVERY, (0, "break"))
    await until(lambda: members(line, "fedorov"), on_break, 2)
    assert await members(line, ivanova) == IN_WRAP_UP
    assert held(line, ivanova) == before
    await until(lambda: members(line, ivanova), READY)
    assert held(line, ivanova) == ""
    assert marks_of(line, ivanova)[told:] == ["CCTWRAPUP", "CCTREADY"]
    assert await members(line, "fedorov") == on_break
    await dial(line, "fedorov", "*12")
