"""The client's PBX over a real trunk: registration, TLS, SRTP, what verify sees of it, and what leaves the house."""

import asyncio
import re
import subprocess

import pytest

from cctoolkit.lab.session import Caller
from cctoolkit.render import pjsip
from cctoolkit.state.described import observable
from cctoolkit.verify import trunks
from cctoolkit.verify.checks import Evidence
from cctoolkit.verify.checks.trunks import judge
from cctoolkit.workflow import specs, switch
from tests.live.conftest import expected
from tests.live.pbx import OTHER_CA_PORT, Pbx

pytestmark = pytest.mark.live

PROJECT = "northwind-hotline"
NAME = f"{PROJECT}.client-pbx"
ACCOUNT = "auth: {user: centre, secret: file:secrets/pbx}, from_user: centre, register: {retry: 2s}, qualify: 2s"
TLS = f"{{address: 10.40.0.5, channels: 8, transport: tls, media_encryption: sdes, {ACCOUNT}}}"
UDP = f"{{address: 10.40.0.5, channels: 8, {ACCOUNT}}}"
EXPECTED = (
    "registration attempt", "credentials not accepted", "certificate is untrusted", "SSL routines::unsupported protocol",
    "does not exist in any format", "Is endpoint registered and reachable", "Failed to create outgoing session",
)  # fmt: skip
"""What the node's log may say of a PBX that refuses it or is silent, of a stranger's certificate, of old TLS and of a missing prompt."""


@pytest.fixture(scope="module")
def pbx(line):
    """The line of a node with a TLS transport, and the client's PBX beside it."""
    found = Pbx(line)
    yield found
    odd = [text for text in found.node.problems() if not expected(text) and not any(w in text for w in EXPECTED)]
    found.node.messages.write_text("")
    assert odd == []


async def states(line) -> dict[str, list[tuple[bool, str]]]:
    """What verify says of each trunk."""
    loaded = specs.load_site(line.site)
    node = loaded.site.nodes[0]
    async with switch.deploy_client(node) as client:
        seen = await trunks.look(client, pjsip.placed(loaded.site, node, loaded.projects))
    found: dict[str, list[tuple[bool, str]]] = {}
    for one in judge(Evidence(observable({}), observable({}), (), (), trunks=seen)):
        found.setdefault(one.subject, []).append((one.good, one.text))
    return found


async def settled(line, wanted: bool, *, seconds: float = 20) -> list[str]:
    """What verify says of the client's PBX, once it is all good, or is not."""
    until = asyncio.get_running_loop().time() + seconds
    while True:
        said = (await states(line))[f"trunk client-pbx of {PROJECT}"]
        if all(good for good, _ in said) == wanted:
            return [text for _, text in said]
        assert asyncio.get_running_loop().time() < until, (said, line.lab.nodes["n1"].problems()[-3:])
        await asyncio.sleep(0.2)


async def media(pbx, channel: str) -> tuple[int, int]:
    """Packets of the trunk's channel at the node so far: received, sent."""
    for row in (await asyncio.to_thread(pbx.node.cli, "pjsip show channelstats")).splitlines():
        if channel[:18] in row:
            counts = re.search(r"alaw +([0-9]+)K? +\S+ +\S+ +\S+ +([0-9]+)", row)
            return int(counts[1]), int(counts[2])
    raise AssertionError(f"no media of {channel}")


async def ask(session, channel: str, what: str) -> str:
    return (await session._client.action("Getvar", {"Channel": channel, "Variable": what})).get("Value")


async def way(line) -> str:
    """Place a call that is to be put through and return how it left that step, within a few seconds."""
    log = line.lab.nodes["n1"].queue_log

    def ways() -> list[str]:
        rows = [row.split("|") for row in log.read_text(encoding="utf-8").splitlines()]
        return [row[9] for row in rows if row[4] == "CCTOUT" and row[8] == "head-office"]

    before = len(ways())
    async with line.lab.street.session() as session:
        call = await session.place_call("+78001002030", Caller(), keys=[(0.8, "0")])
        async with asyncio.timeout(8):
            while len(ways()) == before:
                await asyncio.sleep(0.1)
        await session.hang_up(call)
    return ways()[-1]


