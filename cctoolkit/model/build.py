"""From a document to structs. Nothing is guessed: what is not written has the default of its struct."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard, TypeVar

import msgspec

from cctoolkit.model.after_call import AfterCall, Disposition
from cctoolkit.model.answering import Answering
from cctoolkit.model.calendar import SpecialDate
from cctoolkit.model.crm import CardField
from cctoolkit.model.knowledge import Article, Script
from cctoolkit.model.launch import Launch
from cctoolkit.model.people import AgentAssignment
from cctoolkit.model.project import Number, Project, ProjectInfo
from cctoolkit.model.queue import QueueOptions
from cctoolkit.model.recording import Recording
from cctoolkit.model.site import Site
from cctoolkit.model.step import Step
from cctoolkit.model.steps import step_types
from cctoolkit.model.trunk import Trunk
from cctoolkit.model.words import NAME, Country, TimeRange
from cctoolkit.spec.hints import matches
from cctoolkit.spec.repair import repaired
from cctoolkit.spec.source import Document

T = TypeVar("T")
_RANGES = tuple[TimeRange, ...]
_NAMED = ("flow", "calendars", "queues", "trunks", "teams", "dispositions")


class _Country(msgspec.Struct):
    country: Country = ""


class _EveryName(frozenset[str]):
    """The names of a section nobody could read: whoever refers to one has made no mistake."""

    def __contains__(self, name: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True


EVERY_NAME = _EveryName()


class Parts(msgspec.Struct, frozen=True):
    """What of a project's document can be understood, so that one broken place hides no other.

    Lists are kept by their index, mappings by their key; what breaks its schema is left out, though `names`
    has it: who refers to a broken queue has made no mistake.
    """

    info: ProjectInfo | None
    numbers: Mapping[int, Number]
    hours: Mapping[str, Mapping[str, tuple[str, ...]]]
    dates: Mapping[str, Mapping[int, SpecialDate]]
    flow: Mapping[str, Step]
    queues: Mapping[str, QueueOptions]
    trunks: Mapping[str, Trunk]
    agents: Mapping[int, AgentAssignment]
    card: Mapping[str, CardField]
    dispositions: Mapping[str, Disposition]
    pages: Mapping[tuple[str, str], Script | Article]
    """Scripts and pages of the knowledge base, by section and name."""
    recording: Recording | None
    answer: Answering | None
    after_call: AfterCall | None
    launch: Launch | None
    names: Mapping[str, frozenset[str]]
    sections: frozenset[str]
    """Which sections are written at all."""
    unread: frozenset[str]
    """Sections that could not be read wholly. `names` holds every name for them; a rule that asks whether something
    is missing, or is not used, in one of them must keep silent.
    """
    whole_flow: bool
    """Whether every number and every step was understood: only then can be said where calls go."""


def parts(document: Document) -> Parts:
    """Build what can be built of any document, valid or not."""
    data = document.data if isinstance(document.data, dict) else {}
    flow, numbers = _mapping(data, "flow"), _listed(data, "numbers")
    calendars = _mapping(data, "calendars")
    steps = {name: built for name, raw in flow.items() if (built := _step(raw))}
    # A number is read by its country: without a readable one it cannot be judged.
    readable = ((n, raw) for n, raw in enumerate(numbers) if _converts(raw, _Country))
    entries = _built(readable, Number)
    return Parts(
        info=_one(data, "project", ProjectInfo),
        numbers=entries,
        hours={name: _built(_mapping(raw, "hours").items(), _RANGES) for name, raw in calendars.items()},
        dates={name: _built(enumerate(_listed(raw, "dates")), SpecialDate) for name, raw in calendars.items()},
        flow=steps,
        queues=_built(_mapping(data, "queues").items(), QueueOptions),
        trunks=_built(_mapping(data, "trunks").items(), Trunk),
        agents=_built(enumerate(_listed(data, "agents")), AgentAssignment),
        card=_built(_mapping(_mapping(data, "crm"), "card").items(), CardField),
        dispositions=_built(_mapping(data, "dispositions").items(), Disposition),
        pages=_pages(data),
        recording=_one(data, "recording", Recording),
        answer=_one(data, "answer", Answering),
        after_call=_one(data, "after_call", AfterCall),
        launch=_one(data, "launch", Launch),
        names={
            **{
                section: EVERY_NAME if section in document.unread else _meant(_mapping(data, section))
                for section in _NAMED
            },
            "card": EVERY_NAME if "crm" in document.unread else frozenset(_mapping(_mapping(data, "crm"), "card")),
        },
        sections=document.unread.union(data),
        unread=document.unread,
        whole_flow=bool(flow and numbers)
        and all(map(is_name, flow))
        and not document.unread.intersection(("flow", "numbers"))
        and (len(steps), len(entries)) == (len(flow), len(numbers)),
    )


def is_name(value: object) -> TypeGuard[str]:
    """Tell whether a value has the form of a name."""
    return isinstance(value, str) and matches(NAME, value)


def _meant(section: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of a section; of one that is none, what it may be a slip for: its schema has reported it."""
    wrong = {name: repaired(name, {"pattern": NAME}, matches) for name in section if not is_name(name)}
    return frozenset(wrong.get(name, name) for name in section) if all(wrong.values()) else EVERY_NAME


