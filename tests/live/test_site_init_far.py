"""From a node that nobody has prepared to one that is applied, verified and listened to, from another machine."""

import asyncio
import contextlib
import json
import os
import shutil
import wave
from pathlib import Path

import pytest
import yaml

from cctoolkit.ami.faults import ActionRefusedError
from cctoolkit.lab.lab import Lab
from cctoolkit.node.prepare.far import SshPlace
from cctoolkit.node.prepare.place import BACKUP
from cctoolkit.node.realtime.prepare import GENERAL, STORE
from cctoolkit.workflow import nodes, switch
from tests.live.conftest import Line
from tests.live.test_site_init import SECRET_FILES, files, packaged
from tests.sshd import PORT, Sshd
from tests.unit.messages.left import NAME, leave

pytestmark = pytest.mark.live

TO = "hotline@centre.example"
VOICEMAIL = f"""
  leave-message:
    type: voicemail
    prompts: [vm-leavemsg]
    mail: [{TO}]
    next: {{done: goodbye}}
"""


class Bare(Line):
    """A lab whose node is stopped, with the packaged configuration and no secrets for its accounts."""

    @property
    def node(self):
        """The node."""
        return self.lab.nodes["n1"]

    def site_as(self, name: str, ami: dict[str, object] | None = None, **says: object) -> str:
        """Write a site's file that says something else of the node; return its path."""
        site = yaml.safe_load(self.lab.site_file.read_text(encoding="utf-8"))
        site["nodes"][0] |= says
        site["nodes"][0]["ami"] |= ami or {}
        path = self.lab.site_file.with_name(name)
        path.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
        return str(path)


@pytest.fixture
def bare(tmp_path):
    """A line of one queue, one menu and one voicemail."""
    shutil.copytree("tests/thin", tmp_path / "thin")
    project = tmp_path / "thin/projects/northwind-hotline/project.yaml"
    text = project.read_text(encoding="utf-8").replace("prompts: [ss-noservice]\n    next: {done: goodbye}",
                                                       "prompts: [ss-noservice]\n    next: {done: leave-message}")  # fmt: skip
    head, goodbye, rest = text.partition("\n  goodbye:\n")
    project.write_text(f"{head}{VOICEMAIL}{goodbye}{rest}", encoding="utf-8")
    site = tmp_path / "thin/lab.yaml"
    site.write_text(site.read_text(encoding="utf-8") + "mail: {from: messages@centre.example}\n", encoding="utf-8")
    with Lab(tmp_path / "lab", site, owned=True) as lab, contextlib.chdir(tmp_path / "thin"):
        lab.nodes["n1"].stop()
        packaged(lab.nodes["n1"])
        for name in SECRET_FILES:
            (lab.folder / "secrets" / name).unlink()
        yield Bare(lab, tmp_path / "thin")
        problems = [text for text in lab.nodes["n1"].problems() if "cctoolkit" in text or "cct_" in text]
    assert problems == []


def test_a_node_that_is_reached_by_ssh(bare, tmp_path, capsys, monkeypatch):
    """Prepared, whatever becomes of the connection, as it would be on the node itself; applied, verified with what test
    calls said, its messages listed, fetched and sent again.
    """
    node = bare.node
    with Sshd(tmp_path / "sshd", tmp_path / "lab", f"{node.address.rpartition('.')[0]}.99") as sshd:
        ssh = {"host": sshd.address, "port": PORT, "user": "deploy", "sudo": True, "key": f"file:{sshd.key}",
               "known_hosts": str(sshd.known_hosts)}  # fmt: skip
        there = {"folder": "/srv/n1/etc/asterisk", "queue_log": "/srv/n1/log/queue_log", "spool": "/srv/n1/spool"}
        far = bare.site_as("far.yaml", {"via": "ssh"}, transport="ssh", ssh=ssh, **there)
        prepare_by_ssh(bare, sshd, far, capsys, monkeypatch)
        node.start()
        assert bare.run("site", "init", "--site", far, "--check") == 0
        assert bare.run("apply", "--site", far) == 0
        capsys.readouterr()
        assert bare.run("verify", "northwind-hotline", "--site", far) == 0
        said = capsys.readouterr().out
        assert "leave-message: recordings: what test calls said is on the node" in said
        assert "the mail relay: not asked from here" in said
        messages_from_afar(bare, far, capsys, tmp_path)


