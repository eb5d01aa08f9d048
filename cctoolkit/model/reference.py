"""The language's reference for readers, docs/spec.md: made from the schemas and the steps, so it says what they say."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import yaml
from yaml.resolver import Resolver

from cctoolkit.model import build, words
from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.model.step import Step
from cctoolkit.model.steps import step_types

Schema = Mapping[str, Any]

_FORMS = {
    "name": words.Identifier, "text": words.Title, "plain text": words.PlainText, "time span": words.Duration,
    "time span or 0s": words.DurationOrZero, "hours": words.TimeRange, "days": words.Days, "date": words.Date,
    "time": words.TimeOfDay, "phone number": words.PhoneText, "country": words.Country, "key": words.Key,
    "sound": words.Sound, "secret": words.SecretText, "URL": words.Url, "e-mail address": words.MailAddress,
    "IP address": words.Address, "host": words.Host,
}  # fmt: skip
"""Forms of text that recur, by the name the tables have for them."""

_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}

_HEAD = """\
# The language of specs

<!-- Made from the schemas by `cctoolkit schema --write`. -->

A project is a folder `projects/<id>/` with a `project.yaml`; a section may stand in a file of its own beside it, such
as `flow.yaml`. A site is a file `projects/sites/<name>.yaml`. YAML is read as YAML 1.2, and more strictly: text is
what is not `true`, `false`, `null` or a decimal number, so `09:00` and `on` are text; digits that are a text, such as
the key `"1"`, go in quotes; a key that stands twice, a tab and a tag are mistakes. `cctoolkit validate` says every
mistake with its place and cure, `cctoolkit explain CODE` what it means ([all codes](codes/README.md)).
"""


def page(schemas: Mapping[str, Schema]) -> str:
    """Return docs/spec.md."""
    parts: list[str] = [_HEAD, _contents(), "\n".join(_forms()), "\n# A project\n"]
    for name in Project.__struct_fields__:
        parts += _flow() if name == "flow" else _section("project", name, schemas)
    parts.append("\n# Steps of a flow\n")
    for name, step in sorted(step_types().items()):
        parts += _step(name, step, schemas)
    parts.append("\n# A site\n")
    for name in Site.__struct_fields__:
        parts += _section("site", name, schemas)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)) + "\n"


def _contents() -> str:
    def links(names: Iterator[str] | list[str], before: str) -> str:
        return ", ".join(f"[{name}](#{before}{name})" for name in names)

    return (
        f"\n- A project: {links(list(Project.__struct_fields__), 'project-')}\n"
        f"- Steps: {links(sorted(step_types()), 'step-')}\n"
        f"- A site: {links(list(Site.__struct_fields__), 'site-')}\n"
    )


def _forms() -> Iterator[str]:
    yield "## Forms of text\n"
    yield from _table("form", "what it is", "such as")
    for name, kind in _FORMS.items():
        meta = get_args(kind)[1]
        yield _row(name, meta.description, ", ".join(f"`{example}`" for example in meta.examples or ()))


def _table(*heads: str) -> Iterator[str]:
    yield _row(*heads)
    yield "|" + "---|" * len(heads)


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _section(kind: str, name: str, schemas: Mapping[str, Schema]) -> Iterator[str]:
    schema = schemas[f"{kind}/{name}"]
    body = _resolved(schema, schema)
    yield f'\n<a id="{kind}-{name}"></a>\n\n## {name}\n'
    said = schema.get("description") or body.get("description", "")
    yield f"{said}\n" if said else ""
    yield from _fields(schema, body)
    yield from _example({name: schema["examples"][0]})


def _flow() -> Iterator[str]:
    yield '\n<a id="project-flow"></a>\n\n## flow\n'
    yield "The steps a call walks, by name. A step's `type` says what it does and which options it has:\n"
    yield from _table("type", "does")
    for name, step in sorted(step_types().items()):
        yield _row(f"[{name}](#step-{name})", _first(step))
    yield "\nEvery way out of a step leads to a step of the flow. A step that no call reaches is a mistake."


def _first(step: type[Step]) -> str:
    return " ".join((step.__doc__ or "").split("\n\n")[0].split())


def _step(name: str, step: type[Step], schemas: Mapping[str, Schema]) -> Iterator[str]:
    schema = schemas[f"steps/{name}"]
    built = build.step(step.example)
    yield f'\n<a id="step-{name}"></a>\n\n## {name}\n'
    yield f"{' '.join((step.__doc__ or '').split())}\n"
    notes = ["The call is answered on entering it."] if step.needs_answer else []
    if ends := built.ends():
        notes.append(f"A call may end here: {', '.join(ends)}.")
    if not step.rendered:
        notes.append("There is no dialplan for it yet: it can be validated, proved, traced and drawn.")
    yield " ".join(notes) + "\n"
    yield from _fields(schema, _resolved(schema, schema), skip=("type",))
    yield from _example(step.example)


def _fields(root: Schema, body: Schema, title: str = "", skip: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a table of a mapping's options, then those of the mappings inside."""
    body = _inner(root, body)
    if "properties" not in body:
        value = _value(root, body)
        yield f"{value[0].upper()}{value[1:]}.\n"
        return
    required = body.get("required", ())
    names = [*required, *(name for name in body["properties"] if name not in required)]
    inside: list[tuple[Schema, list[str]]] = []
    yield f"{title}\n" if title else ""
    yield from _table("option", "value", "when left out", "meaning")
    for name in names:
        if name in skip:
            continue
        option = body["properties"][name]
        meaning = option.get("description") or _resolved(root, option).get("description", "")
        left_out = "**needed**" if name in required else _default(option)
        yield _row(f"`{name}`", _value(root, option), left_out, meaning)
        deeper = _inner(root, option)
        same = next((names for found, names in inside if found is deeper), None)
        if same is not None:
            same.append(name)
        elif "properties" in deeper:
            inside.append((deeper, [name]))
    yield ""
    for deeper, names in inside:
        where = ", ".join(f"`{name}`" for name in names)
        yield from _fields(
            root, deeper, f"\nWays out, under {where}:\n" if where == "`next`" else f"\nOptions of {where}:\n"
        )


