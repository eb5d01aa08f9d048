"""Two nodes and a capture process for each: as services that watch themselves, beside each other in one store, and by TLS."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.request import urlopen

import pytest
from msgspec.structs import replace

from cctoolkit.ami.client import Client
from cctoolkit.errors import SwitchUnreachable
from cctoolkit.lab.node_config import HOME
from cctoolkit.workflow import specs, switch
from tests.live.conftest import on_nodes
from tests.live.test_gap import NUMBER, calls, wait_for, whole

pytestmark = pytest.mark.live
ROOT = Path(__file__).parents[2]
_NUMBERS = count()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A lab of two nodes with everything applied; they are killed on purpose, so their logs are not judged."""
    with on_nodes(2, tmp_path_factory.mktemp("two")) as found:
        yield found


class Captured:
    """`cctoolkit capture` of one node, as systemd would run it."""

    def __init__(self, line, folder: Path, node: str, *more: str) -> None:
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = folder.parent / f"notify-{next(_NUMBERS)}"
        self._heard.bind(str(path))
        self._heard.settimeout(20)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cctoolkit", "capture", "--site", line.site, "--store", str(folder), "--node", node, "--log", "json", *more],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=line.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "3000000"},
        )  # fmt: skip

    def told(self, what: str) -> str:
        """Wait until systemd would have been told `what`."""
        while what not in (text := self._heard.recv(4096).decode()):
            assert self.process.poll() is None
        return text

    def ended(self) -> tuple[int, list[dict[str, object]]]:
        """Wait for its end; return its exit code and all it said, each line an object."""
        code = self.process.wait(timeout=20)
        said = [json.loads(line) for line in self.process.stderr]
        self.process.stderr.close()
        self._heard.close()
        return code, said


@contextmanager
def captured(line, folder, node, *more):
    found = Captured(line, folder, node, *more)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.process.kill()
            found.ended()


def status(line, capsys, folder, *more):
    """Return the exit code of `capture status` and each node's state."""
    capsys.readouterr()
    code = line.run("capture", "status", "--store", str(folder), "--format", "json", *more)
    return code, {one["node"]: one for one in json.loads(capsys.readouterr().out)}


def metrics(port):
    text = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    assert "79160000031" not in text
    return {name: float(value) for name, value in (row.rsplit(" ", 1) for row in text.splitlines() if row[0] != "#")}


def test_a_process_a_node(two, tmp_path, capsys, unused_tcp_port):
    """Two processes fill one store, a third for a node that has one is refused. The one whose node is away waits, and is
    ready when that comes; a node that falls silent is seen in status, metrics and log. Both end with everything kept.
    """
    folder, n2, port = tmp_path / "store", two.lab.nodes["n2"], unused_tcp_port
    n2.kill9()
    with (
        captured(two, folder, "n1") as first,
        captured(two, folder, "n2", "--wait", "--metrics", f"127.0.0.1:{port}") as second,
    ):
        assert "capturing n1" in first.told("READY=1")
        first.told("WATCHDOG=1")
        second.told("away: n2")
        code, found = status(two, capsys, folder)
        assert (code, found["n1"]["state"], found["n2"]["state"]) == (2, "capturing", "away")
        with captured(two, folder, "n1") as third:
            code, said = third.ended()
        assert (code, said[-1]["event"], said[-1]["text"]) == (1, "failed", "another capture writes this journal")
        n2.start()
        second.told("READY=1")
        second.told("WATCHDOG=1")
        code, found = status(two, capsys, folder, "--site", two.site)
        assert (code, {name: one["state"] for name, one in found.items()}) == (
            0,
            {"n1": "capturing", "n2": "capturing"},
        )
        # One machine, one clock: the pings find them equal to what they may be off by.
        for one in found.values():
            assert abs(one["clock"]["skew_seconds"]) <= one["clock"]["precision_seconds"] + 0.001
        asyncio.run(_calls(two))
        wait_for(folder, lambda found: len(found) == 2 and all(map(whole, found.values())))
        assert {record.node for record in calls(folder).values()} == {"n1", "n2"}
        n2.kill9()
        second.told("away: n2")
        assert metrics(port)['cctoolkit_capture_reading{node="n2"}'] == 0
        n2.start()
        second.told("capturing n2")
        now = metrics(port)
        assert now['cctoolkit_capture_reading{node="n2"}'] == now['cctoolkit_capture_reconnects_total{node="n2"}'] == 1
        assert now['cctoolkit_capture_gaps_total{node="n2"}'] == 1
        assert now['cctoolkit_capture_gap_seconds_total{node="n2"}'] > 0.5
        assert now['cctoolkit_capture_lag_seconds{node="n2"}'] < 20
        first.process.send_signal(signal.SIGTERM)
        first.told("STOPPING=1")
        code, said = first.ended()
        assert (code, said[-1]["event"]) == (0, "stopped")
        second.process.send_signal(signal.SIGTERM)
        code, said = second.ended()
        assert code == 0
        assert {"unreachable", "capturing", "stopped"} <= {one["event"] for one in said}
        assert all(one["node"] in ("n2", "") and one["level"] and one["time"] for one in said)
    code, found = status(two, capsys, folder)
    assert (code, {one["state"] for one in found.values()}) == (2, {"stopped"})
    assert found["n2"]["pulse"]["today"]["count"] >= 1


