"""Calls that are passed from node to node: there is such a node, the site serves the number, and who calls is known."""

import ipaddress
from collections.abc import Iterator, Sequence

from cctoolkit.model import phone
from cctoolkit.model.lint_words import unknown
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.model.steps.transfer import Transfer
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, one_of
from cctoolkit.spec.source import Document


def passing(site: Site, document: Document, projects: Sequence[tuple[Project, Document]]) -> Iterator[Problem]:
    """Check the trunks of projects that lead to nodes, and the transfers over them; not while a project is broken."""
    nodes = [node.id for node in site.nodes]
    numbers = [
        (text, n.country) for project, _ in projects for n in project.numbers for text in (n.number, *n.arrives_as)
    ]
    served = {phone.digits(form) for text, country in numbers for form in phone.forms(text, country)}
    for project, where in projects:
        for name, trunk in project.trunks.items():
            there = site.node_of(project.id, name, trunk)
            if there and there not in nodes:
                said = next((one for one in (f"{project.id}.{name}", name) if one in site.trunks_at), "")
                at, path = (document, ("trunks_at", said)) if said else (where, ("trunks", name, "node"))
                yield unknown(at, path, f"node on site {site.id}:", there, nodes)
        for step, one in project.flow.items() if len(projects) == len(site.projects) else ():
            if not isinstance(one, Transfer) or phone.digits(one.number) in served:
                continue
            if (over := project.trunks.get(one.trunk)) and over.node:
                yield Problem("number-elsewhere", f'no node of site {site.id} serves "{one.number}"', where.file,
                              where.mark(("flow", step, "number")),
                              one_of(n.number for project, _ in projects for n in project.numbers))  # fmt: skip
    if any(project.passes_calls for project, _ in projects):
        yield from _addresses(site, document)


def _addresses(site: Site, document: Document) -> Iterator[Problem]:
    """Nodes are known to each other by their addresses alone, which are nobody else's."""
    for index, node in enumerate(site.nodes):
        if first := next((one.id for one in site.nodes[:index] if _within(node.address, one.address)), None):
            yield Problem("node-address-twice", f"node {first}, which calls are passed to, has it too",
                          document.file, document.mark(("nodes", index, "address")), "an address of its own",
                          "nodes call each other there, and are known by it")  # fmt: skip
    for index, carrier in enumerate(site.trunks if len(site.nodes) > 1 else ()):
        hosts: list[tuple[Route, str]] = [(("address",), carrier.address)]
        hosts += [(("match", place), host) for place, host in enumerate(carrier.match)]
        for path, host in hosts:
            if node_id := next((node.id for node in site.nodes if _within(node.address, host)), None):
                yield Problem("carrier-at-node", f'"{host}" is where calls of node {node_id} come from',
                              document.file, document.mark(("trunks", index, *path)), "the carrier's own addresses",
                              "take the node out of them; they are passed by a project's trunk to it")  # fmt: skip


def _within(address: str, host: str) -> bool:
    """Say whether an address is a host's, or in a network; of what has a name the switch alone knows."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(host, strict=False)
    except ValueError:
        return False  # a name, or what is told as impossible