def prepare_by_ssh(bare, sshd, far, capsys, monkeypatch) -> None:
    """Run `site init` until nothing is left to do, also when the connection is lost; no project is looked at."""
    node, before = bare.node, files(bare.node)
    alone = Path(far).with_name("alone.yaml")
    alone.write_text(Path(far).read_text().replace("- northwind-hotline", "- not-there"))

    def init(*more):
        capsys.readouterr()
        code = bare.run("site", "init", "--site", str(alone), *more)
        return code, "".join(capsys.readouterr())

    code, said = init("--check")
    assert (code, files(node)) == (2, before)
    assert f"n1: reached by ssh deploy@{sshd.address}" in said
    assert "missing: cctoolkit: a folder" in said

    # The packaged manager.conf takes in manager.d/*.conf.
    own = node.config / "manager.d/own.conf"
    own.write_text("[cct-test]\nsecret = x\n")
    code, said = init()
    assert code == 1
    assert "manager.conf has an account [cct-test] of its own" in said
    own.unlink()
    assert files(node) == before

    with monkeypatch.context() as patch:
        lose_before_queues(patch, sshd)
        code, said = init()
    assert code == 4
    assert "the connection to the node was lost" in said
    assert "done before that: cctoolkit, cctoolkit/releases, cctoolkit/releases/empty, " in said
    assert "extensions.conf; site init again does what is left" in said
    sshd.start()

    code, said = init()
    assert code == 0
    assert "n1: queues.conf: includes the releases" in said
    code, said = init()  # the switch does not run
    assert (code, "n1: nothing to do, everything is there" in said) == (2, True)
    capsys.readouterr()
    bare.run("site", "init", "--site", bare.site, "--format", "json")
    assert json.loads(capsys.readouterr().out)[0]["steps"] == []
    check_copies(node, before)


def check_copies(node, before) -> None:
    """Every file that changed has a copy of what it was, and the owner and mode it had; what is ours is the group's."""
    for name, content in before.items():
        copy, now = node.config / f"{name}{BACKUP}", node.config / name
        assert copy.exists() == (now.read_bytes() != content), name
        if copy.exists():
            assert copy.read_bytes() == content
            was, here = copy.stat(), now.stat()
            assert (was.st_mode, was.st_uid, was.st_gid) == (here.st_mode, here.st_uid, here.st_gid)
    accounts = (node.config / "cctoolkit/accounts.conf").stat()
    assert (accounts.st_mode & 0o777, accounts.st_uid, accounts.st_gid) == (0o640, 0, node.installation.gid)


def lose_before_queues(monkeypatch, sshd) -> None:
    """Take the server away right before queues.conf is written."""
    real = SshPlace.write

    async def write(self, name, text):
        if name == "queues.conf":
            sshd.kill()
        return await real(self, name, text)

    monkeypatch.setattr(SshPlace, "write", write)


def messages_from_afar(bare, far, capsys, tmp_path) -> None:
    """A message that waits on the node is seen and heard; once it was mailed there, it is sent again to somebody else."""

    def listed(site):
        capsys.readouterr()
        bare.run("messages", "--site", site, "--format", "json")
        return json.loads(capsys.readouterr().out)

    recording = leave(bare.node.folder / "spool", age=5)
    for path in [*recording.parents][:5]:
        os.chown(path, bare.node.installation.uid, bare.node.installation.gid)
    [shown] = listed(far)
    assert (shown["message"], shown["waiting"], shown["seconds"]) == (NAME, [TO], 5.488)
    assert bare.run("watch", "--once", "--format", "json", "--site", far) == 0
    assert json.loads(capsys.readouterr().out)["unmailed"] == [1, 0]
    assert shown["recording"] == f"/srv/n1/spool/cctoolkit/voicemail/northwind-hotline/leave-message/{NAME}.wav"
    assert bare.run("messages", "fetch", NAME, "--site", far, "-o", str(tmp_path / "heard.wav")) == 0
    with wave.open(str(tmp_path / "heard.wav")) as heard:
        assert heard.readframes(heard.getnframes()) == recording.read_bytes()[44:]
    assert bare.run("messages", "resend", NAME, "--site", far) == 3  # not taken up
    assert bare.run("messages", "send", "--site", far) == 1
    assert "its messages are to be had there alone" in capsys.readouterr().err
    assert bare.run("messages", "send", "--once", "--site", bare.site) == 0
    assert bare.run("messages", "resend", NAME, "--to", "boss@client.example", "--site", far) == 0
    assert bare.run("messages", "send", "--once", "--site", bare.site) == 0
    [shown] = listed(far)
    assert (shown["state"], list(shown["mailed"])) == ("mailed", [TO, "boss@client.example"])
    [here] = listed(bare.site)
    assert shown | {"recording": ""} == here | {"recording": ""}
    assert len(list(bare.lab.mail.glob("*.eml"))) == 2