async def _calls(line):
    for node, caller in (("n1", "+79160000031"), ("n2", "+79160000032")):
        await line.lab.street.place_call(NUMBER, caller=caller, node=node, hang_up_after=1)


def test_a_node_that_is_none(two, tmp_path, capsys):
    """--node of a site takes the site's nodes."""
    assert two.run("capture", "--site", two.site, "--store", str(tmp_path), "--node", "n3") == 3
    assert "the site has no node 'n3'" in capsys.readouterr().err


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def _certificate(folder: Path, name: str, address: str) -> None:
    """Make a certificate of the test's authority for an address."""
    key, request, extension = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.ext"
    _openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}")
    extension.write_text(f"subjectAltName = IP:{address}\n", encoding="ascii")
    _openssl("x509", "-req", "-in", str(request), "-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key"),
             "-CAcreateserial", "-days", "2", "-extfile", str(extension), "-out", str(folder / f"{name}.crt"))  # fmt: skip


async def test_tls_is_verified(two, tmp_path, monkeypatch):
    """A switch that speaks TLS is captured from when its certificate is good for its address and its authority is known;
    an unknown authority or another's certificate is refused before the password is sent.
    """
    node = two.lab.nodes["n1"]
    _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority of the test",
             "-keyout", str(tmp_path / "ca.key"), "-out", str(tmp_path / "ca.pem"))  # fmt: skip
    _certificate(tmp_path, "right", node.address)
    _certificate(tmp_path, "wrong", "192.0.2.7")
    (found,) = (one for one in specs.load_site(two.site).site.nodes if one.id == "n1")
    tls = switch.account(replace(found, ami=replace(found.ami, port=5039, tls=True)), found.ami.accounts.capture)
    manager = (node.config / "manager.conf").read_text(encoding="utf-8")

    async def speak(name):
        for end in ("crt", "key"):
            target = node.config / f"tls.{end}"
            target.write_bytes((tmp_path / f"{name}.{end}").read_bytes())
            os.chown(target, -1, node.installation.gid)
            target.chmod(0o640)
        at = f"{HOME}/etc/asterisk/tls"
        more = f"tlsenable = yes\ntlsbindaddr = {node.address}:5039\ntlscertfile = {at}.crt\ntlsprivatekey = {at}.key\n"
        (node.config / "manager.conf").write_text(
            manager.replace("[general]\n", f"[general]\n{more}", 1), encoding="utf-8"
        )
        await asyncio.to_thread(node.restart)

    async def refused(words):
        with pytest.raises(SwitchUnreachable, match=words) as caught:
            async with Client.connect(tls):
                pass
        assert tls.secret.reveal() not in str(caught.value)

    await speak("wrong")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    await refused("not valid for")
    await speak("right")
    async with Client.connect(tls, events=True) as client:
        await client.fully_booted()
        await client.ping()
        assert client.clock is not None
    monkeypatch.delenv("SSL_CERT_FILE")
    await refused("certificate verify failed")
