"""Where calls that are up can still come to, and where they are in lines that change. Pure.

A call finishes in its generation, whose text is kept; but the queues and trunks that text names are the site's, and
may go. Which of them a call can still meet follows from the text's own Gotos, from the step it is in.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from cctoolkit import marks
from cctoolkit.errors import SpecError
from cctoolkit.plan.live import Call
from cctoolkit.state import dialplan
from cctoolkit.state.described import GENERATION_FILE
from cctoolkit.state.dialplan import Line
from cctoolkit.state.settings import NodeState

# A test call's twin stands before the colon: see templates/asterisk/steps/queue.conf.j2.
_USES = {"Queue": re.compile(r":([a-z0-9.-]+)\)\},"), "Dial": re.compile(r"PJSIP/[^@,]*@([a-z0-9.-]+),")}

_PASSED_AT_ONCE = frozenset({marks.TRUNK, marks.NODE, marks.TEST, marks.ENTRY, marks.CLEAR, marks.MARK})
"""Contexts in which no call stays: by the time of a reload it has left them."""

_CALLED_FROM = {marks.SAY: marks.SUPERVISOR}
"""A subroutine in which a call stays, and the context it comes back to."""


class Steps:
    """The generations of a release: what can be met from each step of them."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path: text for path, text in files.items() if GENERATION_FILE.fullmatch(path)}
        self._met: dict[tuple[str, str], frozenset[str]] = {}

    @cached_property
    def _lines(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = {}
        for path, text in self._files.items():
            try:
                for line in dialplan.lines(text, path):
                    found.setdefault(line.context, []).append(line)
            except SpecError:
                # Edited into what cannot be read: apply keeps it for no call, and says so itself.
                continue
        return found

    def met(self, call: Call) -> frozenset[str]:
        """Return the queues and trunks a call may still come to; the one it waits in is not among them, unless it may
        come to it again.
        """
        if not call.comes_back or not call.generation:
            return frozenset()
        here = marks.context(call.project, call.generation, call.step)
        key = (here, call.waits_in)
        if key not in self._met:
            self._met[key] = frozenset(self._ahead(here, call.waits_in))
        return self._met[key]

    def comes_to(self, call: Call, step: str) -> bool:
        """Say whether a call is in a step of its generation, or may still come to it."""
        here, there = (marks.context(call.project, call.generation, name) for name in (call.step, step))
        return call.comes_back and bool(call.generation) and there in self._from(here)

    def _from(self, here: str) -> set[str]:
        seen: set[str] = set()
        ahead = [here]
        while ahead:
            context = ahead.pop()
            if context not in seen:
                seen.add(context)
                ahead += self._next(context)
        return seen

    def _ahead(self, here: str, waits_in: str) -> Iterator[str]:
        seen = self._from(here)
        again = any(here in self._next(context) for context in seen)
        for context in seen:
            yield from (name for name in self._uses(context) if name != waits_in or context != here or again)

    def _next(self, context: str) -> list[str]:
        parts = (line.data.split(",") for line in self._lines.get(context, ()) if line.application == "Goto")
        return [part[0] for part in parts if len(part) == 3 and part[0] != context]

    def _uses(self, context: str) -> Iterator[str]:
        for line in self._lines.get(context, ()):
            pattern = _USES.get(line.application)
            if pattern and (found := pattern.search(line.data)):
                yield found[1]


def moved(memory: NodeState, wanted: NodeState, kept: NodeState) -> frozenset[tuple[str, str]]:
    """Return every (context, extension) whose lines a reload changes or takes away under whoever is in it.

    `memory` is what the switch runs, `wanted` what it is to run; `kept` the generations that may be kept for calls.
    """
    now, then, old = (_extensions(state) for state in (memory, wanted, kept))
    return frozenset(
        place
        for place, lines in now.items()
        if place[0] not in _PASSED_AT_ONCE
        and not place[0].startswith(marks.CALLING)
        and then.get(place, old.get(place)) != lines
    )


def _extensions(state: NodeState) -> dict[tuple[str, str], list[tuple[str, str]]]:
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in state.only(["dialplan"]):
        extension, _, _ = one.option.rpartition(",")
        found.setdefault((one.name, extension), []).append((one.option, one.value))
    return found


def stands_in(call: Call, places: frozenset[tuple[str, str]]) -> tuple[str, ...]:
    """Return the contexts among changed `places` that a call is in, or comes back to."""
    contexts = {context for context, _ in places}
    here = {context for context, extension in call.places if (context, extension) in places}
    back = {_CALLED_FROM.get(context, "") for context, _ in call.places}
    return tuple(sorted(here | (back & contexts)))
