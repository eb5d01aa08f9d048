"""What only shows when projects meet on a site: the roster, numbers claimed twice, names that stand twice."""

from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec

from cctoolkit.model import lint_mail, lint_site_codes, lint_site_nodes, phone
from cctoolkit.model.lint_lists import shares
from cctoolkit.model.lint_site_passing import passing
from cctoolkit.model.lint_site_trunks import trunks
from cctoolkit.model.lint_trunk import host_problems
from cctoolkit.model.lint_words import twice, unknown
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, bounded
from cctoolkit.spec.source import Document


def site_problems(site: Site, document: Document, projects: Sequence[tuple[Project, Document]]) -> list[Problem]:
    """Check a site that passed its schema, and those of its projects that passed their rules."""
    return bounded(
        chain(
            twice({i: n.id for i, n in enumerate(site.nodes)}, document, "nodes", "id"),
            twice({i: t.id for i, t in enumerate(site.trunks)}, document, "trunks", "id"),
            twice({i: e.agent for i, e in enumerate(site.roster)}, document, "roster", "agent"),
            twice(dict(enumerate(site.projects)), document, "projects", ""),
            _addresses(site, document),
            trunks(site, document, projects),
            passing(site, document, projects),
            _feature_codes(site, document),
            _roster(site, projects),
            _pause_codes(projects),
            _shared(site, projects),
            _claimed(projects),
            lint_site_codes.hidden(site, document),
            lint_site_nodes.places(site, document),
            lint_site_nodes.reached(site, document),
            lint_site_nodes.tables(site, document),
            lint_site_nodes.canary(site, document),
            lint_site_nodes.spans(projects),
            lint_mail.relay(site, document, projects),
        )
    )


def _addresses(site: Site, document: Document) -> Iterator[Problem]:
    for index, node in enumerate(site.nodes):
        yield from host_problems(node.address, ("nodes", index, "address"), document)
        yield from host_problems(node.ami.host, ("nodes", index, "ami", "host"), document)


def _feature_codes(site: Site, document: Document) -> Iterator[Problem]:
    codes = site.feature_codes
    seen: dict[str, str] = {}
    for name, code in msgspec.structs.asdict(codes).items():
        first = seen.setdefault(code, name)
        if first != name:
            mark = document.mark(("feature_codes", name))
            yield Problem("feature-code-twice", f'"{code}" already means {first}', document.file, mark)


def _roster(site: Site, projects: Sequence[tuple[Project, Document]]) -> Iterator[Problem]:
    roster = [entry.agent for entry in site.roster]
    for project, document in projects:
        for index, agent in enumerate(project.agents):
            if agent.agent not in roster:
                path = ("agents", index, "agent")
                yield unknown(document, path, f"agent on the roster of site {site.id}:", agent.agent, roster)
        for group in ("supervisors", "shift_managers"):
            for index, person in enumerate(getattr(project.project.roles, group)):
                if person.agent and person.agent not in roster:
                    route: Route = ("project", "roles", group, index, "agent")
                    yield unknown(document, route, f"agent on the roster of site {site.id}:", person.agent, roster)


def _shared(site: Site, projects: Sequence[tuple[Project, Document]]) -> Iterator[Problem]:
    """Numbers and queues are shared with other projects of the site."""
    for project, document in projects:
        others = [other for other in site.projects if other != project.id]
        for path, name in shares(dict(enumerate(project.numbers)), project.queues):
            if name not in site.projects:
                yield unknown(document, path, f"project on site {site.id}:", name, others)


def _pause_codes(projects: Sequence[tuple[Project, Document]]) -> Iterator[Problem]:
    """An agent dials one code for all projects: it means one reason on the whole site."""
    seen: dict[str, tuple[str, str]] = {}
    for project, document in projects:
        for reason, pause in project.pauses.items():
            first, where = seen.setdefault(pause.code, (reason, project.id))
            if first != reason:
                what = f'the pause code "{pause.code}" means {first} in project {where}'
                yield Problem("pause-code-differs", what, document.file, document.mark(("pauses", reason, "code")))


def _claimed(projects: Sequence[tuple[Project, Document]]) -> Iterator[Problem]:
    claimed: dict[str, str] = {}
    for project, document in projects:
        for index, number in enumerate(project.numbers):
            texts: list[tuple[Route, str]] = [(("number",), number.number)]
            texts += [(("arrives_as", place), text) for place, text in enumerate(number.arrives_as)]
            for path, text in texts:
                owners = {claimed.setdefault(form, project.id) for form in phone.forms(text, number.country)}
                if other := owners - {project.id}:
                    mark = document.mark(("numbers", index, *path))
                    what = f'"{text}" is claimed by project {min(other)} too'
                    yield Problem("number-claimed", what, document.file, mark, hint="a number has one owner")
