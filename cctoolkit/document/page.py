"""One self-contained HTML page: its own style, pictures inside, nothing fetched. Every text in it is escaped.

A page is plain data: sections of blocks, each block a struct that `page.html.j2` knows how to set.
"""

from functools import cache
from typing import ClassVar, Literal

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

State = Literal["met", "missed", ""]


class Reading(msgspec.Struct, frozen=True):
    """One figure on a card: what it is, its value, what it is held against, whether that was met
    (`verdict`).
    """

    label: str
    value: str
    note: str = ""
    state: State = ""
    verdict: str = ""


class Card(msgspec.Struct, frozen=True):
    """The figures of one thing, side by side; `wide` sets it over the whole row."""

    title: str
    readings: tuple[Reading, ...]
    note: str = ""
    wide: bool = False


class Cards(msgspec.Struct, frozen=True):
    """A grid of cards."""

    kind: ClassVar[str] = "cards"
    cards: tuple[Card, ...]


class Chart(msgspec.Struct, frozen=True):
    """A picture; `svg` is markup and comes from `document.charts` only."""

    kind: ClassVar[str] = "chart"
    title: str
    svg: Markup
    note: str = ""


class Column(msgspec.Struct, frozen=True):
    """A table's column; numbers stand at the right, `small` ones are set smaller and may break into lines, `firm`
    ones never break.
    """

    title: str
    number: bool = False
    small: bool = False
    firm: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """A cell that says whether a target was met."""

    text: str
    state: State


Cell = str | Verdict


class Table(msgspec.Struct, frozen=True):
    """A table; `total` is its last row, set apart. Every row has a text for every column."""

    kind: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    total: tuple[str, ...] = ()


class Terms(msgspec.Struct, frozen=True):
    """Names and what they say: (name, text) pairs."""

    kind: ClassVar[str] = "terms"
    items: tuple[tuple[str, str], ...]


class Notes(msgspec.Struct, frozen=True):
    """Remarks, one a line."""

    kind: ClassVar[str] = "notes"
    lines: tuple[str, ...]


Block = Cards | Chart | Table | Terms | Notes


class Section(msgspec.Struct, frozen=True):
    """A heading and its blocks."""

    title: str
    blocks: tuple[Block, ...]


class Page(msgspec.Struct, frozen=True):
    """A whole page: `title` for the window, `heading` on the page, `facts` below it, `language` an ISO 639-1
    code.
    """

    language: str
    title: str
    heading: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def html(page: Page) -> str:
    """Return the page as HTML text."""
    return _environment().get_template("page.html.j2").render(page=page)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("cctoolkit.document", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
