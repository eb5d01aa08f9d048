"""Rules about what a call brings along to a step: digits that were entered, a field that is known, a case that is left.

They ask where calls can go, so they keep silent while a step or a number is broken.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import get_args

from cctoolkit.model import phone
from cctoolkit.model.build import Parts
from cctoolkit.model.guard import Collected, Edge
from cctoolkit.model.steps.collect import Collect
from cctoolkit.model.steps.lookup import Lookup
from cctoolkit.model.steps.set import Set
from cctoolkit.model.steps.switch import Switch
from cctoolkit.model.words import Language
from cctoolkit.spec.problem import Problem, one_of
from cctoolkit.spec.source import Document

_BEFORE = ("caller", "number", "step", "key", "queue", "wait")
"""Sources of the card that can be known while a call walks the flow."""


Ways = Mapping[str, tuple[Edge, ...]]


def _ways(parts: Parts) -> Ways:
    return {name: step.edges() for name, step in parts.flow.items()} if parts.whole_flow else {}


def collected(parts: Parts, document: Document) -> Iterator[Problem]:
    """Digits that are looked up were entered on every way there."""
    ways = _ways(parts)
    around: dict[str, Mapping[str, str]] = {}
    for name, step in parts.flow.items() if ways else ():
        if not isinstance(step, Lookup) or step.digits is None or not isinstance(parts.flow.get(step.digits), Collect):
            continue
        if step.digits not in around:
            around[step.digits] = _reached(ways, [n.entry for n in parts.numbers.values()], step.digits)
        if name in around[step.digits]:
            before = around[step.digits][name]
            way = f'from "{before}"' if before else "at once"
            what = f'a call can come here {way} without digits of "{step.digits}"'
            yield Problem("digits-not-collected", what, document.file, document.mark(("flow", name, "digits")),
                          hint="look up the caller's number on that way, in a lookup step of its own")  # fmt: skip


def _reached(ways: Ways, starts: Iterable[str], without: str = "") -> Mapping[str, str]:
    """Return the steps calls reach, each with the step before, when no call leaves the step `without` by its digits."""
    found = {start: "" for start in starts if start in ways}
    todo = deque(found)
    while todo:
        here = todo.popleft()
        for edge in ways[here]:
            barred = here == without and isinstance(edge.guard, Collected)
            if not barred and edge.target in ways and edge.target not in found:
                found[edge.target] = here
                todo.append(edge.target)
    return found


def known_fields(parts: Parts, document: Document) -> Iterator[Problem]:
    """A field that decides where calls go can have a value by then."""
    ways = _ways(parts)
    known: dict[str, Collection[str]] = {}
    for name, step in parts.flow.items() if ways else ():
        field = parts.card.get(step.field or "") if isinstance(step, Switch) and step.by == "field" else None
        if not isinstance(step, Switch) or step.field is None or field is None or field.source in _BEFORE:
            continue
        if step.field not in known:
            known[step.field] = _after(ways, [at for at, other in parts.flow.items() if _gives(other, step.field)])
        if name not in known[step.field]:
            what = f'nothing gives the field "{step.field}" a value before this step'
            yield Problem("field-never-known", what, document.file, document.mark(("flow", name, "field")),
                          hint="a lookup step before it, or a set step")  # fmt: skip


def _gives(step: object, field: str) -> bool:
    return isinstance(step, Lookup) or (isinstance(step, Set) and field in step.card)


def _after(ways: Ways, steps: Iterable[str]) -> Collection[str]:
    """Return every step to which a call comes from any of these."""
    return _reached(ways, [edge.target for step in steps for edge in ways[step]])


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


RULES = (collected, known_fields, cases)
