"""A spec's data as YAML: what `fmt` makes its form of."""

from typing import Any

import yaml

_INLINE = 100
_SCHEMA = "# yaml-language-server: $schema=../../schemas/{kind}.schema.json\n"


class _Flow(dict[str, Any]):
    """A mapping written in braces."""


class _FlowList(list[Any]):
    """A list written in brackets."""


class _Dumper(yaml.SafeDumper):
    """Writes collections in a line where they are short."""


_Dumper.add_representer(
    _Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)
)
_Dumper.add_representer(
    _FlowList, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


def of(kind: str, data: dict[str, Any]) -> str:
    """Return a project's or a site's text; the sections stand in the order of `data`."""
    sections = [
        yaml.dump({name: _shaped(value, 0)}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
        for name, value in data.items()
    ]
    return _SCHEMA.format(kind=kind) + "\n".join(sections)


def _shaped(value: Any, depth: int) -> Any:  # noqa: ANN401 - data of a spec
    """Return data with its short collections to be written in a line; sections and steps have lines of their own."""
    if isinstance(value, dict):
        inner = {key: _shaped(one, depth + 1) for key, one in value.items()}
        short = depth > 0 and "type" not in value and "number" not in value and _length(value) < _INLINE
        return _Flow(inner) if short else inner
    if isinstance(value, list):
        shaped = [_shaped(one, depth + 1) for one in value]
        return (
            _FlowList(shaped)
            if _length(value) < _INLINE and not any(isinstance(one, dict) for one in value)
            else shaped
        )
    return value


def _length(value: Any) -> int:  # noqa: ANN401 - data of a spec
    """Return about how long a value is in one line."""
    if isinstance(value, dict):
        return sum(len(str(key)) + 4 + _length(one) for key, one in value.items())
    return sum(_length(one) + 2 for one in value) if isinstance(value, list) else len(str(value)) + 2