async def test_a_call_over_tls_with_srtp_and_nothing_of_ours_in_it(line, pbx, capsys):
    """The plan speaks the spec's words and no password; the PBX sees our registration, takes the call encrypted, hears
    and is heard; no header and no word of ours, nor a header the caller made up, reaches it.
    """
    await asyncio.to_thread(pbx.starts)
    pbx.trunk(TLS)
    assert await line.run_aside("plan", "--site", line.site) == 2
    plan = capsys.readouterr().out
    assert f"~ trunk client-pbx of {PROJECT}\n" in plan
    assert "      transport: udp -> tls\n" in plan
    assert "      media_encryption: no -> sdes\n" in plan
    assert "auth.secret: nothing -> hmac:" in plan
    assert "correct horse" not in plan
    assert await line.run_aside("apply", "--site", line.site) == 0
    (file,) = (pbx.node.config / "cctoolkit/current").glob("pjsip.conf")
    assert file.stat().st_mode & 0o777 == 0o640
    (said,) = await settled(line, True)
    assert said.startswith("registered, answers in ")
    assert said.endswith("tls with SRTP")
    assert "centre/sip:centre@" in pbx.street.cli("pjsip show contacts")
    caller = Caller(headers=(("X-CCT-Call", "forged"), ("X-Secret", "forged")))
    async with pbx.call(caller=caller) as (session, channel):
        assert await ask(session, channel, "CHANNEL(rtp,secure)") == "1"
        assert await ask(session, channel, "CHANNEL(pjsip,secure)") == "1"
        names = (await ask(session, channel, "PJSIP_HEADERS()")).split(",")
        headers = {name: await ask(session, channel, f"PJSIP_HEADER(read,{name})") for name in names}
        assert {name for name in headers if name.startswith("X-")} == set()
        assert not re.search("cct|forged|northwind", str(headers), re.IGNORECASE), headers
        # With from_user nothing says who calls.
        assert "sip:centre@" in headers["From"]
        assert not re.search(caller.number.lstrip("+"), str(headers)), headers
        assert headers["User-Agent"].startswith("Asterisk")
        await asyncio.sleep(1)
        received, sent = await media(pbx, NAME)
        assert received > 20
        assert sent > 20


async def test_a_reload_leaves_calls_and_registrations_alone(line, pbx):
    """A call over a trunk that changes from TLS to UDP goes on as it is, audible on both sides; a change elsewhere does
    not register again.
    """
    await settled(line, True)
    async with pbx.call() as (session, channel):
        pbx.trunk(UDP)
        assert await line.run_aside("apply", "--site", line.site) == 0
        before = await media(pbx, NAME)
        await asyncio.sleep(1)
        after = await media(pbx, NAME)
        assert all(later > earlier + 20 for later, earlier in zip(after, before, strict=True))
        assert await ask(session, channel, "CHANNEL(rtp,secure)") == "1"
    pbx.trunk(TLS)
    assert await line.run_aside("apply", "--site", line.site) == 0
    await settled(line, True)
    contact = [row for row in pbx.street.cli("pjsip show aor centre").splitlines() if "centre/sip" in row]
    line.edit("limit: 3s", "limit: 4s")
    assert await line.run_aside("apply", "--site", line.site) == 0
    assert [row for row in pbx.street.cli("pjsip show aor centre").splitlines() if "centre/sip" in row] == contact


async def test_a_wrong_password_is_rejected_and_seen_at_once(line, pbx):
    """Asterisk keeps the old registration until it expires; apply registers anew, so that verify says rejected."""
    pbx.secret.write_text("battery staple\n")
    assert await line.run_aside("apply", "--site", line.site) == 0
    said = await settled(line, False)
    assert said[0].startswith("rejected: it does not let centre register; next: ")
    assert "battery" not in str(said)
    pbx.secret.write_text("correct horse\n")
    assert await line.run_aside("apply", "--site", line.site) == 0
    await settled(line, True)


