"""site init: prepare a site's nodes once, and see whether the switches that run can do what is asked of them.

A node's files are reached where they are: on this machine, or by ssh. Where nothing but AMI leads to a node nothing is
written, since AMI can write neither an #include line nor a store; it is seen whether somebody has prepared it.
"""

import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from msgspec import Struct

from cctoolkit.ami.client import Client
from cctoolkit.errors import CctoolkitError, OperatorError, SwitchError, UsageError
from cctoolkit.model.site import AmiAccount, Node
from cctoolkit.node.prepare import running
from cctoolkit.node.prepare.accounts import ACCOUNTS, Account
from cctoolkit.node.prepare.needs import Step, Wanted
from cctoolkit.node.prepare.options import RESTART
from cctoolkit.node.prepare.place import LocalPlace, Place
from cctoolkit.node.prepare.run import Survey, carry_out, refuse, survey
from cctoolkit.node.realtime.store import Store
from cctoolkit.secret import Secret, SecretRef, keep, parse_ref, resolve
from cctoolkit.workflow import fleet, reach, switch
from cctoolkit.workflow.nodes import chosen
from cctoolkit.workflow.specs import LoadedSite

_NOT_MADE = Secret("not-made-yet")


class Report(Struct, frozen=True):
    """A node: how its files were reached; what was done, or with --check is to be done; copies that were kept; what a
    person must do; and what is wrong with the switch that runs.
    """

    node: str
    reached: str
    steps: tuple[Step, ...]
    kept: tuple[str, ...]
    todo: tuple[str, ...]
    running: tuple[str, ...]

    @property
    def restart(self) -> list[str]:
        """The files of which Asterisk takes something in only when it starts."""
        return list(dict.fromkeys(step.file for step in self.steps if step.takes_in == RESTART))

    @property
    def reload(self) -> bool:
        """Whether a running Asterisk must read something anew."""
        return any(step.takes_in for step in self.steps)


async def init(
    loaded: LoadedSite, only: Sequence[str], permits: Sequence[str], *, check: bool
) -> AsyncIterator[Report]:
    """Prepare nodes, or with `check` only look, and yield each one's report when it is done; `permits` are networks
    from which accounts may log in besides the node.

    Raise Refused, before anything is changed anywhere, when a node's files cannot be added to; so where one is away.
    """
    nodes = chosen(loaded, only)
    networks = [_network(text) for text in permits]
    async with AsyncExitStack() as stack:
        places = [await stack.enter_async_context(_place(node)) for node in nodes]
        for node, place in zip(nodes, places, strict=True):
            if place:
                refuse(node.id, await _survey(node, place, networks, []))
        for number, (node, place) in enumerate(zip(nodes, places, strict=True)):
            try:
                yield await _report(node, place, networks, check=check) if place else await _by_ami(node)
            except CctoolkitError as error:
                if left := [one.id for one in nodes[number + 1 :]]:
                    error.add_note(f"not begun: {', '.join(left)}")
                raise


@asynccontextmanager
async def _place(node: Node) -> AsyncIterator[Place | None]:
    """Yield a node's folder, None where nothing but AMI leads to the node."""
    if reach.files_are_here(node):
        yield LocalPlace(node.id, Path(node.folder), node.group)
    elif node.ssh is not None:
        async with reach.shell(node, node.ssh) as session:
            from cctoolkit.node.prepare.far import SshPlace

            yield SshPlace(node.id, session, node.group)
    else:
        yield None


async def _report(node: Node, place: Place, networks: Sequence[str], *, check: bool) -> Report:
    made: list[SecretRef] = []
    if not check:
        for who in _accounts(node).values():
            _make_secret(who, made)
    found = await _survey(node, place, networks, made)
    kept = [] if check else await carry_out(place, found)
    steps = (*(Step(str(ref), "a secret at random, mode 0600", "") for ref in made), *found.steps)
    queue_log = [] if await place.is_there(node.queue_log) else [
        f"there is no queue_log at {node.queue_log}, where the site's file says it is"
    ]  # fmt: skip
    return Report(node.id, _reached(node), steps, tuple(kept), found.files.todo, (*await _running(node), *queue_log))


def _reached(node: Node) -> str:
    if reach.files_are_here(node) or node.ssh is None:
        return "on this machine"
    return f"by ssh {node.ssh.user}@{node.ssh.host}"


async def _by_ami(node: Node) -> Report:
    """Return what AMI shows of a node whose files nobody here can reach."""
    found = await _running(node)
    todo = (
        "AMI alone cannot prepare a node, since it writes no #include line and no store: on the node, as root, with "
        f"this site's file and its secrets, cctoolkit site init --node {node.id}; or by hand as docs/nodes.md says",
    )
    return Report(node.id, "by AMI alone", (), (), todo if found else (), tuple(found))


async def _survey(node: Node, place: Place, networks: Sequence[str], missing: list[SecretRef]) -> Survey:
    """Look at a node; secrets that are not made yet are added to `missing`."""
    accounts = {kind: Account(who.user, _secret(who, missing)) for kind, who in _accounts(node).items()}
    permits = tuple(dict.fromkeys(["127.0.0.0/8", *_own(node.ami.host), *networks]))
    wanted = Wanted(
        node.id, node.address, node.ami.host, node.ami.port, accounts, tuple(node.transports), permits,
        stored=node.transport == "ami", folder=node.folder,
    )  # fmt: skip
    return await survey(place, wanted, node.spool)


def _accounts(node: Node) -> dict[str, AmiAccount]:
    return {kind: getattr(node.ami.accounts, kind) for kind in ACCOUNTS}


def _secret(who: AmiAccount, missing: list[SecretRef]) -> Secret:
    """Return an account's secret; one in a file that is not there is noted."""
    ref = parse_ref(who.secret, Path())
    if _is_there(ref):
        return resolve(ref)
    missing.append(ref)
    return _NOT_MADE


def _is_there(ref: SecretRef) -> bool:
    return ref.source != "file" or Path(ref.name).exists()


def _make_secret(who: AmiAccount, made: list[SecretRef]) -> None:
    """Make an account's secret where it is in a file that is not there."""
    ref = parse_ref(who.secret, Path())
    if _is_there(ref):
        return
    try:
        keep(Path(ref.name))
    except OSError as error:
        raise OperatorError(
            f"the secret {ref} cannot be made: {error.strerror}", next_step="make its folder, or name another file"
        ) from error
    made.append(ref)


def _own(host: str) -> list[str]:
    """Return the node's own address as a network, where it is no loopback: a client on the node comes from there."""
    try:
        network = ipaddress.ip_network(host)
    except ValueError:
        return []
    return [] if network.is_loopback else [str(network)]


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise UsageError(f"{text!r} is no network", expected="an address or a network such as 10.20.0.0/24") from None


async def _running(node: Node) -> list[str]:
    """Log in with each account and look; what cannot be looked at is said."""
    found = []
    for kind, who in _accounts(node).items():
        try:
            async with switch.reached(node, who) as account, Client.connect(account) as client:
                found += await running.rights(client, kind)
                found += await _deployed_to(node, client) if kind == "deploy" else []
        except (SwitchError, OperatorError) as error:
            found.append(f"account {kind} is not checked: {fleet.line(error)}")
    return found


async def _deployed_to(node: Node, client: Client) -> list[str]:
    """Return what is wrong with the switch itself."""
    found = await running.switch(client, node.id)
    return found + (await running.stored(client, Store(node.id, client)) if node.transport == "ami" else [])
