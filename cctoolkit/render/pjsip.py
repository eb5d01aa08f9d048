"""pjsip.conf: carriers known by address, agents' phones by password. Source: pjsip.conf.sample of Asterisk
22.
"""

from pathlib import Path

from cctoolkit.model.site import Node, Site
from cctoolkit.render.quote import text_of
from cctoolkit.secret import parse_ref


def render(site: Site, node: Node) -> str:
    """Render trunks and phones for one node; passwords are placeholders until a transport writes them."""
    roster = [{"agent": e.agent, "password": parse_ref(e.secret, Path()).placeholder()} for e in site.roster]
    return text_of("pjsip.conf.j2", trunks=site.trunks, roster=roster, node=node)
