"""history: releases of a site."""

import json

from cctoolkit.cli.options import Format, OutputFormat, Site, say, say_json


def command(site: Site, output: OutputFormat = Format.text) -> None:
    """List what was applied on each node: when, by whom, from which commit.

    Example: cctoolkit history --site lab
    """
    from cctoolkit.workflow import specs, switch

    lines = {
        node.id: [json.loads(line) for line in switch.transport(node).history()] for node in specs.load_site(site).site.nodes
    }
    if output is Format.json:
        say_json(lines)
        return
    for node, entries in lines.items():
        for entry in entries:
            say(f"{node}  {entry['when'][:19]}Z  {_what(entry)}  {entry['who']}")
        if not entries:
            say(f"{node}  nothing applied yet")


def _what(entry: dict[str, str]) -> str:
    if "override" in entry:
        return f"override {entry['override']} {entry['what']} {entry['until'] and 'until ' + entry['until'][:19] + 'Z'}"
    return f"release {entry['from']} -> {entry['to']} from {entry['commit'] or 'no commit'}"
