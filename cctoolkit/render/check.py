"""Rendered text is read back and held against the graph and the model: a wrong template is caught without a
switch.

Nothing here renders. Each check states something that must stand in the text whatever the templates look
like, so that an emptied, cut or misdirected template is a ToolkitBug and never reaches a node.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from cctoolkit import marks
from cctoolkit.errors import SpecError, ToolkitBug
from cctoolkit.flow.graph import FlowGraph, Vertex
from cctoolkit.model.calendar import timetable
from cctoolkit.model.guard import Guard, InHours
from cctoolkit.model.site import Site
from cctoolkit.state import conf
from cctoolkit.state.dialplan import Line, gotos, lines

_CONTEXTS = (
    marks.CLOSED,
    marks.TEST,
    marks.ENTRY,
    marks.MARK,
    marks.END,
    marks.MESSAGE,
    marks.OWED,
    marks.MEMBER,
    marks.WRAP,
    marks.TIMER,
    marks.AGENT,
    marks.SHADOWS,
    marks.LOGIN,
    marks.LOGOUT,
    marks.READY,
    marks.RECOVER,
    marks.OVERRIDDEN,
    marks.SUPERVISOR,
    marks.PASSING,
    marks.CONTINUED,
)
# A name of ours in a line is a context, but for families of the database and our own queue.
_NAMED = re.compile(r"(?<![\w-])cct-[a-z0-9-]+")
_DATABASE = re.compile(r"DB(?:_DELETE)?\(cct-[a-z0-9-]+/")


def need(found: bool, what: str, file: str, expected: str) -> None:
    """Raise ToolkitBug unless `found`."""
    if not found:
        raise ToolkitBug(
            what, where=f"the template rendered as {file}", expected=expected, next_step="mend the template"
        )


def read_lines(text: str, file: str) -> list[Line]:
    """Return a rendered file's dialplan; raise ToolkitBug for what Asterisk would skip, double or cut off."""
    try:
        found = list(lines(text, file))
    except SpecError as error:
        raise ToolkitBug(
            error.what, where=error.where, expected=error.expected, next_step="mend the template"
        ) from error
    places: set[tuple[str, str, int]] = set()
    for line in found:
        place = (line.context, line.extension, line.priority)
        need(place not in places, f"{place} is there twice", file, "one line a priority")
        places.add(place)
        longest = max(len(line.context), len(line.extension))
        need(
            longest <= marks.MAX_NAME,
            f"the name is too long: {place}",
            file,
            f"at most {marks.MAX_NAME} characters",
        )
    return found


def generation(graph: FlowGraph, digest: str, text: str) -> None:
    """Hold a project's dialplan against its graph: the same contexts, every edge exactly where the graph
    has it, each way out reported and reachable from its step.
    """
    file = f"{graph.project}-{digest}.conf"
    by_context: dict[str, list[Line]] = {}
    for line in read_lines(text, file):
        by_context.setdefault(line.context, []).append(line)
    names = {marks.context(graph.project, digest, name): vertex for name, vertex in graph.vertices.items()}
    need(by_context.keys() == names.keys(), f"contexts {sorted(by_context)}", file, f"contexts {sorted(names)}")
    _edges(graph, digest, text, file)
    for context, vertex in names.items():
        _step(graph, vertex, by_context[context], file)


def _edges(graph: FlowGraph, digest: str, text: str, file: str) -> None:
    found = gotos(text, file)
    wanted = {
        (marks.context(graph.project, digest, v.name), e.guard.label): marks.context(graph.project, digest, e.target)
        for v in graph.vertices.values()
        for e in v.edges
    }
    for key in sorted(wanted.keys() | found.keys()):
        need(
            wanted.get(key) == found.get(key),
            f"[{key[0]}] {key[1]} goes to {found.get(key, 'nowhere')}",
            file,
            wanted.get(key, "no such way out"),
        )


def _step(graph: FlowGraph, vertex: Vertex, step: Sequence[Line], file: str) -> None:
    start = [line for line in step if line.extension == "s"]
    marked = any(_mark("step", vertex.name) in line.data for line in start)
    need(marked, f"step {vertex.name} is not reported", file, "a mark of its beginning")
    if vertex.needs_answer:
        need(_has(start, "Answer()"), f"step {vertex.name} does not answer", file, "an answered call")
    for edge in vertex.edges:
        label = edge.guard.label
        out = [line for line in step if line.extension == label]
        reported = any(f"{_mark('out', vertex.name)},{label}" in line.data for line in out)
        need(reported, f"step {vertex.name}: {label} is not reported", file, "a mark of the way out")
        reached = any(f"{label},1" in line.data for line in step if line.extension != label)
        reached = reached or _computed(label, step) or _never(graph, edge.guard)
        need(reached, f"step {vertex.name}: nothing goes to {label}", file, "a jump to every way out")
    if not vertex.edges:
        hangs_up = any(line.application == "Hangup" for line in start)
        need(hangs_up, f"step {vertex.name} has no end", file, "Hangup where no way leads out")


