"""Steps as they are found: data of a spec, with calls in the place of targets until these are steps too."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from cctoolkit.takeover.call import Call, Stop

Data = dict[str, Any]
"""A step as a spec has it; where a step's name belongs stands a Call or Stop, later a To."""

LEFT_OUT = {
    "queue": ("timeout", ("full", "no_agents")),
    "transfer": ("busy", ("no_answer", "failed")),
    "voicemail": ("done", ("too_short",)),
    "collect": ("timeout", ("invalid",)),
}
"""Outcomes a spec leaves out where they lead where another one does, by type."""


Way = Call | Stop
"""Where calls go on."""

APART = "apart"
"""Key of a step that stands for something of its own and is never one with another."""


class To(Struct, frozen=True):
    """Stands for a step by its name."""

    step: str


def changed(data: Any, kinds: type | tuple[type, ...], change: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - data of a spec
    """Return data with every value of a kind changed."""
    if isinstance(data, kinds):
        return change(data)
    if isinstance(data, dict):
        return {key: changed(value, kinds, change) for key, value in data.items()}
    return [changed(value, kinds, change) for value in data] if isinstance(data, list) else data


def led(data: Data, names: Mapping[str, str]) -> Data:
    """Return a step whose ways lead elsewhere, by the names of the steps they led to."""
    elsewhere: Data = changed(data, To, lambda to: To(names.get(to.step, to.step)))
    return elsewhere


def targets(data: Any) -> Iterator[str]:  # noqa: ANN401 - data of a spec
    """Yield the steps a step leads to."""
    if isinstance(data, To):
        yield data.step
    elif isinstance(data, dict | list):
        for inner in data.values() if isinstance(data, dict) else data:
            yield from targets(inner)


def merged(steps: Mapping[str, Data], entries: Mapping[str, str]) -> tuple[dict[str, Data], dict[str, str]]:
    """Return the steps with those that do the same and lead to the same as one, under the first one's name; and where
    the entries lead now.
    """
    shapes = {name: repr(changed(data, To, lambda _: None)) for name, data in steps.items()}
    ways = {name: tuple(targets(data)) for name, data in steps.items()}
    kind = dict.fromkeys(steps, "")
    while True:
        says = {name: (kind[name], shapes[name], *(kind[way] for way in ways[name])) for name in steps}
        first: dict[tuple[str, ...], str] = {}
        for name, known in says.items():
            first.setdefault(known, name)
        fresh = {name: first[known] for name, known in says.items()}
        if fresh == kind:
            break
        kind = fresh
    kept = {name: led(data, kind) for name, data in steps.items() if kind[name] == name}
    return kept, {key: kind[name] for key, name in entries.items()}


def reached(steps: Mapping[str, Data], entries: Mapping[str, str]) -> dict[str, Data]:
    """Return the steps calls come to, in the order in which they come."""
    found: dict[str, Data] = {}
    ahead = list(dict.fromkeys(entries.values()))
    while ahead:
        name = ahead.pop(0)
        if name not in found:
            found[name] = steps[name]
            ahead += targets(steps[name])
    return found


def written(data: Data) -> Data:
    """Return a step as a spec has it: names for targets, and no outcome that goes where it goes by default."""
    plain: Data = {key: value for key, value in changed(data, To, lambda to: to.step).items() if key != APART}
    default, others = LEFT_OUT.get(plain["type"], ("", ()))
    ways = plain.get("next", {})
    for way in others:
        if way in ways and ways[way] == ways[default]:
            del ways[way]
    return plain


def rings(steps: Mapping[str, Data]) -> Iterator[tuple[str, str]]:
    """Yield the ways (from, to) that close a ring of steps in which a caller has no say."""
    free = ("play", "hours", "set", "switch")
    ways = {name: [] if data["type"] not in free else list(targets(data)) for name, data in steps.items()}
    done: set[str] = set()
    for start in steps:
        path: list[str] = []
        ahead: list[tuple[str, bool]] = [(start, True)]
        while ahead:
            name, enters = ahead.pop()
            if not enters:
                done.add(path.pop())
                continue
            if name in done or name in path:
                continue
            path.append(name)
            ahead.append((name, False))
            for target in ways[name]:
                if target in path:
                    yield name, target
                elif target not in done:
                    ahead.append((target, True))


def by_hand(name: str) -> Data:
    """Return the step that stands where something could not be expressed: nobody is sent where nobody meant."""
    return {"type": "hangup", APART: name}
