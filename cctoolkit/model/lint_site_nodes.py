"""Rules about a site as a whole: each node is an Asterisk of its own, and nobody leads too many."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from cctoolkit.model.lint_people import SPAN
from cctoolkit.model.lint_words import no_zone, unknown
from cctoolkit.model.log_table import DatabaseTable, url_fault
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document


def places(site: Site, document: Document) -> Iterator[Problem]:
    """Two nodes have neither one AMI nor, on one machine, one folder of configuration."""
    seen: dict[tuple[str, ...], str] = {}
    for index, node in enumerate(site.nodes):
        # 127.0.0.1 is each machine's own.
        where = node.address if node.ami.host == "127.0.0.1" else ""
        kinds: list[tuple[tuple[str, ...], str]] = [(("AMI", node.ami.host, str(node.ami.port), where), "ami")]
        machine = (node.ssh.host, str(node.ssh.port)) if node.transport == "ssh" and node.ssh else ()
        # By AMI alone, nobody sees on which machine it is: then its AMI is its place.
        kinds += [(("folder", node.folder, *machine), "folder")] if node.transport != "ami" else []
        for place, key in kinds:
            first = seen.setdefault(place, node.id)
            if first != node.id:
                yield Problem("node-place-twice", f"the {place[0]} is that of node {first}", document.file,
                              document.mark(("nodes", index, key)), f"a {place[0]} of its own")  # fmt: skip
                break


def reached(site: Site, document: Document) -> Iterator[Problem]:
    """A node that is reached by ssh says how; one that is not has no use for it."""
    for index, node in enumerate(site.nodes):
        asks = ("transport",) if node.transport == "ssh" else ("ami", "via") if node.ami.via == "ssh" else ()
        if asks and node.ssh is None:
            mark = document.mark(("nodes", index, *asks))
            yield Problem("no-ssh", f"node {node.id} does not say how it is reached by ssh", document.file, mark,
                          "ssh: with host and user")  # fmt: skip
        if not asks and node.ssh is not None:
            mark = document.mark(("nodes", index, "ssh"), key=True)
            what = f"neither files nor AMI of node {node.id} are reached by ssh"
            yield Problem("never-used", what, document.file, mark, "transport: ssh, or via: ssh under ami")


def tables(site: Site, document: Document) -> Iterator[Problem]:
    """A log's table is in one database, whose URL its driver takes, and in no file; times of the switch's logs have a
    zone.
    """
    for index, node in enumerate(site.nodes):
        for key in ("queue_log_table", "cdr_table", "cel_table"):
            if table := getattr(node, key):
                yield from _table(table, node.id, document, ("nodes", index, key))
        for key, log, beside in (("cdr", node.cdr_log, node.cdr_table), ("cel", node.cel_log, node.cel_table)):
            here = ("nodes", index, f"{key}_log")
            if log and log.time_zone:
                yield from no_zone(log.time_zone, document, (*here, "time_zone"))
            if log and beside:
                what = f"{key}_log of node {node.id} is read by nobody, beside {key}_table"
                yield Problem("never-used", what, document.file, document.mark(here, key=True), "one of the two")


def _table(table: DatabaseTable, node: str, document: Document, here: tuple[str | int, ...]) -> Iterator[Problem]:
    if (table.sqlite is None) is (table.url is None):
        what = "two databases have" if table.url else "no database has"
        yield Problem("table-nowhere", f"{what} the table of node {node}", document.file,
                      document.mark(here, key=True), "sqlite, or url")  # fmt: skip
    elif table.url and (fault := url_fault(table.url)):
        yield Problem("table-url", f"the table of node {node}: {fault.what}", document.file,
                      document.mark((*here, "url")), fault.expected)  # fmt: skip
    yield from no_zone(table.time_zone, document, (*here, "time_zone"))


def canary(site: Site, document: Document) -> Iterator[Problem]:
    """The canary is one of the nodes."""
    nodes = [node.id for node in site.nodes]
    if site.canary and site.canary not in nodes:
        yield unknown(document, ("canary",), "node", site.canary, nodes)


def spans(projects: Sequence[tuple[Project, Document]]) -> Iterator[Problem]:
    """Nobody leads more agents in all projects of a site together than one leader can; of one, its own rule says it."""
    led: dict[str, set[str]] = defaultdict(set)
    for project, document in projects:
        for name, team in project.teams.items():
            if team.leader is None:
                continue
            mine = {agent.agent for agent in project.agents if agent.team == name}
            before = len(led[team.leader])
            led[team.leader] |= mine
            after = len(led[team.leader])
            if before <= SPAN < after and before and after > _of_one(project, team.leader):
                yield Problem("span-too-large", f"{team.leader} would lead {after} agents in this site's projects",
                              document.file, document.mark(("teams", name, "leader")), f"at most {SPAN}",
                              "give this row another leader")  # fmt: skip


def _of_one(project: Project, leader: str) -> int:
    rows = {name for name, team in project.teams.items() if team.leader == leader}
    return sum(agent.team in rows for agent in project.agents)
