"""Rules about people: rows and spans of a size that can be led, and somebody for every queue."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from cctoolkit.model.build import Parts
from cctoolkit.model.people import AgentAssignment
from cctoolkit.model.project import Project
from cctoolkit.model.steps.queue import Queue
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document

ROW = 6
"""Agents of one row at most: one senior agent answers for no more."""

SPAN = 30
"""Agents of one team leader at most."""


def rows(parts: Parts, document: Document) -> Iterator[Problem]:
    """A row has at most six agents, its senior among them."""
    seated: dict[str, int] = defaultdict(int)
    for index, agent in parts.agents.items():
        if agent.team is None:
            continue
        seated[agent.team] += 1
        if seated[agent.team] == ROW + 1:
            yield Problem("row-too-large", f'the row "{agent.team}" has {ROW} agents already', document.file,
                          document.mark(("agents", index, "team")), f"at most {ROW} in a row",
                          "make a row of its own with a senior agent of its own")  # fmt: skip


def spans(parts: Parts, document: Document) -> Iterator[Problem]:
    """A team leader has at most thirty agents, in however many rows."""
    led: dict[str, int] = defaultdict(int)
    for name, leader in leaders(document):
        before = led[leader]
        led[leader] += sum(agent.team == name for agent in parts.agents.values())
        if before <= SPAN < led[leader]:
            yield Problem("span-too-large", f"{leader} would lead {led[leader]} agents", document.file,
                          document.mark(("teams", name, "leader")), f"at most {SPAN}",
                          "give this row another leader")  # fmt: skip


def leaders(document: Document) -> Iterator[tuple[str, str]]:
    """Yield each row that has a leader, as it is written."""
    for name, team in document.mapping("teams").items():
        if isinstance(team, dict) and isinstance(team.get("leader"), str):
            yield name, team["leader"]


def served(parts: Parts, document: Document) -> Iterator[Problem]:
    """Where agents are listed, some serve each queue that calls wait in.

    A project without agents is one whose people are not chosen yet.
    """
    # Whoever serves a queue that does not exist may well be meant to serve this one.
    if any(queue not in parts.names["queues"] for agent in parts.agents.values() for queue in agent.queues):
        return
    for queue, agents in _serving(parts, document):
        if not agents:
            yield Problem("queue-unserved", f'no agent serves the queue "{queue}"', document.file,
                          document.mark(("queues", queue), key=True),
                          hint="write it among the queues of an agent")  # fmt: skip


def certified(parts: Parts, document: Document) -> Iterator[Problem]:
    """Warn of a queue whose agents all lack a certificate; `prove` says from when on, by dates, nobody may answer."""
    if parts.info is None or parts.info.stage == "draft":
        return
    for queue, agents in _serving(parts, document):
        if not any(agent.certified for agent in agents):
            yield Problem("queue-uncertified", f'nobody who serves the queue "{queue}" is certified', document.file,
                          document.mark(("queues", queue), key=True), "certified: … of one agent at least",
                          "an agent without a certificate is put on no line")  # fmt: skip


def _serving(parts: Parts, document: Document) -> Iterator[tuple[str, list[AgentAssignment]]]:
    """Yield each queue that calls wait in, and its agents; nothing where not all agents are known."""
    raw = document.at(("agents",))
    if not parts.agents or not isinstance(raw, list) or len(parts.agents) != len(raw) or "agents" in parts.unread:
        return
    for queue in dict.fromkeys(step.queue for step in parts.flow.values() if isinstance(step, Queue)):
        if queue in parts.queues:
            yield queue, [agent for agent in parts.agents.values() if not agent.queues or queue in agent.queues]


def queues_named(parts: Parts, document: Document) -> Iterator[Problem]:
    """An agent's queues are named, or left out for all: an empty list reads as none."""
    for index in parts.agents:
        if document.at(("agents", index, "queues")) == []:
            yield Problem("queues-empty", "an empty list would mean every queue of the project", document.file,
                          document.mark(("agents", index, "queues")),
                          "the queues served by name", 'leave "queues" out for all of them')  # fmt: skip


def later(project: Project, document: Document, today: date) -> Iterator[Problem]:
    """Warn of certificates of a day to come: until then the switch lets the agent on no line."""
    for index, agent in enumerate(project.agents):
        if agent.certified and date.fromisoformat(agent.certified) > today:
            yield Problem("certified-later", f'"{agent.agent}" is certified only on {agent.certified}', document.file,
                          document.mark(("agents", index, "certified")), "a day that has come",
                          "before that day the log-in is refused; without a date it always is")  # fmt: skip


RULES = (rows, spans, served, queues_named)
