"""The site of an import: its node, its carriers' trunks, its roster."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from cctoolkit.takeover import trunks
from cctoolkit.takeover.agents import Person
from cctoolkit.takeover.endpoints import Endpoint, Transport
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.names import Names, slug
from cctoolkit.takeover.reader import Section

VACANT = "vacant"
"""An agent nobody is yet: serves the queues that nobody serves, and is on no line while nobody certifies it."""

ACCOUNTS = ("deploy", "test", "capture")


def node(asterisk: Sequence[Section], listeners: Mapping[str, Transport], notes: Leftovers) -> dict[str, Any]:
    """Return the one node, with accounts that are still to be made."""
    options = next((one for one in asterisk if one.name == "options"), None)
    folders = next((one for one in asterisk if one.name == "directories"), None)
    said = options.get("systemname") if options else ""
    name = slug(said, "node") if said else "node-1"
    if said != name:
        by_hand = f"write systemname = {name} into [options] of asterisk.conf; it needs a restart"
        notes.add(Place("asterisk.conf"), f"the node is called {name}", "calls are told apart by it", by_hand)
    bound = (one.bind.partition(":")[0].strip() for one in listeners.values())
    address = next(filter(_is_own, bound), "")
    if not address:
        address = "127.0.0.1"
        why = f"no transport is bound to one: {address} was written"
        notes.add(Place("pjsip.conf"), "the node's address", why, "write address: and ami: host:")
    accounts = {one: {"user": f"cct-{one}", "secret": f"env:AMI_{one.upper()}"} for one in ACCOUNTS}
    found: dict[str, Any] = {
        "id": name,
        "address": address,
        "folder": _folder(folders),
        "ami": {"host": address, "accounts": accounts},
    }
    if listeners:
        found["transports"] = {
            name: {"protocol": one.protocol, **({"verify_server": one.verifies} if one.protocol == "tls" else {})}
            for name, one in listeners.items()
        }
    return found


def _is_own(address: str) -> bool:
    """Tell whether a transport is bound to one address, IPv4, and not to all."""
    try:
        found = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return not found.is_unspecified


def _folder(folders: Section | None) -> str:
    said = folders.get("astetcdir") if folders else ""
    return said if said.startswith("/") and said.isprintable() else "/etc/asterisk"


def carriers(
    endpoints: Sequence[Endpoint], names: Names, listeners: Mapping[str, Transport], notes: Leftovers
) -> list[dict[str, Any]]:
    """Return the trunks whose calls enter; one account registers once."""
    found, accounts = [], set[tuple[str, str]]()
    for one in endpoints:
        name = names.of(("trunk", one.name), one.name, "trunk")
        data = trunks.data(one, name, listeners, notes)
        if data is None:
            continue
        if "register" in data and (one.host, one.user) in accounts:
            del data["register"]
            notes.add(one.place, f"trunk {one.name}: register", "the account registers for another trunk", "nothing")
        accounts.add((one.host, one.user))
        found.append(trunks.carrier(one, name, data, notes))
    return found


def roster(
    people: Mapping[str, Person], phones: Mapping[str, Endpoint], notes: Leftovers, *, vacant: bool
) -> list[dict[str, Any]]:
    """Return the people with their phones' passwords as references."""
    found = []
    for person in people.values():
        secret = "PHONE_" + person.id.upper().replace("-", "_")
        found.append({"agent": person.id, "name": person.name, "secret": f"env:{secret}"})
        phone = phones.get(person.phone)
        place = phone.secret if phone and phone.secret else person.place
        notes.add(
            place,
            f"phone of agent {person.id}: ********",
            "no secret is copied; the phone registers as the agent's id from now on",
            f"export {secret}=… where cctoolkit runs, and set the phone",
        )
    if vacant:
        found.append({"agent": VACANT, "name": "Nobody yet", "secret": "env:PHONE_VACANT"})
    return found


def mail(sender: str, notes: Leftovers) -> dict[str, Any]:
    """Return how letters leave: Asterisk's program for it is not what a site names."""
    why = "Asterisk runs a program; a site names a relay: 127.0.0.1 was written"
    notes.add(Place("voicemail.conf"), "how letters leave", why, "write mail: of the site")
    return {"from": sender or "messages@centre.example", "relay": {"host": "127.0.0.1", "tls": "none"}}
