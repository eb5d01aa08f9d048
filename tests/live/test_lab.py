import asyncio
import fcntl
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cctoolkit.ami.client import Account, Client
from cctoolkit.errors import OperatorError, SwitchError, SwitchUnreachable
from cctoolkit.lab import address, install
from cctoolkit.lab.lab import Lab
from cctoolkit.lab.node import Node
from cctoolkit.node.prepare.accounts import FILE, NOISE
from cctoolkit.secret import Secret

pytestmark = pytest.mark.live

# What `apply` will bring: a trunk, a phone, a line that asks for a key and rings it, and a feature code.
MEDIA = """disallow=all
allow=alaw
direct_media=no
bind_rtp_to_media_address=yes
media_address={address}
"""
PJSIP = """[ivanova]
type=endpoint
context=agents
auth=ivanova
aors=ivanova
{media}
[ivanova]
type=aor
max_contacts=1
[ivanova]
type=auth
username=ivanova
password={secret}
[carrier]
type=endpoint
context=from-carrier
{media}
[carrier]
type=identify
endpoint=carrier
match={carrier}
"""
DIALPLAN = """[from-carrier]
exten => +78001002030,1,Answer()
 same => n,Read(KEY,beep,1,,,5)
 same => n,Set(DB(seen/key)=${KEY})
 same => n,Set(DB(seen/number)=${CALLERID(num)})
 same => n,Dial(PJSIP/ivanova,5)
 same => n,Hangup(17)
[agents]
exten => *11,1,Answer()
 same => n,Set(DB(seen/agent)=${CALLERID(num)})
 same => n,Hangup(16)
"""


