from itertools import pairwise

import msgspec
import pytest

from cctoolkit.errors import UsageError
from cctoolkit.lab import hostile
from cctoolkit.lab.session import PhoneAct, digits
from cctoolkit.lab.traffic_plan import Callers, Mix, Plan, plan
from cctoolkit.lab.turns import Agents, Colleague, Span, Transfers, Turn

MIX = Mix(
    7,
    5,
    200,
    Callers((("+78001002030", 3), ("+78001002031", 1))),
    Agents(("ivanova", "petrov"), pauses=("*141", "*142")),
)


def changed(**fields):
    return msgspec.structs.replace(MIX, **fields)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    assert plan(MIX).encoded() == plan(MIX).encoded()
    assert plan(changed(seed=8)).encoded() != plan(MIX).encoded()


def test_a_plan_reads_back():
    assert msgspec.json.decode(plan(MIX).encoded(), type=Plan) == plan(MIX)


def test_another_agent_changes_no_caller_and_no_other_agent():
    more = plan(changed(agents=msgspec.structs.replace(MIX.agents, names=("ivanova", "petrov", "sidorov"))))
    assert more.calls == plan(MIX).calls
    assert more.turns["petrov"] == plan(MIX).turns["petrov"]


def test_calls_come_at_the_rate_in_order_and_within_the_time():
    calls = plan(MIX).calls
    assert len(calls) == pytest.approx(1000, rel=0.1)
    assert all(a.at <= b.at for a, b in pairwise(calls))
    assert calls[0].at > 0
    assert calls[-1].at <= 200


def test_a_plan_has_no_more_calls_than_wished_and_the_first_are_the_same():
    assert plan(changed(most_calls=10)).calls == plan(MIX).calls[:10]


def test_shares_come_out_as_asked():
    calls = plan(MIX).calls
    assert sum(not c.caller.number for c in calls) / len(calls) == pytest.approx(0.05, abs=0.02)
    assert sum(bool(c.kind) for c in calls) / len(calls) == pytest.approx(0.1, abs=0.03)
    assert sum(c.number == "+78001002030" for c in calls) / len(calls) == pytest.approx(0.75, abs=0.05)
    assert sum(not c.keys for c in calls) / len(calls) == pytest.approx(0.1, abs=0.03)
    assert {key for c in calls for _, key in c.keys} == {"1", "9"}
    assert {c.kind for c in calls} == {"", *hostile.KINDS}
    turns = [turn for own in plan(MIX).turns.values() for turn in own]
    assert {turn.mode for turn in turns} == {"answer", "never", "busy"}
    assert {turn.then for turn in turns} == {"ready", "limit", "away", "pause"}
    assert {turn.code for turn in turns} == {"", "*141", "*142"}
    assert all(bool(turn.code) == (turn.then == "pause") for turn in turns)


def test_every_caller_but_the_anonymous_has_a_number_of_its_own_whatever_stands_around_it():
    numbers = [digits(c.caller.number) for c in plan(MIX).calls if c.caller.number]
    assert len(set(numbers)) == len(numbers)
    assert all(len(number) == 12 for number in numbers)


def test_patience_stays_within_its_limits():
    callers = msgspec.structs.replace(MIX.callers, patience_seconds=5, patience=Span(2, 9))
    assert {2.0, 9.0} < {call.patience for call in plan(changed(callers=callers)).calls}
    assert all(2 <= call.patience <= 9 for call in plan(changed(callers=callers)).calls)


def test_some_agents_hold_and_nothing_else_changes():
    """Holds are a share of the turns that answer; with none the plan is the same but for them."""
    turns = [turn for own in plan(MIX).turns.values() for turn in own]
    answering = [turn for turn in turns if turn.mode == "answer"]
    assert sum(bool(t.hold) for t in answering) / len(answering) == pytest.approx(MIX.agents.hold_ratio, abs=0.08)
    assert not any(turn.hold for turn in turns if turn.mode != "answer")
    without = plan(changed(agents=msgspec.structs.replace(MIX.agents, hold_ratio=0)))
    bare = [msgspec.structs.replace(turn, hold=0, hold_after=0) for turn in turns]
    assert [turn for own in without.turns.values() for turn in own] == bare


COLLEAGUES = (Colleague("21", "novikov"), Colleague("22", "egorova", "never"))


def test_some_agents_send_callers_on_and_nothing_else_changes():
    """Transfers are a share of the turns that answer; without them the plan is the same but for them."""
    sending = plan(changed(transfers=Transfers(COLLEAGUES, ratio=0.3, asks_ratio=0.5)))
    turns = [turn for own in sending.turns.values() for turn in own]
    answering = [turn for turn in turns if turn.mode == "answer"]
    sent = [turn for turn in turns if turn.refer]
    assert len(sent) / len(answering) == pytest.approx(0.3, abs=0.1)
    assert {(turn.refer, bool(turn.ask)) for turn in sent} == {("21", False), ("21", True), ("22", False), ("22", True)}
    assert {turn.mode for turn in sent} == {"answer"}
    assert {agent: {turn.mode for turn in own} for agent, own in sending.beside.items()} == {
        "novikov": {"answer"}, "egorova": {"never"},
    }  # fmt: skip
    bare = [msgspec.structs.replace(turn, refer="", refer_after=0, ask=0) for turn in turns]
    assert [turn for own in plan(MIX).turns.values() for turn in own] == bare
    assert (sending.calls, plan(MIX).beside) == (plan(MIX).calls, {})


def test_what_a_phone_does_is_one_line_for_the_street():
    assert Turn("answer", 0.5, 2, hold_after=1, hold=1).phone.coded == "answer:0.5:2:1:1:::"
    assert Turn("answer", 0.5, 2, refer="21", refer_after=0.2, ask=0.3).phone.coded == "answer:0.5:2:0:0:21:0.2:asks"
    assert Turn("answer", 0.5, 2, refer="21").phone.coded == "answer:0.5:2:0:0:21:0:"
    with pytest.raises(UsageError, match="cannot be dialled"):
        _ = PhoneAct(refer="21@elsewhere").coded
