"""pjsip.conf in the spec's words: the sections of a trunk are one object, its options those of the spec."""

import re
from collections.abc import Iterable, Iterator

from cctoolkit import marks
from cctoolkit.state.conf import Section
from cctoolkit.state.settings import Setting

_WORDS = {
    "endpoint allow": "codecs",
    "endpoint transport": "listener",
    "endpoint media_encryption": "media_encryption",
    "endpoint dtmf_mode": "dtmf_mode",
    "endpoint from_user": "from_user",
    "endpoint from_domain": "from_domain",
    "endpoint send_pai": "send_pai",
    "aor qualify_frequency": "qualify",
    "auth username": "auth.user",
    "auth password": "auth.secret",
    "auth realm": "auth.realm",
    "registration expiration": "register.expiry",
    "registration retry_interval": "register.retry",
    "registration contact_user": "register.contact_user",
    "registration server_uri": "register.server",
    "endpoint set_var": "node",
}
"""What an option of a section's type is called in a spec; any other keeps its own name behind the type."""

_FOLLOWS = re.compile(
    r"\S+ type|endpoint (aors|auth|outbound_auth|identify_by)|auth auth_type|identify endpoint"
    r"|registration (transport|outbound_auth|client_uri|auth_rejection_permanent|fatal\w*|forbidden\w*|max_\w+)"
)
"""What follows from the rest; where only such a line differs, the file's digest says so."""

_CONTACT = re.compile(r"sip:(\[[^\]]+\]|[^:;]+):([0-9]+)(?:;transport=([a-z]+))?")


def told(sections: Iterable[Section], settings: Iterable[Setting]) -> Iterator[Setting]:
    """Yield the settings of pjsip.conf: trunks under their own name, everything else under "sip"."""
    contexts = (marks.TRUNK, marks.CLOSED, marks.NODE)
    names = {s.name for s in sections if dict(s.lines).get("context") in contexts}
    for one in settings:
        name, _, kind = one.name.rpartition(" ")
        if name not in names:
            yield Setting("sip", one.name, one.option, one.value)
        elif not _FOLLOWS.fullmatch(f"{kind} {one.option}"):
            yield from _trunk(name, kind, one.option, one.value)


def _trunk(name: str, kind: str, option: str, value: str) -> Iterator[Setting]:
    contact = _CONTACT.fullmatch(value) if (kind, option) == ("aor", "contact") else None
    if contact:
        yield Setting("trunk", name, "address", contact[1])
        yield Setting("trunk", name, "port", contact[2])
        yield Setting("trunk", name, "transport", contact[3] or "udp")
        return
    if (kind, option) == ("identify", "match"):
        # The first is its address, told already.
        if more := value.partition(",")[2]:
            yield Setting("trunk", name, "match", more)
        return
    yield Setting("trunk", name, _WORDS.get(f"{kind} {option}", f"{kind}.{option}"), value)
