"""Holds data against JSON Schema (2020-12) and says what is wrong in the author's words.

The schemas in `schemas/` are generated from the structs of `model`. A section is validated by its own schema,
a step by the schema of its `type`, chosen before validation, so that a typo in a menu is reported as just
that.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from cctoolkit import resources
from cctoolkit.spec.builder import Route
from cctoolkit.spec.explain import choice, explain, missing, unknown, wrong_type
from cctoolkit.spec.problem import MAX_PROBLEMS, Problem, bounded, nearest, one_of
from cctoolkit.spec.source import Document

_TYPE = "type"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Patterns are ECMA-262's (JSON Schema core, 6.4), where $ is the very end; Python's matches before a last
    # newline too, and a name with a newline would end its line of the dialplan.
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern))


def _pattern(_: Validator, pattern: str, instance: object, __: Mapping[str, Any]) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError("is not of the right form")


_Checker = cast(
    type[Draft202012Validator],
    extend(Draft202012Validator, {"pattern": _pattern}),  # type: ignore[no-untyped-call]
)


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the compiled validator of `schemas/<name>.schema.json`."""
    schema = json.loads((resources.schemas() / f"{name}.schema.json").read_text(encoding="utf-8"))
    return _Checker(schema, format_checker=FormatChecker())


@cache
def names(folder: str) -> tuple[str, ...]:
    """Return the sections of a kind of document ("project", "site"), or the step types ("steps")."""
    return tuple(sorted(p.name.removesuffix(".schema.json") for p in Path(resources.schemas() / folder).glob("*.json")))


@cache
def _whole(name: str) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], validator(name).schema)


def check(document: Document, kind: str) -> list[Problem]:
    """Validate a document of `kind` ("project" or "site"); return every problem, in the file's order."""
    if document.data is None:
        return [Problem("file-empty", "the file is empty", document.file, expected=", ".join(names(kind)))]
    if not isinstance(document.data, dict):
        return [wrong_type(document, (), document.data, "object", {})]
    return bounded(_check(document, kind))


def _check(document: Document, kind: str) -> Iterator[Problem]:
    for section in missing(sorted(_whole(kind).get("required", ())), document.data, names(kind)):
        yield Problem("schema-required", f'the section "{section}" is missing', document.file, document.mark(()))
    for section in document.data:
        if section not in names(kind):
            yield unknown(document, (section,), names(kind), "section")
        elif (kind, section) == ("project", "flow"):
            yield from _flow(document)
        else:
            yield from _against(validator(f"{kind}/{section}"), document, (section,))


def _flow(document: Document) -> Iterator[Problem]:
    flow, schema = document.data["flow"], _whole("project/flow")
    # The shape of the whole: names of steps and how many; each step by the schema of its own type.
    shape = {key: schema[key] for key in ("type", "minProperties", "maxProperties", "propertyNames")}
    yield from _against(validator("project/flow").evolve(schema=shape), document, ("flow",))
    if isinstance(flow, dict) and len(flow) <= schema["maxProperties"]:
        for name, step in flow.items():
            yield from _step(document, ("flow", name), step)


def _step(document: Document, path: Route, step: object) -> Iterator[Problem]:
    types = names("steps")
    if not isinstance(step, dict):
        yield wrong_type(document, path, step, "object", {"x-expected": 'a mapping with a "type"'})
    elif _TYPE not in step:
        written = [key for key in step if nearest(key, [_TYPE])]
        place = (*path, *written[:1])
        mark = document.mark(place, key=True)
        yield Problem("schema-required", f'the step "{path[-1]}" has no "type"', document.file, mark,
                      one_of(types), 'did you mean "type"?' if written else "")  # fmt: skip
    elif step[_TYPE] in types:
        yield from _against(validator(f"steps/{step[_TYPE]}"), document, path)
    elif isinstance(step[_TYPE], str):
        yield choice(document, (*path, _TYPE), step[_TYPE], types)
    else:
        yield wrong_type(document, (*path, _TYPE), step[_TYPE], "string", {"x-expected": one_of(types)})


def _against(checker: Validator, document: Document, path: Route) -> Iterator[Problem]:
    value: Any = document.data
    for part in path:
        value = value[part]
    yield from explain(islice(checker.iter_errors(value), MAX_PROBLEMS), document, path)
