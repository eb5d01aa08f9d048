"""All files of one node for one site, and the names they are known by."""

import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node, Site
from cctoolkit.render import check, check_objects, dialplan, messages, pjsip, queues
from cctoolkit.render.dialplan import Generation, Membership
from cctoolkit.secret import nowhere
from cctoolkit.state.described import generation_file

RELEASE_SLOT = "0" * 10
"""Stands in the entry file while the release's own digest is taken."""


class ConfigSet(Struct, frozen=True):
    """`files` {path below cctoolkit/current: text}, secrets as placeholders; `release` is a digest of them
    all, so the same spec has the same release from every checkout; `generations` {project: digest of its dialplan};
    `members` {agent: the queues to be in once logged in}, None where nobody knows: a release of before that was kept.
    """

    release: str
    files: Mapping[str, str]
    generations: Mapping[str, str]
    members: Mapping[str, tuple[Membership, ...]] | None = None


def render(site: Site, node: Node, projects: tuple[Project, ...]) -> ConfigSet:
    """Render everything `node` needs; raise ToolkitBug when the text does not say what the graph says."""
    return render_nodes(site, (node,), projects)[node.id]


def render_nodes(site: Site, nodes: Sequence[Node], projects: tuple[Project, ...]) -> dict[str, ConfigSet]:
    """Render everything each of `nodes` needs, by node; what they have in common once."""
    built = [dialplan.generation(project) for project in projects]
    common = {generation_file(g.project, g.digest): g.text for g in built}
    common |= dialplan.pressed(projects)
    common["queues.conf"] = queues.render(projects)
    common["runtime.conf"] = dialplan.runtime(site, projects)
    common["messages.conf"] = messages.render(site, projects)
    common["extensions.conf"] = dialplan.entry(projects, built, RELEASE_SLOT)
    return {node.id: _node(site, node, projects, built, common) for node in nodes}


def _node(
    site: Site, node: Node, projects: tuple[Project, ...], built: Sequence[Generation], common: Mapping[str, str]
) -> ConfigSet:
    files = {**common, "pjsip.conf": pjsip.render(site, node, projects)}
    release = digest("".join(f"{path}\0{nowhere(text)}\0" for path, text in sorted(files.items())), 10)
    files["extensions.conf"] = dialplan.entry(projects, built, release)
    _check(site, projects, built, files, node)
    members = {entry.agent: tuple(dialplan.memberships(projects, entry.agent)) for entry in site.roster}
    return ConfigSet(release, dict(sorted(files.items())), {g.project: g.digest for g in built}, members)


def _check(
    site: Site,
    projects: Sequence[Project],
    built: Sequence[Generation],
    files: Mapping[str, str],
    node: Node,
) -> None:
    entries = {
        e.number.lstrip("+"): (e.forms, marks.context(g.project, g.digest, e.step))
        for g in built
        for e in g.graph.entries
    }
    check.dialplan(files, entries, site, passes=any(project.passes_calls for project in projects))
    check_objects.keys(files)
    trunks = pjsip.placed(site, node, projects)
    check_objects.passing(files, trunks)
    check_objects.queues(files["queues.conf"], queues.sections(projects))
    check_objects.pjsip(files["pjsip.conf"], site, trunks)


def digest(text: str, size: int) -> str:
    """Return the first `size` hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:size]
