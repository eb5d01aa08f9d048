"""Trunks of a spec from endpoints that have an address: whose calls enter, and over which the flow calls."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from cctoolkit.model.trunk import PORTS, Protocol, Realm, SipUser, Source
from cctoolkit.model.words import Codec, Host
from cctoolkit.takeover.endpoints import Endpoint, Transport
from cctoolkit.takeover.leftovers import Leftovers
from cctoolkit.takeover.values import whole

_HOST, _USER, _REALM, _SOURCE = (re.compile(get_args(kind)[1].pattern) for kind in (Host, SipUser, Realm, Source))
_CODECS = get_args(Codec)
_MOST_USER, _MOST_REALM, _MOST_HOST = 64, 120, 253

Left = Callable[..., None]
"""Notes something of one trunk: what, why, and what to do by hand."""

_DTMF = {"rfc4733": "rfc4733", "rfc2833": "rfc4733", "inband": "inband", "info": "info", "auto": "auto"}
_KNOWN = frozenset(
    [
        "type",
        "context",
        "aors",
        "auth",
        "outbound_auth",
        "allow",
        "disallow",
        "dtmf_mode",
        "from_user",
        "from_domain",
        "send_pai",
        "media_encryption",
        "callerid",
        "transport",
        "qualify_frequency",
        "direct_media",
        "identify_by",
        "language",
        "rtp_symmetric",
        "force_rport",
        "rewrite_contact",
        "allow_subscribe",
        "trust_id_inbound",
        "trust_id_outbound",
        "media_address",
        "bind_rtp_to_media_address",
        "ice_support",
        "message_context",
        "device_state_busy_at",
        "tone_zone",
    ]
)
"""Options of an endpoint that are taken over, or that the toolkit decides."""


def _is_user(text: str) -> bool:
    return bool(_USER.fullmatch(text)) and len(text) <= _MOST_USER


def _is_host(text: str) -> bool:
    return bool(_HOST.fullmatch(text)) and len(text) <= _MOST_HOST and _is_network(text)


def _is_network(text: str) -> bool:
    """Tell whether what looks like an IP address, or a network, is one; a name may be anything."""
    if ":" not in text and "/" not in text and not text.replace(".", "").isdecimal():
        return True
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def data(endpoint: Endpoint, name: str, listeners: Mapping[str, Transport], notes: Leftovers) -> dict[str, Any] | None:
    """Return a trunk as a spec has it, without its name; None where it cannot be written. `name` is its name in the
    spec; its password becomes a reference.
    """

    def left(what: str, why: str, by_hand: str = "write it in the trunk, if it is missed") -> None:
        notes.add(endpoint.place, f"trunk {endpoint.name}: {what}", why, by_hand)

    protocol = _protocol(endpoint, listeners)
    if not _is_host(endpoint.host) or protocol is None:
        why = "no host's name" if protocol else "none of the node's transports that a spec can name fits it"
        left("left out", why, "name the node's transport by small letters, digits and hyphens; write the trunk")
        return None
    found: dict[str, Any] = {"address": endpoint.host, **_port(endpoint, protocol, left)}
    if protocol != "udp":
        found["transport"] = protocol
    if protocol == "tls":
        chosen = next(one for one in listeners.values() if one.protocol == "tls")
        found["verify_server"] = chosen.verifies
    return found | _media(endpoint, protocol, left) | _account(endpoint, name, notes, left) | _names(endpoint, left)


def _protocol(endpoint: Endpoint, listeners: Mapping[str, Transport]) -> Protocol | None:
    """Return what a trunk speaks; None where it needs a transport and there is none."""
    named = listeners.get(endpoint.options.get("transport", ""))
    said = (
        endpoint.protocol
        or (named.protocol if named else "")
        or endpoint.options.get("transport", "").rpartition("-")[2]
    )
    for protocol in ("tcp", "tls"):
        if said == protocol:
            return protocol if any(one.protocol == protocol for one in listeners.values()) else None
    return "udp"


def _port(endpoint: Endpoint, protocol: Protocol, left: Left) -> dict[str, int]:
    port = whole(endpoint.port) or 0
    if not 0 < port < 65_536 or port == PORTS[protocol]:
        return {}
    if protocol == "tls" and port == PORTS["udp"]:
        left("its port", "TLS is not spoken at the port of plain SIP")
        return {}
    return {"port": port}


def _media(endpoint: Endpoint, protocol: Protocol, left: Left) -> dict[str, Any]:
    said, found = endpoint.options, dict[str, Any]()
    codecs = [one for one in re.split(r"[,\s]+", said.get("allow", "")) if one and one != "!all"]
    if good := [one for one in dict.fromkeys(codecs) if one in _CODECS]:
        found["codecs"] = good
    if len(good) < len(set(codecs)):
        left("codecs", f"a spec has {', '.join(_CODECS)}")
    encryption = said.get("media_encryption", "no")
    if encryption == "sdes" and protocol == "tls":
        found["media_encryption"] = "sdes"
    elif encryption not in ("", "no"):
        left("media_encryption", "a spec has sdes, over tls")
    dtmf = said.get("dtmf_mode", "rfc4733")
    if _DTMF.get(dtmf, "") not in ("", "rfc4733"):
        found["dtmf_mode"] = _DTMF[dtmf]
    elif dtmf not in _DTMF:
        left("dtmf_mode", f"a spec has {', '.join(sorted(set(_DTMF.values())))}")
    return found


def _names(endpoint: Endpoint, left: Left) -> dict[str, Any]:
    said, found = endpoint.options, dict[str, Any]()
    for option, fits in (("from_user", _is_user), ("from_domain", _is_host)):
        if fits(said.get(option, "")):
            found[option] = said[option]
        elif said.get(option):
            left(option, "it is not of a spec's form")
    if said.get("send_pai", "").lower() in ("yes", "true"):
        found["send_pai"] = True
    every = said.get("qualify_frequency", "") or "0"
    found["qualify"] = f"{int(float(every))}s" if re.fullmatch(r"[0-9]{1,5}(\.[0-9]+)?", every) else "0s"
    for option, worth in said.items():
        if option not in _KNOWN and worth and not option.startswith(("set_var", "@")):
            left(option, "a spec has no words for it", "nothing, unless it is missed")
    return found


def _account(endpoint: Endpoint, name: str, notes: Leftovers, left: Left) -> dict[str, Any]:
    if not endpoint.user:
        return {}
    if not _is_user(endpoint.user):
        left("its user", "it is not of a spec's form", "write auth:")
        return {}
    secret = "TRUNK_" + name.upper().replace("-", "_")
    if endpoint.secret:
        by_hand = f"export {secret}=… where cctoolkit runs"
        notes.add(endpoint.secret, f"password of trunk {name}: ********", "no secret is copied", by_hand)
    found: dict[str, Any] = {"auth": {"user": endpoint.user, "secret": f"env:{secret}"}}
    if _REALM.fullmatch(endpoint.realm) and len(endpoint.realm) <= _MOST_REALM:
        found["auth"]["realm"] = endpoint.realm
    if endpoint.registers:
        known = _is_user(endpoint.contact_user)
        expiry = f"{endpoint.expiry}s" if re.fullmatch(r"[1-9][0-9]{0,4}", endpoint.expiry) else "10m"
        found["register"] = {"expiry": expiry, **({"contact_user": endpoint.contact_user} if known else {})}
    return found


def carrier(endpoint: Endpoint, name: str, found: dict[str, Any], notes: Leftovers) -> dict[str, Any]:
    """Return a trunk as one of the site: with its name, and where its calls come from besides its address."""
    more = [one for one in dict.fromkeys(endpoint.match) if one != endpoint.host]
    good = [one for one in more if _SOURCE.fullmatch(one) and len(one) <= _MOST_HOST and _is_network(one)]
    if len(good) != len(more):
        notes.add(
            endpoint.place,
            f"trunk {endpoint.name}: match",
            "a spec has hosts, addresses, and networks from /16",
            "write match:",
        )
    return {"id": name, **found, **({"match": good[:50]} if good else {})}
