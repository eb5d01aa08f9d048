"""Rules about the card: each field has one source, that can give what the field wants."""

import re
from collections.abc import Iterator
from datetime import date

from cctoolkit.model.build import Parts
from cctoolkit.model.crm import CardField
from cctoolkit.model.steps.callback import Callback
from cctoolkit.model.steps.collect import Collect
from cctoolkit.model.steps.menu import Menu
from cctoolkit.model.steps.queue import Queue
from cctoolkit.model.steps.set import Set
from cctoolkit.model.steps.survey import Survey
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, one_of
from cctoolkit.spec.source import Document

_KEYS = (Menu, Collect, Survey, Callback, Queue)
"""Steps in which callers press keys."""

_OF_QUEUES = ("queue", "agent", "wait", "talk")
"""Sources that only calls have which come to a queue."""

_GIVES = {
    "caller": ("text", "phone"),
    "number": ("text", "phone"),
    "wait": ("text", "integer", "decimal"),
    "talk": ("text", "integer", "decimal"),
    "step": ("text", "choice"),
    "queue": ("text", "choice"),
    "agent": ("text", "choice"),
    "disposition": ("text", "choice"),
}
"""What types of field a source can fill; keys can be anything."""

_FORMS = {"integer": re.compile("-?[0-9]+"), "decimal": re.compile(r"-?[0-9]+([.,][0-9]+)?")}


def sources(parts: Parts, document: Document) -> Iterator[Problem]:
    """What a source gives is of the field's type, and there is something to give."""
    for name, field in parts.card.items():
        path: Route = ("crm", "card", name)
        types = _GIVES.get(field.source or "")
        if types and field.type not in types:
            what = f"the source {field.source} gives no {field.type}"
            yield Problem("card-source", what, document.file, document.mark((*path, "source")),
                          one_of(types).replace("one of", "type"))  # fmt: skip
        elif problem := _nothing(parts, document, path, field):
            yield problem


def _nothing(parts: Parts, document: Document, path: Route, field: CardField) -> Problem | None:
    """Return the problem of a source that never gives anything."""
    step = parts.flow.get(field.step or "")
    if field.source == "key" and step is not None and not isinstance(step, _KEYS):
        return Problem("card-step", f'in the step "{field.step}" callers press no key', document.file,
                       document.mark((*path, "step")), hint="name a menu, collect or survey step")  # fmt: skip
    pressed = any(isinstance(step, _KEYS) for step in parts.flow.values())
    if field.source == "key" and field.step is None and parts.whole_flow and not pressed:
        return Problem("card-source", "callers press no key in this flow", document.file,
                       document.mark((*path, "source")), hint="leave the source out: agents fill it in")  # fmt: skip
    waited = any(isinstance(step, Queue) for step in parts.flow.values())
    if field.source in _OF_QUEUES and parts.whole_flow and not waited:
        return Problem("card-source", "no call waits in a queue in this flow", document.file,
                       document.mark((*path, "source")), hint="leave the source out: agents fill it in")  # fmt: skip
    told = parts.after_call.disposition != "none" if parts.after_call else "after_call" in parts.sections
    if field.source == "disposition" and not told:
        return Problem("card-source", "agents tell no outcome code in this project", document.file,
                       document.mark((*path, "source")), hint="write after_call: {disposition: dialled}")  # fmt: skip
    return None


def set_fields(parts: Parts, document: Document) -> Iterator[Problem]:
    """A set step gives a field what its type takes, and no second source."""
    for name, step in parts.flow.items():
        for key, value in step.card.items() if isinstance(step, Set) else ():
            field, path = parts.card.get(key), ("flow", name, "card", key)
            if field and field.source is not None:
                yield Problem("card-two-sources", f'the field "{key}" has the source {field.source} already',
                              document.file, document.mark(path, key=True),
                              hint="one source a field: leave it out here, or there")  # fmt: skip
            elif field and not _fits(field, value):
                yield Problem("card-value", f'"{value}" is no {field.type}', document.file, document.mark(path),
                              f"a value of type {field.type}")  # fmt: skip


def names_twice(parts: Parts, document: Document) -> Iterator[Problem]:
    """Two fields of the card are two fields of the CRM."""
    seen: dict[str, str] = {}
    for name, field in parts.card.items():
        there = field.name_in_crm or name
        if (first := seen.setdefault(there, name)) != name:
            path: Route = ("crm", "card", name, *(("name_in_crm",) if field.name_in_crm else ()))
            yield Problem("card-name-twice", f'"{there}" is what the CRM calls the field "{first}" already',
                          document.file, document.mark(path, key=not field.name_in_crm),
                          hint="one field there, one here: give one of them another name_in_crm")  # fmt: skip


def _fits(field: CardField, value: str) -> bool:
    if field.type == "date":
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
    form = _FORMS.get(field.type)
    return form is None or form.fullmatch(value) is not None


RULES = (sources, set_fields, names_twice)
