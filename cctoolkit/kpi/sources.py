"""The tables that figures are aggregates of, and what each may be grouped by.

contacts: visits by queue, whole calls by project and number. legs: agents' parts of calls. agent_time: how
agents spent their logged-in time; it belongs to the site, so neither queue nor number divides it, and only
by agent does it mean anything. pauses: the paused part of that time, by reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cctoolkit.cdr.store import Store
from cctoolkit.kpi import agent_time, contacts, legs
from cctoolkit.kpi.figure import Source, Targets
from cctoolkit.kpi.interval import Interval, Window

if TYPE_CHECKING:
    import pyarrow as pa

KEYS = ("project", "number", "queue", "agent", "reason")
"""What figures can be grouped by, besides an interval."""


class Question(msgspec.Struct, frozen=True):
    """What is asked of a store.

    `by` is any of KEYS and one interval (`30m`, `1d`). `metrics` None: all that can be grouped so. `agents`
    are those who serve the project, who have rows though they did nothing; None: everyone seen in the window,
    of whatever project. `now` cuts agents' states that have no end yet; None: the window's end does.
    """

    project: str
    window: Window
    by: tuple[str, ...] = ("queue",)
    targets: Targets = Targets()
    metrics: tuple[str, ...] | None = None
    agents: tuple[str, ...] | None = None
    now: datetime | None = None


class Table(NamedTuple):
    """Keys the table may be grouped by, those it must be, and how it is read, cut into the intervals."""

    may: frozenset[str]
    must: frozenset[str]
    read: Callable[[Store, Question, Sequence[Interval]], pa.Table]

    def fits(self, keys: Collection[str]) -> bool:
        """Say whether the table can be grouped by the keys."""
        return self.must <= set(keys) <= self.may


def _contacts(store: Store, asked: Question, pieces: Sequence[Interval]) -> pa.Table:
    unit = contacts.visits if "queue" in asked.by else contacts.calls
    return contacts.table(unit(store, asked.project, asked.window), asked.project, pieces, asked.targets)


def _legs(store: Store, asked: Question, pieces: Sequence[Interval]) -> pa.Table:
    return legs.table(legs.legs(store, asked.project, asked.window), asked.project, pieces)


def _agent_time(store: Store, asked: Question, pieces: Sequence[Interval]) -> pa.Table:
    spans = agent_time.read(store, asked.project, asked.window, asked.agents, asked.now)
    return agent_time.table(spans, asked.project, pieces)


def _pauses(store: Store, asked: Question, pieces: Sequence[Interval]) -> pa.Table:
    import pyarrow.compute as pc

    return _agent_time(store, asked, pieces).filter(pc.field("state") == "paused")


TABLES: Mapping[Source, Table] = {
    "contacts": Table(frozenset({"project", "number", "queue"}), frozenset(), _contacts),
    "legs": Table(frozenset({"project", "number", "queue", "agent"}), frozenset(), _legs),
    "agent_time": Table(frozenset({"project", "agent"}), frozenset({"agent"}), _agent_time),
    "pauses": Table(frozenset({"project", "agent", "reason"}), frozenset({"agent", "reason"}), _pauses),
}
"""Every table by the name metrics call it."""
