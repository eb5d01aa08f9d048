"""Between the record structs and table rows, derived from the structs alone: a new field needs no second
edit.

An `Edge` field becomes `<name>_us INTEGER` and `<name>_source TEXT`; a tuple of structs is a table of its own
and no column here; everything else is one column. NULL stands for "the field's default".
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol

import msgspec
from msgspec import inspect

from cctoolkit.cdr.records import Edge
from cctoolkit.errors import ToolkitBug

Value = str | int | float | None
"""What SQLite keeps of a field."""

_SQL_TYPES: dict[type[inspect.Type], str] = {
    inspect.StrType: "TEXT",
    inspect.LiteralType: "TEXT",
    inspect.IntType: "INTEGER",
    inspect.BoolType: "INTEGER",
    inspect.FloatType: "REAL",
}


class Read(Protocol):
    """A row as read: a `sqlite3.Row`, or anything that gives a column's value by its name."""

    def __getitem__(self, name: str, /) -> Any: ...  # noqa: ANN401 - as sqlite3.Row says of itself


class Column(msgspec.Struct, frozen=True):
    """One column: the struct's `field`, the column's `name`, its SQLite type and whether it holds half an
    edge.
    """

    field: str
    name: str
    sql_type: str
    edge_part: str = ""


@cache
def columns(kind: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Return the columns of a record struct, in the order of its fields.

    Raises ToolkitBug for a field of a type that has no column, so that a new kind of field is noticed at
    once.
    """
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - the argument's type says so; this tells mypy
    return tuple(column for field in info.fields for column in _of_field(field.name, field.type, kind))


def _of_field(name: str, type_: inspect.Type, kind: type[msgspec.Struct]) -> Iterator[Column]:
    if isinstance(type_, inspect.UnionType):
        (type_,) = (part for part in type_.types if not isinstance(part, inspect.NoneType))
    if isinstance(type_, inspect.VarTupleType):
        return
    if isinstance(type_, inspect.StructType) and type_.cls is Edge:
        yield Column(name, f"{name}_us", "INTEGER", "at")
        yield Column(name, f"{name}_source", "TEXT", "source")
        return
    sql_type = _SQL_TYPES.get(type(type_))
    if sql_type is None:
        raise ToolkitBug(f"{kind.__name__}.{name} has a type that no table column holds", expected="a plain value")
    yield Column(name, name, sql_type)


def flatten(record: msgspec.Struct) -> tuple[Value, ...]:
    """Return the record's values in the order of `columns(type(record))`."""
    values = []
    for field, edge_part in _places(type(record)):
        value = getattr(record, field)
        values.append(getattr(value, edge_part) if edge_part and value is not None else value)
    return tuple(values)


@cache
def _places(kind: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    return tuple((column.field, column.edge_part) for column in columns(kind))


def edges(record: msgspec.Struct) -> int:
    """Count the moments the record itself knows."""
    return sum(getattr(record, field) is not None for field, edge_part in _places(type(record)) if edge_part == "at")


def nest(kind: type[msgspec.Struct], row: Read) -> dict[str, object]:
    """Return the row as plain values that `msgspec.convert(…, kind, strict=False)` reads; NULLs are left
    out.
    """
    fields: dict[str, object] = {}
    for column in columns(kind):
        value = row[column.name]
        if value is None:
            continue
        if not column.edge_part:
            fields[column.field] = value
            continue
        edge = fields.setdefault(column.field, {})
        assert isinstance(edge, dict)  # noqa: S101 - put there two lines above
        edge[column.edge_part] = value
    return fields
