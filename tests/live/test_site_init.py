"""`site init` on a node that nobody has prepared: Asterisk's packaged configuration, as a distribution installs it."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from cctoolkit import marks
from cctoolkit.ami.client import Client
from cctoolkit.lab import node_config
from cctoolkit.lab.lab import Lab
from cctoolkit.node.prepare.place import BACKUP
from cctoolkit.workflow import specs, switch
from tests.live.conftest import PROJECT, Line, specs_for_tests

pytestmark = pytest.mark.live

NUMBER = "78001002030"
SECRET_FILES = ("n1-cct-deploy", "n1-cct-test", "n1-cct-capture")


def packaged(node) -> None:
    """Put the packaged configuration in the place of the lab's: every file of it, but where its folders are, and which
    modules would open ports of this machine.
    """
    root = node.installation.root or Path("/")
    shutil.rmtree(node.config)
    shutil.copytree(root / "etc/asterisk", node.config)
    for path in (node.config, *node.config.rglob("*")):
        os.chown(path, node.installation.uid, node.installation.gid)
    asterisk = node.config / "asterisk.conf"
    head, found, rest = asterisk.read_text(encoding="utf-8").partition("[options]")
    assert "[directories](!)" in head
    own = node_config.common_files("n1")["asterisk.conf"].partition("[options]")[0]
    asterisk.write_text(own + found + rest, encoding="utf-8")
    (node.config / "modules.conf").write_text(node_config.modules("cel_custom"), encoding="utf-8")


@pytest.fixture
def bare(tmp_path):
    """A lab whose node is stopped, has the packaged configuration, and no secrets for its accounts."""
    template = specs_for_tests(tmp_path)
    before = Path.cwd()
    with Lab(tmp_path / "lab", template, owned=True) as lab:
        os.chdir(tmp_path)
        try:
            node = lab.nodes["n1"]
            node.stop()
            packaged(node)
            for name in SECRET_FILES:
                (lab.folder / "secrets" / name).unlink()
            yield Line(lab, tmp_path)
        finally:
            os.chdir(before)


def files(node) -> dict[str, bytes]:
    """Every file of the configuration, what is ours and the copies left out."""
    found = (path for path in node.config.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        str(path.relative_to(node.config)): path.read_bytes()
        for path in found
        if "cctoolkit" not in str(path.relative_to(node.config))
    }


async def entered(line) -> marks.Mark:
    """Place a test call and return its first mark."""
    node = specs.load_site(line.site).site.nodes[0]
    async with (
        Client.connect(switch.account(node, node.ami.accounts.test), events=True) as tester,
        tester.subscribe("UserEvent") as events,
    ):
        await tester.action("Originate", {
            "Channel": f"Local/{NUMBER}@cct-test/n", "Application": "Wait", "Data": "2", "Async": "true",
        })  # fmt: skip
        return marks.from_user_event((await events.next_matching(lambda e: e.get("Kind") == "entry", 10)).get)


def test_a_packaged_asterisk_becomes_a_node(bare, capsys):
    """Checked, prepared, nothing more to do; started, applied, called; its own files say all they said before."""
    node = bare.lab.nodes["n1"]
    before = files(node)
    assert bare.run("site", "init", "--site", bare.site, "--check") == 2
    said = capsys.readouterr().out
    assert "missing: cctoolkit: a folder" in said
    assert files(node) == before
    assert not (bare.lab.folder / "secrets" / SECRET_FILES[0]).exists()

    assert bare.run("site", "init", "--site", bare.site) == 0
    said = capsys.readouterr().out
    assert "extensions.conf: includes the releases" in said
    assert "next: restart Asterisk" in said
    secrets = [(bare.lab.folder / "secrets" / name).read_text().strip() for name in SECRET_FILES]
    assert not any(secret in said for secret in secrets)
    assert {(bare.lab.folder / "secrets" / name).stat().st_mode & 0o777 for name in SECRET_FILES} == {0o600}
    prepared = files(node)
    assert bare.run("site", "init", "--site", bare.site) == 2  # the switch does not run
    assert "n1: nothing to do" in capsys.readouterr().out
    assert files(node) == prepared

    for name, text in before.items():
        kept = [one for one in text.splitlines() if one.split(b"=")[0].strip() != b"bindaddr"]
        now = prepared[name].splitlines()
        assert [one for one in kept if one not in now] == [], name
        if prepared[name] != text:
            copy = node.config / f"{name}{BACKUP}"
            assert copy.read_bytes() == text
            assert copy.stat().st_mode == (node.config / name).stat().st_mode

    node.start()
    assert bare.run("site", "init", "--site", bare.site, "--check", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)[0]["running"] == []
    assert bare.run("apply", "--site", bare.site) == 0
    mark = asyncio.run(entered(bare))
    assert (mark.kind, mark.project) == ("entry", "northwind-hotline")
    assert mark.call.startswith("n1-")


def test_an_account_of_more_or_less_rights_is_told(bare, capsys):
    """The rights are those the switch itself says, for each account that logs in."""
    node = bare.lab.nodes["n1"]
    assert bare.run("site", "init", "--site", bare.site) == 0
    path = node.config / "cctoolkit/accounts.conf"
    text = path.read_text(encoding="utf-8")
    rights = "write = originate,call,reporting,agent"
    assert rights in text
    path.write_text(text.replace(rights, "write = all,call"), encoding="utf-8")
    node.start()
    capsys.readouterr()
    assert bare.run("site", "init", "--site", bare.site, "--check") == 2
    said = capsys.readouterr().out
    assert "account test may use Command, Reload, UpdateConfig, which it needs not" in said
    assert "missing: cctoolkit/accounts.conf" in said
    path.write_text(text, encoding="utf-8")
    (node.config / "manager.conf").write_text(
        (node.config / "manager.conf").read_text().replace("enabled = yes", "enabled = no"), encoding="utf-8"
    )
    node.cli("manager reload")
    assert bare.run("site", "init", "--site", bare.site, "--check") == 2
    said = capsys.readouterr().out
    assert "missing: manager.conf: [general] enabled = yes (was no)" in said
    assert "account deploy is not checked" in said


def test_what_general_of_queues_must_be(bare, capsys):
    """app_queue heeds the first of two lines: an option of the node's own is stronger than a release's, and is changed.
    Without any [general] of the node's it reads nothing of the file.
    """
    node = bare.lab.nodes["n1"]
    assert bare.run("site", "init", "--site", bare.site) == 0
    node.start()
    assert bare.run("apply", "--site", bare.site) == 0
    path, log = node.config / "queues.conf", node.folder / "log/queue_log"
    good = path.read_text(encoding="utf-8")

    def added(name):
        node.cli("queue reload all")
        node.cli(f"queue add member Local/{name}@default to {PROJECT}.orders penalty 0 as {name}")
        return next(line for line in reversed(log.read_text().splitlines()) if "ADDMEMBER" in line).split("|")[3]

    assert added("anna") == "anna"
    path.write_text(good.replace("[general]\n", "[general]\nlog_membername_as_agent = no\n", 1), encoding="utf-8")
    assert added("boris") == "Local/boris@default"
    capsys.readouterr()
    assert bare.run("site", "init", "--site", bare.site) == 0
    assert "[general] log_membername_as_agent = yes (was no)" in capsys.readouterr().out
    assert added("clara") == "clara"
    path.write_text('#include "cctoolkit/current/queues.conf"\n', encoding="utf-8")
    node.restart()
    assert f"{PROJECT}.orders" not in node.cli("queue show")
    assert bare.run("site", "init", "--site", bare.site) == 0
    assert "queues.conf: [general]" in capsys.readouterr().out
    node.restart()
    assert f"{PROJECT}.orders" in node.cli("queue show")
