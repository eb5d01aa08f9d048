"""Writes the table of `plan.rules` into docs/plan.md."""

import sys
from pathlib import Path

from cctoolkit.plan.rules import RULES, Rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "plan.md"
_BEGIN, _END = "<!-- rules: python tools/rule_table.py --write -->\n", "<!-- end of rules -->"
_LIVE = {
    "waiting": "callers wait in it",
    "logged in": "agents are logged in to it",
    "still to come": "calls in an old generation may still come to it",
    "still to leave": "calls in an old generation may still leave one there",
    "nobody rings": "callers wait, and no phone of its agents can ring",
    "members in order": "to linear or rrordered, from another one",
    "last queue": "the agent has no other queue left",
    "nobody left": "callers wait, and no other phone can ring",
    "nobody stays": "callers wait, no other phone can ring, and `leavewhenempty` is on",
    "in changed lines": "a call is in those lines",
    "static of ours": "a queue of ours has such members",
    "static of others": "one of them is paused with a reason, in a queue of the node's own",
}
_WHAT = {"static": "members written into a file, at any reload",
         "lines": "lines of the dialplan that no generation has"}  # fmt: skip


def table() -> str:
    """Return the rules, version by version: what touches nobody, and what may."""
    text = ""
    for version, rules in RULES.items():
        text += f"\n### Asterisk {version}: what may touch somebody\n\n| change | where | class | what happens |\n"
        text += "|---|---|---|---|\n"
        text += "".join(f"| {_what(r)} | {_LIVE[r.live]} | {r.class_.words} | {r.says} |\n" for r in _touching(rules))
        text += f"\n### Asterisk {version}: what touches nobody\n\n| change | class | what happens |\n|---|---|---|\n"
        rest = [rule for rule in rules if rule.live == "always"]
        text += "".join(f"| {_what(rule)} | {rule.class_.words} | {rule.says} |\n" for rule in rest)
    return text + "\n"


def _touching(rules: tuple[Rule, ...]) -> list[Rule]:
    return [rule for rule in rules if rule.live != "always"]


def _what(rule: Rule) -> str:
    if rule.kind in _WHAT:
        return _WHAT[rule.kind]
    action = {"add": "added", "change": "changed", "remove": "removed", "any": "changed in any way"}[rule.action]
    option = "" if rule.option == ".*" else f", `{rule.option}`".replace("(periodic-)?announce.*", "announce-…")
    return f"{rule.kind} {action}{option}"


def wanted() -> str:
    """Return the page with the table as it is now."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    return head + _BEGIN + table() + _END + rest.partition(_END)[2]


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(wanted(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != wanted():
        sys.exit("docs/plan.md is stale, run python tools/rule_table.py --write")
