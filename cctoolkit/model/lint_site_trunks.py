"""Trunks where they meet a site: its nodes' transports, names and accounts of other trunks."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.model import listener, phone
from cctoolkit.model.lint_trunk import host_problems, trunk_problems
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node, Site
from cctoolkit.model.trunk import SipTrunk
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, did_you_mean, one_of
from cctoolkit.spec.source import Document


class _Placed(Struct, frozen=True):
    """A trunk, by name and project ("" a carrier), where it stands, and where it is reached ("" it registers here)."""

    name: str
    project: str
    trunk: SipTrunk
    host: str
    path: Route
    document: Document

    @property
    def full(self) -> str:
        """What the site's file may call it, when no other trunk is in the way."""
        return f"{self.project}.{self.name}" if self.project else self.name


def trunks(site: Site, document: Document, projects: Sequence[tuple[Project, Document]]) -> Iterator[Problem]:
    """Check the carriers' trunks, and all trunks against the site."""
    carriers = [_Placed(t.id, "", t, t.address, ("trunks", i), document) for i, t in enumerate(site.trunks)]
    clients = [
        _Placed(name, project.id, trunk, site.address_of(project.id, name, trunk), ("trunks", name), where)
        for project, where in projects
        for name, trunk in project.trunks.items()
    ]
    for one in carriers:
        yield from trunk_problems(one.trunk, one.host, one.path, document)
    for i, carrier in enumerate(site.trunks):
        for j, host in enumerate(carrier.match):
            yield from host_problems(host, ("trunks", i, "match", j), document)
    if whole := len(projects) == len(site.projects):
        yield from _contacts(site, document, [project for project, _ in projects])
    for name, host in site.trunks_at.items():
        yield from host_problems(host, ("trunks_at", name), document)
    yield from _names(site, document)
    yield from _keys(document, "trunks_at", site.trunks_at, clients, whole=whole)
    yield from _keys(document, "trunks_via", site.trunks_via, (*carriers, *clients), whole=whole)
    yield from _via(site, document)
    yield from _registered_twice((*carriers, *clients))
    for one in (*carriers, *clients):
        for node in site.nodes:
            yield from _transport(site, node, one)


def _contacts(site: Site, document: Document, projects: Sequence[Project]) -> Iterator[Problem]:
    """Many providers call the registered contact: its user is then the number dialled, and only declared ones enter."""
    numbers = [(text, n.country) for project in projects for n in project.numbers for text in (n.number, *n.arrives_as)]
    known = {form for text, country in numbers for form in phone.forms(text, country)}
    for index, trunk in enumerate(site.trunks):
        user = trunk.register and (trunk.register.contact_user or (trunk.auth.user if trunk.auth else ""))
        if user and known and user not in known:
            yield Problem("contact-not-declared", f'no project has a number "{user}"', document.file,
                          document.mark(("trunks", index, "register"), key=True),
                          "contact_user: a number as the provider dials it",
                          "where it always dials the number called, this does no harm")  # fmt: skip


def _names(site: Site, document: Document) -> Iterator[Problem]:
    """A trunk and a phone are both endpoints: one name means one of them, and none of those that nodes have."""
    roster = {entry.agent for entry in site.roster}
    named: list[tuple[Route, str]] = [(("trunks", i, "id"), trunk.id) for i, trunk in enumerate(site.trunks)]
    named += [(("roster", i, "agent"), entry.agent) for i, entry in enumerate(site.roster)]
    for path, name in named:
        if name.startswith(marks.node_trunk("")):
            yield Problem("endpoint-reserved", f'"{name}" begins as the trunks between nodes do',
                          document.file, document.mark(path), "a name that begins otherwise")  # fmt: skip
    for index, trunk in enumerate(site.trunks):
        if trunk.id in roster:
            yield Problem("endpoint-twice", f'"{trunk.id}" is an agent too', document.file,
                          document.mark(("trunks", index, "id")), hint="give the trunk another id")  # fmt: skip


def _keys(
    document: Document, section: str, table: Mapping[str, str], placed: Sequence[_Placed], *, whole: bool
) -> Iterator[Problem]:
    """A name is that of one trunk; not `whole`: a project that is broken may have it."""
    names = {one.full for one in placed}
    for name in table:
        fits = [one for one in placed if name in (one.name, one.full)]
        mark = document.mark((section, name), key=True)
        if not fits and whole:
            yield Problem("unknown-trunk", f'there is no trunk "{name}" on this site', document.file, mark,
                          one_of(names) or "a trunk", did_you_mean(name, names))  # fmt: skip
        elif len(fits) > 1 and name not in names:
            of = " and ".join(one.project for one in fits)
            yield Problem("trunk-of-two", f'"{name}" is a trunk of {of}', document.file, mark,
                          one_of(one.full for one in fits))  # fmt: skip


def _via(site: Site, document: Document) -> Iterator[Problem]:
    for name, transport in site.trunks_via.items():
        for node in site.nodes:
            if transport not in node.transports:
                what = f'node {node.id} has no transport "{transport}"'
                yield Problem("unknown-transport", what, document.file, document.mark(("trunks_via", name)),
                              one_of(node.transports) or "transports of the node, by name",
                              did_you_mean(transport, node.transports))  # fmt: skip


def _registered_twice(placed: Sequence[_Placed]) -> Iterator[Problem]:
    """Two registrations of one account would chase each other away."""
    seen: dict[tuple[str, str, int], _Placed] = {}
    for one in placed:
        trunk = one.trunk
        if trunk.register is None or trunk.auth is None:
            continue
        account = (trunk.auth.user, (trunk.register.server or one.host or "").lower(), trunk.speaks_at)
        first = seen.setdefault(account, one)
        if first is not one:
            what = f'"{trunk.auth.user}" is registered at {account[1]} by trunk {first.full} already'
            mark = one.document.mark((*one.path, "register"), key=True)
            yield Problem("registration-twice", what, one.document.file, mark, hint="one account, one trunk")


def _transport(site: Site, node: Node, one: _Placed) -> Iterator[Problem]:
    wanted = site.transport_of(one.project, one.name)
    chosen = listener.choose(node.transports, one.trunk.transport, wanted)
    mark = one.document.mark((*one.path, "transport"))
    if chosen is None:
        named = one.trunk.transport != "udp" or node.transports
        if named and not (wanted and wanted not in node.transports):
            yield Problem("no-transport", f"node {node.id} has no {one.trunk.transport} transport for it",
                          one.document.file, mark, f"one under transports of node {node.id}")  # fmt: skip
    elif one.trunk.transport == "tls" and one.trunk.verify_server and not node.transports[chosen].verify_server:
        what = f"the transport {chosen} of node {node.id} takes any certificate"
        yield Problem("server-not-verified", what, one.document.file, mark, "verify_server: true of the transport",
                      "or say verify_server: false for this trunk")  # fmt: skip
