"""What somebody changed by hand on the real switch: seen, told, and put back; which drifts of memory a reload repairs."""

import asyncio
import json
import os
from contextlib import contextmanager

import pytest

from cctoolkit import marks
from cctoolkit.deploy.reload import MODULES
from cctoolkit.workflow import nodes, switch
from tests.live.test_agents import until

pytestmark = pytest.mark.live

PROJECT = "northwind-hotline"
ORDERS = marks.queue_name(PROJECT, "orders")
NUMBER = "78001002030"


@pytest.fixture(autouse=True)
async def nothing_drifts(line, capsys):
    """Every test begins and ends with a node as its release says."""
    assert await line.run_aside("drift", "--site", line.site) == 0
    yield
    assert await line.run_aside("drift", "--site", line.site) == 0, capsys.readouterr().out


async def drift(line, capsys):
    """Return what is found: (kind, name, option) -> finding."""
    capsys.readouterr()
    code = await line.run_aside("drift", "--site", line.site, "--format", "json")
    findings = json.loads(capsys.readouterr().out)["n1"]["findings"]
    assert code == (2 if findings else 0)
    return {(one["kind"], one["name"], one["option"]): one for one in findings}


def client(line):
    return switch.deploy_client(nodes.load_nodes(line.site).site.nodes[0])


def current(line, name):
    return line.lab.nodes["n1"].config / "cctoolkit/current" / name


async def reload(line) -> None:
    async with client(line) as asked:
        for module, _ in MODULES:
            await asked.action("Reload", {"Module": module})


@contextmanager
def edited(line, name, old, new):
    """Have other text in a file, of the same size and time: what is loaded meanwhile is drift of memory alone."""
    path = current(line, name)
    text, times = path.read_text(encoding="utf-8"), path.stat()
    assert old in text
    assert len(old) == len(new)
    path.write_text(text.replace(old, new), encoding="utf-8")
    yield
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("repair", ["apply", "reload"])
async def test_lines_of_the_dialplan(line, capsys, repair):
    """Removed, added, in a context of its own, an ignored pattern: each is seen; apply puts all back, and so does any
    reload of the dialplan, which Asterisk reads whole each time.
    """
    node = line.lab.nodes["n1"]
    for command in (
        f"remove extension {NUMBER}@cct-entry", "add extension 998,1,NoOp,hi into cct-entry",
        "add extension 1,1,NoOp,hi into cct-own", "add ignorepat _9 into cct-entry",
        "add include default into cct-trunk",
    ):  # fmt: skip
        node.cli(f"dialplan {command}")
    found = await drift(line, capsys)
    whats = {(name, option): one["what"] for (_, name, option), one in found.items()}
    assert whats["cct-entry", f"{NUMBER},1"] == "removed"
    assert [whats[one] for one in (
        ("cct-entry", "998,1"), ("cct-own", "1,1"), ("cct-entry", "ignorepat _9"), ("cct-trunk", "include default"),
    )] == ["added"] * 4  # fmt: skip
    assert found["dialplan", "cct-entry", f"{NUMBER},1"]["put_back"] == f"cctoolkit apply --site {line.site}"
    if repair == "apply":
        assert await line.run_aside("apply", "--site", line.site) == 0
    else:
        await reload(line)


async def test_what_was_loaded_from_another_file(line, capsys):
    """A queue's strategy and a phone's aor are seen where they differ in memory alone, and apply repairs them."""
    other = edited(line, "queues.conf", "strategy = rrmemory", "strategy = linear  ")
    with other, edited(line, "pjsip.conf", "aors = ivanova", "aors = sokolov"):
        await reload(line)
    await until(lambda: keys(line, capsys), {("queue", ORDERS, "strategy"), ("endpoint", "ivanova", "aors")})
    found = await drift(line, capsys)
    queue, phone = found["queue", ORDERS, "strategy"], found["endpoint", "ivanova", "aors"]
    assert (queue["side"], queue["was"], queue["now"]) == ("memory", "rrmemory", "linear")
    assert queue["take_in"].startswith("queues.orders.strategy (projects/northwind-hotline/project.yaml:")
    assert (phone["now"], phone["take_in"]) == ("sokolov", "roster of site lab")
    assert await line.run_aside("apply", "--site", line.site) == 0


async def keys(line, capsys):
    return {one for one in await drift(line, capsys) if "--test" not in one[1]}


async def test_what_the_switch_shows_nobody(line, capsys):
    """A password in memory alone is in no listing that is asked, and a reload of unchanged files keeps it: no drift is
    seen, apply finds nothing to do, and apply --reload loads all anew.
    """

    async def password():
        async with client(line) as asked:
            found = await asked.listing("PJSIPShowAuths")
        return next(e.get("Password") for e in found if e.get("ObjectName") == "ivanova")

    whole = await password()
    with edited(line, "pjsip.conf", f"password = {whole}", f"password = {'x' * len(whole)}"):
        times = current(line, "pjsip.conf").stat()
        await reload(line)
        await until(password, "x" * len(whole))
    os.utime(current(line, "pjsip.conf"), ns=(times.st_atime_ns, times.st_mtime_ns))
    assert await drift(line, capsys) == {}
    assert await line.run_aside("apply", "--site", line.site) == 0
    await reload(line)
    await asyncio.sleep(0.5)
    assert await password() == "x" * len(whole)
    assert await line.run_aside("apply", "--reload", "--site", line.site) == 0
    assert await password() == whole


