"""The nodes of a site together: planned at once, applied canary first, and those that are away left for later."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.deploy import fleet as deploy
from cctoolkit.deploy import release
from cctoolkit.deploy.fleet import Outcome
from cctoolkit.deploy.terms import ORDINARY, Terms
from cctoolkit.errors import CctoolkitError, OperatorError, SwitchError, SwitchUnreachable, UsageError
from cctoolkit.model.site import Node
from cctoolkit.plan.classes import NOTHING, Accepted
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import reveal_files
from cctoolkit.workflow import switch, terminal
from cctoolkit.workflow.nodes import AT_ONCE, chosen
from cctoolkit.workflow.specs import LoadedProject, LoadedSite, render_site
from cctoolkit.workflow.switch import Planned
from cctoolkit.workflow.turn import NodeTurn
from cctoolkit.workflow.verify import verified


class Away(Struct, frozen=True):
    """A node nobody could look at, and why."""

    node: Node
    error: CctoolkitError


class Fleet(Struct, frozen=True):
    """A site's nodes, each with its plan or away, in the order of the site's file."""

    loaded: LoadedSite
    nodes: tuple[Planned | Away, ...]

    @property
    def planned(self) -> list[Planned]:
        """The nodes that are there."""
        return [one for one in self.nodes if isinstance(one, Planned)]

    @property
    def away(self) -> list[Away]:
        """The nodes that are not."""
        return [one for one in self.nodes if isinstance(one, Away)]


class How(Struct, frozen=True):
    """How a fleet is applied: which node first, whether its test calls are placed before the others begin, how many
    nodes at once, whether all must be there, what may be overwritten and happen, and on which terms.
    """

    canary: str = ""
    verify_canary: bool = False
    at_once: int = AT_ONCE
    all_or_none: bool = False
    overwrite_edits: bool = False
    accepted: Accepted = NOTHING
    terms: Terms = ORDINARY


class Applied(Struct, frozen=True):
    """What is where, by node in the order of the site's file, and the errors of the nodes that failed."""

    outcomes: tuple[Outcome, ...]
    errors: Mapping[str, CctoolkitError]
    interrupted: bool

    @property
    def changed(self) -> list[str]:
        """The nodes that were changed and stay so."""
        return [one.node for one in self.outcomes if one.state == "applied"]

    @property
    def exit_code(self) -> int:
        """That of the first failure, else 4 where a node is away."""
        failed = [self.errors[one.node].exit_code for one in self.outcomes if one.node in self.errors]
        away = any(one.state == "away" for one in self.outcomes)
        return failed[0] if failed else SwitchUnreachable.exit_code if away else 0


async def plan(loaded: LoadedSite, only: Sequence[str] = ()) -> Fleet:
    """Plan all nodes, or `only` some, at once; nothing is changed.

    A node that does not answer, or whose files cannot be reached, is away; when it is the only one its error is raised.
    """
    nodes = chosen(loaded, only)
    configs = render_site(loaded, nodes)
    for node in nodes:
        # A phone's secret that is missing keeps no node away: it is missing for all.
        reveal_files(configs[node.id].files)
    looks = (_look(node, switch.plan_node(node, configs[node.id])) for node in nodes)
    found = await asyncio.gather(*looks)
    if len(found) == 1 and isinstance(found[0], Away):
        raise found[0].error
    return Fleet(loaded, tuple(found))


async def plan_again(fleet: Fleet, wanted: Callable[[Planned], tuple[ConfigSet, Collection[str]]]) -> Fleet:
    """Plan the nodes that were there for other files; `wanted` gives them and the queues whose members stay."""

    async def again(one: Planned | Away) -> Planned | Away:
        if isinstance(one, Away):
            return one
        config, staying = wanted(one)
        return await _look(one.node, switch.plan_node(one.node, config, staying=staying))

    return replace(fleet, nodes=tuple(await asyncio.gather(*map(again, fleet.nodes))))


async def _look(node: Node, planning: Awaitable[Planned]) -> Planned | Away:
    try:
        return await planning
    except (SwitchError, OperatorError) as error:
        return Away(node, error)


async def apply(fleet: Fleet, how: How, progress: Callable[[str], None]) -> Applied:
    """Perform the plans: the canary's first, then the others'; after a failure those changed are rolled back.

    Raise UsageError for a canary the site does not have, SwitchUnreachable when one that must be there is away:
    nothing is changed then.
    """
    canary = _canary(fleet, how, progress)

    async def prove(first: Planned) -> None:
        if how.verify_canary:
            await _verify(fleet.loaded, first, progress)

    done = await _perform(fleet.planned, canary, how, prove, progress)
    performed = {outcome.node: outcome for outcome in done.outcomes}
    outcomes = tuple(performed.get(one.node.id) or _left(one) for one in fleet.nodes)
    return Applied(outcomes, done.errors, done.interrupted)


