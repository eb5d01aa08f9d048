"""pjsip.conf: carriers known by address, agents' phones by password. Source: pjsip.conf.sample of Asterisk
22.
"""

from collections.abc import Sequence
from pathlib import Path

from cctoolkit import marks
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node, Site
from cctoolkit.render.quote import text_of
from cctoolkit.secret import parse_ref


def render(site: Site, node: Node, projects: Sequence[Project] = ()) -> str:
    """Render trunks and phones for one node; passwords are placeholders until a transport writes them."""
    roster = [{"agent": e.agent, "password": parse_ref(e.secret, Path()).placeholder()} for e in site.roster]
    return text_of("pjsip.conf.j2", trunks=site.trunks, outward=outward(site, projects), roster=roster, node=node)


def outward(site: Site, projects: Sequence[Project]) -> list[dict[str, object]]:
    """Return the projects' own trunks, each at its address or where this site reaches it."""
    return [
        {
            "name": marks.queue_name(project.id, name),
            "address": site.trunks_at.get(name, trunk.address),
            "port": trunk.port,
            "codecs": trunk.codecs,
        }
        for project in projects
        for name, trunk in project.trunks.items()
    ]
