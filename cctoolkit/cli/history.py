"""history: releases of a site."""

import json

from cctoolkit.cli.options import Format, OutputFormat, Site, say, say_json


def command(site: Site, output: OutputFormat = Format.text) -> None:
    """List what was applied on each node: when, by whom, from which commit; and what supervisors said.

    Example: cctoolkit history --site lab
    """
    import asyncio

    from cctoolkit.workflow import overrides, specs, switch

    found = {
        node.id: sorted([*map(_read, lines), *overrides.by_phone(node)], key=lambda e: e.get("when", ""))
        for node, lines in asyncio.run(switch.histories(specs.load_site(site)))
    }
    if output is Format.json:
        say_json(found)
        return
    for node, entries in found.items():
        for entry in entries:
            say(f"{node}  {_shown(entry)}")
        if not entries:
            say(f"{node}  nothing applied yet")


def _read(line: str) -> dict[str, str]:
    """Read a line; one that is not whole, since the disk was full, is told and hides no other."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        entry = None
    return entry if isinstance(entry, dict) else {"unreadable": line}


def _shown(entry: dict[str, str]) -> str:
    if "unreadable" in entry:
        return f"unreadable: {entry['unreadable'][:80]!r}"
    by = " by phone" if entry.get("by") == "phone" else ""
    return f"{entry.get('when', '')[:19]}Z  {_what(entry)}  {entry.get('who', '')}{by}"


def _what(entry: dict[str, str]) -> str:
    if "override" in entry:
        until = entry.get("until", "")
        return f"override {entry['override']} {entry.get('what')}" + (f" until {until[:19]}Z" if until else "")
    return f"release {entry.get('from')} -> {entry.get('to')} from {entry.get('commit') or 'no commit'}"
