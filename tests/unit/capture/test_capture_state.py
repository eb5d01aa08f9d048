"""What a snapshot is made of: all that the fold keeps between two chunks stands in the fields of structs."""

from collections.abc import Iterator

import msgspec
import pytest
from msgspec import inspect

from cctoolkit.ami.messages import Message
from cctoolkit.capture.draft import Draft
from cctoolkit.capture.feeder import Feeder
from cctoolkit.capture.tracker import Tracker

_PARTS = ("types", "item_types")
_PART = ("item_type", "key_type", "value_type")


def structs(type_: inspect.Type, seen: set[type]) -> Iterator[type]:
    """Yield every struct that a value of the type may hold; fail for what msgspec keeps only by hooks, or at random."""
    assert not isinstance(type_, inspect.CustomType | inspect.AnyType | inspect.RawType), type_
    parts = [part for name in _PARTS for part in getattr(type_, name, ())]
    parts += [getattr(type_, name) for name in _PART if hasattr(type_, name)]
    if isinstance(type_, inspect.StructType):
        if type_.cls in seen:
            return
        seen.add(type_.cls)
        yield type_.cls
        parts = [field.type for field in type_.fields]
    for part in parts:
        yield from structs(part, seen)


def hidden_state(kind: type) -> str:
    """Say how an instance of a struct could hold what its fields do not, "" when it cannot."""
    if any(
        hasattr(base, "__slots__") and base.__slots__ for base in kind.__mro__ if not issubclass(base, msgspec.Struct)
    ):
        return "a base that is no struct has slots of its own"
    # A frozen one sets nothing in its dictionary but what a cached_property works out of its fields.
    open_dict = kind.__dictoffset__ != 0
    return "it has a dictionary, and is not frozen" if open_dict and not kind.__struct_config__.frozen else ""


def test_all_that_the_feeder_keeps_is_carried():
    """Whatever class is reachable from the feeder is a struct without room for anything beside its fields."""
    found = list(structs(inspect.type_info(Feeder), set()))
    assert {Feeder, Tracker, Draft, Message} <= set(found)
    assert {kind.__name__: hidden_state(kind) for kind in found if hidden_state(kind)} == {}


def test_a_class_that_keeps_more_is_found():
    """The test above sees a struct with a dictionary, one that inherits state, and a field that is no struct."""

    class Roomy(msgspec.Struct, dict=True):
        x: int = 0

    class Slotted:
        __slots__ = ("hidden",)

    class Plain:
        pass

    class Holds(msgspec.Struct):
        one: Plain | None = None

    class Mixed(msgspec.Struct, Slotted):
        x: int = 0

    assert hidden_state(Roomy)
    assert hidden_state(Mixed)
    assert not hidden_state(Draft)
    with pytest.raises(AssertionError):
        list(structs(inspect.type_info(Holds), set()))
