"""How a site says that its nodes are reached by ssh."""

from pathlib import Path

import pytest

from cctoolkit.__main__ import run
from cctoolkit.workflow import specs

NODE = """\
  - id: n%d
    transport: %s
    address: 10.0.0.%d
    folder: /etc/asterisk
    ami: {host: 10.0.0.%d, %s, accounts: {deploy: &a {user: d, secret: "env:A"}, test: *a, capture: *a}}
"""
SSH = "    ssh: {host: %s, user: deploy%s}\n"


def site(*nodes: str) -> str:
    return f"site: {{id: near, title: Near}}\nnodes:\n{''.join(nodes)}projects: []\n"


def node(number: int, transport: str, ssh: str = "", via: str = "port: 5038") -> str:
    text = NODE % (number, transport, number, number, via)
    return text.replace("&a", f"&a{number}").replace("*a", f"*a{number}") + ssh


def said(text: str, capsys) -> list[str]:
    Path("projects/sites").mkdir(parents=True)
    Path("projects/sites/near.yaml").write_text(text, encoding="utf-8")
    code = run(["validate", "projects/sites/near.yaml"])
    shown = capsys.readouterr()
    found = [part.split("]")[0] for part in (shown.out + shown.err).split("[")[1:]]
    assert (code == 0) == (not set(found) - {"never-used"})
    return found


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (site(node(1, "ssh", SSH % ("n1.example", ""))), []),
        (site(node(1, "ssh")), ["no-ssh"]),
        (site(node(1, "local", via="via: ssh")), ["no-ssh"]),
        (site(node(1, "local", SSH % ("n1.example", ""), "via: ssh")), []),
        (site(node(1, "local", SSH % ("n1.example", ""))), ["never-used"]),
        (site(node(1, "ssh", SSH % ("n1.example", "")), node(2, "ssh", SSH % ("n2.example", ""))), []),
        (site(node(1, "ssh", SSH % ("n.example", "")), node(2, "ssh", SSH % ("n.example", ""))), ["node-place-twice"]),
        (site(node(1, "ssh", SSH % ("n.example", "")), node(2, "ssh", SSH % ("n.example", ", port: 23"))), []),
        (site(node(1, "local"), node(2, "ssh", SSH % ("n2.example", ""))), []),
        (site(node(1, "ssh", "    ssh: {user: deploy}\n")), ["schema-required"]),
        (site(node(1, "ssh", SSH % ('"-oProxyCommand=x"', ""))), ["schema-format"]),
        (site(node(1, "ssh", SSH % ("n1.example", ", key: hunter2"))), ["schema-format"]),
        (site(node(1, "ssh", SSH % ("n1.example", ", jump: {host: gate}"))), ["schema-required"]),
        (site(node(1, "telnet")), ["schema-choice"]),
    ],
)
def test_rules(tmp_path, monkeypatch, capsys, text, codes):
    """A node by ssh says where and as whom; two nodes have no folder of one machine; nothing stands there unused."""
    monkeypatch.chdir(tmp_path)
    assert said(text, capsys) == codes


def test_files_stand_beside_the_site(tmp_path):
    """known_hosts and keys are found from the site's file, wherever the command runs."""
    more = ", key: file:keys/n1, jump: {host: gate, user: j, key: file:/etc/gate}"
    (tmp_path / "near.yaml").write_text(site(node(1, "ssh", SSH % ("n1", more))), encoding="utf-8")
    ssh = specs.load_site(str(tmp_path / "near.yaml")).site.nodes[0].ssh
    assert (ssh.known_hosts, ssh.key) == (f"{tmp_path}/known_hosts", f"file:{tmp_path}/keys/n1")
    assert ssh.jump.key == "file:/etc/gate"
