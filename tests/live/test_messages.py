"""Callers' messages on the real switch: recorded, mailed once, whatever callers, relays and crashes do."""

import asyncio
import email
import email.policy
import io
import json
import os
import signal
import sys
import wave
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cctoolkit import clock
from cctoolkit.ami.client import Client
from cctoolkit.calls.place import place
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.routes import routes
from cctoolkit.lab.address import MAIL_PORT
from cctoolkit.lab.session import Caller
from cctoolkit.workflow import specs
from cctoolkit.workflow.switch import account
from tests.unit.messages.left import Post, attached

pytestmark = pytest.mark.live

DEALERS = "+78126402030"
"""With nobody logged in its caller is asked for a message at once."""

SAID = 9.0
"""Seconds after the answer: the prompt and the beep take less than 5 of them."""

HOSTILE = [
    Caller("+79990000001", 'x\\", <sip:evil@x>; ${SHELL(id)} `touch /srv/db/x` %0D%0ABcc: y@z.example|#'),
    Caller("+79990000002", "Ж" * 1000),
    Caller("79990000003%0D%0ABcc: y@z.example", "name"),
    Caller('"; rm -rf / #', "%0d%0a.%0d%0a"),
    Caller("9" * 500, "x"),
    Caller("", ""),
]


def command(line):
    return [sys.executable, "-u", "-m", "cctoolkit", "messages", "send", "--site", line.site]


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@asynccontextmanager
async def sending(line):
    """Run `cctoolkit messages send` as an operator would; kill it -9 at the end unless it has ended."""
    process = await asyncio.create_subprocess_exec(*command(line), stderr=asyncio.subprocess.PIPE, env=environment())
    try:
        assert b"sending messages of n1" in await process.stderr.readline()
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def until(holds, seconds=30.0):
    async with asyncio.timeout(seconds):
        while not (found := holds()):
            await asyncio.sleep(0.05)
    return found


def letters(line):
    return [
        email.message_from_bytes(p.read_bytes(), policy=email.policy.default)
        for p in sorted(line.lab.mail.glob("*.eml"))
    ]


def recordings(line):
    return sorted((line.lab.nodes["n1"].folder / "spool/cctoolkit/voicemail").rglob("n1-*.txt"))


async def leave(line, *callers, hang_up_after=SAID):
    """Let callers leave messages, all at once, and wait until the switch has said what became of each."""
    before = len(recordings(line))
    async with line.lab.street.session() as session:
        for caller in callers:
            await session.place_call(DEALERS, caller, hang_up_after=hang_up_after)
    await until(lambda: len(recordings(line)) == before + len(callers))


def listed(line, capsys):
    capsys.readouterr()
    code = line.run("messages", "--site", line.site, "--format", "json")
    return code, json.loads(capsys.readouterr().out)


async def test_a_message_is_mailed_once_with_its_recording(line, capsys, tmp_path):
    """One letter: who, when, whom, in Russian, and the recording, as long as the caller spoke."""
    async with sending(line) as sender:
        await leave(line, Caller("+79161234567", "x,y|z"))
        [letter] = await until(lambda: letters(line))
        await asyncio.sleep(2.5)
        assert len(letters(line)) == 1
        second = await asyncio.create_subprocess_exec(*command(line), stderr=asyncio.subprocess.PIPE, env=environment())
        assert b"another process sends this node's messages" in (await second.communicate())[1]
        assert second.returncode == 1
        sender.terminate()
        assert await sender.wait() == 0
    _, [shown] = listed(line, capsys)
    assert (shown["state"], list(shown["mailed"]), shown["caller"], shown["number"]) == (
        "mailed",
        ["hotline@centre.example"],
        "+79161234567",
        "78126402030",
    )
    assert letter["Subject"].startswith("Горячая линия «Северный ветер»: сообщение, +7 916 123-45-67, 0:0")
    assert shown["call"] in letter.get_body().get_content()
    with wave.open(io.BytesIO(attached(letter))) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert seconds == pytest.approx(shown["seconds"], abs=0.001)
    # The switch's own line says when recording began and ended.
    began, ended = map(float, recordings(line)[0].read_text(encoding="ascii").split("|")[3:5])
    assert seconds == pytest.approx(ended - began, abs=0.3)
    assert seconds > 3
    assert line.run("messages", "fetch", shown["message"], "--site", line.site, "-o", str(tmp_path / "m.wav")) == 0
    assert (tmp_path / "m.wav").read_bytes() == attached(letter)


