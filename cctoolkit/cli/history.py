"""history: releases of a site."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cctoolkit.cli.options import Format, OutputFormat, Site, say, say_json

if TYPE_CHECKING:
    from cctoolkit.workflow.history import Told


def command(site: Site, output: OutputFormat = Format.text) -> int:
    """List what came into force on each node: when, by whom, by which command, from which commit, what it changed, and
    what verify found of it; and what supervisors said. Exit code 4: a node is away, which is said in its place.

    Example: cctoolkit history --site lab
    """
    import asyncio

    from cctoolkit.errors import SwitchUnreachable
    from cctoolkit.workflow import history, nodes

    found = asyncio.run(history.histories(nodes.load_nodes(site)))
    if output is Format.json:
        say_json({node: [*told.entries, *_beside(told)] for node, told in found.items()})
    else:
        for node, told in found.items():
            for line in _lines(told):
                say(f"{node}  {line}")
    return SwitchUnreachable.exit_code if any(told.away for told in found.values()) else 0


def _beside(told: "Told") -> list[dict[str, str]]:
    """Return what is said besides the entries."""
    said = {"journal": told.journal, "away": told.away, "unknown": told.unknown}
    return [{name: text} for name, text in said.items() if text]


def _lines(told: "Told") -> Iterator[str]:
    for entry in told.entries:
        yield from shown(entry)
    if told.away:
        yield f"away: {told.away}"
    elif not told.entries:
        yield "nothing applied yet"
    if told.unknown:
        yield told.unknown
    if told.journal:
        yield f"! {told.journal}"


def shown(entry: dict[str, Any]) -> Iterator[str]:
    """Yield an entry in lines a person reads."""
    if "unreadable" in entry:
        yield f"unreadable: {entry['unreadable'][:80]!r}"
        return
    by = " by phone" if entry.get("by") == "phone" else ""
    yield f"{_moment(entry)}  {_what(entry)}  {entry.get('who', '')}{by}"
    if "to" in entry:
        yield from (f"    {line}" for line in _more(entry))


def _moment(entry: dict[str, Any], name: str = "when") -> str:
    return f"{str(entry.get(name, ''))[:19]}Z"


def _what(entry: dict[str, Any]) -> str:
    if "override" in entry:
        until = entry.get("until", "")
        return f"override {entry['override']} {entry.get('what')}" + (f" until {until[:19]}Z" if until else "")
    verb = entry.get("verb", "apply")
    if "to" not in entry:
        return f"{verb} of {entry.get('folder')}"
    return f"{verb}: release {entry.get('from')} -> {entry.get('to')} from {entry.get('commit') or 'no commit'}"


def _more(entry: dict[str, Any]) -> Iterator[str]:
    from cctoolkit.plan.summary import in_words

    if why := entry.get("why"):
        yield f"the {entry.get('of')} failed: {why.splitlines()[0]}"
    elif "what" in entry:
        yield in_words(entry["what"]) or "nothing seen to differ"
    if confirmed := entry.get("confirmed"):
        yield f"confirmed {_moment(confirmed)} by {confirmed.get('who')}"
    verdicts = entry.get("verified", [])
    for one in verdicts:
        bad = one.get("findings", 0)
        judged = f"{bad} findings" if bad else "all good"
        yield f"verify {one.get('project')} {_moment(one)} by {one.get('who')}: {judged} ({one.get('good')} good)"
    if not verdicts:
        yield "not verified"
