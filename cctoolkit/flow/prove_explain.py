"""Differences in words: lines for a terminal, a table for a merge request."""

from collections.abc import Iterator, Sequence

from cctoolkit.flow.prove_against import Difference
from cctoolkit.flow.prove_pairs import HARMS, Harm

HEADS: dict[Harm, str] = {
    "lost-agent": "had an agent and now has none",
    "lost-end": "came to an end that is lost",
    "other": "comes elsewhere",
}
NOTHING = "nothing changed for any caller"
_WAYS = 6
"""So many ways are written out; more are counted."""
_MARKED = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()#+|~!"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})


def text(head: str, found: Sequence[Difference], calls: Sequence[str]) -> str:
    """Return lines, worst first; `calls` has the command that places each one's call, or nothing."""
    return "\n".join(_lines(head, found, calls))


def _lines(head: str, found: Sequence[Difference], calls: Sequence[str]) -> Iterator[str]:
    yield f"{head}: {_counted(found)}"
    for harm in HARMS:
        group = [(one, call) for one, call in zip(found, calls, strict=True) if one.harm == harm]
        if group:
            yield f"  {HEADS[harm]}:"
        for one, call in group:
            place = ", ".join(filter(None, [*one.numbers, _ways(one)]))
            yield f"    {one.when}; {place}: was {one.was}, now {one.now}"
            if call:
                yield f"      {call}"


def markdown(head: str, found: Sequence[Difference]) -> str:
    """Return a heading and a table, worst first; titles of the spec can write no markup of their own."""
    lines = [f"### {plain(head)}: {_counted(found)}"]
    if found:
        lines += ["", "| | when | who | was | now |", "|---|---|---|---|---|"]
    for one in found:
        who = "<br>".join(filter(None, [*map(plain, one.numbers), plain(_ways(one))]))
        cells = [f"**{HEADS[one.harm]}**" if one.harm != "other" else HEADS[one.harm], plain(one.when), who,
                 plain(one.was), plain(one.now)]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def plain(words: str) -> str:
    """Return words that write no markup of their own."""
    return words.translate(_MARKED)


def _counted(found: Sequence[Difference]) -> str:
    if not found:
        return NOTHING
    return f"{len(found)} difference{'s' if len(found) > 1 else ''}"


def _ways(one: Difference) -> str:
    ways = [way for way in one.ways if way]
    shown = " or ".join(ways[:_WAYS])
    return f"{shown} or {len(ways) - _WAYS} more" if len(ways) > _WAYS else shown
