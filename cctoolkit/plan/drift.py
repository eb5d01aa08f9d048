"""What somebody changed by hand on a node, and how to take it into the spec or put it back. Pure.

The release in force is the measure, not today's spec: its manifest says what its files were, and who may be in which
queue. Pauses and log-ins are the agents' own, and never drift.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from cctoolkit.errors import SpecError
from cctoolkit.plan import diff
from cctoolkit.plan.changes import Change, Side, memory_difference
from cctoolkit.plan.section import Where, of_file, of_setting
from cctoolkit.plan.shadows import without_shadows
from cctoolkit.state.described import observable
from cctoolkit.state.settings import NodeState

Key = tuple[str, str, str]
What = Literal["edited", "added", "removed", "changed"]
_SECRET = re.compile(r"(?i)(pass(word|wd)?|secret|token|credential)s?\b\W*[=:,(]")


class Drifted(Struct, frozen=True):
    """One thing that is not as the release says: `was` in the release, `now` on the node (None: nothing).

    `by` says who, when, from where, as far as the node knows; `take_in` the section to edit, "" where the toolkit owns
    it; `put_back` the command. Of a file: `diff`, and whether the switch has `loaded` it, where that can be seen.
    """

    side: Side
    kind: str
    name: str
    option: str
    what: What
    was: str | None
    now: str | None
    take_in: str
    put_back: str
    by: str = ""
    loaded: str = ""
    diff: str = ""


class Edited(Struct, frozen=True):
    """A file that is not as it was written: its text then, where that is still known, and now (None: it is gone)."""

    path: str
    was: str | None
    now: str | None
    ours: bool
    by: str = ""


def files(edited: Iterable[Edited], memory: NodeState, key: bytes, where: Where, put_back: str) -> Iterator[Drifted]:
    """Yield the files somebody edited, added or removed, with a diff in which no secret stands."""
    for one in edited:
        what: What = "removed" if one.now is None else "edited" if one.ours else "added"
        yield Drifted(
            "disk", "file", one.path, "", what, None, None, of_file(one.path, where), put_back, one.by,
            _loaded(one, memory), _diff(one, key),
        )  # fmt: skip


def _diff(one: Edited, key: bytes) -> str:
    # Of a file that is none of ours nobody knows what it holds.
    if not one.ours or (one.was is None and one.now is not None):
        return ""
    was, now = ({one.path: text} if text is not None else {} for text in (one.was, one.now))
    text = diff.text(was, now, key)
    if one.path == "pjsip.conf":
        return text
    # Where passwords belong they are masked already; by hand one is written anywhere.
    return "\n".join("(a line that may hold a password)" if _SECRET.search(line) else line for line in text.split("\n"))


def _loaded(one: Edited, memory: NodeState) -> str:
    """Say whether the switch runs a file as it is now; "" where nothing it shows tells."""
    seen = memory.by_key()
    is_so = {key: seen.get(key) == value for key, value in _differing(one).items()}
    if not is_so:
        return ""
    if all(is_so.values()):
        return "the switch runs it"
    return "the switch runs some of it" if any(is_so.values()) else "the switch has not loaded it: the next reload does"


def _differing(one: Edited) -> dict[Key, str | None]:
    """Return what the switch would show otherwise with the file as it is now."""
    if one.was is None:
        return {}
    try:
        was, now = (observable({one.path: text} if text else {}).by_key() for text in (one.was, one.now))
    except SpecError:
        return {}
    return {key: now.get(key) for key in was.keys() | now.keys() if was.get(key) != now.get(key)}


def in_memory(
    memory: NodeState, texts: Mapping[str, str], edited: Iterable[Edited], where: Where, put_back: str
) -> Iterator[Drifted]:
    """Yield what the switch runs otherwise than the release says; what it runs since a file was edited is told there.

    Raise SpecError when a file was edited into what cannot be read, and nobody knows its text.
    """
    known = {one.path: one.was for one in edited if one.was is not None}
    by_edit = {key: value for one in edited for key, value in _differing(one).items()}
    seen = memory.by_key()
    for change in without_shadows(memory_difference(memory, observable({**texts, **known}))):
        key = (change.kind, change.name, change.option)
        if key not in by_edit or seen.get(key) != by_edit[key]:
            yield _of(change, where, put_back)


def of_members(
    changes: Iterable[Change], by: Mapping[tuple[str, str], str], where: Where, back: str
) -> Iterator[Drifted]:
    """Yield logged-in agents in queues, or with penalties, that the release does not give them."""
    for change in changes:
        logs_out = ", with --accept drops-log-ins where it is the member's last queue" if change.new is None else ""
        yield _of(change, where, back + logs_out, by.get((change.name, change.option), ""))


def _of(change: Change, where: Where, put_back: str, by: str = "") -> Drifted:
    what: What = "removed" if change.old is None else "added" if change.new is None else "changed"
    section = of_setting(change.kind, change.name, change.option, where)
    return Drifted(change.side, change.kind, change.name, change.option, what, change.new, change.old,
                   section, put_back, by)  # fmt: skip


def busy_members(found: Iterable[tuple[str, str]], put_back: str) -> Iterator[Drifted]:
    """Yield members whom somebody lets ring while they talk: (queue, agent); no spec says so."""
    for queue, agent in found:
        yield Drifted("memory", "member", queue, agent, "changed", "ringinuse no", "ringinuse yes", "", put_back)
