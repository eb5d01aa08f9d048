"""Rules of a trunk: what its parts say together, in a project and in a site."""

import ipaddress
from collections.abc import Iterator

from cctoolkit.model.build import Parts
from cctoolkit.model.trunk import PORTS, SipTrunk, Trunk
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document

_OF_NODE = frozenset({"node", "channels", "qualify"})
"""What may be said of a trunk to another node: it is spoken to as nodes of a site speak to each other."""


def trunks(parts: Parts, document: Document) -> Iterator[Problem]:
    """A project's trunks hold together, each at one place: its address, or where it registers from."""
    for name, trunk in parts.trunks.items():
        path: Route = ("trunks", name)
        yield from trunk_problems(trunk, trunk.address, path, document)
        yield from _place(trunk, path, document)


def _place(trunk: Trunk, path: Route, document: Document) -> Iterator[Problem]:
    if trunk.registers_here is None and trunk.node is None:
        # What breaks its schema is written all the same.
        if all(document.at((*path, key)) is None for key in ("address", "registers_here", "node")):
            yield Problem("trunk-nowhere", "nobody knows where this trunk is", document.file,
                          document.mark(path, key=True), "address, or registers_here, or node")  # fmt: skip
        return
    here, what = ("node", "of a node of the site") if trunk.node else ("registers_here", "where it registers here")
    for key in document.data["trunks"][path[1]] if trunk.node else ("address", "port", "register", "auth"):
        if key not in _OF_NODE and document.at((*path, key)) is not None:
            yield Problem("trunk-twice-placed", f"{key} means nothing {what}", document.file,
                          document.mark((*path, key), key=True), hint=f"take out {key}, or {here}")  # fmt: skip


def trunk_problems(trunk: SipTrunk, address: str | None, path: Route, document: Document) -> Iterator[Problem]:
    """Find what holds for every trunk; `path` is where it stands."""
    if trunk.media_encryption == "sdes" and trunk.transport != "tls":
        yield Problem(
            "srtp-keys-readable",
            f"the keys of SRTP would travel readable over {trunk.transport}",
            document.file,
            document.mark((*path, "media_encryption")),
            "transport: tls, or media_encryption: no",
        )
    if trunk.transport == "tls" and trunk.port == PORTS["udp"]:
        yield Problem("tls-port", "port 5060 is where SIP is spoken without TLS", document.file,
                      document.mark((*path, "port")), "5061, or no port")  # fmt: skip
    if trunk.register is not None and document.at((*path, "auth")) is None:
        yield Problem("registration-without-secret", "a registration needs an account", document.file,
                      document.mark((*path, "register"), key=True), "auth: {user: …, secret: …}")  # fmt: skip
    registrar = trunk.register.server if trunk.register else None
    for keys, text in ((("address",), address), (("register", "server"), registrar)):
        if text is not None:
            yield from host_problems(text, (*path, *keys), document)


def host_problems(host: str, path: Route, document: Document) -> Iterator[Problem]:
    """Find what looks like an IP address, or a network, and is none; a name may be anything."""
    if ":" not in host and "/" not in host and not host.replace(".", "").isdecimal():
        return
    try:
        ipaddress.ip_network(host, strict=False)
    except ValueError:
        yield Problem("impossible-address", f'"{host}" is no IP address', document.file, document.mark(path))
