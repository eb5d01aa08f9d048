"""A fleet's apply: the canary first, then the rest in parallel; the first failure stops it and takes all back.

Knows no files and no switches: a `Turn` does what is done to a node. What is where in the end is read from the nodes
and never assumed. An interruption (a cancellation) begins no other node: those at work put themselves back or are taken
back, those that are done stay. So they do when the turn of another does not come in time: a node that must wait (until
nobody is touched there) waits at its own turn, and what is done is not done again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from cctoolkit.deploy.tasks import all_of, obeyed, through
from cctoolkit.errors import CctoolkitError, OperatorError

T = TypeVar("T")
State = Literal["applied", "unchanged", "rolled back", "away", "failed"]


class Turn(Protocol):
    """One node's turn, from release `before` to `after`."""

    node: str
    before: str
    after: str

    async def perform(self) -> bool:
        """Change the node, or leave it as it was and raise; or say False: it must `wait`, and nothing was changed."""

    async def wait(self) -> None:
        """Wait a moment before the next try; raise GivenUp when it was too long."""

    async def changed(self) -> bool:
        """Say whether what is in force on the node is what this turn made."""

    async def undo(self) -> None:
        """Take back what this turn made, and read that back."""

    async def now(self) -> str:
        """Return the release in force."""


class GivenUp(OperatorError):
    """A node's turn did not come in time. Nothing was changed there; nothing is wrong with what was done elsewhere."""


class Outcome(Struct, frozen=True):
    """What became of a node. `release_now` is "" where nobody can tell; `why` and `next_step` are phrases for a person,
    `seconds` how long it was at work.
    """

    node: str
    state: State
    release_before: str
    release_now: str
    seconds: float = 0.0
    why: str = ""
    next_step: str = ""


class Run(Struct, frozen=True):
    """A fleet's apply that is over: the outcomes in the order of the turns, the errors of the nodes that failed, and
    whether it was interrupted.
    """

    outcomes: tuple[Outcome, ...]
    errors: dict[str, CctoolkitError]
    interrupted: bool


Prove = Callable[[], Awaitable[None]]
"""Raises a CctoolkitError when the canary does not do what it should."""


async def perform(turns: Sequence[Turn], *, at_once: int, prove: Prove, progress: Callable[[str], None]) -> Run:
    """Perform the turns, the first one alone and proved, and say what is where. Raise what is a bug, after all is taken
    back.
    """
    course = _Course(turns, at_once, progress)
    interrupted = False
    task = asyncio.current_task()
    # A run that brings back what an interruption left has been interrupted before it began.
    already = task.cancelling() if task else 0
    try:
        await course.run(prove)
    except asyncio.CancelledError:
        interrupted = True
    except CctoolkitError:
        pass
    interrupted = obeyed(already) or interrupted
    return Run(tuple(course.outcomes()), course.errors, interrupted)


class _Course:
    """How a run goes: who has begun, who is done, what went wrong, who was taken back."""

    def __init__(self, turns: Sequence[Turn], at_once: int, progress: Callable[[str], None]) -> None:
        self._turns = turns
        self._room = asyncio.Semaphore(at_once)
        self._progress = progress
        self._clock = asyncio.get_running_loop().time
        self._stopped = False
        self._seconds: dict[str, float] = {}
        self._done: set[str] = set()
        self._now: dict[str, str] = {}
        self._undone: set[str] = set()
        self._stuck: dict[str, CctoolkitError] = {}
        self.errors: dict[str, CctoolkitError] = {}

    async def run(self, prove: Prove) -> None:
        """Let all have their turn; after the first failure, of whatever kind, what is done does not stay."""
        canary, *rest = self._turns
        try:
            await self._turn(canary)
            if canary.node not in self._done:
                return
            await self._judged(canary, prove())
            if rest:
                await all_of([asyncio.create_task(self._turn(turn)) for turn in rest])
        except asyncio.CancelledError:
            await through(self._settle(self._done))
            raise
        except BaseException:  # whatever it is: nodes that were changed are taken back
            await through(self._settle(set()))
            raise

    async def _turn(self, turn: Turn) -> None:
        """Let a node have its turn. While it must wait, others have the room."""
        try:
            while not await self._tried(turn):
                await self._judged(turn, turn.wait())
        except GivenUp:
            return

    async def _tried(self, turn: Turn) -> bool:
        """Say whether a node's turn is over."""
        async with self._room:
            if self._stopped:
                # The room is free because another has failed, before this one could be ended.
                return True
            began = self._clock()
            self._seconds[turn.node] = 0.0
            try:
                done = await self._judged(turn, turn.perform())
            except GivenUp:
                del self._seconds[turn.node]
                raise
            except BaseException:  # whatever it is, also Ctrl-C: nobody else begins
                self._stopped = True
                self._seconds[turn.node] = self._clock() - began
                raise
            if done:
                self._done.add(turn.node)
                self._seconds[turn.node] = self._clock() - began
            else:
                del self._seconds[turn.node]
            return done

    async def _judged(self, turn: Turn, work: Awaitable[T]) -> T:
        try:
            return await work
        except CctoolkitError as error:
            self.errors[turn.node] = error
            # Why is told in the end.
            self._progress(f"{turn.node}: {'its turn did not come' if isinstance(error, GivenUp) else 'failed'}")
            raise

    async def _settle(self, stay: Collection[str]) -> None:
        """Read what is in force on every node that has begun and does not `stay`, and take it back."""
        doubtful = [turn for turn in self._turns if turn.node in self._seconds and turn.node not in stay]
        await asyncio.gather(*(self._take_back(turn) for turn in doubtful))

    async def _take_back(self, turn: Turn) -> None:
        async with self._room:
            began = self._clock()
            try:
                if await turn.changed():
                    self._progress(f"{turn.node}: roll back to release {turn.before}")
                    await turn.undo()
                    self._undone.add(turn.node)
                self._now[turn.node] = await turn.now()
            except CctoolkitError as error:
                self._stuck[turn.node] = error
                self._progress(f"{turn.node}: not rolled back")
            self._seconds[turn.node] += self._clock() - began

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what became of each node."""
        for turn in self._turns:
            state, why, next_step = self._verdict(turn)
            now = self._now.get(turn.node, turn.after if turn.node in self._done else turn.before)
            now = "" if turn.node in self._stuck else now
            yield Outcome(turn.node, state, turn.before, now, round(self._seconds.get(turn.node, 0), 2), why, next_step)

    def _verdict(self, turn: Turn) -> tuple[State, str, str]:
        stuck, error = self._stuck.get(turn.node), self.errors.get(turn.node)
        if stuck is not None:
            mend = stuck.next_step or "see what is wrong with the node"
            return "failed", f"not rolled back: {_line(stuck)}", f"{mend}; then apply again, it loads a whole release"
        if error is not None:
            return "unchanged" if isinstance(error, GivenUp) else "failed", _line(error), error.next_step
        if turn.node not in self._seconds:
            return "unchanged", "its turn did not come", ""
        if turn.node in self._undone:
            failed = [name for name, why in self.errors.items() if name != turn.node and not isinstance(why, GivenUp)]
            return "rolled back", f"because of {', '.join(failed)}" if failed else "ended in the middle", ""
        if turn.node in self._done:
            return "applied", "", ""
        return "rolled back", "ended in the middle, put back", ""


def _line(error: CctoolkitError) -> str:
    notes = getattr(error, "__notes__", ())
    return "; ".join((f"{error.where}: {error.what}" if error.where else error.what, *notes))
