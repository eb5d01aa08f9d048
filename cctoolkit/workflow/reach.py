"""How a node's files are reached: the transport its site names, with its secrets, open as long as it is used."""

import asyncio
import os
import socket
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cctoolkit.capture.database import LogTable
from cctoolkit.capture.filling import QueueLog
from cctoolkit.capture.following import Follower
from cctoolkit.capture.rotated import Files, Here, LogFile, read_on
from cctoolkit.capture.table_following import TableFollower
from cctoolkit.cdr.address import parse_url
from cctoolkit.errors import CctoolkitError, OperatorError, UsageError
from cctoolkit.model.site import Node
from cctoolkit.model.ssh import Login, Ssh
from cctoolkit.node.transports import Transport
from cctoolkit.node.transports.ami import AmiTransport
from cctoolkit.node.transports.local import LocalTransport
from cctoolkit.secret import parse_ref, resolve_text
from cctoolkit.workflow.paths import is_folder

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

    from cctoolkit.node.ssh.session import Session

_KEPT: ContextVar[Mapping[str, Transport]] = ContextVar("kept")


def is_here(node: Node) -> bool:
    """Say whether a node's own files are to be looked for on this machine: they are local, or its address is ours."""
    if node.transport == "local":
        return True
    family = socket.AF_INET6 if ":" in node.address else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.bind((node.address, 0))
        except OSError:
            return False
    return True


@contextmanager
def kept(open_ones: Mapping[str, Transport]) -> Iterator[None]:
    """Let `transport` yield these, by node, as long as this lasts: they hold the nodes' locks."""
    token = _KEPT.set(open_ones)
    try:
        yield
    finally:
        _KEPT.reset(token)


def files_are_here(node: Node) -> bool:
    """Say whether this machine is the node, or its files are said to be here: then nothing leads elsewhere for them."""
    return node.transport == "local" or (is_here(node) and is_folder(Path(node.folder)))


def by_ssh(node: Node) -> Ssh | None:
    """Return how a node's files are reached by ssh, None where they are on this machine, or AMI is all there is."""
    return None if node.transport != "ssh" or files_are_here(node) else node.ssh


def ssh_place(node: Node, ssh: Ssh) -> str:
    """Return what a node's end of ssh is called in errors."""
    return f"node {node.id}, ssh {ssh.user}@{ssh.host}, port {ssh.port}"


@asynccontextmanager
async def transport(node: Node) -> AsyncIterator[Transport]:
    """Yield how a node's files are reached."""
    if (there := _KEPT.get({}).get(node.id)) is not None:
        yield there
        return
    async with _opened(node) as there:
        yield there


@asynccontextmanager
async def _opened(node: Node) -> AsyncIterator[Transport]:
    if node.transport == "ami":
        # Here, since it plans with what this module opens.
        from cctoolkit.workflow.switch import deploy_client

        async with deploy_client(node) as client:
            yield AmiTransport(node.id, client)
        return
    if node.ssh is None or node.transport != "ssh":
        yield LocalTransport(node.id, Path(node.folder), node.group)
        return
    async with shell(node, node.ssh) as session:
        from cctoolkit.node.transports.ssh import SshTransport

        yield SshTransport(node.id, session, node.group)


def queue_log(node: Node) -> str:
    """Return the text of a node's queue_log and its newest rotated sibling; raise OSError when it cannot be read.

    Not inside an event loop: it takes a while.
    """
    with queue_log_files(node) as files:
        return b"".join(rows for rows, _ in read_on(files, None, 0)).decode("utf-8", "replace")


def follower(node: Node, say: Callable[[str], None] = lambda _text: None) -> QueueLog:
    """Return what reads a node's queue_log gap by gap, from its file or its table; `say` is told what is odd of it."""
    table = log_table(node, "queue_log")
    return TableFollower(table, say) if table else Follower(partial(queue_log_files, node))


