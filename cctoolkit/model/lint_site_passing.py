"""Calls that are passed from node to node: there is such a node, and the site serves the number."""

from collections.abc import Iterator, Sequence

from cctoolkit.model import phone
from cctoolkit.model.lint_words import unknown
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.model.steps.transfer import Transfer
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
            over = project.trunks.get(one.trunk) if isinstance(one, Transfer) else None
            if isinstance(one, Transfer) and over and over.node and phone.digits(one.number) not in served:
                yield Problem("number-elsewhere", f'no node of site {site.id} serves "{one.number}"', where.file,
                              where.mark(("flow", step, "number")),
                              one_of(n.number for project, _ in projects for n in project.numbers))  # fmt: skip
