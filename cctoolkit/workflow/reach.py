"""How a node's files are reached: the transport its site names, with its secrets, open as long as it is used."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cctoolkit.errors import OperatorError
from cctoolkit.model.site import Node
from cctoolkit.model.ssh import Login, Ssh
from cctoolkit.node.transports import Transport
from cctoolkit.node.transports.local import LocalTransport
from cctoolkit.secret import parse_ref, resolve_text


@asynccontextmanager
async def transport(node: Node) -> AsyncIterator[Transport]:
    """Yield how a node's files are reached."""
    if node.ssh is None or node.transport != "ssh":
        yield LocalTransport(node.id, Path(node.folder), node.group)
    else:
        async with _by_ssh(node, node.ssh) as there:
            yield there


@asynccontextmanager
async def _by_ssh(node: Node, ssh: Ssh) -> AsyncIterator[Transport]:
    try:
        from cctoolkit.node.ssh.connect import Hop, connected
        from cctoolkit.node.ssh.session import opened
        from cctoolkit.node.transports.ssh import SshTransport
    except ModuleNotFoundError as error:
        raise OperatorError(
            f"{error.name} is not installed here", where=f"node {node.id}", expected="what ssh needs",
            next_step="pip install 'cctoolkit[ssh]'",
        ) from error  # fmt: skip

    def hop(login: Login) -> Hop:
        key = resolve_text(parse_ref(login.key, Path())) if login.key else None
        return Hop(login.host, login.port, login.user, key, os.environ.get("SSH_AUTH_SOCK", ""))

    there = hop(ssh)
    where, root = f"node {node.id}, ssh {there.where}", f"{node.folder}/cctoolkit"
    async with (
        connected(node.id, there, hop(ssh.jump) if ssh.jump else None, Path(ssh.known_hosts)) as connection,
        opened(connection, where, root, sudo=ssh.sudo) as session,
    ):
        yield SshTransport(node.id, session, node.group)
