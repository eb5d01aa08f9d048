"""pjsip.conf: carriers known by address, clients' PBXs, agents' phones by password. Source: pjsip.conf.sample of
Asterisk 22.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.model import listener
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node, Site
from cctoolkit.model.site import Trunk as Carrier
from cctoolkit.model.trunk import RegistersHere, SipTrunk
from cctoolkit.model.words import seconds
from cctoolkit.render.quote import text_of
from cctoolkit.secret import parse_ref


class Placed(Struct, frozen=True):
    """A trunk under its name on the switch: where its own calls go, where it is ("" it registers here), and the
    node's transport it uses (None: Asterisk's first one for UDP).
    """

    name: str
    context: str
    address: str
    listener: str | None
    spec: SipTrunk
    registers_here: RegistersHere | None = None
    node: str = ""
    """The node it leads to, of a trunk between nodes."""

    @property
    def identified_by(self) -> str:
        """Return how its calls are known: by name only where it must give a password too. A trunk that is known by its
        address and has none to be known by, a client's PBX that we call, is never let in.
        """
        return "username" if self.registers_here else "ip"

    @property
    def comes_from(self) -> str:
        """Return the addresses its calls come from, as `match` has them; "" where its calls are refused."""
        more = self.spec.match if isinstance(self.spec, Carrier) else ()
        return ",".join((self.address, *more)) if self.context in (marks.TRUNK, marks.NODE) else ""

    @property
    def qualifies(self) -> bool:
        """Say whether it is asked from time to time whether it is there."""
        return seconds(self.spec.qualify) > 0 and bool(self.address or self.registers_here)

    @property
    def secret(self) -> str | None:
        """Return the reference of the password it has, ours there or its own here."""
        account = self.registers_here or self.spec.auth
        return account.secret if account else None


def render(site: Site, node: Node, projects: Sequence[Project] = ()) -> str:
    """Render trunks and phones for one node; passwords are placeholders until a transport writes them."""
    roster = [{"agent": e.agent, "password": _password(e.secret)} for e in site.roster]
    trunks = placed(site, node, projects)
    passwords = {trunk.name: _password(trunk.secret) for trunk in trunks if trunk.secret}
    return text_of("pjsip.conf.j2", trunks=trunks, passwords=passwords, roster=roster, node=node)


def _password(secret: str) -> str:
    return parse_ref(secret, Path()).placeholder()


def placed(site: Site, node: Node, projects: Sequence[Project]) -> tuple[Placed, ...]:
    """Return the carriers' trunks, then the projects' own, each at its address or where this site reaches it, then one
    for what each other node passes on, where calls are passed at all. No node is at an address for itself.
    """

    def via(project: str, name: str, trunk: SipTrunk) -> str | None:
        return listener.choose(node.transports, trunk.transport, site.transport_of(project, name))

    carriers = [Placed(t.id, marks.TRUNK, t.address, via("", t.id, t), t) for t in site.trunks]
    clients = [
        Placed(marks.queue_name(project.id, name), marks.CLOSED,
               "" if there == node.id else site.address_of(project.id, name, trunk),
               via(project.id, name, trunk), trunk, trunk.registers_here, there)
        for project in projects
        for name, trunk in project.trunks.items()
        for there in (site.node_of(project.id, name, trunk),)
    ]  # fmt: skip
    return (*carriers, *clients, *(_others(site, node) if any(p.passes_calls for p in projects) else ()))


def _others(site: Site, node: Node) -> Iterator[Placed]:
    asks_nobody = SipTrunk(qualify="0s")
    via = listener.choose(node.transports, asks_nobody.transport, None)
    for other in site.nodes:
        if other.id != node.id:
            yield Placed(marks.node_trunk(other.id), marks.NODE, other.address, via, asks_nobody, node=other.id)
