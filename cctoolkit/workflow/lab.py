"""The lab of this checkout, and traffic on it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from cctoolkit import clock, resources
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import CctoolkitError, OperatorError, UsageError
from cctoolkit.flow.call import Call
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.simulate import simulate
from cctoolkit.lab import notes as noting
from cctoolkit.lab import reconcile as comparing
from cctoolkit.lab.lab import Lab
from cctoolkit.lab.traffic import Codes, Performed, Progress, perform
from cctoolkit.lab.traffic_plan import Callers, Mix, plan
from cctoolkit.lab.turns import Agents, Weights
from cctoolkit.model.guard import Key
from cctoolkit.model.project import Project
from cctoolkit.model.words import seconds
from cctoolkit.workflow import overrides, specs, switch
from cctoolkit.workflow.specs import LoadedSite, lab_folder

NOTES = "traffic.jsonl"
_MOST_PRESSES = 3
_RIGHT, _SILENT, _WRONG = 0.8, 0.1, 0.1


class Traffic(msgspec.Struct, frozen=True):
    """What `traffic` did: the notes, where they lie, and when agents said ready."""

    performed: Performed
    notes: tuple[noting.Note, ...]
    ready: tuple[noting.Dial, ...]
    path: Path

    @property
    def since(self) -> datetime:
        """Return a moment from which on the store may have a call of this traffic."""
        return self.performed.began - timedelta(seconds=comparing.SAME_CALL_SECONDS)

    def summary(self) -> dict[str, int]:
        """Return how many calls went which way, as their callers know."""
        found = Counter(note.lived for note in self.notes)
        return {"calls": len(self.notes), **dict(sorted(found.items()))}


def lab(*, owned: bool = False, progress: Callable[[str], None] = lambda _line: None) -> Lab:
    """Return the lab; `owned` makes its processes die with this one."""
    return Lab(lab_folder(), resources.projects() / "sites" / "lab.yaml", owned=owned, progress=progress)


def mix(loaded: LoadedSite, project: Project, *, seed: int, rate: float, seconds: float, calls: int) -> Mix:
    """Return traffic that suits a project: its numbers, its menus' keys, its agents who have a phone."""
    numbers = tuple((number, 1.0) for one in project.numbers if (number := specs.dialled(project, one.number)))
    keys, presses = _keys(project)
    roster = {entry.agent for entry in loaded.site.roster}
    agents = tuple(entry.agent for entry in project.agents if entry.agent in roster)
    pauses = tuple(loaded.site.feature_codes.pause + one.code for one in project.pauses.values())
    return Mix(seed, rate, seconds, Callers(numbers, keys, presses), Agents(agents, pauses=pauses), calls)


def _keys(project: Project) -> tuple[Weights, int]:
    """Return keys with their weights, silence and one without a meaning among them, and how many a caller presses."""
    menus = [
        [e.guard.key for e in v.edges if isinstance(e.guard, Key)] for v in compile_flow(project).vertices.values()
    ]
    known = sorted({key for keys in menus for key in keys})
    if not known:
        return (("", 1.0),), 0
    wrong = [key for key in "9876543210*#" if key not in known][:1]
    weights = [*((key, _RIGHT / len(known)) for key in known), ("", _SILENT), *((key, _WRONG) for key in wrong)]
    return tuple(weights), min(sum(map(bool, menus)), _MOST_PRESSES)


async def traffic(at: Lab, loaded: LoadedSite, wanted: Mix, project: Project, progress: Progress) -> Traffic:
    """Let traffic happen on the lab that is up and write its notes into the lab's folder.

    Raise OperatorError when the lab does not run the project, or its line is closed.
    """
    await _check(loaded, project)
    street = at.street
    await street.wait_registered(wanted.agents.names)
    site = loaded.site.feature_codes
    performed = await perform(street, plan(wanted), Codes(site.login, site.logout, site.ready), progress=progress)
    # Numbers come again from one run to the next: only what this one saw.
    events = [event for event in street.witness() if event.at >= performed.began]
    path = at.folder / NOTES
    found = noting.notes(events, performed.calls)
    noting.write(path, found)
    ready = [dial for dial in noting.dials(events) if dial.code == site.ready and dial.answered >= performed.began]
    return Traffic(performed, tuple(found), tuple(ready), path)


def held(
    done: Traffic, loaded: LoadedSite, project: Project, store: Path, apart_ms: float = comparing.Limits().apart_ms
) -> comparing.Table:
    """Hold the traffic against the records of a store and the queue_log of the site's first node."""
    with Store.read(store / FILE_NAME) as records:
        found = list(records.calls(project.id, since=done.since, test=False))
    log = _lines(Path(loaded.site.nodes[0].queue_log))
    limits = comparing.Limits(apart_ms, seconds(project.after_call.limit))
    return comparing.reconcile(done.notes, found, log, done.ready, limits)


def _lines(path: Path) -> Iterable[str]:
    # Not splitlines: a caller's name may hold what Unicode takes for a line's end.
    return path.read_bytes().decode("utf-8", errors="replace").split("\n")


async def _check(loaded: LoadedSite, project: Project) -> None:
    if not project.agents:
        raise UsageError("nobody serves this project", where=project.id, next_step="write agents: in its project.yaml")
    for planned in await switch.plan_site(loaded):
        if not planned.plan.empty:
            raise OperatorError(
                "the lab does not run what the specs say",
                where=f"node {planned.node.id}",
                next_step="cctoolkit apply --site lab",
            )
    override = (await overrides.shown(loaded, project))[loaded.site.nodes[0].id]
    if isinstance(override, CctoolkitError):
        raise override
    if override.what != "open" if override else _closed(project):
        raise OperatorError(
            "the line is closed now, callers would hear the night message",
            where=project.id,
            next_step=f"cctoolkit override {project.id} open --until 1h --site lab",
        )


def _closed(project: Project) -> bool:
    """Say whether a calendar sends a caller of the first number away at this hour."""
    number = specs.dialled(project, project.numbers[0].number)
    walk = simulate(compile_flow(project), Call(number, clock.now(), queue=("answered",)))
    return any(step.kind == "hours" and step.label != "open" for step in walk.steps)


def told(done: Traffic, table: comparing.Table | None) -> Iterator[str]:
    """Yield a summary in lines a person reads, with every call that differs."""
    counts = done.summary()
    lived = ", ".join(f"{count} {how}" for how, count in counts.items() if how != "calls")
    yield f"{counts['calls']} calls: {lived or 'none'}"
    if done.performed.late_seconds >= 1:
        yield f"the street was up to {done.performed.late_seconds:.1f} s behind the plan: it cannot place calls so fast"
    if done.performed.cut:
        yield f"{len(done.performed.cut)} calls were still on at the end and were hung up"
    yield f"notes: {done.path}"
    if table:
        yield from comparing.told(table, every=False)
