"""The one place where values meet configuration text.

Every expression of a template passes `finalize`. Ids, keys, sounds and times have patterns in the schema that leave
nothing to quote; free text (titles, names) is never rendered. What still holds a character that would end a line or
begin a comment is refused, whatever let it through.
"""

import jinja2

from cctoolkit import marks, resources
from cctoolkit.errors import ToolkitBug
from cctoolkit.model.calendar import special, week
from cctoolkit.model.guard import Key
from cctoolkit.model.step import Step
from cctoolkit.model.words import seconds

_NEVER = frozenset("\r\n\0;")


def finalize(value: object) -> object:
    """Refuse a value that could end its line or open a comment; `;--` swallows the rest of a file."""
    if isinstance(value, str) and _NEVER.intersection(value):
        raise ToolkitBug(f"a value may not stand in a configuration line: {value[:40]!r}")
    return value


def said(step: Step) -> str:
    """Return what a step's mark says of it: its type and what it uses, such as queue:orders."""
    return ":".join([str(step.__struct_config__.tag), *(name for _, name in step.refers())])


def environment() -> jinja2.Environment:
    """Return the Jinja2 environment: an undefined name is an error, nothing is escaped, everything is finalized."""
    env = jinja2.Environment(  # noqa: S701 - this is no HTML
        loader=jinja2.FileSystemLoader(resources.templates()),
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters |= {
        "said": said,
        "seconds": seconds,
        "week": week,
        "special": special,
        "digits": lambda number: number.lstrip("+"),
        "key_label": lambda key: Key(key).label,
        "queue_name": lambda queue, project: marks.queue_name(project, queue),
    }
    env.globals |= {"wrap_up": marks.WRAP_UP, "shadow": marks.SHADOW, "canary": marks.CANARY_QUEUE}
    return env