def _inner(root: Schema, schema: Schema) -> Schema:
    """Return the mapping with options that a schema is, lists or holds by name; else itself."""
    schema = _resolved(root, schema)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            return _inner(root, schema[key])
    return schema


def _resolved(root: Schema, schema: Schema) -> Schema:
    """Follow a reference; of alternatives take the one that is not nothing."""
    while True:
        if "$ref" in schema:
            found: Schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
            schema = found
        elif "anyOf" in schema:
            schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
        else:
            return schema


def _value(root: Schema, schema: Schema) -> str:
    schema = _resolved(root, schema)
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"] if word is not None)
    kind = schema.get("type")
    if kind == "array":
        return f"list of: {_value(root, schema.get('items', {}))}"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"by name: {_value(root, inner)}" if isinstance(inner, dict) else "options, see below"
    if isinstance(kind, list):
        return " or ".join(_TYPES.get(str(one), str(one)) for one in kind)
    return _form(schema) or _limits(schema, _TYPES.get(str(kind), str(kind)))


def _form(schema: Schema) -> str:
    for name, form in _FORMS.items():
        if schema.get("pattern") == get_args(form)[1].pattern:
            return name
    return str(schema.get("x-expected", ""))


def _limits(schema: Schema, word: str) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    return f"{word}, {least} to {most}" if most is not None else word


def _default(option: Schema) -> str:
    value = option.get("default")
    if value in (None, [], (), {}):
        return "none"
    if isinstance(value, dict):
        return "as below"
    return f"`{str(value).lower() if isinstance(value, bool) else _inline(value)}`"


def _inline(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


class _Dumper(yaml.SafeDumper):
    """Quotes as specs have them, and lists a level deeper than their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


_TEXT = "tag:yaml.org,2002:str"
_PLAIN = re.compile(r"\w([\w ./+-]*\w)?")


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # What YAML 1.1 would take for something else is quoted for other readers.
    plain = _PLAIN.fullmatch(text) and Resolver().resolve(yaml.ScalarNode, text, (True, False)) == _TEXT  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(_TEXT, text, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def _example(data: object) -> Iterator[str]:
    text = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=None, width=100)
    yield f"```yaml\n{text}```"
