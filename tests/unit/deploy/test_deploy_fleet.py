import asyncio

import pytest

from cctoolkit.deploy import fleet
from cctoolkit.deploy.fleet import GivenUp, Outcome
from cctoolkit.errors import OperatorError, SwitchError
from cctoolkit.workflow.fleet import Applied, joined


class Step:
    """A turn that does what it is told, and notes in `log` what was asked of it."""

    def __init__(self, node, log, perform=None, undo=None):
        self.node, self.before, self.after = node, "old", "new"
        self.log, self.release = log, "old"
        self._perform, self._undo = perform, undo
        self.made = False

    async def perform(self):
        self.log.append(f"{self.node} begins")
        try:
            await asyncio.sleep(0)
            if self._perform:
                await self._perform()
        except BaseException:
            self.log.append(f"{self.node} puts back")
            await asyncio.sleep(0)
            raise
        self.release, self.made = "new", True
        self.log.append(f"{self.node} done")
        return True

    async def changed(self):
        return self.made

    async def undo(self):
        self.log.append(f"{self.node} undone")
        await asyncio.sleep(0)
        if self._undo:
            await self._undo()
        self.release, self.made = "old", False

    async def now(self):
        return self.release


class Waiting(Step):
    """A turn that must wait so many times before it may, or for ever, and gives up after `patience` tries."""

    def __init__(self, node, log, waits, patience=99):
        super().__init__(node, log)
        self.waits, self.patience = waits, patience

    async def perform(self):
        if self.waits:
            self.log.append(f"{self.node} waits")
            return False
        return await super().perform()

    async def wait(self):
        await asyncio.sleep(0.001)
        self.waits, self.patience = self.waits - 1, self.patience - 1
        if not self.patience:
            raise GivenUp("somebody is still touched", where=f"node {self.node}", next_step="try again later")


async def nothing():
    """Prove nothing."""


async def refused():
    raise SwitchError("refused", where="here", next_step="look")


async def for_ever():
    await asyncio.Event().wait()


def steps(*names, **performs):
    log = []
    return log, [Step(name, log, performs.get(name)) for name in names]


async def perform(turns, at_once=4, prove=nothing, said=None):
    return await fleet.perform(turns, at_once=at_once, prove=prove, progress=(said if said is not None else []).append)


def states(run):
    return {one.node: one.state for one in run.outcomes}


async def test_the_canary_is_done_before_the_others_begin():
    """Nobody else begins until the first is done and proved; outcomes stand in the order of the turns."""
    log, turns = steps("a", "b", "c")

    async def prove():
        log.append("proved")

    run = await perform(turns, prove=prove)
    assert log[:3] == ["a begins", "a done", "proved"]
    assert [(one.node, one.state, one.release_now) for one in run.outcomes] == [
        (name, "applied", "new") for name in "abc"
    ]
    assert not run.errors
    assert not run.interrupted


async def test_no_more_than_so_many_at_once():
    """The limit holds, and is used."""
    busy, most = 0, 0

    async def work():
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.001)
        busy -= 1

    _, turns = steps(*"abcdefgh", **dict.fromkeys("abcdefgh", work))
    await perform(turns, at_once=3)
    assert most == 3


async def test_a_canary_that_fails_leaves_the_others_alone():
    """Nobody else begins, nothing is undone, the error is kept."""
    log, turns = steps("a", "b", a=refused)
    run = await perform(turns)
    assert log == ["a begins", "a puts back"]
    assert states(run) == {"a": "failed", "b": "unchanged"}
    assert run.outcomes[0].why == "here: refused"
    assert run.outcomes[0].next_step == "look"
    assert str(run.errors["a"]).startswith("here: refused")


async def test_a_canary_that_does_not_prove_itself_is_undone():
    """It was applied and read back, and does not do what it should: nothing stays of it."""
    log, turns = steps("a", "b")
    run = await perform(turns, prove=refused)
    assert log == ["a begins", "a done", "a undone"]
    assert states(run) == {"a": "failed", "b": "unchanged"}
    assert [one.release_now for one in run.outcomes] == ["old", "old"]


async def test_after_a_failure_all_that_were_changed_are_undone():
    """One done, one at work, one not begun: each is as it was, and the table says why."""
    reached = asyncio.Event()

    async def late():
        await reached.wait()
        await refused()

    async def hang():
        reached.set()
        await for_ever()

    log, turns = steps(*"abcd", b=late, c=hang)
    run = await perform(turns, at_once=2)
    assert states(run) == {"a": "rolled back", "b": "failed", "c": "rolled back", "d": "unchanged"}
    assert {turn.release for turn in turns} == {"old"}
    assert log.count("a undone") == 1
    assert "c undone" not in log
    assert run.outcomes[0].why == "because of b"
    assert not run.interrupted


