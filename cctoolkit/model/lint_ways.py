"""Rules about what a call brings along to a step: digits that were entered, a field that is known, a case that is left.

They ask where calls can go, so they keep silent while a step or a number is broken.
"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from typing import get_args

from cctoolkit.model import phone
from cctoolkit.model.build import Parts
from cctoolkit.model.guard import Collected, Edge
from cctoolkit.model.steps.collect import Collect
from cctoolkit.model.steps.lookup import Lookup
from cctoolkit.model.steps.set import Set
from cctoolkit.model.steps.switch import Case, Switch
from cctoolkit.model.words import Language
from cctoolkit.spec.problem import Problem, one_of
from cctoolkit.spec.source import Document

_BEFORE = ("caller", "number", "step", "key", "queue", "wait")
"""Sources of the card that can be known while a call walks the flow."""


def collected(parts: Parts, document: Document) -> Iterator[Problem]:
    """Digits that are looked up were entered on every way there."""
    if not parts.whole_flow:
        return
    for name, step in parts.flow.items():
        if not isinstance(step, Lookup) or step.digits is None or not isinstance(parts.flow.get(step.digits), Collect):
            continue
        around = _reached(parts, ((step.digits, Collected),))
        if name in around:
            before = around[name]
            way = f'from "{before}"' if before else "at once"
            what = f'a call can come here {way} without digits of "{step.digits}"'
            yield Problem("digits-not-collected", what, document.file, document.mark(("flow", name, "digits")),
                          hint="look up the caller's number on that way, in a lookup step of its own")  # fmt: skip


def _reached(parts: Parts, without: Collection[tuple[str, type]]) -> Mapping[str, str]:
    """Return the steps calls reach, each with the step before, when no call leaves steps by the ways in `without`."""
    found = {number.entry: "" for number in parts.numbers.values() if number.entry in parts.flow}
    todo = deque(found)
    while todo:
        here = todo.popleft()
        for edge in parts.flow[here].edges():
            barred = (here, type(edge.guard)) in without
            if not barred and edge.target in parts.flow and edge.target not in found:
                found[edge.target] = here
                todo.append(edge.target)
    return found


def known_fields(parts: Parts, document: Document) -> Iterator[Problem]:
    """A field that decides where calls go can have a value by then."""
    if not parts.whole_flow:
        return
    for name, step in parts.flow.items():
        field = parts.card.get(step.field or "") if isinstance(step, Switch) and step.by == "field" else None
        if not isinstance(step, Switch) or field is None or field.source in _BEFORE:
            continue
        if not any(_gives(parts.flow[before], step.field or "") for before in _before(parts, name)):
            what = f'nothing gives the field "{step.field}" a value before this step'
            yield Problem("field-never-known", what, document.file, document.mark(("flow", name, "field")),
                          hint="a lookup step before it, or a set step")  # fmt: skip


def _gives(step: object, field: str) -> bool:
    return isinstance(step, Lookup) or (isinstance(step, Set) and field in step.card)


def _before(parts: Parts, name: str) -> set[str]:
    """Return every step from which a call can come to `name`."""
    edges: list[tuple[str, Edge]] = [(at, edge) for at, step in parts.flow.items() for edge in step.edges()]
    found, grown = {name}, True
    while grown:
        more = {at for at, edge in edges if edge.target in found} - found
        found |= more
        grown = bool(more)
    return found - {name}


def cases(parts: Parts, document: Document) -> Iterator[Problem]:
    """Each value of a switch can decide something: no other case before it takes all its calls."""
    for name, step in parts.flow.items():
        if not isinstance(step, Switch) or step.by == "share":
            continue
        taken: dict[str, str] = {}
        for case_name, case in step.cases.items():
            yield from _case(parts, document, (name, case_name), step, case, taken)


def _case(
    parts: Parts, document: Document, names: tuple[str, str], step: Switch, case: Case, taken: dict[str, str]
) -> Iterator[Problem]:
    name, case_name = names
    for index, value in enumerate(case.values):
        mark = document.mark(("flow", name, "cases", case_name, "values", index))
        form = _form(parts, step, value)
        first = next((known for known, of in taken.items() if of != case_name and _takes(step, known, form)), None)
        if first is not None:
            yield Problem("case-never", f'calls of "{value}" already go the way of "{first}"', document.file, mark,
                          hint=f'case "{taken[first]}" comes before: leave one out, or the narrower first')  # fmt: skip
        elif step.by == "language" and value in get_args(Language) and value not in (spoken := _spoken(parts)):
            yield Problem("case-never", f'no call speaks "{value}"', document.file, mark, one_of(spoken),
                          "a set step before this one sets the language")  # fmt: skip
        taken.setdefault(form, case_name)


def _form(parts: Parts, step: Switch, value: str) -> str:
    """Return a value in the form in which two of them are told apart."""
    if step.by != "number":
        return value
    full = {form: n.number for n in parts.numbers.values() for form in phone.forms(n.number, n.country)}
    return full.get(phone.digits(value), value)


def _takes(step: Switch, first: str, value: str) -> bool:
    """Say whether a value leaves nothing for another one."""
    return value.startswith(first) if step.by == "caller" else value == first


def _spoken(parts: Parts) -> set[str]:
    """Return the languages a call can have; all of them while nobody can say."""
    if parts.info is None or not parts.whole_flow:
        return set(get_args(Language))
    return {parts.info.language, *(s.language for s in parts.flow.values() if isinstance(s, Set) and s.language)}


RULES = (collected, known_fields, cases)
