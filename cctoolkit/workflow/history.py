"""history: what was applied on each node, by whom, what it changed, and what verify said of it."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cctoolkit import clock
from cctoolkit.deploy import journal
from cctoolkit.model.site import Node
from cctoolkit.workflow import overrides
from cctoolkit.workflow.fleet import line
from cctoolkit.workflow.nodes import each
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.specs import LoadedSite

Entry = dict[str, Any]


class Told(Struct, frozen=True):
    """A node's history, oldest first, what its journal says now ("" nothing), and what of it nobody can know from here;
    or why it is away.
    """

    entries: Sequence[Entry]
    journal: str = ""
    away: str = ""
    unknown: str = ""


async def histories(loaded: LoadedSite) -> dict[str, Told]:
    """Return the history of every node; of the only one there is the error is raised when it is away."""
    found = await each(loaded.site.nodes, _told)
    return {node: one if isinstance(one, Told) else Told((), away=line(one)) for node, one in found.items()}


async def _told(node: Node) -> Told:
    async with transport(node) as there:
        lines, intent = await there.history(), await there.intent()
    by_phone = await asyncio.to_thread(overrides.by_phone, node)
    unknown = "; ".join(entry["unreadable"] for entry in by_phone if "unreadable" in entry)
    said = [*map(read, lines), *(dict(entry) for entry in by_phone if "unreadable" not in entry)]
    return Told(
        fold(sorted(said, key=_when)),
        journal.told(intent, clock.now()) if intent else "",
        unknown=f"what supervisors said by phone is not known here: {unknown}" if unknown else "",
    )


def _when(entry: Mapping[str, Any]) -> str:
    return str(entry.get("when", ""))


def read(text: str) -> Entry:
    """Read a line; one that is not whole, since the disk was full, is told and hides no other."""
    try:
        entry = json.loads(text)
    except json.JSONDecodeError:
        entry = None
    return entry if isinstance(entry, dict) else {"unreadable": text}


def fold(said: Iterable[Entry]) -> list[Entry]:
    """Return the entries with verdicts and confirmations below the release they speak of, the last that came into force
    in that folder.
    """
    entries: list[Entry] = []
    in_force: dict[str, Entry] = {}
    for one in said:
        verb, folder = one.get("verb"), str(one.get("folder", ""))
        release = in_force.get(folder)
        if verb == "verify" and release is not None:
            release.setdefault("verified", []).append(_without(one, "verb", "folder"))
        elif verb == "confirm" and release is not None:
            release["confirmed"] = _without(one, "verb", "folder")
        else:
            entries.append(dict(one))
            if folder:
                in_force[folder] = entries[-1]
    return entries


def _without(entry: Entry, *names: str) -> Entry:
    return {name: value for name, value in entry.items() if name not in names}
