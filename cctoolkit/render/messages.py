"""messages.conf: where each step's messages go, and by which relay."""

from collections.abc import Sequence

from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.model.steps.voicemail import Voicemail
from cctoolkit.render.check import need
from cctoolkit.render.quote import text_of
from cctoolkit.state import messages
from cctoolkit.state.messages import MessageSettings, RelaySettings, Rule


def render(site: Site, projects: Sequence[Project]) -> str:
    """Render the file and hold it against the specs; raise ToolkitBug when it does not say the same."""
    steps = [
        (messages.section(project.id, name), project.project, step)
        for project in projects
        for name, step in project.flow.items()
        if isinstance(step, Voicemail)
    ]
    text = text_of("messages.conf.j2", mail=site.mail, steps=steps)
    rules = {n: Rule(step.mail, step.keep_days, info.language, info.time_zone) for n, info, step in steps}
    wanted = MessageSettings(_relay(site), rules)
    found = messages.read(text)
    need(found == wanted, f"it says {found}", messages.FILE, f"{wanted}")
    return text


def _relay(site: Site) -> RelaySettings | None:
    if site.mail is None:
        return None
    relay = site.mail.relay
    return RelaySettings(site.mail.from_, relay.host, relay.port, relay.tls, relay.user, relay.secret or "")
