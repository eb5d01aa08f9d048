"""A lab node as it is when nothing but AMI reaches it: prepared once, its store known to no one but Asterisk."""

import os
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path, PurePosixPath

from cctoolkit.ami.client import Account, Client
from cctoolkit.lab.node import Node
from cctoolkit.lab.node_config import CONFIG, HOME
from cctoolkit.model.site import Node as SiteNode
from cctoolkit.node.realtime import prepare
from cctoolkit.secret import Secret

_INCLUDE = re.compile(r'\n#include "cctoolkit/current/.*\n')


def store_of(node: Node) -> Path:
    """Return a node's store."""
    return node.config / prepare.STORE


def prepare_for_ami(node: Node) -> None:
    """Take away what the lab wrote for files, write what docs/nodes.md says, and start the node anew."""
    node.stop()
    ours = node.config / "cctoolkit"
    (ours / "current").unlink()
    shutil.rmtree(ours / "releases")
    for name, text in prepare.needed(PurePosixPath(HOME / CONFIG)).items():
        path = node.config / name
        before = _INCLUDE.sub("\n", path.read_text(encoding="utf-8")) if path.exists() else ""
        path.write_text(before + text, encoding="utf-8")
        os.chown(path, -1, node.installation.gid)
        path.chmod(0o640)
    modules = node.config / "modules.conf"
    modules.write_text(modules.read_text(encoding="utf-8").replace("noload = res_config_sqlite3.so\n", ""))
    prepare.make_store(store_of(node))
    for ours in (store_of(node), store_of(node).parent):
        os.chown(ours, node.installation.uid, node.installation.gid)
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