def _one(data: dict[str, Any], section: str, struct: type[T]) -> T | None:
    return _convert(data[section], struct) if section in data else None


def _pages(data: dict[str, Any]) -> dict[tuple[str, str], Script | Article]:
    scripts = _built(_mapping(data, "scripts").items(), Script)
    articles = _built(_mapping(data, "knowledge_base").items(), Article)
    return {
        **{("scripts", name): script for name, script in scripts.items()},
        **{("knowledge_base", name): article for name, article in articles.items()},
    }


K = TypeVar("K", str, int)


def _built(items: Iterable[tuple[K, Any]], struct: type[T]) -> dict[K, T]:
    return {key: made for key, raw in items if (made := _convert(raw, struct)) is not None}


def _convert(raw: object, struct: type[T]) -> T | None:
    """Build a value, without its broken optional parts; its schema says what is wrong, and where."""
    try:
        return msgspec.convert(raw, struct)
    except msgspec.ValidationError:
        whole = _whole_fields(raw, struct)
        return None if whole == raw else _convert(whole, struct)


def _whole_fields(raw: object, struct: type) -> object:
    if not isinstance(raw, dict) or not issubclass(struct, msgspec.Struct):
        return raw
    fields = {f.encode_name: f.type for f in msgspec.structs.fields(struct)}
    return {key: raw[key] for key in raw if key in fields and _converts(raw[key], fields[key])}


def _converts(raw: object, kind: object) -> bool:
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        return False
    return True


def _step(raw: object) -> Step | None:
    kind = raw.get("type") if isinstance(raw, dict) else None
    struct = step_types().get(kind) if isinstance(kind, str) else None
    return _convert(raw, struct) if struct else None


def _mapping(data: object, section: str) -> dict[str, Any]:
    found = data.get(section) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _listed(data: object, section: str) -> list[Any]:
    found = data.get(section) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def project(document: Document) -> Project:
    """Build a Project from a document that passed its schema."""
    data = dict(document.data)
    flow: dict[str, Step] = {name: step(raw) for name, raw in data.pop("flow").items()}
    fields = {f.name: f for f in msgspec.structs.fields(Project)}
    sections = {name: msgspec.convert(value, fields[name].type) for name, value in data.items()}
    return Project(flow=flow, **sections)


def step(raw: dict[str, Any]) -> Step:
    """Build one step by its type."""
    return msgspec.convert(raw, step_types()[raw["type"]])


def site(document: Document) -> Site:
    """Build a Site from a document that passed its schema."""
    return msgspec.convert(document.data, Site)
