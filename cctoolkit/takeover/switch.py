"""Everything read from a configuration folder, in the forms the rest of this room works with."""

from collections.abc import Iterator

from msgspec import Struct

from cctoolkit.model.trunk import PORTS
from cctoolkit.takeover import agents, dialplan, endpoints, queues, voicemail
from cctoolkit.takeover.dialplan import Dialplan
from cctoolkit.takeover.endpoints import Endpoint, Transport
from cctoolkit.takeover.known_apps import OURS
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.names import Names, slug
from cctoolkit.takeover.queues import Queue
from cctoolkit.takeover.reader import Folder, Section, read
from cctoolkit.takeover.voicemail import Voicemail

_OTHER_DIALPLANS = ("extensions.ael", "extensions.lua")

_BASE = "it stays the node's own"
_DATABASE = "what stands in a database is not read"
_NO_PART = {
    "chan_dahdi.conf": "DAHDI",
    "confbridge.conf": "conferences",
    "extconfig.conf": _DATABASE,
    "features.conf": "feature codes of calls",
    "followme.conf": "follow me",
    "iax.conf": "IAX2",
    "manager.conf": "AMI",
    "musiconhold.conf": "music classes, which stay the node's own",
    "queuerules.conf": "penalty rules",
    "res_parking.conf": "parking",
    "sorcery.conf": _DATABASE,
}
"""Files a spec has no part of, and what they are; all others are the node's base configuration."""


class Switch(Struct):
    """A switch as its files describe it."""

    plan: Dialplan
    queues: dict[str, Queue]
    voicemail: Voicemail
    endpoints: dict[str, Endpoint]
    transports: dict[str, Transport]
    asterisk: list[Section]
    titles: dict[str, str]

    @property
    def trunks(self) -> list[Endpoint]:
        """Return the endpoints that are the outside."""
        return [one for one in self.endpoints.values() if one.is_trunk]

    @property
    def listeners(self) -> dict[str, Transport]:
        """Return the transports a spec can name."""
        return {name: one for name, one in self.transports.items() if slug(name) == name and one.protocol in PORTS}


def open_folder(folder: Folder, notes: Leftovers, longest: int) -> Switch:
    """Read a folder; what is no part of a spec is noted, a file at a time. Names of queues are no longer than
    `longest`.
    """
    seen: set[str] = set()

    def sections(name: str) -> list[Section]:
        return read(folder, name, notes, seen)

    plan = dialplan.build(sections("extensions.conf"), notes)
    pjsip = sections("pjsip.conf")
    found: dict[str, Endpoint] = {}
    for one in (
        *endpoints.pjsip(pjsip),
        *endpoints.wizard(sections("pjsip_wizard.conf")),
        *endpoints.sip(sections("sip.conf"), notes),
    ):
        found.setdefault(one.name, one)
    titles = {one.name: one.title for one in found.values() if one.title} | dict(agents.titles(sections("agents.conf")))
    switch = Switch(
        plan,
        queues.read(sections("queues.conf"), Names(longest), notes),
        voicemail.read(sections("voicemail.conf"), notes),
        found,
        {one.name: one for one in endpoints.transports(pjsip)},
        sections("asterisk.conf"),
        titles,
    )
    for name in folder.closed:
        notes.add(Place(name), "a folder that was not read", "it may not be opened", "make it readable")
    for name, why in _unread(folder, seen):
        notes.add(Place(name), "a file that was not read", why, "nothing, unless it steers calls")
    if "timeconditions" in plan.contexts:
        notes.add(
            plan.contexts["timeconditions"].place,
            "time conditions set by phone",
            "they stand in Asterisk's database",
            "cctoolkit override, or its code, does it from now on",
        )
    if any(name.startswith(OURS) for name in plan.contexts):
        notes.add(
            Place("extensions.conf"),
            "contexts of cctoolkit's own",
            "they were made from a spec",
            "go on with that spec",
        )
    return switch


def _unread(folder: Folder, seen: set[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(folder.names):
        base = name.rpartition("/")[2]
        if base in _OTHER_DIALPLANS:
            yield name, "dialplan in AEL or Lua is not understood"
        elif name not in seen and name.endswith(".conf"):
            yield name, f"no part of a spec: {_NO_PART.get(base, _BASE)}"
