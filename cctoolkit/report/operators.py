"""The operators: what each handled, how long it took, and what their working time was made of."""

from collections.abc import Iterator

from cctoolkit.document import charts, stacks
from cctoolkit.document.language import Language
from cctoolkit.document.page import Block, Chart, Column, Notes, Table
from cctoolkit.report.material import Material
from cctoolkit.report.pauses_over import pauses_over

_STATES = {
    "talking": charts.PLAIN,
    "on_hold": charts.VIOLET,
    "wrap_up": charts.PALE,
    "ringing": charts.MET,
    "ready": charts.REST,
    "paused": charts.AMBER,
}
"""The parts of the working time in the order of the bar: first what calls took."""


def operators(material: Material, words: Language) -> Iterator[Block]:
    """Yield the table of operators, the chart of their time, their pauses by reason and over the limit, and notes."""
    there = present(material)
    if not there:
        yield Notes((words.word("note.no_operators"),))
        return
    yield _table(material, words, there)
    yield _chart(material, words, [agent for agent in there if _of(material, agent, "working_time", "logged_in")])
    yield from _pauses(material, words)
    yield from pauses_over(material, words)
    absent = [_name(material, agent) for agent in material.subject.agents or () if agent not in there]
    notes = [words.word("note.occupancy", formula=_formula(material, words)), words.word("note.working_time")]
    yield Notes((*notes, *([words.word("note.absent", names=", ".join(sorted(absent)))] if absent else [])))


def present(material: Material) -> tuple[str, ...]:
    """Return the agents who were logged in or handled a call, by name."""
    agents = dict.fromkeys(one.agent for one in material.by_agent if one.agent is not None)
    there = [
        agent
        for agent in agents
        if _of(material, agent, "working_time", "logged_in") or _of(material, agent, "handled")
    ]
    return tuple(sorted(there, key=lambda agent: _name(material, agent)))


def total(material: Material, metric: str, variant: str = "default") -> float:
    """Return the sum of one figure over all agents."""
    found = (one.value for one in material.by_agent if (one.metric, one.variant) == (metric, variant))
    return sum(value or 0 for value in found)


def _name(material: Material, agent: str) -> str:
    return material.subject.agent_name(agent)


def _of(material: Material, agent: str, metric: str, variant: str = "default") -> float | None:
    wanted = (agent, metric, variant)
    found = (one.value for one in material.by_agent if (one.agent, one.metric, one.variant) == wanted)
    return next(found, None)


def _table(material: Material, words: Language, agents: tuple[str, ...]) -> Table:
    names = (
        "handled", "per_hour", "average_talk", "after_call_work", "logged_in", "ready", "pauses", "occupancy",
    )  # fmt: skip
    columns = (
        Column(words.word("column.operator"), firm=True),
        *(Column(words.word(f"column.{name}"), number=True) for name in names),
    )
    last = (
        words.word("column.total"),
        words.count(total(material, "handled")),
        "",
        words.duration(material.value("average_talk", None)),
        words.duration(material.value("after_call_work", None)),
        *(words.hours(total(material, "working_time", part)) for part in ("logged_in", "ready", "paused")),
        "",
    )
    return Table(columns, tuple(_row(material, words, agent) for agent in agents), "", last)


def _row(material: Material, words: Language, agent: str) -> tuple[str, ...]:
    talk = _of(material, agent, "average_talk", material.subject.formula("average_talk"))
    return (
        _name(material, agent),
        words.count(_of(material, agent, "handled")),
        words.decimal(_of(material, agent, "handled_per_hour")),
        words.duration(talk),
        words.duration(_of(material, agent, "after_call_work")),
        *(words.hours(_of(material, agent, "working_time", part)) for part in ("logged_in", "ready", "paused")),
        words.percent(_of(material, agent, "occupancy", material.subject.formula("occupancy"))),
    )


def _formula(material: Material, words: Language) -> str:
    return words.word(f"formula.occupancy.{material.subject.formula('occupancy')}")


def _chart(material: Material, words: Language, agents: list[str]) -> Chart:
    parts = [stacks.Part(words.word(f"state.{state}"), colour) for state, colour in _STATES.items()]
    rows = [
        stacks.Stack(
            _name(material, agent),
            tuple(_of(material, agent, "working_time", state) or 0 for state in _STATES),
            words.hours(_of(material, agent, "working_time", "logged_in")),
        )
        for agent in agents
    ]
    title = words.word("chart.working_time")
    return Chart(title, stacks.rows(title, parts, rows), words.word("chart.working_time.note"))


def _pauses(material: Material, words: Language) -> Iterator[Table]:
    """Yield the table of pauses, a column a reason, when there were any."""
    times = {(one.agent, one.reason): one.value for one in material.by_reason if one.value}
    reasons = sorted({reason for _, reason in times if reason is not None})
    agents = sorted({agent for agent, _ in times if agent is not None}, key=lambda one: _name(material, one))
    if not reasons:
        return
    columns = (
        Column(words.word("column.operator"), firm=True),
        *(Column(reason, number=True) for reason in reasons),
        Column(words.word("column.total"), number=True),
    )
    rows = (
        (_name(material, agent), *(words.hours(times.get((agent, reason))) for reason in reasons),
         words.hours(sum(times.get((agent, reason)) or 0 for reason in reasons)))
        for agent in agents
    )  # fmt: skip
    yield Table(columns, tuple(rows), words.word("head.pauses"))
