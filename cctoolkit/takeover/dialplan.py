"""extensions.conf as contexts, and which line a dialled extension comes to.

Source: pbx/pbx_config.c and main/pbx.c of Asterisk 22. `state.dialplan` counts out what we rendered; this takes what
people and other systems wrote.
"""

import re
from collections.abc import Iterator

from msgspec import Struct, field

from cctoolkit.takeover.known_apps import BOOKKEEPING, SILENT
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.patterns import best
from cctoolkit.takeover.reader import Option, Section
from cctoolkit.takeover.values import whole

MAX_INCLUDES = 20
"""Contexts in contexts (AST_PBX_MAX_STACK is 128 and is never needed)."""

_PRIORITY = re.compile(r"([^+()]+)(?:\+([0-9]{1,4}))?(?:\(([^)]+)\))?")
_RELATIVE = {"n": 1, "next": 1, "s": 0, "same": 0}
_CALL = re.compile(r"([A-Za-z0-9_]+)\s*(?:\((.*)\)\s*|,(.*))?", re.DOTALL)
_OWN = frozenset({"exten", "same", "include", "switch", "lswitch", "eswitch", "ignorepat"})


class Line(Struct, frozen=True):
    """One priority of one extension."""

    context: str
    extension: str
    priority: int
    app: str
    data: str
    place: Place


class Extension(Struct):
    """An extension: its lines by priority, and its labels."""

    lines: dict[int, Line] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)


class Include(Struct, frozen=True):
    """A context included, at all times or while `timing` holds."""

    context: str
    timing: str
    place: Place


class Context(Struct):
    """A context by its extensions, in order, and what it includes."""

    name: str
    place: Place
    extensions: dict[str, Extension] = field(default_factory=dict)
    includes: list[Include] = field(default_factory=list)


class Dialplan(Struct):
    """All contexts, and the global variables."""

    contexts: dict[str, Context] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[Line]:
        """Yield every line."""
        for context in self.contexts.values():
            for held in context.extensions.values():
                yield from held.lines.values()

    def line(self, context: str, extension: str, priority: int) -> Line | None:
        """Return a line; `extension` is one of the context's, as it is written."""
        found = self.contexts.get(context)
        held = found.extensions.get(extension) if found else None
        return held.lines.get(priority) if held else None

    def label(self, context: str, extension: str, label: str) -> int | None:
        """Return the priority a label stands for."""
        found = self.contexts.get(context)
        held = found.extensions.get(extension) if found else None
        return held.labels.get(label) if held else None

    def within(self, context: str) -> list[Context]:
        """Return a context and those it includes, at whatever times, each once, in the order of their look-up."""
        found: dict[str, Context] = {}
        ahead = [context]
        while ahead:
            held = self.contexts.get(ahead.pop())
            if held is not None and held.name not in found:
                found[held.name] = held
                ahead += [one.context for one in reversed(held.includes)]
        return list(found.values())

    def find(self, context: str, extension: str) -> list[tuple[str, str, str]]:
        """Return where an extension is, as (timing, context, extension as written): first those within the times of
        their includes, in order; the one without a time, "", comes last and ends the list.
        """
        return list(self._find(context, extension, "", set()))

    def _find(
        self, context: str, extension: str, timing: str, seen: set[tuple[str, str]], depth: int = 0
    ) -> Iterator[tuple[str, str, str]]:
        found = self.contexts.get(context)
        # Looked through once, as by Asterisk: what was not found there is not there by another way.
        if found is None or (context, timing) in seen or depth > MAX_INCLUDES:
            return
        seen.add((context, timing))
        own = best(found.extensions, extension)
        if own is not None:
            yield timing, context, own
            return
        for include in found.includes:
            inner = include.timing or timing
            for one in self._find(include.context, extension, inner, seen, depth + 1):
                yield one
                if one[0] == timing:
                    return


def afterwards(context: Context) -> Iterator[Line]:
    """Yield the lines of a context's `h` that do something when a call has ended."""
    held = context.extensions.get("h", Extension())
    for line in held.lines.values():
        keeps_books = line.app in ("macro", "gosub") and any(part in line.data for part in BOOKKEEPING)
        if line.app not in SILENT | {"hangup", "return"} and not keeps_books:
            yield line


def build(sections: list[Section], notes: Leftovers) -> Dialplan:
    """Return the dialplan of extensions.conf's sections; a context that stands twice is one."""
    plan = Dialplan()
    for section in sections:
        if section.template:
            continue
        if section.name == "general":
            if (option := section.option("autofallthrough")) and option.value.lower() in ("no", "false", "0", "off"):
                why = "calls at the end of their lines wait for digits there; in a spec they end"
                notes.add(option.place, "autofallthrough", why, "a menu, where callers dial something then")
            continue
        if section.name == "globals":
            plan.variables |= {one.name: one.value for one in section.options}
            continue
        context = plan.contexts.setdefault(section.name, Context(section.name, section.place))
        _Builder(context, notes).add(section.options)
    return plan


class _Builder:
    """Counts out the priorities of one section."""

    def __init__(self, context: Context, notes: Leftovers) -> None:
        self.context = context
        self.notes = notes
        self.extension: str | None = None
        self.last = 0

    def add(self, options: list[Option]) -> None:
        for option in options:
            kind = option.name.lower()
            if kind == "exten":
                name, _, rest = option.value.partition(",")
                self.extension = self._name(name.strip(), option.place)
                self._line(rest, option.place)
            elif kind == "same":
                self._line(option.value, option.place)
            elif kind == "include":
                name, _, timing = option.value.replace("|", ",").partition(",")
                self.context.includes.append(Include(name.strip(), timing.strip(), option.place))
            elif kind != "ignorepat":
                what = f"{kind} =>" if kind in _OWN else "a line that is no extension"
                self.notes.add(option.place, what, "a spec has no such thing", "look whether calls need it")

    def _name(self, name: str, place: Place) -> str | None:
        if "/" in name:
            self.notes.add(
                place, "an extension for certain callers alone", "it was left out", "a switch step by caller says so"
            )
            return None
        return name

    def _line(self, rest: str, place: Place) -> None:
        if self.extension is None:
            return
        number, _, call = rest.partition(",")
        number, call = number.strip(), call.strip()
        found, app = _PRIORITY.fullmatch(number), _CALL.fullmatch(call)
        held = self.context.extensions.get(self.extension) or Extension()
        begins = self._begins(found[1].strip(), held) if found else None
        if number.lower() == "hint" or (number.lower().startswith("hint(") and number.endswith(")")):
            return
        if not found or not app or begins is None:
            self.notes.add(place, "a line Asterisk would skip", "it is no priority and application", "mend it")
            return
        self.last = begins + int(found[2] or 0)
        self.context.extensions[self.extension] = held
        data = app[2] if app[2] is not None else app[3] or ""
        line = Line(self.context.name, self.extension, self.last, app[1].lower(), data, place)
        if self.last in held.lines:
            self.notes.add(place, "a priority that is there already", "Asterisk takes the first", "take one away")
            return
        held.lines[self.last] = line
        if found[3]:
            held.labels.setdefault(found[3], self.last)

    def _begins(self, text: str, held: Extension) -> int | None:
        """Return a priority, before what is added to it: a number, that of a label, or one after the last."""
        if text.lower() in _RELATIVE:
            return self.last + _RELATIVE[text.lower()] if self.last else None
        number = whole(text)
        return held.labels.get(text) if number is None else number
