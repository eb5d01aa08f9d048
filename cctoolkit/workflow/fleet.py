"""The nodes of a site together: planned at once, applied canary first, and those that are away left for later."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.deploy import fleet as deploy
from cctoolkit.deploy import release
from cctoolkit.deploy.fleet import Outcome
from cctoolkit.deploy.terms import ORDINARY, Terms
from cctoolkit.errors import CctoolkitError, OperatorError, Refused, SwitchError, SwitchUnreachable, UsageError
from cctoolkit.model.site import Node
from cctoolkit.plan.classes import NOTHING, Accepted
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import reveal_files
from cctoolkit.workflow import ahead, switch, terminal
from cctoolkit.workflow.canary import verify
from cctoolkit.workflow.nodes import AT_ONCE, chosen
from cctoolkit.workflow.patience import Patience
from cctoolkit.workflow.specs import LoadedSite, render_site
from cctoolkit.workflow.switch import Planned
from cctoolkit.workflow.turn import NodeTurn


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
    nodes at once, whether all must be there, what may be overwritten and happen, and on which terms; `catch_up` is what
    is done later about a `{node}` that is away.
    """

    canary: str = ""
    verify_canary: bool = False
    at_once: int = AT_ONCE
    all_or_none: bool = False
    overwrite_edits: bool = False
    accepted: Accepted = NOTHING
    terms: Terms = ORDINARY
    catch_up: str = "apply again when it is there"


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
    return await looked(loaded, nodes, lambda node: switch.plan_node(node, configs[node.id]))


async def looked(loaded: LoadedSite, nodes: Sequence[Node], plan: Callable[[Node], Awaitable[Planned]]) -> Fleet:
    """Return nodes each with its plan or away; of the only one there is raise what keeps it away."""
    found = await asyncio.gather(*(_look(node, plan) for node in nodes))
    if len(found) == 1 and isinstance(found[0], Away):
        raise found[0].error
    return Fleet(loaded, tuple(found))


async def plan_again(fleet: Fleet, wanted: Callable[[Planned], tuple[ConfigSet, frozenset[str]]]) -> Fleet:
    """Plan the nodes that were there for other files; `wanted` gives them and the queues whose members stay."""

    async def again(one: Planned | Away) -> Planned | Away:
        if isinstance(one, Away):
            return one
        config, staying = wanted(one)
        return await _look(one.node, lambda node: switch.plan_node(node, config, kept=one.kept, staying=staying))

    return replace(fleet, nodes=tuple(await asyncio.gather(*map(again, fleet.nodes))))


async def _look(node: Node, plan: Callable[[Node], Awaitable[Planned]]) -> Planned | Away:
    try:
        return await plan(node)
    except Refused:
        # No node is away whose host is another one, or whose files are not to be taken: nothing goes on.
        raise
    except (SwitchError, OperatorError) as error:
        return Away(node, error)


async def apply(fleet: Fleet, how: How, progress: Callable[[str], None], patience: Patience | None = None) -> Applied:
    """Perform the plans: the canary's first, then the others'; after a failure those changed are rolled back. With
    `patience` each node waits at its turn until nobody is touched there.

    Raise UsageError for a canary the site does not have, SwitchUnreachable when one that must be there is away,
    Refused for a trial of a node's first release: nothing is changed then.
    """
    canary = _canary(fleet, how, progress)

    async def prove(first: Planned) -> None:
        if how.verify_canary:
            await verify(fleet.loaded, first, progress)

    done = await _perform(fleet.planned, canary, how, prove, progress, patience)
    performed = {outcome.node: outcome for outcome in done.outcomes}
    outcomes = tuple(performed.get(one.node.id) or _left(one, how.catch_up) for one in fleet.nodes)
    return Applied(outcomes, done.errors, done.interrupted)


def joined(first: Applied, last: Applied) -> Applied:
    """Return two runs over the same nodes as one: from what was before the first to what is after the last. Where the
    last took a node back to what the first has left, that is said.
    """
    before = {one.node: one for one in first.outcomes}
    outcomes = []
    for one in last.outcomes:
        was = before[one.node]
        state = was.state if one.state == "unchanged" else one.state
        half = one.state == "rolled back" and was.state == "applied"
        why = f"{one.why}; the first step of the drain, release {was.release_now}, stays in force" if half else one.why
        seconds = was.seconds + one.seconds
        outcomes.append(replace(one, state=state, release_before=was.release_before, seconds=seconds, why=why))
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
    patience: Patience | None = None,
) -> deploy.Run:
    """Let those with something to do have their turns, the canary, or else the first, first."""
    author = release.Author(switch.user(), await asyncio.to_thread(switch.commit), clock.now())
    concerned = [one for one in planned if not one.plan.empty or how.terms.reload or (one.kept and one.plan.pending)]
    await ahead.refuse(concerned, how.terms)
    turns = [
        NodeTurn(
            one, author, overwrite_edits=how.overwrite_edits, accepted=how.accepted, terms=how.terms,
            patience=patience, progress=progress,
        )
        for one in concerned
    ]  # fmt: skip
    turns.sort(key=lambda turn: turn.node != canary)
    if not turns:
        return deploy.Run((), {}, interrupted=False)
    with terminal.survived():
        return await deploy.perform(
            turns, at_once=how.at_once, prove=lambda: prove(turns[0].planned), progress=progress
        )


def _left(one: Planned | Away, catch_up: str) -> Outcome:
    """Return the outcome of a node that had no turn."""
    if isinstance(one, Away):
        next_step = "; ".join(filter(None, (one.error.next_step, catch_up.format(node=one.node.id))))
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
                next_step="nothing was changed; do it again when it is there, or without this option",
            )  # fmt: skip
        if one.node.id == named:
            progress(f"{one.node.id}: the canary is away, another node goes first")
    return named


def line(error: CctoolkitError) -> str:
    """Return what is wrong, and where, in one line."""
    return f"{error.where}: {error.what}" if error.where else error.what
