"""Rules about what a call brings along to a step: digits that were entered, a field that is known, a case that is left.

They ask where calls can go, so they keep silent while a step or a number is broken.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import get_args

from cctoolkit.model import phone
from cctoolkit.model.build import Parts
from cctoolkit.model.guard import Collected, CrmAnswer, Edge, Subject
from cctoolkit.model.step import Step
from cctoolkit.model.steps.collect import Collect
from cctoolkit.model.steps.lookup import Lookup
from cctoolkit.model.steps.set import Set
from cctoolkit.model.steps.switch import Switch
from cctoolkit.model.words import Language
from cctoolkit.spec.problem import Problem, one_of
from cctoolkit.spec.source import Document

Ways = Mapping[str, tuple[Edge, ...]]
Barred = Callable[[str, Edge], bool]
"""Tells of a step and a way out of it that calls are not to take it."""


def _ways(parts: Parts) -> Ways:
    """Return each step's ways out; nothing while one leads nowhere: then nobody can say where calls go."""
    ways = {name: step.edges() for name, step in parts.flow.items()} if parts.whole_flow else {}
    return ways if all(edge.target in ways for edges in ways.values() for edge in edges) else {}


def _entries(parts: Parts) -> list[str]:
    return [number.entry for number in parts.numbers.values()]


def collected(parts: Parts, document: Document) -> Iterator[Problem]:
    """Digits that are looked up were entered on every way there."""
    ways = _ways(parts)
    around: dict[str, Mapping[str, str]] = {}
    for name, step in parts.flow.items() if ways else ():
        if not isinstance(step, Lookup) or step.digits is None or not isinstance(parts.flow.get(step.digits), Collect):
            continue
        digits = step.digits
        if digits not in around:
            around[digits] = _reached(ways, _entries(parts), _by_digits_of(digits))
        if name in around[digits]:
            what = f'a call can come here {_from(around[digits][name])} without digits of "{digits}"'
            yield Problem("digits-not-collected", what, document.file, document.mark(("flow", name, "digits")),
                          hint="look up the caller's number on that way, in a lookup step of its own")  # fmt: skip


def _by_digits_of(step: str) -> Barred:
    return lambda here, edge: here == step and isinstance(edge.guard, Collected)


def _from(before: str) -> str:
    return f'from "{before}"' if before else "at once"


def _reached(ways: Ways, starts: Iterable[str], barred: Barred = lambda _here, _edge: False) -> Mapping[str, str]:
    """Return the steps calls reach, each with the step before, by ways that are not barred."""
    found = {start: "" for start in starts if start in ways}
    todo = deque(found)
    while todo:
        here = todo.popleft()
        for edge in ways[here]:
            if not barred(here, edge) and edge.target in ways and edge.target not in found:
                found[edge.target] = here
                todo.append(edge.target)
    return found


def known_fields(parts: Parts, document: Document) -> Iterator[Problem]:
    """A field that decides where calls go can have a value by then: from a CRM that knows the caller, or a set step."""
    ways = _ways(parts)
    known: dict[str, Mapping[str, str]] = {}
    for name, field in _asked(parts) if ways else ():
        if field not in known:
            known[field] = _reached(ways, _given(parts.flow, ways, field))
        if parts.card[field].source is None and name not in known[field]:
            what = f'nothing gives the field "{field}" a value before this step'
            yield Problem("field-never-known", what, document.file, document.mark(("flow", name, "field")),
                          hint="give it one in a set step, or come here from found of a lookup step")  # fmt: skip


def filled_later(parts: Parts, document: Document) -> Iterator[Problem]:
    """A field that has a source is filled in when the call is written into the CRM: no case of a switch can hold."""
    for name, field in _asked(parts):
        if source := parts.card[field].source:
            what = f'the field "{field}" has the source {source}: it is filled in after the call'
            hint = f"write by: {source}" if source in get_args(Subject) else "ask a field without a source"
            yield Problem("field-never-known", what, document.file, document.mark(("flow", name, "field")),
                          "a field that the CRM or a set step gives a value", hint)  # fmt: skip


def _asked(parts: Parts) -> Iterator[tuple[str, str]]:
    """Yield each switch by a field of the card, and the field."""
    for name, step in parts.flow.items():
        if isinstance(step, Switch) and step.by == "field" and (step.field or "") in parts.card:
            yield name, step.field or ""


def _given(flow: Mapping[str, Step], ways: Ways, field: str) -> Iterator[str]:
    """Yield the steps to which a call comes with the field just filled in."""
    for name, step in flow.items():
        for edge in ways[name]:
            if _sets(step, field) or (isinstance(edge.guard, CrmAnswer) and edge.guard.answer == "found"):
                yield edge.target


def _sets(step: Step, field: str) -> bool:
    return isinstance(step, Set) and field in step.card


def not_looked_up(parts: Parts, document: Document) -> Iterator[Problem]:
    """Warn of a field that decides where calls go, and was neither looked up nor set on some way there."""
    ways = _ways(parts)
    for name, field in _asked(parts) if ways else ():
        around = _reached(ways, _entries(parts), _by_knowing(parts.flow, field))
        if name in around:
            what = f'a call can come here {_from(around[name])}, and nothing has given the field "{field}" a value'
            yield Problem("field-not-looked-up", what, document.file, document.mark(("flow", name, "field")),
                          hint="ask the CRM on that way too, or lead it to where otherwise leads")  # fmt: skip


def _by_knowing(flow: Mapping[str, Step], field: str) -> Barred:
    return lambda here, _edge: isinstance(flow[here], Lookup) or _sets(flow[here], field)


def cases(parts: Parts, document: Document) -> Iterator[Problem]:
    """Each value of a switch can decide something: no other case before it takes all its calls."""
    full = {
        form: n.number
        for n in parts.numbers.values()
        if n.country in phone.countries()
        for form in phone.forms(n.number, n.country)
    }
    spoken = _spoken(parts)
    for name, step in parts.flow.items():
        if not isinstance(step, Switch) or step.by == "share":
            continue
        taken: dict[str, str] = {}
        for case, index, value in ((c, i, v) for c, one in step.cases.items() for i, v in enumerate(one.values)):
            mark = document.mark(("flow", name, "cases", case, "values", index))
            # Numbers are told apart in one form, however they are written.
            form = full.get(phone.digits(value), value) if step.by == "number" else value
            first = next((known for known in _wider(step, form) if taken.get(known, case) != case), None)
            if first is not None:
                hint = f'case "{taken[first]}" comes before: leave one out, or the narrower first'
                what = f'calls of "{value}" already go the way of "{first}"'
                yield Problem("case-never", what, document.file, mark, hint=hint)
            elif step.by == "language" and value in get_args(Language) and value not in spoken:
                yield Problem("case-never", f'no call speaks "{value}"', document.file, mark, one_of(spoken),
                              "a set step before this one sets the language")  # fmt: skip
            taken.setdefault(form, case)


def _wider(step: Switch, value: str) -> Iterable[str]:
    """Return the values that leave nothing for this one: itself, and of a caller what the number begins with."""
    return (value[:size] for size in range(1, len(value) + 1)) if step.by == "caller" else (value,)


def _spoken(parts: Parts) -> set[str]:
    """Return the languages a call can have; all of them while nobody can say."""
    if parts.info is None or not parts.whole_flow:
        return set(get_args(Language))
    return {parts.info.language, *(s.language for s in parts.flow.values() if isinstance(s, Set) and s.language)}


RULES = (collected, known_fields, filled_later, cases)