async def test_a_strangers_certificate_is_refused(line, pbx):
    """A PBX whose certificate another CA signed gets neither our account nor calls."""
    pbx.trunk(TLS.replace("channels: 8", f"port: {OTHER_CA_PORT}"))
    assert await line.run_aside("apply", "--site", line.site) == 0
    registration, reach = await settled(line, False)
    assert await way(line) == "transfer-failed"
    assert registration.startswith(("not registered: no good answer", "rejected"))
    assert f"unreachable: no answer from {pbx.address}:{OTHER_CA_PORT} over tls" in reach
    assert "certificate is good" in reach


async def test_a_silent_pbx_gets_no_call(line, pbx):
    """Nobody answers there: a transfer goes on at once, and does not ring for its 20 s."""
    pbx.trunk(UDP.replace("channels: 8", "port: 5099"))
    assert await line.run_aside("apply", "--site", line.site) == 0
    await settled(line, False)
    assert await way(line) == "transfer-failed"


async def test_a_changed_transport_is_not_reloaded(line, pbx):
    """What checks certificates stays as it was until a restart, and verify sees what is in force."""
    base = pbx.node.config / "pjsip.conf"
    text = base.read_text()
    assert "verify_server = yes" in text
    base.write_text(text.replace("verify_server = yes", "verify_server = no"))
    try:
        pbx.node.cli("module reload res_pjsip.so")
        await asyncio.sleep(1)
        assert re.search(r"verify_server +: Yes", pbx.node.cli("pjsip show transport tls"))
    finally:
        base.write_text(text)
        pbx.node.cli("module reload res_pjsip.so")


@pytest.mark.parametrize(("version", "taken"), [("-tls1_1", False), ("-tls1_2", True)])
def test_old_tls_is_refused(pbx, version, taken):
    """The node's transport speaks TLS 1.2 and nothing older."""
    command = ["openssl", "s_client", "-connect", f"{pbx.node.address}:5061", version, "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=20, check=False)
    assert ("BEGIN CERTIFICATE" in done.stdout) is taken


async def test_a_pbx_that_registers_here(line, pbx):
    """Until it registers with the right password verify says so; then a caller is put through to where it came from,
    who it is in a header of its own, and as many at a time as there are channels.
    """
    pbx.trunk(
        "{registers_here: {secret: file:secrets/pbx}, qualify: 2s, channels: 1, from_user: centre, send_pai: true}"
    )
    await asyncio.to_thread(pbx.registers, NAME, "wrong")
    assert await line.run_aside("apply", "--site", line.site) == 0
    (said,) = await settled(line, False)
    assert said == f"has not registered here; next: let it register as {NAME}, with its secret"
    await asyncio.to_thread(pbx.registers, NAME, "correct horse")
    (said,) = await settled(line, True)
    assert said.startswith("has registered here, answers in ")
    async with pbx.call() as (session, channel):
        assert await ask(session, channel, "CHANNEL(rtp,secure)") == "0"
        assert "sip:centre@" in await ask(session, channel, "PJSIP_HEADER(read,From)")
        assert Caller().number in await ask(session, channel, "PJSIP_HEADER(read,P-Asserted-Identity)")
        # One call at a time: it has one.
        assert await way(line) == "transfer-failed"
    async with pbx.call():
        pass


def test_a_prompt_that_is_missing_is_named_with_its_line(line, capsys):
    """verify names the sound, the step and the line, and says what callers hear instead."""
    line.edit("prompts: [ss-noservice]", "prompts: [ss-noservice, please-try-call-later, northwind/nothing]")
    place = line.project.read_text(encoding="utf-8").split("please-try")[0]
    number, column = place.count("\n") + 1, len(place.rpartition("\n")[2]) + 1
    assert line.run("verify", PROJECT, "--site", line.site) == 2
    out = capsys.readouterr().out
    found = [row for row in out.splitlines() if " prompts: " in row]
    assert len(found) == 2
    where = f"projects/{PROJECT}/project.yaml:{number}:"
    assert f'FAIL prompts: {where}{column} step night: no sound "please-try-call-later" in ru' in found[0]
    assert "callers hear it in English" in found[0]
    assert f"{where}{column + len('please-try-call-later, ')} step night" in found[1]
    assert "callers hear nothing" in found[1]