def processes(lab: Lab) -> list[int]:
    """All processes that have a folder of this lab on their command line, or live in its namespaces."""
    spaces, found = set(), []
    everyone = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    for entry in everyone:
        try:
            if str(lab.folder).encode() in (entry / "cmdline").read_bytes() and entry.name != str(os.getpid()):
                spaces.add((entry / "ns/mnt").readlink())
        except OSError:
            continue
    for entry in everyone:
        try:
            if (entry / "ns/mnt").readlink() in spaces - {Path("/proc/self/ns/mnt").readlink()}:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def is_free(block: int) -> bool:
    with (address.LOCKS / f"127.{block}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def block_of(lab: Lab) -> int:
    return int(lab.nodes["n1"].address.split(".")[1])


def assert_nothing_left(lab: Lab) -> None:
    assert processes(lab) == []
    assert str(lab.folder) not in Path("/proc/self/mountinfo").read_text()
    assert is_free(block_of(lab))


def wait_until(condition, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


async def eventually(condition, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def python(code: str, *arguments: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )


UP = """
import pathlib, sys, time
from cctoolkit.lab.lab import Lab
lab = Lab(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), owned=sys.argv[3] == "owned")
lab.up(nodes=2)
print("up", flush=True)
if lab.owned:
    time.sleep(600)
"""


@pytest.fixture
def free_lab(tmp_path, lab_template):
    """A lab that outlives its command, not yet up; taken down at the end."""
    said = []
    lab = Lab(tmp_path / "lab", lab_template, progress=said.append)
    lab.said = said
    yield lab
    lab.down()
    assert processes(lab) == []


def test_up_status_down_leave_nothing_behind(free_lab):
    """What `lab up` starts `lab status` shows and `lab down` takes away whole."""
    assert free_lab.status() == []
    free_lab.up()
    assert [(s.name, s.ready) for s in free_lab.status()] == [("n1", True), ("street", True)]
    assert len(processes(free_lab)) >= 6
    free_lab.down()
    assert [(s.name, s.pid, s.ready) for s in free_lab.status()] == [
        ("n1", None, False),
        ("street", None, False),
    ]
    assert_nothing_left(free_lab)
    free_lab.down()


def test_up_again_keeps_what_runs_and_adds_what_is_missing(free_lab):
    """`up` twice starts nothing twice and says what is up; more nodes join the ones that run."""
    free_lab.up()
    before = free_lab.status()
    free_lab.up()
    assert free_lab.status() == before
    assert any("n1 is up" in line for line in free_lab.said)
    free_lab.up(nodes=2)
    after = {s.name: s for s in free_lab.status()}
    assert after["n1"] == before[0]
    assert after["n2"].ready


def test_a_lab_that_is_not_owned_outlives_its_command_and_another_takes_it_down(free_lab):
    """`lab up` ends, the lab stays, and a later command finds it by its folder."""
    with python(UP, free_lab.folder, free_lab.template, "free") as command:
        assert command.wait(60) == 0
    assert [s.ready for s in free_lab.status()] == [True, True, True]
    free_lab.down()
    assert_nothing_left(free_lab)


def test_kill_9_of_the_owner_leaves_nothing(free_lab):
    """An owned lab goes with its owner, however the owner goes."""
    with python(UP, free_lab.folder, free_lab.template, "owned") as owner:
        assert owner.stdout.readline() == "up\n"
        assert len(processes(free_lab)) >= 9
        owner.kill()
    wait_until(lambda: not processes(free_lab))
    assert_nothing_left(free_lab)
    assert all(s.pid is None for s in free_lab.status())


SLOW_UP = """
import pathlib, sys, time
from cctoolkit.lab.lab import Lab
from cctoolkit.lab.node import Node
Node.ready = lambda node: print("spawned", flush=True) or time.sleep(600)
Lab(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])).up()
"""


def test_kill_9_in_the_middle_of_up_leaves_nothing(free_lab):
    """Until `up` has seen a node answer, the node is tied to it, even one that is to stay."""
    with python(SLOW_UP, free_lab.folder, free_lab.template) as command:
        assert command.stdout.readline() == "spawned\n"
        command.kill()
    wait_until(lambda: not processes(free_lab))
    assert_nothing_left(free_lab)


def test_a_killed_node_comes_up_again_with_its_database_and_log(free_lab):
    """`up` after kill -9 clears what the crash left in run/ and keeps what a real node would keep."""
    free_lab.up()
    node = free_lab.nodes["n1"]
    node.cli("database put keep me here")
    node.restart()
    assert "here" in node.cli("database get keep me")
    pid, log = node.running().pid, node.messages.stat().st_size
    node.kill9()
    assert not node.alive()
    assert (node.folder / "run/asterisk.ctl").exists()
    free_lab.up()
    assert node.ready()
    assert node.running().pid != pid
    assert node.messages.stat().st_size > log
    assert "here" in node.cli("database get keep me")


def test_a_node_whose_asterisk_dies_is_gone_whole(free_lab):
    """kill -9 of Asterisk itself, inside, ends the namespace as well."""
    free_lab.up()
    node = free_lab.nodes["n1"]
    os.kill(node.switch_pid(), 9)
    wait_until(lambda: not node.alive())
    free_lab.up()
    assert node.ready()


def test_two_labs_run_side_by_side(lab, free_lab):
    """Each lab has addresses of its own, and its phones know only its own node."""
    free_lab.up()
    assert block_of(lab) != block_of(free_lab)
    assert all(s.ready for s in (*lab.status(), *free_lab.status()))


def test_a_taken_port_is_one_clear_error(free_lab):
    """Another program on the node's port is named before anything is started."""
    free_lab.up()
    free_lab.down()
    taken = socket.create_server((free_lab.nodes["n1"].address, 5038))
    with taken, pytest.raises(OperatorError, match="port 5038 is taken"):
        free_lab.up()


def test_an_asterisk_that_does_not_start_says_why(tmp_path):
    """The error carries Asterisk's own last words, and nothing is left running."""
    node = Node("broken", tmp_path / "broken", "127.252.0.1", install.ensure(print), owned=True)
    node.prepare({"asterisk.conf": "[directories]\nastmoddir => /nowhere\nastlogdir => /srv/log\n"})
    with pytest.raises(SwitchUnreachable, match=r"node broken: Asterisk did not come up: .*/nowhere"):
        node.start()
    assert not node.alive()


def test_a_phone_without_an_endpoint_knocks_at_the_node(lab):
    """Before the first apply the phones' registrations reach the node and are refused."""
    messages = lab.nodes["n1"].messages
    wait_until(lambda: "Request 'REGISTER' from '<sip:petrov@" in messages.read_text())


def test_the_start_up_log_is_clean(lab):
    """The base configuration starts Asterisk without one warning or error."""
    assert "Asterisk 22." in lab.nodes["n1"].messages.read_text()
    assert lab.nodes["n1"].problems() == []


def test_russian_sounds_and_music_on_hold_are_there(lab):
    """The two things that no package brings ready: sounds under `ru`, and music."""
    node = lab.nodes["n1"]
    assert "loop" in node.cli("moh show files")
    root = node.installation.root
    assert root is None or (root / "usr/share/asterisk/sounds/ru/digits/1.gsm").is_file()


def listening(lab: Lab) -> dict[tuple[str, str], set[str]]:
    """(protocol, address) -> ports, of all sockets that the lab's processes hold."""
    mine = {str(pid) for pid in processes(lab)}
    found: dict[tuple[str, str], set[str]] = {}
    lines = subprocess.run(["ss", "-Hlnptu"], capture_output=True, text=True, check=True).stdout.splitlines()
    for line in lines:
        protocol, _, _, _, local, *_ = line.split()
        if mine & set(re.findall(r"pid=(\d+)", line)):
            address, _, port = local.rpartition(":")
            found.setdefault((protocol, address), set()).add(port)
    return found


def outside_loopback(lab: Lab) -> dict[tuple[str, str], set[str]]:
    # PJSIP's DNS client opens one UDP socket a family on a port of the kernel's choice; nothing serves there.
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    wide = {key: ports for key, ports in listening(lab).items() if not key[1].startswith("127.")}
    return {
        (protocol, address): ports
        for (protocol, address), ports in wide.items()
        if protocol != "udp" or not all(low <= int(port) <= high for port in ports)
    }


async def phone_of_ivanova(lab: Lab) -> None:
    """Put the hand-written release in place of the empty one and wait for the phone."""
    node = lab.nodes["n1"]
    carrier = f"127.{block_of(lab)}.0.1"
    secret = (lab.folder / "secrets/phone-ivanova").read_text().strip()
    current = node.config / "cctoolkit/current"
    media = MEDIA.format(address=node.address)
    (current / "pjsip.conf").write_text(PJSIP.format(media=media, secret=secret, carrier=carrier))
    (current / "extensions.conf").write_text(DIALPLAN)
    node.cli("module reload res_pjsip.so")
    node.cli("dialplan reload")
    await lab.street.wait_registered(["ivanova"])


async def test_a_call_from_the_street_reaches_a_registered_phone_and_is_witnessed(lab):
    """A caller presses a key, the agent's phone answers, talks and hangs up; the street's log tells all."""
    await phone_of_ivanova(lab)
    street = lab.street
    assert await street.registered() == ["ivanova"]
    await street.set_phone("ivanova", answer_after=0.2, talk=0.5)
    call = await street.place_call("+78001002030", caller="+79990000001", name='x,"y', keys=[(0.6, "7")])
    answered = await street.wait_for(lambda e: e.endpoint == "phone-ivanova" and e.kind == "ANSWER")
    assert (answered.caller_number, answered.exten) == ("+79990000001", "ivanova")
    assert outside_loopback(lab) == {}
    ended = await street.wait_for(lambda e: e.uniqueid == call and e.kind == "HANGUP")
    assert (ended.cause, ended.caller_name, ended.dialled) == (16, 'x,"y', "+78001002030")
    mine = [e for e in street.witness() if e.uniqueid == call]
    assert [e.extra for e in mine if e.name == "pressed"] == ["7"]
    assert 0.4 < (answered.at - mine[1].at).total_seconds() < 3
    assert "7" in lab.nodes["n1"].cli("database get seen key")


@pytest.mark.parametrize(("answers", "cause"), [("busy", 17), (False, 17)])
async def test_a_phone_may_be_busy_or_never_answer(lab, answers, cause):
    """What a phone does is set at run time, from its next call on."""
    await phone_of_ivanova(lab)
    await lab.street.set_phone("ivanova", answers=answers)
    call = await lab.street.place_call("+78001002030", keys=[(0.3, "1")], hang_up_after=4)
    first = await lab.street.wait_for(lambda e: e.uniqueid == call and e.kind == "CHAN_START")
    rung = await lab.street.wait_for(
        lambda e: e.endpoint == "phone-ivanova" and e.kind in ("ANSWER", "HANGUP"), since=first.at
    )
    assert rung.kind == "HANGUP"
    assert (rung.cause == cause) == (answers == "busy")


async def test_the_street_hangs_up_when_told_and_when_its_time_is_over(lab):
    """A caller leaves after `hang_up_after` seconds, or at once on `hang_up`."""
    await phone_of_ivanova(lab)
    await lab.street.set_phone("ivanova", answers=False)
    timed = await lab.street.place_call("+78001002030", hang_up_after=0.5)
    told = await lab.street.place_call("+78001002030", caller="")
    await lab.street.wait_for(lambda e: e.uniqueid == told and e.kind == "ANSWER")
    await lab.street.hang_up(told)
    ends = [await lab.street.wait_for(lambda e, c=c: e.uniqueid == c and e.kind == "HANGUP") for c in (timed, told)]
    answer = await lab.street.wait_for(lambda e: e.uniqueid == timed and e.kind == "ANSWER")
    assert 0.4 < (ends[0].at - answer.at).total_seconds() < 2


async def test_an_agent_dials_a_feature_code_from_the_phone(lab):
    """The node knows the phone by its registration's name and password."""
    await phone_of_ivanova(lab)
    call = await lab.street.agent_dials("ivanova", "*11")
    ended = await lab.street.wait_for(lambda e: e.uniqueid == call and e.kind == "HANGUP")
    assert ended.cause == 16
    assert "ivanova" in lab.nodes["n1"].cli("database get seen agent")


async def test_waiting_in_vain_says_what_was_seen(lab):
    with pytest.raises(SwitchError, match=r"did not come within 0\.05 s; the last seen"):
        await lab.street.wait_for(lambda e: False, 0.05)


def account(lab: Lab, name: str) -> Account:
    secret = (lab.folder / f"secrets/n1-cct-{name}").read_text().strip()
    return Account(lab.nodes["n1"].address, 5038, f"cct-{name}", Secret(secret))


async def test_the_accounts_may_do_their_work_and_no_more(lab):
    """Least privilege: deploying reloads, testing originates, capturing only reads."""
    originate = {"Channel": "Local/1@nowhere/n", "Application": "Wait", "Data": "1", "Async": "true"}
    async with Client.connect(account(lab, "deploy")) as deploy:
        await deploy.action("Reload", {"Module": "app_queue"})
        assert "queue" in (await deploy.command("module show like app_queue"))
        with pytest.raises(SwitchError):
            await deploy.action("Originate", originate)
    async with Client.connect(account(lab, "test")) as test:
        await test.action("Originate", originate)
        with pytest.raises(SwitchError):
            await test.command("core show version")
    async with Client.connect(account(lab, "capture"), events=True) as capture:
        assert await capture.listing("CoreShowChannels") is not None
        await capture.fully_booted()
        for name, headers in (("Originate", originate), ("Command", {"Command": "x"}), ("Reload", {})):
            with pytest.raises(SwitchError):
                await capture.action(name, headers)


async def test_a_capture_sees_calls_without_the_noise(lab):
    """The filter lets the events of calls through, with microseconds, and keeps variables and steps out."""
    await phone_of_ivanova(lab)
    async with Client.connect(account(lab, "capture")) as capture, capture.subscribe() as events:
        await capture.action("Events", {"EventMask": "on"})
        await lab.street.place_call("+78001002030", hang_up_after=0.2)
        seen = []
        async with asyncio.timeout(10):
            async for event in events:
                seen.append(event)
                if event.event == "Hangup":
                    break
    names = {event.event for event in seen}
    assert "Newchannel" in names
    assert not names & set(NOISE)
    assert all(re.fullmatch(r"\d+\.\d{6}", event.get("Timestamp")) for event in seen)


def test_secrets_are_closed_to_others(lab):
    assert {p.stat().st_mode & 0o777 for p in (lab.folder / "secrets").iterdir()} == {0o600}
    manager = lab.nodes["n1"].config / FILE
    assert (manager.stat().st_mode & 0o777, manager.stat().st_gid) == (
        0o640,
        lab.nodes["n1"].installation.gid,
    )


@pytest.fixture
def failing_debootstrap(tmp_path, monkeypatch):
    script = tmp_path / "bin/debootstrap"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\nmkdir -p $4\necho 'E: no archive today'\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(install, "_system", lambda: None)


def test_a_failed_build_says_why_and_is_never_taken_for_an_installation(failing_debootstrap):
    for _ in range(2):  # the second finds the first one's remains
        with pytest.raises(OperatorError, match="debootstrap failed: E: no archive today"):
            install.ensure(lambda _line: None)
    assert not (install.cache_folder() / "asterisk-22").exists()
