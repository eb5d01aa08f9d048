"""The form specs are written in: keys in the order of the structs, numbers and durations in one way, quotes where
another reader of YAML needs them. docs/format.md describes it.

What a place of a spec holds is asked of the structs, so a new step type or section has its form by being there.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

import yaml
from msgspec import inspect
from yaml.resolver import Resolver

from cctoolkit.model import phone
from cctoolkit.model.project import Project
from cctoolkit.model.step import Step
from cctoolkit.model.steps import step_types
from cctoolkit.model.words import PhoneText, seconds
from cctoolkit.spec.layout import Layout, Leaf, Node
from cctoolkit.spec.scalar import resolve

_NAME = re.compile(r"[a-z][a-z0-9]*([-_/][a-z0-9]+)*")
_PHONE = get_args(PhoneText)[1].pattern
_TEXT = "tag:yaml.org,2002:str"
# What YAML 1.1 calls true, false or a number, though PyYAML's list lacks it; and dates, times and ranges of them.
_MORE = re.compile(r"[yYnN]|[-+0-9:]+")


def arrange(layout: Layout, struct: type = Project, section: str = "") -> None:
    """Bring a layout into the form of a struct, or of one section of it; a library has the sections of a project. Where
    there are anchors, order stays: an alias follows its own.
    """
    kind = _info(struct)
    _arrange(layout.root, _inside(kind, section) if section else kind, "", sort=not layout.anchors)


def meaning(data: object, struct: type = Project) -> object:
    """Return data by its sections such that what means the same is equal: durations in seconds, numbers in E.164."""
    return _meaning(data, _info(struct), "")


def _arrange(node: Node, kind: inspect.Type, country: str, *, sort: bool) -> None:
    if isinstance(node, Leaf):
        node.text = _written(node, kind, country)
        return
    held = {item.key.value: item.value for item in node.items if item.key and item.key.value is not None}
    kind = _exact(kind, held)
    country = _country(kind, {name: value.value for name, value in held.items() if isinstance(value, Leaf)}) or country
    for item in node.items:
        if item.key:
            item.key.text = _written(item.key, kind, "")
        _arrange(item.value, _inside(kind, item.key.value if item.key else None), country, sort=sort)
    if sort and isinstance(kind, inspect.StructType):
        order = _order(kind)
        node.items.sort(key=lambda item: order.get(str(item.key.value if item.key else ""), len(order)))


def _meaning(data: object, kind: inspect.Type, country: str) -> object:
    if isinstance(data, dict):
        kind = _exact(kind, data)
        country = _country(kind, data) or country
        found = [(key, _meaning(value, _inside(kind, key), country)) for key, value in data.items()]
        return dict(found) if isinstance(kind, inspect.StructType) else found
    if isinstance(data, list):
        return [_meaning(value, _inside(kind, None), country) for value in data]
    if isinstance(data, str) and _is_duration(kind):
        return seconds(data)
    return (phone.e164(data, country) or data) if isinstance(data, str) and _is_phone(kind) else data


def _country(kind: inspect.Type, data: Mapping[str, Any]) -> str:
    """Return the country numbers are written for in a struct that has one."""
    if not isinstance(kind, inspect.StructType):
        return ""
    default = next((field.default for field in kind.fields if field.encode_name == "country"), "")
    return str(data.get("country") or default)


@cache
def _info(struct: type) -> inspect.Type:
    return inspect.type_info(struct)


def _bare(kind: inspect.Type) -> inspect.Type:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def _exact(kind: inspect.Type, data: Mapping[str, Any]) -> inspect.Type:
    """Return the kind of a mapping: of several the one that has its keys, of the steps the one of its type."""
    kinds = [_bare(one) for one in _members(kind)]
    structs = [one for one in kinds if isinstance(one, inspect.StructType)]
    if any(one.cls is Step for one in structs):
        named = data.get("type")
        struct = step_types().get(str(named.value if isinstance(named, Leaf) else named))
        return _info(struct) if struct else inspect.AnyType()
    fitting = [one for one in structs if set(data) <= set(_order(one))]
    others = [one for one in kinds if isinstance(one, inspect.DictType | inspect.ListType | inspect.VarTupleType)]
    return next(iter([*fitting, *others]), inspect.AnyType())


def _members(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    kind = _bare(kind)
    return tuple(kind.types) if isinstance(kind, inspect.UnionType) else (kind,)


def _order(kind: inspect.StructType) -> dict[str, int]:
    first = [*([kind.tag_field] if kind.tag_field else []), *getattr(kind.cls, "written_first", ())]
    names = dict.fromkeys([*first, *(field.encode_name for field in kind.fields)])
    return {name: place for place, name in enumerate(names)}


def _inside(kind: inspect.Type, key: str | None) -> inspect.Type:
    """Return the kind of what stands below a key, or in a list."""
    for one in map(_bare, _members(kind)):
        if isinstance(one, inspect.StructType):
            return next((field.type for field in one.fields if field.encode_name == key), inspect.AnyType())
        if isinstance(one, inspect.DictType) and key is not None:
            return one.value_type
        if isinstance(one, inspect.ListType | inspect.VarTupleType) and key is None:
            return one.item_type
    return inspect.AnyType()


def _extras(kind: inspect.Type) -> Iterator[inspect.Type | Mapping[str, Any]]:
    while isinstance(kind, inspect.Metadata):
        yield kind.extra_json_schema or {}
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _extras(one)
    yield kind


def _is_duration(kind: inspect.Type) -> bool:
    return any(isinstance(extra, dict) and extra.get("x-unit") == "s" for extra in _extras(kind))


def _is_phone(kind: inspect.Type) -> bool:
    return any(isinstance(extra, inspect.StrType) and extra.pattern == _PHONE for extra in _extras(kind))


def _written(leaf: Leaf, kind: inspect.Type, country: str) -> str:
    """Return how a scalar is written: in its one form, and in quotes where another reader would see more than text."""
    if leaf.value is None or not leaf.simple:
        return leaf.text
    value = leaf.value
    if _is_duration(kind):
        return _duration(value)
    if _is_phone(kind):
        return json.dumps(phone.written(value, country), ensure_ascii=False)
    if not leaf.plain and _NAME.fullmatch(value) and _is_text(value):
        return value
    if leaf.plain and (_is_text(value) or _stays(value)):
        return leaf.text
    return f'"{value}"' if value.isprintable() and not set(value) & {'"', "\\"} else leaf.text


def _is_text(value: str) -> bool:
    """Tell whether a reader of YAML 1.1 also takes a plain scalar for text: 10:00, on and 2026-12-31 it does not."""
    tag = Resolver().resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    return bool(tag == _TEXT) and not _MORE.fullmatch(value)


def _stays(value: str) -> bool:
    """Tell whether a plain scalar is no text in a spec either: a number, true, false, nothing."""
    return not isinstance(resolve(value), str)


def _duration(text: str) -> str:
    minutes, rest = divmod(seconds(text), 60)
    hours, minutes = divmod(minutes, 60)
    return "".join(f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if n) or "0s"
