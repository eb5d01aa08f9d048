"""What is judged: one module each, with `judge(evidence)`. A module here is a check: there is no list to keep."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from msgspec import Struct

from cctoolkit.flow.route import Route
from cctoolkit.flow.routes import Unroutable
from cctoolkit.node.trunk_facts import TrunkSeen
from cctoolkit.render.pjsip import Placed
from cctoolkit.state.settings import NodeState


class Tried(Struct, frozen=True):
    """A test call: its route, where it went, and what kept it from being placed ("" nothing)."""

    route: Route
    path: tuple[tuple[str, str], ...]
    failure: str = ""


class Mailing(Struct, frozen=True):
    """What was seen of a project's messages.

    `kept`: of each step that records, whether the node has what test calls said there. `asked`: addresses the relay
    was asked about; `relay`: what kept it from being asked; `refused`: why it takes no mail for an address. `late`:
    how many messages wait too long, `failed` how many were given up for an address. `unseen`: why nothing was to be
    seen ("" it was), `unasked` why nobody asked the relay though there was something to ask ("" somebody did).
    """

    kept: Mapping[str, bool]
    asked: tuple[str, ...] = ()
    relay: str = ""
    refused: Mapping[str, str] = {}
    late: int = 0
    failed: int = 0
    unseen: str = ""
    unasked: str = ""


class Prompt(Struct, frozen=True):
    """A sound the project plays: who plays it (a step, a queue), where that is written, in which language it is
    wanted, and in which the node has it.
    """

    sound: str
    played_by: str
    where: str
    language: str
    found_in: tuple[str, ...]


class Evidence(Struct, frozen=True):
    """Everything that was asked of the node and tried on it; a trunk as it is wanted, and as it was seen."""

    wanted: NodeState
    memory: NodeState
    calls: tuple[Tried, ...]
    uncovered: tuple[Unroutable, ...]
    mailing: Mailing = Mailing({})
    trunks: tuple[tuple[Placed, TrunkSeen], ...] = ()
    prompts: tuple[Prompt, ...] = ()


class Finding(Struct, frozen=True):
    """One judgement: `subject` is what was held against the spec, `text` what was found."""

    check: str
    subject: str
    good: bool
    text: str


def judge(evidence: Evidence) -> tuple[Finding, ...]:
    """Run every check."""
    return tuple(_all(evidence))


def _all(evidence: Evidence) -> Iterator[Finding]:
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        yield from importlib.import_module(f"{__name__}.{module.name}").judge(evidence)
