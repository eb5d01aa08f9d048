"""Random projects: every step type, calendars of their own, zones that change their clocks, numbers, and people."""

from datetime import date, timedelta

from hypothesis import strategies as st

from cctoolkit.model import build
from cctoolkit.model.project import Project
from cctoolkit.spec.source import Document

ZONES = ("Europe/Warsaw", "Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC")
"""Summer time north and south, by half an hour, at midnight; and zones without it."""

FIRST = date(2026, 1, 1)
QUEUES = ("sales", "support")
CALENDARS = ("a", "b", "c")


def play(to) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries({"prompts": st.just(["x"]), "next": st.fixed_dictionaries({"done": to})})


def menu(to) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries({
        "prompts": st.just(["x"]), "keys": st.dictionaries(st.sampled_from("12*"), to, min_size=1, max_size=3),
        "attempts": st.integers(1, 2), "next": st.fixed_dictionaries({"timeout": to, "invalid": to}),
    })  # fmt: skip


def hours(to) -> st.SearchStrategy[dict]:
    after = st.fixed_dictionaries({"open": to, "closed": to}, optional={"holiday": to})
    return st.fixed_dictionaries({"calendar": st.sampled_from(CALENDARS), "next": after})


def queue(to) -> st.SearchStrategy[dict]:
    after = st.fixed_dictionaries({"timeout": to}, optional={"full": to, "no_agents": to, "continued": to})
    keys = st.dictionaries(st.sampled_from("0#"), to, max_size=1)
    return st.fixed_dictionaries({"queue": st.sampled_from(QUEUES), "keys": keys, "next": after})


def transfer(to) -> st.SearchStrategy[dict]:
    after = st.fixed_dictionaries({"busy": to}, optional={"no_answer": to, "failed": to})
    number = st.sampled_from(["1000", "+48221112233"])
    return st.fixed_dictionaries(
        {"trunk": st.just("pbx"), "number": number, "outside": st.sampled_from([False, False, True]), "next": after}
    )


def voicemail(to) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries({"next": st.fixed_dictionaries({"done": to}, optional={"too_short": to})})


def hangup(_to) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries({"cause": st.sampled_from([16, 17])})


def collect(to) -> st.SearchStrategy[dict]:
    after = st.fixed_dictionaries({"done": to, "timeout": to}, optional={"invalid": to})
    return st.fixed_dictionaries({
        "prompts": st.just(["x"]), "shortest": st.integers(1, 2), "longest": st.integers(2, 3),
        "attempts": st.integers(1, 2), "check": st.sampled_from(["none", "luhn"]), "next": after,
    })  # fmt: skip


def lookup(to) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries(
        {"next": st.fixed_dictionaries({"found": to, "not_found": to}, optional={"failed": to})}
    )


VALUES = {"caller": ["+48", "+4822", "anonymous"], "number": ["+48221234560", "+48221234561"], "language": ["en", "pl"],
          "field": ["gold", "new"]}  # fmt: skip


@st.composite
def switch(draw, to) -> dict:
    by = draw(st.sampled_from(["share", *VALUES]))
    cases = {}
    for name in ("one", "two")[: draw(st.integers(1, 2))]:
        values = st.lists(st.sampled_from(VALUES.get(by, ["x"])), min_size=1, max_size=2, unique=True)
        cases[name] = {"next": draw(to), **({"percent": 50} if by == "share" else {"values": draw(values)})}
    return {"by": by, "cases": cases, "next": {"otherwise": draw(to)}, **({"field": "status"} if by == "field" else {})}


def callback(to) -> st.SearchStrategy[dict]:
    after = st.fixed_dictionaries({"taken": to, "refused": to})
    return st.fixed_dictionaries({"queue": st.sampled_from(QUEUES), "prompts": st.just(["x"]), "next": after})


def survey(to) -> st.SearchStrategy[dict]:
    after = st.fixed_dictionaries({"done": to}, optional={"none": to})
    return st.fixed_dictionaries({"prompts": st.just(["x"]), "next": after})


def set_(to) -> st.SearchStrategy[dict]:
    card = st.just({"status": "gold"})
    after = st.fixed_dictionaries({"done": to})
    return st.fixed_dictionaries({"next": after}, optional={"language": st.sampled_from(["en", "pl"]), "card": card})


MAKERS = {
    "play": play, "menu": menu, "hours": hours, "queue": queue, "transfer": transfer, "voicemail": voicemail,
    "hangup": hangup, "collect": collect, "lookup": lookup, "switch": switch, "callback": callback, "survey": survey,
    "set": set_,
}  # fmt: skip


@st.composite
def calendars(draw) -> dict:
    """Draw a calendar whose edges are at any minute, with holidays and days of other hours."""
    edge = st.integers(0, 1440).filter(lambda minute: minute % 7 < 3)
    some_hours = st.lists(edge, min_size=2, max_size=4, unique=True).map(lambda found: ranges(sorted(found)))
    days = st.dictionaries(st.sampled_from(["mon-fri", "sat", "sun"]), some_hours, max_size=3)
    offsets = st.integers(0, 500).map(lambda n: str(FIRST + timedelta(days=n)))
    dates = st.dictionaries(offsets, st.one_of(st.just([]), some_hours), max_size=4)
    special = [{"date": day, "hours": found} for day, found in sorted(draw(dates).items())]
    return {"hours": draw(days), "dates": special}


def ranges(edges: list[int]) -> list[str]:
    """Return the edges, in pairs, as a spec writes hours."""
    return [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in zip(edges[::2], edges[1::2], strict=False)]


@st.composite
def projects(draw, most: int = 6) -> Project:
    """Draw a whole project, loops and dead ends included."""
    names = [f"s{n}" for n in range(draw(st.integers(2, most)))]
    flow = {}
    for n, name in enumerate(names):
        # Mostly onward: of flows whose every step leads anywhere nearly all go round, and little else is seen.
        to = st.sampled_from([*names[n + 1 :] * 4, *names[: n + 1]])
        kind = draw(st.sampled_from(["hours", *sorted(MAKERS)] if n + 1 < len(names) else ["hangup", *sorted(MAKERS)]))
        flow[name] = {"type": kind, **draw(MAKERS[kind](to))}
    days = st.none() | st.integers(0, 400).map(lambda n: str(FIRST + timedelta(days=n)))
    served = st.lists(st.sampled_from(QUEUES), unique=True)
    agents = draw(st.lists(st.fixed_dictionaries({"queues": served, "certified": days}), max_size=3))
    entries = draw(st.lists(st.sampled_from(names[:2]), min_size=1, max_size=3))
    data = {
        "project": {"id": "made", "title": "M", "client": "C", "language": "en", "stage": "live", "time_zone": draw(st.sampled_from(ZONES))},
        "numbers": [{"number": f"+48 22 123 45 {60 + n}", "country": "PL", "entry": step} for n, step in enumerate(entries)],
        "calendars": {name: draw(calendars()) for name in CALENDARS},
        "flow": flow, "queues": {name: {} for name in QUEUES}, "trunks": {"pbx": {"address": "10.0.0.1"}},
        "agents": [{"agent": f"agent-{n}", **one} for n, one in enumerate(agents)],
    }  # fmt: skip
    return build.project(Document("f", data, {}, {}))
