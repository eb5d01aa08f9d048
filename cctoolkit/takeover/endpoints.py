"""Endpoints of pjsip.conf, pjsip_wizard.conf and old sip.conf in one form. No password is ever taken out of a section.

Source: pjsip.conf.sample, pjsip_wizard.conf.sample of Asterisk 22; sip.conf.sample of Asterisk 16.
"""

import re
from collections.abc import Iterator

from msgspec import Struct, field

from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.reader import Section

_URI = re.compile(
    r"sips?:(?:([^@;]*)@)?(\[[0-9a-fA-F:]+\]|[^:;>\s]+)(?::([0-9]{1,5}))?(?:;.*?transport=([a-zA-Z]+))?.*", re.ASCII
)
_REGISTER = re.compile(r"(?:[a-z]+\?)?(?:[a-z]+://)?([^:@/]+)(?::[^@]*)?@([^:/]+)(?::[0-9]+)?(?:/(.*))?")
_CALLER = re.compile(r'\s*"?([^"<]*?)"?\s*(?:<[^>]*>)?\s*')
_SECRETS = ("password", "secret", "md5secret", "md5_cred", "remotesecret")


class Endpoint(Struct):
    """A phone or a trunk: where its calls enter, where it is, our account there, what it says of SIP."""

    name: str
    place: Place
    context: str
    title: str = ""
    host: str = ""
    port: str = ""
    protocol: str = ""
    user: str = ""
    realm: str = ""
    registers: bool = False
    contact_user: str = ""
    expiry: str = ""
    match: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    secret: Place | None = None

    @property
    def is_trunk(self) -> bool:
        """Tell whether it is the outside: it has an address of its own."""
        return bool(self.host)


class Transport(Struct, frozen=True):
    """A transport of pjsip.conf."""

    name: str
    protocol: str
    bind: str
    verifies: bool


def pjsip(sections: list[Section]) -> Iterator[Endpoint]:
    """Yield the endpoints of pjsip.conf, each with the objects it refers to."""
    of: dict[str, dict[str, Section]] = {}
    for section in sections:
        if not section.template:
            of.setdefault(section.get("type").lower(), {})[section.name] = section
    matches: dict[str, list[str]] = {}
    for one in of.get("identify", {}).values():
        hosts = (host.strip() for option in one.all("match") for host in option.value.split(","))
        matches.setdefault(one.get("endpoint"), []).extend(host for host in hosts if host)
    for name, section in of.get("endpoint", {}).items():
        found = Endpoint(
            name,
            section.place,
            section.get("context", "default"),
            _title(section.get("callerid")),
            match=matches.get(name, []),
        )
        found.options = {one.name.lower(): one.value for one in section.options if one.name.lower() not in _SECRETS}
        for aor in section.get("aors").split(","):
            held = of.get("aor", {}).get(aor.strip())
            if held and held.get("contact"):
                _at(found, held.get("contact"))
                found.options.setdefault("qualify_frequency", held.get("qualify_frequency"))
        _account(found, of.get("auth", {}).get(section.get("outbound_auth").split(",")[0].strip()))
        inbound = of.get("auth", {}).get(section.get("auth").split(",")[0].strip())
        found.secret = found.secret or (_secret(inbound) if inbound else None)
        for one in of.get("registration", {}).values():
            if one.name == name or one.get("endpoint") == name or _host(one.get("server_uri")) == found.host != "":
                found.registers, found.contact_user, found.expiry = True, one.get("contact_user"), one.get("expiration")
                _account(found, of.get("auth", {}).get(one.get("outbound_auth")))
        if found.match and not found.host:
            found.host = found.match[0].partition("/")[0] if "/" not in found.match[0] else ""
        yield found


def wizard(sections: list[Section]) -> Iterator[Endpoint]:
    """Yield the endpoints of pjsip_wizard.conf."""
    for section in sections:
        if section.template or section.get("type") != "wizard":
            continue
        held = {one.name.lower(): one.value for one in section.options}
        found = Endpoint(
            section.name,
            section.place,
            held.get("endpoint/context", "default"),
            _title(held.get("endpoint/callerid", "")),
        )
        found.options = {
            name.removeprefix("endpoint/"): worth for name, worth in held.items() if name.startswith("endpoint/")
        }
        for host in section.get("remote_hosts").split(","):
            if host.strip():
                _at(found, f"sip:{host.strip()}")
                break
        found.match = [
            host.strip().partition(":")[0] for host in section.get("remote_hosts").split(",") if host.strip()
        ]
        found.user, found.registers = (
            held.get("outbound_auth/username", ""),
            section.get("sends_registrations") == "yes",
        )
        found.contact_user = held.get("registration/contact_user", "")
        found.secret = next((one.place for one in section.options if one.name.lower().endswith("/password")), None)
        yield found


def sip(sections: list[Section], notes: Leftovers) -> Iterator[Endpoint]:
    """Yield the peers of chan_sip's sip.conf, which Asterisk 21 no longer has."""
    general = next((one for one in sections if one.name == "general"), None)
    default = general.get("context", "default") if general else "default"
    registers = {}
    for option in general.all("register") if general else []:
        known = _REGISTER.fullmatch(option.value)
        if known:
            registers[known[2]] = (known[1], known[3] or "")
        else:
            notes.add(option.place, "register", "it is not understood", "write register: in the trunk")
    for section in sections:
        if section.template or section.name in ("general", "authentication"):
            continue
        found = Endpoint(section.name, section.place, section.get("context", default), _title(section.get("callerid")))
        found.secret = _secret(section)
        host = section.get("host")
        if host and host != "dynamic":
            found.host, found.port, found.protocol = (
                host,
                section.get("port"),
                section.get("transport").split(",")[0].lower(),
            )
            found.match = [host]
            found.user = section.get("defaultuser") or section.get("username") or section.get("fromuser")
            if host in registers:
                found.registers, (found.user, found.contact_user) = True, registers[host]
            found.options = {"from_user": section.get("fromuser"), "from_domain": section.get("fromdomain")}
            found.options["allow"] = section.get("allow")
        yield found


def transports(sections: list[Section]) -> Iterator[Transport]:
    """Yield the transports of pjsip.conf."""
    for section in sections:
        if section.get("type") == "transport" and not section.template:
            verifies = section.get("verify_server").lower() in ("yes", "true", "1")
            yield Transport(section.name, section.get("protocol", "udp").lower(), section.get("bind"), verifies)


def _at(found: Endpoint, uri: str) -> None:
    known = _URI.fullmatch(uri.strip())
    if known:
        found.host, found.port, found.protocol = known[2].strip("[]"), known[3] or "", (known[4] or "").lower()


def _host(uri: str) -> str:
    known = _URI.fullmatch(uri.strip())
    return known[2].strip("[]") if known else ""


def _account(found: Endpoint, auth: Section | None) -> None:
    if auth:
        found.user, found.realm = auth.get("username"), auth.get("realm")
        found.secret = _secret(auth)


def _secret(section: Section) -> Place | None:
    return next((one.place for one in section.options if one.name.lower() in _SECRETS), None)


def _title(text: str) -> str:
    known = _CALLER.fullmatch(text)
    return known[1].strip() if known else ""
