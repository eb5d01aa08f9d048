"""A lab node as it is when nothing but AMI reaches it: prepared once, its store known to no one but Asterisk."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import yaml

from cctoolkit.__main__ import run
from cctoolkit.ami.client import Account, Client
from cctoolkit.lab.lab import Lab
from cctoolkit.lab.node import Node
from cctoolkit.model.site import Node as SiteNode
from cctoolkit.node.realtime import prepare
from cctoolkit.secret import Secret


def store_of(node: Node) -> Path:
    """Return a node's store."""
    return node.config / prepare.STORE


def prepare_for_ami(lab: Lab) -> None:
    """Take away what the lab wrote for files, prepare its node as an operator on it would, and start it anew."""
    node = lab.nodes["n1"]
    node.stop()
    ours = node.config / "cctoolkit"
    (ours / "current").unlink()
    shutil.rmtree(ours / "releases")
    by_ami = lab.site_file.with_name("by-ami.yaml")
    site = yaml.safe_load(lab.site_file.read_text(encoding="utf-8"))
    site["nodes"][0]["transport"] = "ami"
    by_ami.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    assert run(["site", "init", "--site", str(by_ami)]) == 0
    node.start()


def in_store(node: Node, *statements: str) -> list[tuple]:
    """Do something by hand to a store that is in use; return what the last statement finds."""
    found: list[tuple] = []
    with closing(sqlite3.connect(store_of(node), timeout=10)) as store, store:
        for statement in statements:
            found = store.execute(statement).fetchall()
    return found


def let_in(node: Node, **rights: str) -> None:
    """Add accounts with these rights to write, and to read nothing."""
    path = node.config / "manager.conf"
    text = path.read_text(encoding="utf-8")
    for name, classes in rights.items():
        text += f"\n[limited_{name}]\nsecret = x\npermit = 127.0.0.0/255.0.0.0\nread =\nwrite = {classes}\n"
    path.write_text(text, encoding="utf-8")
    node.cli("manager reload")


@asynccontextmanager
async def limited(site_node: SiteNode, name: str) -> AsyncIterator[Client]:
    """Yield a client of such an account."""
    account = Account(site_node.ami.host, site_node.ami.port, f"limited_{name}", Secret("x"))
    async with Client.connect(account) as client:
        yield client
