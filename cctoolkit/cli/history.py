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
            say(f"{node}  {entry['when'][:19]}Z  {entry['from']} -> {entry['to']}  {entry['who']}  {entry['commit'] or 'no commit'}")
        if not entries:
            say(f"{node}  nothing applied yet")