def joined(first: Applied, last: Applied) -> Applied:
    """Return two runs over the same nodes as one: from what was before the first to what is after the last."""
    before = {one.node: one for one in first.outcomes}
    outcomes = []
    for one in last.outcomes:
        was = before[one.node]
        state = was.state if one.state == "unchanged" else one.state
        outcomes.append(replace(one, state=state, release_before=was.release_before, seconds=was.seconds + one.seconds))
    return Applied(tuple(outcomes), last.errors, last.interrupted)


async def apply_site(
    planned: Sequence[Planned],
    *,
    overwrite_edits: bool,
    progress: Callable[[str], None],
    accepted: Accepted = NOTHING,
    terms: Terms = ORDINARY,
) -> list[str]:
    """Perform the plans of nodes that are all there; return the nodes changed. Raise the first failure, when the others
    are rolled back.
    """

    async def prove(_first: Planned) -> None:
        """Their read-back is enough."""

    how = How(overwrite_edits=overwrite_edits, accepted=accepted, terms=terms)
    done = await _perform(planned, "", how, prove, progress)
    for error in done.errors.values():
        raise error
    if done.interrupted:
        raise asyncio.CancelledError
    return [one.node for one in done.outcomes]


async def _perform(
    planned: Sequence[Planned],
    canary: str,
    how: How,
    prove: Callable[[Planned], Awaitable[None]],
    progress: Callable[[str], None],
) -> deploy.Run:
    """Let those with something to do have their turns, the canary, or else the first, first."""
    author = release.Author(switch.user(), await asyncio.to_thread(switch.commit), clock.now())
    turns = [
        NodeTurn(
            one, author, overwrite_edits=how.overwrite_edits, accepted=how.accepted, terms=how.terms, progress=progress
        )
        for one in planned
        if not one.plan.empty or how.terms.reload or (one.kept and one.plan.pending)
    ]
    turns.sort(key=lambda turn: turn.node != canary)
    if not turns:
        return deploy.Run((), {}, interrupted=False)
    with terminal.survived():
        return await deploy.perform(
            turns, at_once=how.at_once, prove=lambda: prove(turns[0].planned), progress=progress
        )


def _left(one: Planned | Away) -> Outcome:
    """Return the outcome of a node that had no turn."""
    if isinstance(one, Away):
        next_step = one.error.next_step or "apply again when it is there"
        return Outcome(one.node.id, "away", "", "", why=line(one.error), next_step=next_step)
    return Outcome(one.node.id, "unchanged", one.plan.release_now, one.plan.release_now)


def _canary(fleet: Fleet, how: How, progress: Callable[[str], None]) -> str:
    """Return who is to be first, "" whoever stands first; refuse when a node is away that must be there."""
    named = how.canary or fleet.loaded.site.canary or ""
    if how.canary:
        chosen(fleet.loaded, [how.canary])
        if how.canary not in [one.node.id for one in fleet.nodes]:
            raise UsageError(f"the canary {how.canary} is none of the nodes asked for",
                             expected=f"--node {how.canary} too, or another --canary")  # fmt: skip
    for one in fleet.away:
        if how.all_or_none or one.node.id == how.canary:
            raise SwitchUnreachable(
                f"{'the canary' if one.node.id == how.canary else 'the node'} is away: {line(one.error)}",
                where=f"node {one.node.id}", expected="every node" if how.all_or_none else "the canary there",
                next_step="nothing was changed; apply again when it is there, or without this option",
            )  # fmt: skip
        if one.node.id == named:
            progress(f"{one.node.id}: the canary is away, another node goes first")
    return named


async def _verify(loaded: LoadedSite, canary: Planned, progress: Callable[[str], None]) -> None:
    """Raise SwitchError when the canary does not do what the specs say, test calls included."""
    for project, document in zip(loaded.projects, loaded.documents, strict=True):
        progress(f"{canary.node.id}: test calls of {project.id}")
        found = await verified(
            loaded, canary.node, canary.config, LoadedProject(project, document), lambda _done, _of: None
        )
        bad = [one for one in found if not one.good]
        if bad:
            more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
            raise SwitchError(
                f"the canary fails {bad[0].check}: {bad[0].subject}: {bad[0].text}{more}",
                where=f"node {canary.node.id}, project {project.id}", expected="every check good",
                next_step=f"see them all with cctoolkit verify {project.id} where this spec may be applied",
            )  # fmt: skip


def line(error: CctoolkitError) -> str:
    """Return what is wrong, and where, in one line."""
    return f"{error.where}: {error.what}" if error.where else error.what
