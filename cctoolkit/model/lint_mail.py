"""Rules of messages by e-mail: what a relay takes, and what a site must say so that they can leave."""

import ipaddress
from collections.abc import Iterator, Sequence

from cctoolkit.model.build import Parts
from cctoolkit.model.project import Project
from cctoolkit.model.site import Relay, Site
from cctoolkit.model.steps.voicemail import LONGEST_MAILED_SECONDS, Voicemail
from cctoolkit.model.words import seconds
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document


def too_long(parts: Parts, document: Document) -> Iterator[Problem]:
    """A message that is mailed is no longer than what relays take."""
    for name, step in parts.flow.items():
        if isinstance(step, Voicemail) and step.mail and seconds(step.longest) > LONGEST_MAILED_SECONDS:
            what = f"a message of {step.longest} is larger than what mail relays take"
            mark = document.mark(("flow", name, "longest"))
            yield Problem("message-too-long", what, document.file, mark, f"at most {LONGEST_MAILED_SECONDS // 60}m")


def relay(site: Site, document: Document, projects: Sequence[tuple[Project, Document]]) -> Iterator[Problem]:
    """A site whose projects mail messages says how they leave, and sends no password in clear text."""
    for project, of_project in projects:
        for name, step in project.flow.items():
            if isinstance(step, Voicemail) and step.mail and site.mail is None:
                what = f"site {site.id} does not say how mail leaves"
                mark = of_project.mark(("flow", name, "mail"))
                yield Problem("no-relay", what, of_project.file, mark, hint=f"write mail: in {document.file}")
    if site.mail is None:
        return
    there = site.mail.relay
    if (there.secret is None) != (not there.user):
        yield Problem("half-an-account", "a user without a secret, or a secret without a user", document.file,
                      document.mark(("mail", "relay")), "both, or none")  # fmt: skip
    if there.tls == "none" and not _is_here(there):
        yield Problem("mail-in-clear", "callers' messages would cross the network in clear text", document.file,
                      document.mark(("mail", "relay", "tls")), "starttls or tls")  # fmt: skip


def _is_here(there: Relay) -> bool:
    try:
        return ipaddress.ip_address(there.host).is_loopback
    except ValueError:
        return there.host == "localhost"
