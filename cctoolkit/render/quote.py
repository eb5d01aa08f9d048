"""The one place where values meet configuration text.

Every expression of a template passes `finalize`. Ids, keys, sounds and times have patterns in the schema that
leave nothing to quote; free text (titles, names) is never rendered. What still holds a character that would
end a line or begin a comment is refused, whatever let it through.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jinja2
import msgspec

from cctoolkit import marks, resources
from cctoolkit.errors import ToolkitBug
from cctoolkit.flow.known import ANONYMOUS
from cctoolkit.model.calendar import special, week
from cctoolkit.model.guard import OVERRIDES, Key, key_name
from cctoolkit.model.step import Step
from cctoolkit.model.words import seconds

_NEVER = frozenset("\r\n\0;")
_HOSTILE = frozenset('\r\n\0;${}"\\')
_NOT_RENDERED = frozenset({"title", "client", "name", "contact", "leader", "secret"})
"""Fields of free text; they reach no configuration file."""

_FOR_PEOPLE = frozenset({"crm", "recording", "dispositions", "scripts", "knowledge_base", "reports", "launch"})
"""Sections of a project that reach no configuration file; a file's name has braces."""


def finalize(value: object) -> object:
    """Refuse a value that could end its line or open a comment; `;--` swallows the rest of a file."""
    if value is None:
        raise ToolkitBug("a value that was not given would be written as None", next_step="mend the template")
    if isinstance(value, str) and _NEVER.intersection(value):
        raise ToolkitBug(f"a value may not stand in a configuration line: {value[:40]!r}")
    return value


def refuse_hostile(model: msgspec.Struct) -> None:
    """Refuse a project or site any of whose rendered values could be read as dialplan: a variable, a quote, a
    comment.

    The schema's patterns leave none; this holds whatever let one through.
    """
    sections = {k: v for k, v in msgspec.to_builtins(model, str_keys=True).items() if k not in _FOR_PEOPLE}
    for path, text in _texts(sections, ""):
        if _HOSTILE.intersection(text):
            raise ToolkitBug(f"{path} may not stand in a configuration line: {text[:40]!r}", where="the spec")


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield f"a key of {path or 'it'}", key
            if key not in _NOT_RENDERED or not isinstance(inner, str):
                yield from _texts(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{index}]")


def text_of(template: str, **values: object) -> str:
    """Render a template; raise ToolkitBug when it is broken or asks for what is not there."""
    try:
        return environment(resources.templates()).get_template(template).render(**values)
    except jinja2.TemplateError as error:
        where = f"{getattr(error, 'name', None) or template}:{getattr(error, 'lineno', None) or 1}"
        raise ToolkitBug(f"a template is broken: {error}", where=where, next_step="mend the template") from error


def sip_host(address: str) -> str:
    """Return an address as a SIP URI has it: IPv6 in brackets (RFC 3261, 19.1.1)."""
    return f"[{address}]" if ":" in address else address


def said(step: Step) -> str:
    """Return what a step's mark says of it: its type and what it uses, such as queue:orders."""
    return ":".join([str(step.__struct_config__.tag), *(name for _, name in step.refers())])


@cache
def environment(folder: Path) -> jinja2.Environment:
    """Return the Jinja2 environment: an undefined name is an error, nothing is escaped, everything is
    finalized.
    """
    env = jinja2.Environment(  # noqa: S701 - this is no HTML
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters |= {
        "said": said,
        "sip_host": sip_host,
        "seconds": seconds,
        "week": week,
        "special": special,
        "digits": lambda number: number.lstrip("+"),
        "key_label": lambda key: Key(key).label,
        "key_name": key_name,
        "queue_name": lambda queue, project: marks.queue_name(project, queue),
    }
    env.globals |= {
        "wrap_up": marks.WRAP_UP,
        "shadow": marks.SHADOW,
        "canary": marks.CANARY_QUEUE,
        "most_hops": marks.MOST_HOPS,
        "anonymous": ANONYMOUS,
        "overrides": OVERRIDES,
    }
    return env
