"""Writes `.lab/site.yaml`: the template's site, with the nodes, trunks and phones of this lab.

The template is edited as a tree of scalars and never interpreted, so every value keeps its text.
"""

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from cctoolkit.errors import SpecError
from cctoolkit.lab.address import AMI_PORT, MAIL_PORT
from cctoolkit.lab.node import Node
from cctoolkit.lab.node_config import user
from cctoolkit.node.prepare.accounts import ACCOUNTS

_AGENT = re.compile(r"[a-z][a-z0-9-]*")
_HEAD = "# Written by `cctoolkit lab up` from {template}; what you change here is lost at the next one.\n"


class Template:
    """A site file without nodes and trunks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except OSError as error:
            raise SpecError(f"cannot be read: {error.strerror}", where=str(path)) from error
        except yaml.YAMLError as error:
            raise SpecError(f"is no YAML: {error}".replace("\n", " "), where=str(path)) from error
        if not isinstance(root, yaml.MappingNode):
            raise SpecError("is no site", where=str(path), expected="a mapping with site, roster, projects")
        self.root = root

    def agents(self) -> list[str]:
        """Return the agents of the roster, in order; raise SpecError for an entry that names none."""
        return [_agent(entry, self.path) for entry in self._roster()]

    def _roster(self) -> list[yaml.MappingNode]:
        roster = _find(self.root, "roster")
        entries = roster.value if isinstance(roster, yaml.SequenceNode) else []
        return [entry for entry in entries if isinstance(entry, yaml.MappingNode)]

    def mails(self) -> bool:
        """Say whether mail leaves this site."""
        return self._mail() is not None

    def _mail(self) -> yaml.MappingNode | None:
        mail = _find(self.root, "mail")
        return mail if isinstance(mail, yaml.MappingNode) else None

    def fill(self, nodes: Sequence[Node], carrier: str, secrets: Mapping[str, str], mail: str) -> str:
        """Return the site file's text; `secrets` is agent -> secret reference, `mail` the address of the sink."""
        for entry in self._roster():
            _set(entry, "secret", secrets[_agent(entry, self.path)])
        _set(self.root, "nodes", [_node(node) for node in nodes])
        _set(self.root, "trunks", [{"id": "carrier", "address": carrier}])
        clients = _find(self.root, "trunks_at")
        if isinstance(clients, yaml.MappingNode):
            # The street plays every client's PBX too.
            _set(self.root, "trunks_at", {key.value: carrier for key, _ in clients.value})
        relay = self._mail()
        if relay is not None:
            _set(relay, "relay", {"host": mail, "port": MAIL_PORT, "tls": "none"})
        text: str = yaml.serialize(self.root, Dumper=yaml.SafeDumper, allow_unicode=True, width=110)
        return _HEAD.format(template=self.path.name) + text


def _node(node: Node) -> dict[str, object]:
    accounts = {
        account: {"user": user(account), "secret": f"file:secrets/{secret_name(node.name, account)}"}
        for account in ACCOUNTS
    }
    return {
        "id": node.name,
        "asterisk": node.installation.version.split(".")[0],
        "transport": "local",
        "address": node.address,
        "folder": str(node.config),
        "group": node.installation.gid,
        "queue_log": str(node.queue_log),
        "spool": str(node.folder / "spool"),
        "ami": {"host": node.address, "port": AMI_PORT, "accounts": accounts},
    }


def secret_name(node: str, account: str) -> str:
    """Return the name of the file in secrets/ that holds the account's secret."""
    return f"{node}-{user(account)}"


def phone_secret_name(agent: str) -> str:
    """Return the name of the file in secrets/ that holds the phone's secret."""
    return f"phone-{agent}"


def _agent(entry: yaml.MappingNode, path: Path) -> str:
    agent = _find(entry, "agent")
    name = agent.value if isinstance(agent, yaml.ScalarNode) else ""
    if not _AGENT.fullmatch(name):
        raise SpecError(
            f"{name!r} is no agent",
            where=f"{path}:{entry.start_mark.line + 1}:{entry.start_mark.column + 1}",
            expected="agent: a small letter, then small letters, digits and hyphens",
        )
    return name


def _find(mapping: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _set(mapping: yaml.MappingNode, key: str, value: Any) -> None:  # noqa: ANN401 - whatever YAML can hold
    mapping.value = [(name, old) for name, old in mapping.value if name.value != key]
    dumper = yaml.SafeDumper(io.StringIO(), sort_keys=False)
    mapping.value.append((dumper.represent_data(key), dumper.represent_data(value)))