@contextmanager
def logged_in(line, *agents):
    node = line.lab.nodes["n1"]
    for agent in agents:
        node.cli(f"queue add member PJSIP/{agent} to {ORDERS} penalty 0 as {agent}")
    yield
    for agent in agents:
        node.cli(f"queue remove member PJSIP/{agent} from {ORDERS}")


async def test_members_nobody_may_have(line, capsys):
    """A stranger over AMI, an agent with another penalty: seen with time and source, and apply puts them right; a
    pause and a log-in are the agent's own.
    """
    with logged_in(line, "ivanova"):
        async with client(line) as asked:
            await asked.action("QueuePause", {"Interface": "PJSIP/ivanova", "Paused": "true", "Reason": "lunch"})
            found = await drift(line, capsys)
            assert {kind for kind, *_ in found} <= {"member"}
            others = set(found)
            await asked.action("QueuePenalty", {"Interface": "PJSIP/ivanova", "Queue": ORDERS, "Penalty": "7"})
            stranger = {"Queue": ORDERS, "Interface": "Local/7@cct-shadow/n", "MemberName": "stranger"}
            await asked.action("QueueAdd", stranger)
            found = await drift(line, capsys)
            assert found["member", ORDERS, "ivanova"]["now"] == "7"
            assert found["member", ORDERS, "ivanova"]["by"].startswith("given its penalty 20")
            assert found["member", ORDERS, "Local/7@cct-shadow/n"]["by"].endswith("Z over AMI")
            assert found.keys() - others <= {("member", ORDERS, a) for a in ("ivanova", "Local/7@cct-shadow/n")}
            assert "--accept drops-log-ins" in found["member", ORDERS, "Local/7@cct-shadow/n"]["put_back"]
            assert await line.run_aside("apply", "--accept", "drops-log-ins", "--site", line.site) == 0
            assert await drift(line, capsys) == {}
            shown = await asked.listing("QueueStatus", {"Queue": ORDERS, "Member": "PJSIP/ivanova"})
        assert {e.get("PausedReason") for e in shown if e.event == "QueueMember"} == {"lunch"}
    await everybody_out(line)


async def everybody_out(line):
    async with client(line) as asked:
        for one in await asked.listing("QueueStatus"):
            if one.event == "QueueMember":
                await asked.action("QueueRemove", {"Queue": one.get("Queue"), "Interface": one.get("Location")})


async def test_a_member_that_rings_while_it_talks(line, capsys):
    """Set on a member over AMI: only the console shows it. A reload of unchanged files keeps it; a fresh release folder
    does not, and the member stays, paused as before.
    """
    ring = ("member", ORDERS, "ivanova")
    with logged_in(line, "ivanova"):
        assert await line.run_aside("apply", "--site", line.site) == 0
        async with client(line) as asked:
            await asked.action("QueuePause", {"Interface": "PJSIP/ivanova", "Paused": "true", "Reason": "lunch"})
            who = {"Queue": ORDERS, "Interface": "PJSIP/ivanova", "RingInUse": "yes"}
            await asked.action("QueueMemberRingInUse", who)
            assert (await drift(line, capsys))[ring]["now"] == "ringinuse yes"
            await reload(line)
            assert ring in await drift(line, capsys)
            assert await line.run_aside("apply", "--reload", "--site", line.site) == 0
            assert await drift(line, capsys) == {}
            shown = await asked.listing("QueueStatus", {"Queue": ORDERS})
        assert [e.get("PausedReason") for e in shown if e.event == "QueueMember"] == ["lunch"]
    await everybody_out(line)


async def test_files(line, capsys):
    """Edited, added, removed on disk: told with their lines, without a secret, and overwritten on demand."""
    queues, pjsip = current(line, "queues.conf"), current(line, "pjsip.conf")
    queues.write_text(queues.read_text(encoding="utf-8").replace("maxlen = 20", "maxlen = 77"), encoding="utf-8")
    text = pjsip.read_text(encoding="utf-8")
    secret = text.partition("password = ")[2].partition("\n")[0]
    pjsip.write_text(text.replace(secret, "letmein99"), encoding="utf-8")
    current(line, "own.conf").write_text("password = letmein99\n", encoding="utf-8")
    current(line, "messages.conf").unlink()
    assert await line.run_aside("drift", "--site", line.site) == 2
    out = capsys.readouterr().out
    for told in (
        "~ file queues.conf: edited; the switch has not loaded it", "      +maxlen = 77", "+ file own.conf: added",
        "- file messages.conf: removed", "owner root", f"apply --overwrite-edits --site {line.site}",
        "+password = hmac:",
    ):  # fmt: skip
        assert told in out
    assert "letmein99" not in out
    assert secret not in out
    await reload(line)
    await until(lambda: loaded(line, capsys), "the switch runs it")
    assert await line.run_aside("apply", "--site", line.site) == 1
    assert await line.run_aside("apply", "--overwrite-edits", "--site", line.site) == 0


async def loaded(line, capsys):
    return (await drift(line, capsys))["file", "queues.conf", ""]["loaded"]
