"""Opens ssh connections: only to a host whose key is known, only with the key or agent that the site names.

Nothing of the user's own ~/.ssh takes part: the same site is reached alike from every machine, or not at all.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import msgspec

from cctoolkit.errors import CctoolkitError, OperatorError, Refused, SwitchUnreachable
from cctoolkit.secret import Secret

_SECONDS = 15.0
_ALIVE = {"keepalive_interval": 5, "keepalive_count_max": 3}
# Nothing of the library's own: no file of the user, no password, no agent behind our back. The host's known
# kinds of key come first, then the others: a key of another kind is to be seen, and refused.
_OURS: Mapping[str, Any] = {
    "server_host_key_algs": "+ssh-ed25519,ecdsa-sha2-nistp*,rsa-sha2-*",
    "config": None, "gss_host": None, "x509_trusted_certs": None, "preferred_auth": "publickey", "password": None,
    "agent_path": None,
    "connect_timeout": _SECONDS, "login_timeout": _SECONDS, **_ALIVE,
}  # fmt: skip


class Hop(msgspec.Struct, frozen=True):
    """A host to log in to. `key` is the text of a private key; None: the agent at the socket `agent` has it."""

    host: str
    port: int
    user: str
    key: Secret | None
    agent: str

    @property
    def where(self) -> str:
        """Where that is, for messages."""
        return f"{self.user}@{self.host}, port {self.port}"


@asynccontextmanager
async def connected(
    node: str, hop: Hop, jump: Hop | None, known_hosts: Path
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Yield a connection to `hop`, through `jump` where there is one.

    Raise SwitchUnreachable when one does not answer or lets nobody in, OperatorError when its key is not known, Refused
    when it is not the known one.
    """
    known = _read(node, known_hosts)
    async with AsyncExitStack() as stack:
        gate: asyncssh.SSHClientConnection | None = None
        if jump:
            gate = await stack.enter_async_context(await _connect(node, jump, known, known_hosts, None))
        yield await stack.enter_async_context(await _connect(node, hop, known, known_hosts, gate))


def _read(node: str, path: Path) -> asyncssh.SSHKnownHosts:
    try:
        # Read, whatever is in it: a name or bytes that are empty would stand for the user's own file.
        return asyncssh.import_known_hosts(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        raise OperatorError(
            what or type(error).__name__, where=f"node {node}, {path}", expected="the host keys of the site's nodes",
            next_step=f"ssh-keyscan HOST >> {path}, and compare each key with the one on the host",
        ) from error  # fmt: skip


async def _connect(
    node: str, hop: Hop, known: asyncssh.SSHKnownHosts, path: Path, tunnel: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHClientConnection:
    where = f"node {node}, ssh {hop.where}"
    try:
        async with _keys(where, hop) as keys:
            return await asyncssh.connect(
                hop.host, hop.port, username=hop.user, known_hosts=known, tunnel=tunnel or (), client_keys=keys, **_OURS
            )
    except asyncssh.HostKeyNotVerifiable as error:
        raise _stranger(where, hop, known, path, error) from error
    except asyncssh.PermissionDenied as error:
        raise SwitchUnreachable(
            f"{hop.user} is not let in", where=where, expected="the key that the site names among the authorized ones",
            next_step=f"add its public half to ~{hop.user}/.ssh/authorized_keys of {hop.host}, or mend the site's file",
        ) from error  # fmt: skip
    except (OSError, asyncssh.Error) as error:
        raise SwitchUnreachable(
            str(error) or "no answer", where=where, expected="an ssh server that answers",
            next_step="is the host up, and the address right? Nothing was changed",
        ) from error  # fmt: skip


@asynccontextmanager
async def _keys(where: str, hop: Hop) -> AsyncIterator[Sequence[asyncssh.SSHKey | asyncssh.SSHKeyPair]]:
    """Yield the key, or what the agent has; without any, asyncssh would take those of ~/.ssh."""
    if hop.key:
        yield [_key(where, hop.key)]
        return
    try:
        agent = await asyncssh.connect_agent(hop.agent) if hop.agent else None
    except OSError:
        agent = None
    if agent is None:
        raise _keyless(where, "no agent answers")
    async with agent:
        try:
            found = await agent.get_keys()
        except (OSError, ValueError):
            found = ()
        if not found:
            raise _keyless(where, "the agent has none")
        yield found


def _keyless(where: str, why: str) -> OperatorError:
    return OperatorError(
        f"there is no key to log in with: {why}", where=where,
        expected="`key` in the site's file, or an agent with one",
        next_step="ssh-add KEY, and see that SSH_AUTH_SOCK is set; or name a key in the site's file",
    )  # fmt: skip


def _key(where: str, key: Secret) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(key.reveal() + "\n")
    except asyncssh.KeyImportError:
        # Without the cause, which may show some of it.
        raise OperatorError(
            "this is no private key", where=where, expected="a key as ssh-keygen writes it, without a passphrase",
            next_step="mend `key` of this node in the site's file, or leave it out and use an agent",
        ) from None  # fmt: skip


def _stranger(where: str, hop: Hop, known: asyncssh.SSHKnownHosts, path: Path, error: Exception) -> CctoolkitError:
    """Say what is wrong with a host's key: it is another than the known one, or none is known."""
    compare = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the host shows the right one"
    port = None if hop.port == 22 else hop.port  # which known_hosts leaves out
    trusted = any(asyncssh.match_known_hosts(known, hop.host, "", port)[:2])
    if trusted:
        # Refused, not away: no command goes on beside a host that may be another one.
        return Refused(
            f"the host's key has changed: it is not the one in {path}: {error}", where=where,
            expected="the known key; another host may be in its place",
            next_step=f"find out why before anything else ({compare}); then put the new key into {path}",
        )  # fmt: skip
    return OperatorError(
        f"the host's key is not known: {path} has none of {hop.host}", where=where,
        expected="a line of this host in it",
        next_step=f"ssh-keyscan -p {hop.port} {hop.host} >> {path}, and compare the key: {compare}",
    )  # fmt: skip
