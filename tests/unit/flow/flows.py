"""Random projects whose flow is whole: every target is a step."""

from hypothesis import strategies as st

from cctoolkit.flow.call import Call
from cctoolkit.flow.graph import FlowGraph, compile_flow
from cctoolkit.flow.route import Route
from cctoolkit.model import build
from cctoolkit.model.project import Project
from cctoolkit.spec.source import Document

KEYS = "0123456789*#"
CALENDARS = {
    "office": {"hours": {"mon-fri": ["09:00-18:00"]}, "dates": [{"date": "2027-01-01"}, {"date": "2026-12-31", "hours": ["10:00-12:00"]}]},
    "shop": {"hours": {"mon-sun": ["00:00-02:30", "08:00-24:00"]}, "dates": [{"date": "2027-03-28", "hours": ["02:00-04:00"]}]},
    "never": {"hours": {}},
}  # fmt: skip


def project(
    flow: dict, calendars: dict | None = None, entries: tuple[str, ...] = (), zone: str = "Europe/Warsaw"
) -> Project:
    """Build a project with this flow; calls enter by its first step unless `entries` says otherwise."""
    numbers = [
        {"number": f"+48 22 123 45 {60 + n}", "country": "PL", "entry": step}
        for n, step in enumerate(entries or (next(iter(flow)),))
    ]
    data = {
        "project": {"id": "sample", "title": "S", "client": "C", "language": "en", "time_zone": zone},
        "numbers": numbers, "flow": flow, "queues": {"q": {}}, "calendars": CALENDARS if calendars is None else calendars,
    }  # fmt: skip
    return build.project(Document("f", data, {}, {}))


def graph(flow: dict, calendars: dict | None = None, entries: tuple[str, ...] = ()) -> FlowGraph:
    """Compile such a project."""
    return compile_flow(project(flow, calendars, entries))


PLAIN = ("play", "menu", "hours", "queue", "hangup")
_ASKING = ("collect", "lookup", "switch", "callback", "survey", "set")
KINDS = (*PLAIN, *_ASKING)
VALUES = {
    "caller": ["+7", "+7495", "+74951", "+48", "anonymous"], "number": ["22 123 45 60", "+48221234561"],
    "language": ["en", "pl"], "field": ["gold", "silver"],
}  # fmt: skip


@st.composite
def _asking(draw, kind: str, to) -> dict:
    """Draw a step that collects, looks up, sets or tells calls apart."""
    if kind == "collect":
        shortest = draw(st.integers(2, 3))
        check, longest = draw(st.sampled_from(["none", "luhn"])), draw(st.integers(shortest, 4))
        after = {"done": draw(to), "timeout": draw(to), "invalid": draw(to)}
        return {"type": kind, "prompts": ["a"], "shortest": shortest, "longest": longest, "check": check, "next": after}
    if kind == "set":
        grade = draw(st.dictionaries(st.just("grade"), st.sampled_from(VALUES["field"]), max_size=1))
        return {
            "type": kind,
            "language": draw(st.sampled_from(["en", "pl"])),
            "card": grade,
            "next": {"done": draw(to)},
        }
    if kind == "switch":
        by = draw(st.sampled_from([*VALUES, "share"]))
        names = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True))
        size = st.sampled_from([10, 100 // len(names)])
        case = {"percent": size} if by == "share" else {"values": st.lists(st.sampled_from(VALUES[by]), min_size=1)}
        cases = {name: {**{key: draw(value) for key, value in case.items()}, "next": draw(to)} for name in names}
        field = {"field": "grade"} if by == "field" else {}
        return {"type": kind, "by": by, **field, "cases": cases, "next": {"otherwise": draw(to)}}
    ends = {"lookup": ("found", "not_found"), "callback": ("taken", "refused"), "survey": ("done", "none")}[kind]
    options = {"lookup": {}, "callback": {"queue": "q", "prompts": ["a"]}, "survey": {"prompts": ["a"]}}[kind]
    return {"type": kind, **options, "next": {end: draw(to) for end in ends}}


@st.composite
def steps(draw, names: list[str], kinds: tuple[str, ...] = KINDS) -> dict:
    """Draw a step whose targets are among `names`."""
    to = st.sampled_from(names)
    kind = draw(st.sampled_from(kinds))
    if kind in _ASKING:
        return draw(_asking(kind, to))
    if kind == "hangup":
        return {"type": kind}
    if kind == "play":
        return {"type": kind, "prompts": ["a"], "next": {"done": draw(to)}}
    if kind == "queue":
        optional = {"full": to, "no_agents": to}
        return {"type": kind, "queue": "q", "next": draw(st.fixed_dictionaries({"timeout": to}, optional=optional))}
    if kind == "hours":
        after = draw(st.fixed_dictionaries({"open": to, "closed": to}, optional={"holiday": to, "override": to}))
        return {"type": kind, "calendar": draw(st.sampled_from(sorted(CALENDARS))), "next": after}
    keys = draw(st.dictionaries(st.sampled_from(KEYS), to, min_size=1, max_size=12))
    after = {"timeout": draw(to), "invalid": draw(to)}
    return {"type": kind, "prompts": ["a"], "keys": keys, "attempts": draw(st.integers(1, 3)), "next": after}


@st.composite
def graphs(draw, most: int = 9, kinds: tuple[str, ...] = KINDS) -> FlowGraph:
    """Draw a whole flow, loops and dead ends included."""
    names = [f"s{n}" for n in range(draw(st.integers(1, most)))]
    flow = {name: draw(steps(names, kinds)) for name in names}
    return graph(flow, entries=tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))))


def call_of(route: Route) -> Call:
    """Return the call a route describes."""
    return Call(
        route.number, route.at, route.keys, route.queue, route.transfer, route.voicemail, route.crm, route.callback,
        route.survey, route.share, route.caller, route.record, route.override,
    )  # fmt: skip
