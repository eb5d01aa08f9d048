"""Rules about what single steps say: digits that can be entered, cases that can hold, something to set."""

import re
from collections.abc import Iterator
from typing import get_args

from cctoolkit.model import phone
from cctoolkit.model.build import Parts
from cctoolkit.model.crm import CardField
from cctoolkit.model.lint_words import unknown
from cctoolkit.model.steps.collect import Collect
from cctoolkit.model.steps.lookup import Lookup
from cctoolkit.model.steps.set import Set
from cctoolkit.model.steps.switch import Case, Switch
from cctoolkit.model.words import Language
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, did_you_mean, one_of
from cctoolkit.spec.source import Document

_BEGINS = re.compile(r"\+[1-9][0-9]{0,14}|anonymous")


def collects(parts: Parts, document: Document) -> Iterator[Problem]:
    """Digits at least are no more than digits at most; a check digit checks something."""
    for name, step in parts.flow.items():
        if not isinstance(step, Collect):
            continue
        least = 2 if step.check == "luhn" else 1
        if step.shortest > step.longest:
            yield Problem("digits-backwards", f"at least {step.shortest} digits are more than at most {step.longest}",
                          document.file, document.mark(("flow", name, "shortest")),
                          f"at most {step.longest}")  # fmt: skip
        elif step.shortest < least:
            yield Problem("digits-unchecked", "one digit alone has no check digit", document.file,
                          document.mark(("flow", name, "shortest")), f"at least {least}")  # fmt: skip


def lookups(parts: Parts, document: Document) -> Iterator[Problem]:
    """What is looked up was collected, and there is a CRM to ask."""
    # A step that could not be read may well be one that collects.
    collecting = [n for n in parts.names["flow"] if n not in parts.flow or isinstance(parts.flow[n], Collect)]
    for name, step in parts.flow.items():
        if not isinstance(step, Lookup):
            continue
        if step.digits is not None and step.digits not in collecting and "flow" not in parts.unread:
            yield unknown(document, ("flow", name, "digits"), "collect step", step.digits, collecting)
        if "crm" not in parts.sections:
            yield Problem("no-crm", f'the step "{name}" asks a CRM, and there is none', document.file,
                          document.mark(("flow", name), key=True), hint='write the section "crm"')  # fmt: skip


def switches(parts: Parts, document: Document) -> Iterator[Problem]:
    """Each case says what its switch asks, and shares add up to at most 100."""
    for name, step in parts.flow.items():
        if not isinstance(step, Switch):
            continue
        yield from _field(parts, document, name, step)
        for case_name, case in step.cases.items():
            yield from _case(parts, document, ("flow", name, "cases", case_name), step, case)
        shares = sum(case.percent or 0 for case in step.cases.values()) if step.by == "share" else 0
        if shares > 100:
            yield Problem("shares-over-100", f"the shares add up to {shares} percent", document.file,
                          document.mark(("flow", name, "cases"), key=True), "at most 100",
                          "calls of no share go the way of otherwise")  # fmt: skip


def _field(parts: Parts, document: Document, name: str, step: Switch) -> Iterator[Problem]:
    place: Route = ("flow", name, "by" if step.field is None else "field")
    if (step.by == "field") != (step.field is not None):
        what = "no field is named" if step.field is None else f"a switch by {step.by} asks no field"
        yield Problem("switch-field", what, document.file, document.mark(place),
                      hint='write "field: …", a field of the card' if step.field is None else "delete it")  # fmt: skip
    elif step.field is not None and step.field not in parts.names["card"]:
        yield unknown(document, place, "field of the card", step.field, parts.names["card"])


def _case(parts: Parts, document: Document, path: Route, step: Switch, case: Case) -> Iterator[Problem]:
    wanted, refused = ("percent", "values") if step.by == "share" else ("values", "percent")
    for key, wrong in ((wanted, not getattr(case, wanted)), (refused, bool(getattr(case, refused)))):
        if wrong:
            what = f'"{key}" is missing' if key == wanted else f'"{key}" has no meaning here'
            place = path if key == wanted else (*path, key)
            yield Problem("switch-case", what, document.file, document.mark(place, key=True),
                          f'"{wanted}" in each case of a switch by {step.by}')  # fmt: skip
    for index, value in enumerate(case.values):
        if problem := _value(parts, document, (*path, "values", index), step, value):
            yield problem


def _value(parts: Parts, document: Document, path: Route, step: Switch, value: str) -> Problem | None:
    mark = document.mark(path)
    if step.by == "caller" and not _BEGINS.fullmatch(value):
        return Problem("switch-caller", f'"{value}" begins no number', document.file, mark,
                       'the beginning of a number in E.164, such as "+7495", or anonymous',
                       _caller_meant(parts, value))  # fmt: skip
    if step.by == "language" and value not in get_args(Language):
        words = get_args(Language)
        return Problem("switch-language", f'"{value}" is no language', document.file, mark, one_of(words),
                       did_you_mean(value, words))  # fmt: skip
    if step.by == "field" and (field := parts.card.get(step.field or "")):
        return _choice(document, path, field, value)
    if step.by != "number" or not parts.whole_flow:
        return None
    numbers = [n for n in parts.numbers.values() if n.country in phone.countries()]
    forms = {form for n in numbers for form in phone.forms(n.number, n.country)}
    if phone.digits(value) not in forms:
        return Problem("switch-number", f'"{value}" is no number of this project', document.file, mark,
                       one_of([n.number for n in numbers]))  # fmt: skip
    return None


def _caller_meant(parts: Parts, value: str) -> str:
    """Return what a beginning of a number in national form is in full."""
    countries = [number.country for number in parts.numbers.values() if number.country in phone.countries()]
    written = phone.digits(value)
    if not countries or not re.fullmatch("[0-9][0-9 ()-]*", value) or not written.isdecimal():
        return did_you_mean(value, ["anonymous"])
    return f'did you mean "{phone.beginning(written, countries[0])}"?'


def _choice(document: Document, path: Route, field: CardField, value: str) -> Problem | None:
    """A field that has choices has no other value."""
    if not field.choices or value in field.choices:
        return None
    return Problem("card-choice", f'"{value}" is no choice of the field', document.file, document.mark(path),
                   one_of(field.choices), did_you_mean(value, field.choices))  # fmt: skip


def sets(parts: Parts, document: Document) -> Iterator[Problem]:
    """A set step sets something, and only fields the card has."""
    for name, step in parts.flow.items():
        if not isinstance(step, Set):
            continue
        for field, value in step.card.items():
            path: Route = ("flow", name, "card", field)
            if field not in parts.names["card"]:
                yield unknown(document, path, "field of the card", field, parts.names["card"], key=True)
            elif field in parts.card and (problem := _choice(document, path, parts.card[field], value)):
                yield problem
        # What breaks its schema was meant to be set.
        if not step.sets() and not any(document.at(("flow", name, key)) for key in ("language", "priority", "card")):
            yield Problem("set-nothing", f'the step "{name}" sets nothing', document.file,
                          document.mark(("flow", name), key=True), "language, priority or card")  # fmt: skip
