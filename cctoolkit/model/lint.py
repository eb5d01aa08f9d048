"""Rules across sections that no schema can say; each finds every offence, at its place, with the cure.

A rule is a function from what could be understood of a project, and its document, to problems; `RULES` is all
of them, so a new rule is one function.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any

from cctoolkit import marks
from cctoolkit.model import (
    lint_card,
    lint_lists,
    lint_mail,
    lint_numbers,
    lint_people,
    lint_reach,
    lint_waits,
    lint_ways,
)
from cctoolkit.model.build import Parts, is_name
from cctoolkit.model.lint_calendar import dates, hours, never_open, shortened, unknown_years
from cctoolkit.model.lint_kpi import targets
from cctoolkit.model.lint_missing import once
from cctoolkit.model.lint_sections import after_call, answering, card, launch, pages, recording, skills
from cctoolkit.model.lint_steps import collects, lookups, sets, switches
from cctoolkit.model.lint_trunk import trunks
from cctoolkit.model.lint_words import no_zone, twice, unknown
from cctoolkit.model.project import Project
from cctoolkit.model.steps.queue import Queue
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, bounded, one_of
from cctoolkit.spec.source import Document

Rule = Callable[[Parts, Document], Iterator[Problem]]

_SOON = timedelta(days=92)
"""A quarter ahead a year without its official days is worth a word; `prove` looks ahead further."""
DIGEST = re.compile(r"-[0-9a-f]{8}(-|$)")


def unknown_steps(parts: Parts, document: Document) -> Iterator[Problem]:
    """Entries and outcomes must name steps of the flow."""
    steps = parts.names["flow"]
    for index, number in parts.numbers.items():
        if number.entry not in steps:
            yield unknown(document, ("numbers", index, "entry"), "step", number.entry, steps)
    for name, raw in steps_of(document):
        for place, target in _targets(raw):
            # What is not even a name, its schema has reported.
            if is_name(target) and target not in steps:
                yield unknown(document, ("flow", name, *place), "step", target, steps)


def _targets(step: dict[str, Any]) -> Iterator[tuple[Route, object]]:
    """Yield every way out of a step as it is written, with its place."""
    for group in ("next", "keys", "cases"):
        ways = step.get(group)
        for outcome, target in ways.items() if isinstance(ways, dict) else ():
            if group != "cases":
                yield (group, outcome), target
            elif isinstance(target, dict) and "next" in target:
                yield (group, outcome, "next"), target["next"]


def steps_of(document: Document) -> list[tuple[str, dict[str, Any]]]:
    """Return every step as it is written, broken ones too."""
    return [(name, step) for name, step in document.mapping("flow").items() if isinstance(step, dict)]


def unknown_references(parts: Parts, document: Document) -> Iterator[Problem]:
    """Steps and agents must name calendars and queues of the project."""
    for name, raw in steps_of(document):
        step = parts.flow.get(name)
        # Of a broken step only what its words say can be held against the project.
        refers = step.refers() if step else tuple((f"{w}s", raw[w]) for w in ("calendar", "queue", "trunk") if w in raw)
        for section, wanted in refers:
            if is_name(wanted) and wanted not in parts.names[section]:
                what = section.removesuffix("s")
                yield unknown(document, ("flow", name, what), what, wanted, parts.names[section])
    for index, agent in parts.agents.items():
        for place, queue in enumerate(agent.queues):
            if queue not in parts.names["queues"]:
                path = ("agents", index, "queues", place)
                yield unknown(document, path, "queue", queue, parts.names["queues"])


def time_zone(parts: Parts, document: Document) -> Iterator[Problem]:
    """The time zone must exist."""
    if parts.info:
        yield from no_zone(parts.info.time_zone, document, ("project", "time_zone"))


def lengths(parts: Parts, document: Document) -> Iterator[Problem]:
    """Contexts, which join the project's id and a step's name, fit Asterisk's 79 characters and read back."""
    if not parts.info:
        return
    for step in parts.flow:
        size = len(marks.context(parts.info.id, "0" * 8, step))
        if size > marks.MAX_NAME:
            yield Problem(
                "name-too-long",
                f'the context of step "{step}" would have {size} characters',
                document.file,
                document.mark(("flow", step), key=True),
                f"at most {marks.MAX_NAME}",
                "shorten the project's id or the step's name",
            )
    if DIGEST.search(parts.info.id):
        yield Problem(
            "name-like-digest",
            f'"{parts.info.id}" has a part that reads as a generation\'s digest',
            document.file,
            document.mark(("project", "id")),
            "no part of exactly eight digits or letters a to f",
            "split a date with hyphens: 2026-12-31",
        )


