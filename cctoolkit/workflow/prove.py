"""Proving: projects by name, the present moment, and the proof of each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.errors import UsageError
from cctoolkit.flow import prove as flow_prove
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.prove_against import Difference, differences
from cctoolkit.flow.prove_facts import facts
from cctoolkit.flow.prove_notes import Note
from cctoolkit.flow.prove_stations import spec_of
from cctoolkit.flow.simulate import told
from cctoolkit.model import lint_calendar
from cctoolkit.model.calendar import timetable
from cctoolkit.model.words import seconds
from cctoolkit.spec.problem import InvalidSpecError, Problem, errors
from cctoolkit.workflow import revision, specs


class Proved(Struct, frozen=True):
    """A project as its name was typed, and what the proof of it found."""

    name: str
    loaded: specs.LoadedProject
    proof: flow_prove.Proof

    def days(self, at: datetime) -> list[str]:
        """Return what official days make of calendars at a moment, such as "office is holiday: День России"."""
        local = at.astimezone(ZoneInfo(self.loaded.project.project.time_zone))
        tables = {name: timetable(calendar) for name, calendar in self.loaded.project.calendars.items()}
        return [told(name, table, local).rstrip(",") for name, table in tables.items() if table.day(local.date()).why]


def prove(names: Sequence[str], since: str = "", limit: str = "") -> list[Proved]:
    """Prove projects by name or path, all when none is named; raise InvalidSpecError with the problems of all.

    `since` is a local time of the project, "" is now; `limit` the longest a walk may last, such as "90m", "" is
    `flow.prove.LIMIT`.
    """
    try:
        most = timedelta(seconds=seconds(limit)) if limit else flow_prove.LIMIT
    except ValueError:
        raise UsageError(f"{limit!r} is no duration", expected='one such as "90m" or "4h"') from None
    return [_prove(name, loaded, since, most) for name, loaded in _load(_named(names))]


class Compared(Struct, frozen=True):
    """A project as its name was typed, and what differs from how it was."""

    name: str
    against: str
    loaded: specs.LoadedProject
    differences: tuple[Difference, ...]


def compare(names: Sequence[str], against: str, since: str) -> list[Compared]:
    """Hold projects by name or path, all when none is named, against a Git revision or another folder; raise UsageError
    where they are not there, InvalidSpecError where either does not validate.
    """
    return [_compare(name, loaded, against, since) for name, loaded in _load(_named(names))]


def _compare(name: str, loaded: specs.LoadedProject, against: str, since: str) -> Compared:
    old = revision.project_at(specs.find_project(name), against)
    begin = specs.moment(loaded.project, since)
    return Compared(name, against, loaded, differences(spec_of(old.project), spec_of(loaded.project), begin))


def _named(names: Sequence[str]) -> Sequence[str]:
    named = names or [path.parent.name for path in specs.project_files()]
    if not named:
        raise specs.none_here()
    return named


def _load(names: Sequence[str]) -> list[tuple[str, specs.LoadedProject]]:
    found: list[tuple[str, specs.LoadedProject]] = []
    problems: list[Problem] = []
    for name in names:
        loaded, wrong = specs.check_project(specs.find_project(name))
        problems += wrong
        if loaded is not None:
            found.append((name, loaded))
    if errors(problems):
        raise InvalidSpecError(problems)
    return found


def _prove(name: str, loaded: specs.LoadedProject, since: str, limit: timedelta) -> Proved:
    project = loaded.project
    begin = specs.moment(project, since)
    proof = flow_prove.prove(compile_flow(project), facts(project), begin, limit)
    zone = ZoneInfo(project.project.time_zone)
    unknown = lint_calendar.unknown_years(project, loaded.document, proof.until.astimezone(zone).date())
    notes = tuple(Note("official days:", problem.message) for problem in unknown)
    return Proved(name, loaded, replace(proof, notes=(*proof.notes, *notes)))