async def test_who_cannot_be_undone_is_said():
    """The others are undone all the same; what is in force there is not claimed to be known."""
    _, turns = steps("a", "b", "c", c=refused)

    async def stuck():
        raise OperatorError("Read-only file system", where="node a", next_step="mend it")

    turns[0]._undo = stuck
    said = []
    run = await perform(turns, at_once=1, said=said)
    assert states(run) == {"a": "failed", "b": "rolled back", "c": "failed"}
    assert run.outcomes[0].release_now == ""
    assert run.outcomes[0].why == "not rolled back: node a: Read-only file system"
    assert run.outcomes[0].next_step.startswith("mend it; ")
    assert "a: not rolled back" in said


async def test_an_interruption_stops_what_is_at_work_and_keeps_what_is_done():
    """Ctrl-C: nobody else begins, who is at work puts itself back, and there is still a table."""
    reached = asyncio.Event()

    async def hang():
        reached.set()
        await for_ever()

    log, turns = steps(*"abc", b=hang)
    task = asyncio.create_task(perform(turns, at_once=1))
    await reached.wait()
    task.cancel()
    run = await task
    assert run.interrupted
    assert states(run) == {"a": "applied", "b": "rolled back", "c": "unchanged"}
    assert log == ["a begins", "a done", "b begins", "b puts back"]


async def test_an_interruption_does_not_stop_a_roll_back():
    """Ctrl-C while nodes are undone: they are undone."""
    reached, go_on = asyncio.Event(), asyncio.Event()
    _, turns = steps("a", "b", b=refused)

    async def slow():
        reached.set()
        await go_on.wait()

    turns[0]._undo = slow
    task = asyncio.create_task(perform(turns))
    await reached.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    run = await task
    assert run.interrupted
    assert states(run) == {"a": "rolled back", "b": "failed"}


async def test_a_bug_is_raised_after_all_was_undone():
    """What nobody expected leaves nothing half done either."""

    async def bug():
        raise ValueError("a bug")

    log, turns = steps("a", "b", b=bug)
    with pytest.raises(ValueError, match="a bug"):
        await perform(turns)
    assert "a undone" in log


async def test_a_node_that_must_wait_waits_at_its_turn():
    """The canary is done once and stays while another waits; meanwhile others have the room."""
    log, turns = steps("a", "c")
    turns.insert(1, Waiting("b", log, 5))
    run = await perform(turns, at_once=1)
    assert states(run) == dict.fromkeys("abc", "applied")
    assert [line for line in log if line[0] == "a"] == ["a begins", "a done"]
    assert log.index("c done") < log.index("b begins")
    assert log.count("b waits") == 5


async def test_a_turn_that_does_not_come_in_time_takes_nothing_back():
    """Nothing is wrong with what was done: it stays, the others go on, and who waited in vain is as it was."""
    log, turns = steps("a", "c")
    turns.insert(1, Waiting("b", log, -1, patience=3))
    said = []
    run = await perform(turns, said=said)
    assert states(run) == {"a": "applied", "b": "unchanged", "c": "applied"}
    assert (run.outcomes[1].why, run.outcomes[1].seconds) == ("node b: somebody is still touched", 0)
    assert list(run.errors) == ["b"]
    assert said == ["b: its turn did not come"]


async def test_a_canary_whose_turn_does_not_come_lets_nobody_begin():
    """It goes first, or nobody does."""
    log, turns = steps("b")
    proved = []

    async def prove():
        proved.append(True)

    run = await perform([Waiting("a", log, -1, patience=2), *turns], prove=prove)
    assert states(run) == {"a": "unchanged", "b": "unchanged"}
    assert run.outcomes[1].why == "its turn did not come"
    assert "b begins" not in log
    assert not proved


async def test_a_failure_ends_who_waits_and_takes_the_others_back():
    """Who waits has not begun, and is not what the others are taken back for."""
    log, turns = steps("a", "c", c=refused)
    run = await perform([turns[0], Waiting("b", log, -1), turns[1]])
    assert states(run) == {"a": "rolled back", "b": "unchanged", "c": "failed"}
    assert run.outcomes[0].why == "because of c"


def test_two_steps_of_a_drain_are_told_as_one():
    """From what was before the first to what is after the last; a second step that was taken back leaves the first."""
    half = Applied((Outcome("n1", "applied", "a", "b", 1.0), Outcome("n2", "applied", "a", "b", 1.0)), {}, False)
    error = SwitchError("it broke")
    last = (
        Outcome("n1", "rolled back", "b", "b", 0.5, "because of n2"),
        Outcome("n2", "failed", "b", "b", 0.5, "broke"),
    )
    found = joined(half, Applied(last, {"n2": error}, False))
    assert found.outcomes == (
        Outcome(
            "n1", "rolled back", "a", "b", 1.5, "because of n2; the first step of the drain, release b, stays in force"
        ),
        Outcome("n2", "failed", "a", "b", 1.5, "broke"),
    )