def log_table(node: Node, log: Literal["queue_log", "cdr", "cel"]) -> LogTable | None:
    """Return where the table of a node's log is, None where it has none."""
    table = {"queue_log": node.queue_log_table, "cdr": node.cdr_table, "cel": node.cel_table}[log]
    if table is None:
        return None
    there = parse_url(table.url, "table", f"{log}_table of node {node.id}") if table.url else Path(table.sqlite or "")
    return LogTable(there, time_zone(table.time_zone), table.table or log)


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its name; raise UsageError when there is no such one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageError(f"{name!r} is no time zone", expected="a name such as Europe/Warsaw, or UTC") from error


@contextmanager
def queue_log_files(node: Node) -> Iterator[Files]:
    """Yield where a node's queue_log lies; raise OSError when it cannot be reached. Not inside an event loop."""
    with log_files(node, node.queue_log) as files:
        yield files


@contextmanager
def log_files(node: Node, path: str) -> Iterator[Files]:
    """Yield where a log of a node lies; raise OSError when it cannot be reached. Not inside an event loop."""
    if node.transport == "ami" and not is_here(node):
        raise OSError("nothing but AMI reaches the node, and AMI shows no file")
    if node.ssh is None or node.transport != "ssh":
        yield Here(Path(path))
        return
    with asyncio.Runner() as runner:
        opened = shell(node, node.ssh)
        try:
            session = runner.run(_entered(opened))
            try:
                yield _There(runner, session, path)
            finally:
                runner.run(_left(opened))
        except CctoolkitError as error:
            raise OSError(f"{error.where}: {error.what}") from error


async def _entered(opened: AbstractAsyncContextManager["Session"]) -> "Session":
    return await opened.__aenter__()


async def _left(opened: AbstractAsyncContextManager["Session"]) -> None:
    await opened.__aexit__(None, None, None)


class _There:
    """A log on a node that ssh leads to: see `Files`."""

    def __init__(self, runner: asyncio.Runner, session: "Session", path: str) -> None:
        self._runner, self._session, self._path = runner, session, path

    def listed(self) -> list[LogFile]:
        """See `Files`."""
        found = (row.split(" ", 3) for row in self._runner.run(self._session.ask("logs", self._path)))
        return [LogFile(row[3], int(row[0]), int(row[1]), int(row[2].replace(".", ""))) for row in found]

    def read(self, file: LogFile, offset: int, length: int) -> bytes:
        """See `Files`; the node finds one that has been renamed."""
        asked = ("piece", self._path, str(file.inode), str(offset + 1), str(length))
        said = self._runner.run(self._session.ask(*asked))
        if not said:
            raise FileNotFoundError(file.name)
        return b64decode(said[0])


@asynccontextmanager
async def ami_port(node: Node, ssh: Ssh) -> AsyncIterator[int]:
    """Yield a port of 127.0.0.1 that leads to the node's AMI through its ssh."""
    async with _connection(node, ssh) as connection:
        there = await connection.forward_local_port("127.0.0.1", 0, node.ami.host, node.ami.port)
        async with there:
            yield there.get_port()


@asynccontextmanager
async def shell(node: Node, ssh: Ssh) -> AsyncIterator["Session"]:
    """Yield a shell on the node that works in its folder."""
    async with _connection(node, ssh) as connection:
        from cctoolkit.node.ssh.session import opened

        root = f"{node.folder}/cctoolkit"
        async with opened(connection, ssh_place(node, ssh), root, sudo=ssh.sudo) as session:
            yield session


@asynccontextmanager
async def _connection(node: Node, ssh: Ssh) -> AsyncIterator["SSHClientConnection"]:
    try:
        from cctoolkit.node.ssh.connect import Hop, connected
    except ModuleNotFoundError as error:
        raise OperatorError(
            f"{error.name} is not installed here", where=f"node {node.id}", expected="what ssh needs",
            next_step="pip install 'cctoolkit[ssh]'",
        ) from error  # fmt: skip

    def hop(login: Login) -> Hop:
        key = resolve_text(parse_ref(login.key, Path())) if login.key else None
        return Hop(login.host, login.port, login.user, key, os.environ.get("SSH_AUTH_SOCK", ""))

    jump = hop(ssh.jump) if ssh.jump else None
    async with connected(node.id, hop(ssh), jump, Path(ssh.known_hosts)) as connection:
        yield connection
