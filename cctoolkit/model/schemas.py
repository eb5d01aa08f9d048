"""The JSON Schemas (2020-12), generated from the structs: one file a section, one a step type, one a whole
document.

The files in `schemas/` are committed for editors and reviewers; `make check` fails when they are stale.
"""

import json
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from cctoolkit.model.examples import EXAMPLES
from cctoolkit.model.project import Project
from cctoolkit.model.queue import REFUSED
from cctoolkit.model.site import Site
from cctoolkit.model.steps import step_types
from cctoolkit.model.words import Identifier

MAX_STEPS = 500
"""Steps of one flow; the largest real ones have a tenth."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def generate() -> dict[str, str]:
    """Return every schema's text by its path below `schemas/`."""
    return {
        f"{name}.schema.json": json.dumps(s, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        for name, s in schemas().items()
    }


def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by its name, options in the order of the structs."""
    found: dict[str, dict[str, Any]] = {}
    for kind, struct in (("project", Project), ("site", Site)):
        for field in msgspec.structs.fields(struct):
            if field.name != "flow":
                found[f"{kind}/{field.name}"] = _whole(field.type, f"{kind}: {field.name}", EXAMPLES[kind][field.name])
        found[kind] = _document(kind, struct)
    for name, step in step_types().items():
        found[f"steps/{name}"] = _whole(step, f"step: {name}", step.example)
    found["project/flow"] = _flow(sorted(step_types()))
    found["library"] = _library(found)
    found["project/queues"]["$defs"]["QueueOptions"]["x-refused"] = REFUSED
    return found


def _whole(struct: object, title: str, example: object) -> dict[str, Any]:
    """Return the schema of a section or step, with a whole example of it and a title on every field."""
    # A section that is left out is not written as nothing: its schema is that of what it holds.
    written = next((kind for kind in get_args(struct) if kind is not NoneType), struct) if _optional(struct) else struct
    schema = msgspec.json.schema(written)
    todo = [schema]
    while todo:
        part = todo.pop()
        for name, value in part.get("properties", {}).items():
            value.setdefault("title", name.replace("_", " "))
            if name == "type" and len(value.get("enum", ())) == 1:
                value.setdefault("description", "What the step does.")
        todo += [inner for value in part.values() for inner in _mappings(value)]
    return {"$schema": _DIALECT, **schema, "title": title, "examples": [example]}


def _optional(kind: object) -> bool:
    return get_origin(kind) in (Union, UnionType) and NoneType in get_args(kind)


def _mappings(value: object) -> list[dict[str, Any]]:
    """Return the mappings a keyword holds: itself, its values' or its items'."""
    found = [value] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [one for one in found if isinstance(one, dict)]


def _document(kind: str, struct: type[msgspec.Struct]) -> dict[str, Any]:
    fields = msgspec.structs.fields(struct)
    required = [f.name for f in fields if f.required]
    # A project's sections may stand in files beside this one: an editor that sees one file cannot miss them.
    split = kind == "project"
    return {
        "$schema": _DIALECT,
        "title": f"A cctoolkit {kind}",
        "description": (struct.__doc__ or "").strip(),
        "type": "object",
        "properties": {f.name: {"$ref": f"{kind}/{f.name}.schema.json"} for f in fields},
        "required": ["project"] if split else required,
        **({"x-required": required} if split else {}),
        "additionalProperties": False,
    }


def _library(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A file of projects/library/: what holds things by name, a project may share."""
    shared = [name for name, schema in schemas.items() if isinstance(schema.get("additionalProperties"), dict)]
    names = sorted(name.removeprefix("project/") for name in shared if name.startswith("project/"))
    return {
        "$schema": _DIALECT,
        "title": "A library of cctoolkit projects",
        "description": "What projects take over by naming this file under `library`.",
        "type": "object",
        "properties": {name: {"$ref": f"project/{name}.schema.json"} for name in names},
        "additionalProperties": False,
    }


def _flow(types: list[str]) -> dict[str, Any]:
    """Each step by its `type`, so that an editor shows the mistakes of that type only."""
    chosen = [
        {
            "if": {"properties": {"type": {"const": t}}, "required": ["type"]},
            "then": {"$ref": f"../steps/{t}.schema.json"},
        }
        for t in types
    ]
    return {
        "$schema": _DIALECT,
        "title": "project: flow",
        "description": "The steps a call walks, by name.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": MAX_STEPS,
        "propertyNames": msgspec.json.schema(Identifier),
        "additionalProperties": {
            "type": "object",
            "properties": {"type": {"enum": types, "description": "What the step does."}},
            "required": ["type"],
            "allOf": chosen,
        },
    }