def agents_twice(parts: Parts, document: Document) -> Iterator[Problem]:
    """An agent stands once in a project."""
    yield from twice({i: a.agent for i, a in parts.agents.items()}, document, "agents", "agent")


def exit_keys(parts: Parts, document: Document) -> Iterator[Problem]:
    """All steps of a queue have the same keys: app_queue knows keys by the queue, not by who waits."""
    first: dict[str, tuple[str, frozenset[str]]] = {}
    for name, step in parts.flow.items():
        if not isinstance(step, Queue):
            continue
        known, keys = first.setdefault(step.queue, (name, frozenset(step.keys)))
        if keys != step.keys.keys():
            yield Problem(
                "exit-keys-differ",
                f'step "{name}" has other keys than step "{known}" for the queue "{step.queue}"',
                document.file,
                document.mark(("flow", name, "keys")),
                "the same keys" + (f": {', '.join(sorted(keys))}" if keys else ", which is none"),
                "the steps a key leads to may differ; the keys may not",
            )


def pauses(_parts: Parts, document: Document) -> Iterator[Problem]:
    """A pause code means one reason, and wrap-up is the toolkit's own."""
    seen: dict[str, str] = {}
    for reason, pause in document.mapping("pauses").items():
        if reason == marks.WRAP_UP:
            yield Problem("pause-reserved", f'"{reason}" is the reason of after-call work', document.file,
                          document.mark(("pauses", reason), key=True), hint="choose another name")  # fmt: skip
        code = pause.get("code") if isinstance(pause, dict) else None
        if isinstance(code, str) and seen.setdefault(code, reason) != reason:
            yield Problem("pause-code-twice", f'the code "{code}" already means {seen[code]}', document.file,
                          document.mark(("pauses", reason, "code")))  # fmt: skip


def teams(parts: Parts, document: Document) -> Iterator[Problem]:
    """Agents sit in teams that are defined, and a team's senior agent is one of its own."""
    for index, agent in parts.agents.items():
        if agent.team and agent.team not in parts.names["teams"]:
            yield unknown(document, ("agents", index, "team"), "team", agent.team, parts.names["teams"])
    for name, team in document.mapping("teams").items():
        senior = team.get("senior") if isinstance(team, dict) else None
        members = {agent.agent for agent in parts.agents.values() if agent.team == name}
        if isinstance(senior, str) and senior not in members and "agents" not in parts.unread:
            yield Problem("senior-elsewhere", f'"{senior}" does not sit in the row "{name}"', document.file,
                          document.mark(("teams", name, "senior")), one_of(members) or "one of the row")  # fmt: skip


RULES: tuple[Rule, ...] = (
    unknown_steps, unknown_references, hours, dates, time_zone, lengths, agents_twice, exit_keys,
    pauses, teams, collects, lookups, switches, sets, recording, card, after_call, pages, answering, skills, launch,
    lint_mail.too_long, *lint_numbers.RULES, *lint_people.RULES, *lint_card.RULES, *lint_ways.RULES, *lint_waits.RULES,
    *lint_lists.RULES, targets, trunks, shortened,
)  # fmt: skip

WARNING_RULES: tuple[Rule, ...] = (
    lint_numbers.arrives_twice, lint_numbers.unassigned, lint_waits.waits, lint_waits.frequencies,
    lint_waits.places, lint_lists.unused, lint_ways.not_looked_up, lint_people.certified,
    lint_reach.service_levels,
)  # fmt: skip


def project_problems(parts: Parts, document: Document) -> list[Problem]:
    """Run every rule; return the problems in the file's order."""
    return bounded(once(parts, document, chain.from_iterable(rule(parts, document) for rule in RULES)))


def project_warnings(parts: Parts, project: Project, document: Document, today: date) -> list[Problem]:
    """Run the rules about what is odd in a project that has no mistake: a mistake may be why something is odd."""
    of_day = (
        lint_people.later(project, document, today),
        lint_lists.past(project, document, today),
        never_open(project, document),
        unknown_years(project, document, today + _SOON),
    )
    return bounded(chain.from_iterable((*of_day, *(rule(parts, document) for rule in WARNING_RULES))))