def _computed(label: str, step: Sequence[Line]) -> bool:
    """Say whether an extension of the step is a jump's target under a name made at run time, such as
    day-${…}.
    """
    return any(line.application in ("Goto", "GotoIf") and line.data.startswith(f"{label}-") for line in step)


def _never(graph: FlowGraph, guard: Guard) -> bool:
    """Say whether a guard holds at no time: a calendar without holidays never says so, and no supervisor does."""
    if not isinstance(guard, InHours) or guard.outcome != "holiday":
        return False
    return not timetable(graph.calendars[guard.calendar]).has_holidays


def _mark(kind: str, step: str) -> str:
    return f"{marks.MARK},s,1({kind},{step}"


def _has(found: Iterable[Line], text: str) -> bool:
    return any(text in f"{line.application}({line.data})" for line in found)


def dialplan(
    files: Mapping[str, str], entries: Mapping[str, tuple[tuple[str, ...], str]], site: Site, *, passes: bool = False
) -> None:
    """Hold the entry and the runtime against numbers, agents and feature codes, and every name against its
    context.

    `entries` is number in digits -> (forms in which carriers deliver it, first context); `passes`: calls are passed
    between nodes.
    """
    file = "extensions.conf"
    outside = (marks.TRUNK, marks.NODE) if passes else (marks.TRUNK,)
    found = [line for path, text in files.items() if _is_dialplan(path) for line in read_lines(text, path)]
    contexts = {line.context for line in found}
    for context in (*_CONTEXTS, *outside):
        need(context in contexts or _may_be_empty(context, entries, site), f"there is no [{context}]", file, "it")
    for line in found:
        for name in _NAMED.findall(_DATABASE.sub("", line.data)):
            is_there = name in contexts or _may_be_empty(name, entries, site)
            need(is_there, f"[{line.context}] names {name}, which is nowhere", file, "a context")
    _entries(files[file], entries, outside)
    _runtime(found, site)
    included = set(conf.includes(files[file]))
    for path in (*(p for p in files if _is_dialplan(p) and p != file), "kept.conf"):
        need(
            f"cctoolkit/current/{path}" in included,
            f"{path} is not included",
            file,
            "every file of the dialplan",
        )


def _is_dialplan(path: str) -> bool:
    return path in ("extensions.conf", "runtime.conf") or path.startswith("generations/")


def _may_be_empty(context: str, entries: Mapping[str, object], site: Site) -> bool:
    """Say whether a context has no line by right: a site without numbers or without agents."""
    if context in (marks.TRUNK, marks.NODE, marks.TEST, marks.ENTRY):
        return not entries
    return context in (marks.LOGIN, marks.LOGOUT, marks.READY, marks.SUPERVISOR) and not site.roster


def _entries(text: str, entries: Mapping[str, tuple[tuple[str, ...], str]], outside: Sequence[str]) -> None:
    file = "extensions.conf"
    found = gotos(text, file)
    wanted = {(marks.ENTRY, number): first for number, (_, first) in entries.items()}
    wanted |= {(marks.TEST, number): marks.ENTRY for number in entries}
    wanted |= {(one, form): marks.ENTRY for one in outside for forms, _ in entries.values() for form in forms}
    for key in sorted(wanted.keys() | found.keys()):
        need(
            wanted.get(key) == found.get(key),
            f"[{key[0]}] {key[1]} goes to {found.get(key, 'nowhere')}",
            file,
            wanted.get(key, "no such number"),
        )
    all_lines = read_lines(text, file)
    for number in entries:
        mine = [line for line in all_lines if (line.context, line.extension) == (marks.ENTRY, number)]
        for part in (
            f"Gosub({marks.CALLING}",
            "Set(__CCT_CALL=",
            "Set(__CCT_RELEASE=",
            f"{marks.END},s,1",
            _mark("entry", number),
        ):
            need(_has(mine, part), f"number {number} is entered without {part}", file, "calls that report")
    for line in all_lines:
        cleared = line.context not in outside or line.priority != 1 or line.data == "cct-clear,s,1"
        need(
            cleared,
            f"[{line.context}] {line.extension} begins with {line.data}",
            file,
            "cct-clear before anything",
        )


def _runtime(found: Sequence[Line], site: Site) -> None:
    file = "runtime.conf"
    report = [line for line in found if line.context == marks.MARK]
    for application in ("UserEvent", "QueueLog"):
        need(
            any(line.application == application for line in report),
            f"{marks.MARK} has no {application}",
            file,
            "both",
        )
    there = {(line.context, line.extension) for line in found}
    codes = site.feature_codes
    wanted = [(marks.AGENT, code) for code in (codes.login, codes.logout, codes.ready)]
    wanted += [(marks.AGENT, f"_{codes.override}{digits}") for digits in ("[0-3]", "[1-3]Z", "[1-3]ZX")]
    of_agents = (marks.LOGIN, marks.LOGOUT, marks.READY, marks.SUPERVISOR)
    wanted += [(c, entry.agent) for entry in site.roster for c in of_agents]
    for context, extension in wanted:
        need(
            (context, extension) in there,
            f"[{context}] has no {extension}",
            file,
            "every code and every agent",
        )