def test_a_node_that_is_reached_by_ami(bare, capsys):
    """From afar it is only seen what is missing; prepared on the node itself, the rest goes by AMI, and what it cannot do
    is said beforehand.
    """
    node = bare.node
    on_it = bare.site_as("on-it.yaml", transport="ami")
    far = bare.site_as("far.yaml", transport="ami", folder="/nowhere/etc/asterisk")
    look_by_ami(bare, far, capsys)
    prepare_for_rows(bare, on_it, capsys)
    node.start()
    assert bare.run("site", "init", "--site", on_it, "--check") == 0
    assert bare.run("site", "init", "--site", far) == 0
    asyncio.run(ami_writes_no_include(far, node))
    (node.config / GENERAL).write_text("; nothing\n", encoding="utf-8")
    plan_by_ami(bare, far, capsys)
    assert bare.run("site", "init", "--site", on_it) == 0
    assert bare.run("apply", "--site", far) == 0

    capsys.readouterr()
    assert bare.run("verify", "northwind-hotline", "--site", far) == 2
    [bad] = [line for line in capsys.readouterr().out.splitlines() if "not looked at" in line]
    assert "AMI shows no file, and they are on node n1 alone; run verify there" in bad
    assert bare.run("verify", "northwind-hotline", "--site", on_it) == 0
    assert "what test calls said is on the node" in capsys.readouterr().out
    assert bare.run("messages", "--site", on_it) == 0
    assert bare.run("messages", "--site", far) == 1
    assert "reached by ami; its messages are to be had there alone" in capsys.readouterr().err


def look_by_ami(bare, far, capsys) -> None:
    """Nothing is written; it is said who must do what."""
    before = files(bare.node)
    for name in SECRET_FILES:
        (bare.lab.folder / "secrets" / name).write_text("made-elsewhere")
    assert bare.run("site", "init", "--site", far) == 2
    said = capsys.readouterr().out
    assert "n1: reached by AMI alone" in said
    assert "to do by hand: AMI alone cannot prepare a node" in said
    assert "account deploy is not checked" in said
    assert files(bare.node) == before


def prepare_for_rows(bare, on_it, capsys) -> None:
    """The store is Asterisk's alone, whoever changed that; a node is not prepared for rows and for files."""
    assert bare.run("site", "init", "--site", on_it) == 0
    assert "modules.conf: no longer noload = res_config_sqlite3.so" in capsys.readouterr().out
    store = bare.node.config / STORE
    assert (store.stat().st_mode & 0o777, store.stat().st_uid) == (0o600, bare.node.installation.uid)
    store.chmod(0o644)
    assert bare.run("site", "init", "--site", on_it, "--check") == 2
    assert f"missing: {STORE}" in capsys.readouterr().out
    assert bare.run("site", "init", "--site", on_it) == 0
    assert store.stat().st_mode & 0o777 == 0o600
    capsys.readouterr()
    assert bare.run("site", "init", "--site", bare.site) == 1
    assert "cctoolkit/current/queues.conf is in a database" in capsys.readouterr().err


def plan_by_ami(bare, far, capsys) -> None:
    """What an apply will be refused for, and what AMI makes different, stands in the plan."""
    capsys.readouterr()
    assert bare.run("plan", "--site", far) == 2
    said = capsys.readouterr().out
    assert "! apply will be refused: node n1, AMI" in said
    assert "[general] of queues.conf lacks autofill=yes" in said
    assert "! by AMI alone: a switch that dies before it was read back comes up with the new release" in said
    assert bare.run("apply", "--site", far) == 1
    assert bare.run("site", "init", "--site", far) == 2
    assert "[general] of queues.conf lacks autofill=yes" in capsys.readouterr().out


async def ami_writes_no_include(site, node) -> None:
    """Why AMI cannot prepare a node: an #include line written as an option names another file, which is not there."""
    [site_node] = nodes.load_nodes(site).site.nodes
    names = {"SrcFilename": "made.conf", "DstFilename": "made.conf"}
    lines = {"Action-000000": "NewCat", "Cat-000000": "general", "Action-000001": "Append", "Cat-000001": "general",
             "Var-000001": "#include", "Value-000001": '"queues.conf"'}  # fmt: skip
    async with switch.deploy_client(site_node) as client:
        await client.action("CreateConfig", {"Filename": "made.conf"})
        await client.action("UpdateConfig", {**names, **lines})
        with pytest.raises(ActionRefusedError, match="invalid format"):
            await client.action("GetConfig", {"Filename": "made.conf"})
    assert '#include = "queues.conf"' in (node.config / "made.conf").read_text()
