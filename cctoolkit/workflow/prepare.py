"""site init: prepare a site's nodes once, and see whether the switches that run can do what is asked of them."""

import ipaddress
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from cctoolkit.ami.client import Client
from cctoolkit.errors import OperatorError, SwitchError, UsageError
from cctoolkit.model.site import AmiAccount, Node
from cctoolkit.node.prepare import running
from cctoolkit.node.prepare.accounts import ACCOUNTS, Account
from cctoolkit.node.prepare.needs import RESTART, Step, Wanted
from cctoolkit.node.prepare.place import LocalPlace
from cctoolkit.node.prepare.run import Survey, carry_out, refuse, survey
from cctoolkit.secret import Secret, SecretRef, keep, parse_ref, resolve
from cctoolkit.workflow import fleet, switch
from cctoolkit.workflow.nodes import chosen
from cctoolkit.workflow.paths import is_there
from cctoolkit.workflow.reach import is_here
from cctoolkit.workflow.specs import LoadedSite

_NOT_MADE = Secret("not-made-yet")


class Report(Struct, frozen=True):
    """A node: what was done, or with --check is to be done; copies that were kept; what a person must do; and what is
    wrong with the switch that runs.
    """

    node: str
    steps: tuple[Step, ...]
    kept: tuple[str, ...]
    todo: tuple[str, ...]
    running: tuple[str, ...]

    @property
    def restart(self) -> list[str]:
        """What Asterisk takes in only when it starts."""
        return [f"{step.file} {step.what}" for step in self.steps if step.takes_in == RESTART]

    @property
    def reload(self) -> bool:
        """Whether a running Asterisk must read something anew."""
        return any(step.takes_in for step in self.steps)


async def init(loaded: LoadedSite, only: Sequence[str], permits: Sequence[str], *, check: bool) -> list[Report]:
    """Prepare nodes, or with `check` only look; `permits` are networks from which accounts may log in besides the node.

    Raise Refused, before anything is changed anywhere, when a node's files cannot be added to.
    """
    nodes = chosen(loaded, only)
    for node in nodes:
        _refuse_far(node)
    networks = [_network(text) for text in permits]
    surveys = [await _survey(node, networks, check=True) for node in nodes]
    for node, (_, found, _) in zip(nodes, surveys, strict=True):
        refuse(node.id, found)
    if not check:
        surveys = [await _survey(node, networks, check=False) for node in nodes]
    reports = []
    for node, (place, found, made) in zip(nodes, surveys, strict=True):
        kept = [] if check else await carry_out(place, found)
        steps = (*(Step(str(ref), "a secret at random, mode 0600", "") for ref in made), *found.steps)
        reports.append(Report(node.id, steps, tuple(kept), found.files.todo, tuple(await _running(node))))
    return reports


def _refuse_far(node: Node) -> None:
    """Raise OperatorError for a node that this machine is not: what lies here in a folder of that name is another's.
    A node reached by AMI alone keeps its releases in another form.
    """
    if node.transport == "ami":
        raise OperatorError(
            "a node that is reached by AMI alone is prepared by hand", where=f"node {node.id}",
            expected="transport local or ssh", next_step="see docs/nodes.md, or leave it out with --node",
        )  # fmt: skip
    if not is_here(node):
        raise OperatorError(
            "its files are not on this machine", where=f"node {node.id}, {node.address}",
            expected="to be run on the node itself", next_step=f"run site init --node {node.id} there, as root",
        )  # fmt: skip


async def _survey(node: Node, networks: Sequence[str], *, check: bool) -> tuple[LocalPlace, Survey, list[SecretRef]]:
    place = LocalPlace(node.id, Path(node.folder), node.group)
    made: list[SecretRef] = []
    accounts = {kind: Account(who.user, _secret(who, made, check=check)) for kind, who in _accounts(node).items()}
    permits = tuple(dict.fromkeys(["127.0.0.0/8", *_own(node.ami.host), *networks]))
    wanted = Wanted(node.id, node.address, node.ami.host, node.ami.port, accounts, tuple(node.transports), permits)
    return place, await survey(place, wanted), made


def _accounts(node: Node) -> dict[str, AmiAccount]:
    return {kind: getattr(node.ami.accounts, kind) for kind in ACCOUNTS}


def _secret(who: AmiAccount, made: list[SecretRef], *, check: bool) -> Secret:
    """Return an account's secret; one in a file that is not there is made, or, with `check`, noted."""
    ref = parse_ref(who.secret, Path())
    if ref.source != "file" or Path(ref.name).exists():
        return resolve(ref)
    made.append(ref)
    if check:
        return _NOT_MADE
    try:
        return Secret(keep(Path(ref.name)))
    except OSError as error:
        raise OperatorError(
            f"the secret {ref} cannot be made: {error.strerror}", next_step="make its folder, or name another file"
        ) from error


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
            async with Client.connect(switch.account(node, who)) as client:
                found += await running.rights(client, kind)
                found += await running.switch(client, node.id) if kind == "deploy" else []
        except (SwitchError, OperatorError) as error:
            found.append(f"account {kind} is not checked: {fleet.line(error)}")
    if not is_there(Path(node.queue_log)):
        found.append(f"there is no queue_log at {node.queue_log}, where the site's file says it is")
    return found