async def test_hostile_callers_and_a_relay_that_is_down(line, capsys):
    """While the relay is down messages wait; when it is up each goes once, and of its caller only digits."""
    before = len(letters(line))
    line.lab._sink().stop()
    async with sending(line) as sender:
        await leave(line, *HOSTILE)
        assert b"trying again" in await asyncio.wait_for(sender.stderr.readline(), 10)
        _, shown = listed(line, capsys)
        assert [one["state"] for one in shown].count("waiting") == len(HOSTILE)
        line.lab._sink().start(-1)
        await until(lambda: len(letters(line)) == before + len(HOSTILE))
        await asyncio.sleep(2)
    found = letters(line)[before:]
    assert len(found) == len(HOSTILE)
    assert {letter["X-Envelope-To"] for letter in found} == {"hotline@centre.example"}
    assert {name.lower() for letter in found for name in letter} == {
        "x-envelope-from", "x-envelope-to", "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type",
    }  # fmt: skip
    subjects = sorted(str(letter["Subject"]).split(", ")[1] for letter in found)
    assert subjects == sorted(["+7 999 000-00-01", "+7 999 000-00-02", "скрыт", "скрыт", "9" * 32, "скрыт"])
    assert not (line.lab.nodes["n1"].folder / "db/x").exists()


async def test_too_short_and_test_calls_are_not_mailed(line, capsys):
    """A caller who hangs up during the beep, and a test call that leaves a message."""
    before = len(letters(line))
    await leave(line, Caller(), hang_up_after=4.2)
    project = specs.load_project("northwind-hotline").project
    node = specs.load_site(line.site).site.nodes[0]
    route = next(
        r for r in routes(compile_flow(project), clock.now())[0] if r.path[-1] == ("leave-message", "message-left")
    )
    async with Client.connect(account(node, node.ami.accounts.test), events=True) as client:
        assert (await place(client, route)).path[-1] == ("leave-message", "message-left")
    assert line.run("messages", "send", "--once", "--site", line.site) == 0
    assert len(letters(line)) == before
    states = [one["state"] for one in listed(line, capsys)[1]]
    assert states.count("too short") + states.count("empty") == 1


@pytest.mark.parametrize(("where", "letters_sent"), [("thinks", 1), ("slow", 2)])
async def test_a_sender_killed_half_way(line, tmp_path, where, letters_sent):
    """Before the relay took it: one letter. After, and before that could be noted: the same one again, by its Message-ID."""
    line.lab._sink().stop()
    post = Post(tmp_path / "post")
    post.host, post.port = line.lab._sink().address, MAIL_PORT
    setattr(post, where, 5.0)
    post.up()
    try:
        await leave(line, Caller())
        async with sending(line):
            notes = line.lab.nodes["n1"].folder / "etc/asterisk/cctoolkit/outbox"
            await until(
                lambda: any(
                    json.loads(p.read_bytes()).get("tries") and not json.loads(p.read_bytes()).get("mailed")
                    for p in notes.glob("*.json")
                )
            )
            await until(lambda: where == "thinks" or post.letters())
        setattr(post, where, 0.0)
        async with sending(line):
            await until(lambda: len(post.letters()) == letters_sent)
            await asyncio.sleep(2)
        assert len(post.letters()) == letters_sent
        assert len({letter["Message-ID"] for letter in post.letters()}) == 1
    finally:
        post.end()
        line.lab._sink().start(-1)


def test_plan_shows_who_gets_messages(line, capsys):
    """A change of addresses or of the relay is a change of the release, in the spec's words; no call is touched."""
    line.edit("mail: [hotline@centre.example]", "mail: [hotline@centre.example, boss@client.example]")
    capsys.readouterr()
    assert line.run("plan", "--site", line.site) == 2
    told = capsys.readouterr().out
    assert (
        "~ messages leave-message of northwind-hotline\n      mail: hotline@centre.example -> hotline@centre.example, boss@client.example"
        in told
    )
    assert "project" not in told
    assert line.run("apply", "--site", line.site) == 0
    assert line.run("plan", "--site", line.site) == 0


async def test_a_switch_that_dies_while_a_caller_speaks(line, capsys):
    """What was recorded stays and is listed; it goes out once it has been quiet for a minute."""
    node, before = line.lab.nodes["n1"], set(Path(line.lab.nodes["n1"].folder, "spool").rglob("n1-*.wav"))
    await line.lab.street.place_call(DEALERS)
    [recording] = await until(lambda: set(Path(node.folder, "spool").rglob("n1-*.wav")) - before)
    await until(lambda: recording.stat().st_size > 60_000)
    node.kill9()
    old = clock.now().timestamp() - 61
    os.utime(recording, (old, old))
    count = len(letters(line))
    assert line.run("messages", "send", "--once", "--site", line.site) == 0
    letter = letters(line)[count]
    assert "станция остановилась" in letter.get_body().get_content()
    with wave.open(io.BytesIO(attached(letter))) as sound:
        assert sound.getnframes() * 2 >= 60_000 - 44
    node.start()
