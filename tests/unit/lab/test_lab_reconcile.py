from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge, Hold, Party, QueueVisit, StepTaken, Transfer
from cctoolkit.lab import queue_lines
from cctoolkit.lab.notes import Dial, Note, Press
from cctoolkit.lab.phone_legs import Held, PhoneLeg, Sent
from cctoolkit.lab.reconcile import Limits, match, reconcile, told
from cctoolkit.lab.traffic import Performed
from cctoolkit.workflow.lab import Traffic

BEGAN = 1_795_370_000
NUMBER = "+78001002030"


def edge(seconds: float) -> Edge:
    return Edge(round((BEGAN + seconds) * 1_000_000))


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(BEGAN, UTC) + timedelta(seconds=seconds)


def record(index: int, start: float = 0, caller: str | None = None) -> CallRecord:
    """A call that ivanova answered and ended."""
    leg = AgentLeg(
        "ivanova",
        edge(start + 1),
        "answered",
        edge(start + 2),
        edge(start + 5),
        "agent",
        edge(start + 5),
        edge(start + 7),
    )
    visit = QueueVisit("orders", edge(start + 0.9), "answered", edge(start + 2), (leg,))
    return CallRecord(
        call=f"n1-{index}", node="n1", project="p", generation="g", release="r", number=NUMBER,
        caller=f"+7916{index:07d}" if caller is None else caller, entered=edge(start), answered=edge(start + 0.01),
        ended=edge(start + 5), outcome="answered", hung_up_by="agent", cause=16, visits=(visit,),
        steps=(StepTaken("subject", edge(start), "key-1", edge(start + 0.9)), StepTaken("orders", edge(start + 0.9), "answered", edge(start + 2))),
    )  # fmt: skip


def note(index: int, start: float = 0, caller: str | None = None) -> Note:
    leg = PhoneLeg("ivanova", at(start + 1.005), "", at(start + 2.001), at(start + 4.999), hung_up=True)
    return Note(
        f"street-{index}", NUMBER, f"+7916{index:07d}" if caller is None else caller, at(start - 0.002), at(start + 0.012),
        at(start + 5.001), 16, presses=(Press("1", at(start + 0.5), at(start + 0.8)),), legs=(leg,),
    )  # fmt: skip


def log(index: int, start: int = 0, caller: str | None = None) -> list[str]:
    call, who = f"n1-{index}", f"+7916{index:07d}" if caller is None else caller

    def mark(seconds: int, kind: str, step: str, detail: str) -> str:
        return f"{BEGAN + start + seconds}|{call}|NONE|NONE|CCT{kind}|p|g|r|{step}|{detail}"

    return [
        mark(0, "ENTRY", NUMBER[1:], who),
        mark(0, "OUT", "subject", "key-1"),
        f"{BEGAN + start}|{call}|p.orders|NONE|ENTERQUEUE||{who}|1",
        mark(2, "OUT", "orders", "answered"),
        f"{BEGAN + start + 2}|{call}|p.orders|ivanova|CONNECT|1|n1-9|1",
        f"{BEGAN + start + 5}|{call}|p.orders|ivanova|COMPLETEAGENT|1|3|1",
        mark(5, "END", "orders", "16"),
        mark(5, "WRAPUP", "ivanova", ""),
    ]


CALLS = range(1, 4)
NOTES = [note(i, i * 10) for i in CALLS]
RECORDS = [record(i, i * 10) for i in CALLS]
LOG = [line for i in CALLS for line in log(i, i * 10)]
READY = [Dial("ivanova", "*13", at(17.004))]


def reasons(notes=NOTES, records=RECORDS, lines=LOG, ready=READY):
    return [one.reasons for one in reconcile(notes, records, lines, ready).verdicts if one.judgement != "equal"]


def test_three_sources_that_agree_are_equal_edge_by_edge():
    table = reconcile(NOTES, RECORDS, LOG, READY)
    assert (table.good, table.counts) == (True, {"equal": 3, "crossed": 0, "different": 0})
    first = table.verdicts[0]
    assert (first.lived, first.recorded, first.logged) == ("answered ivanova",) * 3
    assert first.apart_ms == pytest.approx(
        {"entered": 2, "answered": -2, "ended": -1, "ivanova 1 rings": -5, "ivanova 1 answers": -1, "ivanova 1 ends": 1, "ivanova 1 ready": -4}
    )  # fmt: skip
    assert table.edges == 19
    assert list(told(table))[-1] == "3 calls: 3 equal, 0 crossed, 0 different; 19 edges, at most 5.0 ms apart"
    assert len(list(told(table, every=False))) == 1


def test_a_deleted_record_is_a_difference():
    assert reasons(records=RECORDS[1:]) == [("no record",), ("queue_log has a call without a record",)]


def test_a_record_twice_is_a_difference():
    again = replace(RECORDS[0], call="n1-99")
    assert reasons(records=[*RECORDS, again]) == [("a record without a call, or the second of one", "not in queue_log")]


def test_a_call_that_is_not_in_queue_log_or_stands_there_twice_is_a_difference():
    assert reasons(lines=LOG[8:]) == [("not in queue_log",)]
    assert reasons(lines=[*LOG, LOG[0]]) == [("queue_log: entered 2 times, ended 1 times",)]


def test_a_record_of_a_test_call_or_of_another_time_is_not_looked_at():
    others = [replace(record(8), test=True), record(9, 4000)]
    assert reasons(records=[*RECORDS, *others], lines=[*LOG, *log(9, 4000)]) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"outcome": "abandoned", "visits": ()}, "the caller answered, the record says abandoned"),
        ({"hung_up_by": "caller"}, "hung up by the agent, the record says caller"),
        ({"number": "+78001002031"}, "dialled +78001002030, the record says +78001002031"),
        ({"ended": edge(15.2)}, "ended: 199 ms apart"),
        ({"visits": (replace(RECORDS[0].visits[0], legs=RECORDS[0].visits[0].legs * 2),)},
         "phones rang: ivanova 1 times; the record: ivanova 2 times"),
        ({"steps": (replace(RECORDS[0].steps[0], outcome="key-2"), RECORDS[0].steps[1])},
         "step subject: key-2, the caller pressed key-1"),
    ],
)  # fmt: skip
def test_what_a_record_tells_otherwise_is_named(change, reason):
    [found] = reasons(records=[replace(RECORDS[0], **change), *RECORDS[1:]])
    assert reason in found


def test_queue_log_and_record_are_held_against_each_other_too():
    lines = [
        line.replace("|ivanova|CONNECT", "|petrov|CONNECT").replace("COMPLETEAGENT", "COMPLETECALLER")
        for line in LOG[:8]
    ]
    assert reasons(lines=lines + LOG[8:]) == [
        ("queue_log: agent petrov, the record: ivanova", "queue_log: hung up by caller, the record: agent")
    ]


def given_up(over: int, leg: PhoneLeg, rang: AgentLeg) -> tuple[Note, CallRecord, list[str]]:
    """The first call, whose caller hung up waiting: as the street, the record and queue_log have it."""
    lived = replace(NOTES[0], ended=at(over), hung_up=True, legs=(leg,))
    visit = replace(RECORDS[0].visits[0], outcome="abandoned", left=edge(over), legs=(rang,))
    steps = (RECORDS[0].steps[0], StepTaken("orders", edge(10.9)))
    seen = replace(RECORDS[0], outcome="abandoned", hung_up_by="caller", ended=edge(over), steps=steps, visits=(visit,))
    waited = f"{BEGAN + over}|n1-1|p.orders|NONE|ABANDON|1|1|{over - 10}"
    return lived, seen, [*LOG[:3], waited, f"{BEGAN + over}|n1-1|NONE|NONE|CCTEND|p|g|r|orders|16"]


def test_what_crossed_on_the_wire_is_told_apart_from_a_difference():
    """The caller hung up as the agent answered: the node saw an abandoned call. Nothing else may differ then."""
    leg = replace(NOTES[0].legs[0], answered=at(12.01), ended=at(12.02), hung_up=False)
    lived, seen, lines = given_up(12, leg, AgentLeg("ivanova", edge(11), "cancelled", None, edge(12)))
    assert lived.crossed
    assert reconcile([lived], [seen], lines).counts == {"equal": 0, "crossed": 1, "different": 0}
    assert reconcile([lived], [replace(seen, ended=edge(13))], lines).counts["different"] == 1
    early = replace(lived, legs=(replace(leg, answered=at(11.5)),))
    assert reconcile([early], [seen], lines).counts["different"] == 1


def test_a_phone_that_answered_as_it_was_given_up_has_crossed():
    """The agent took the call when the queue had just let the phone go: the caller waits on, and hangs up."""
    leg = replace(NOTES[0].legs[0], answered=at(12.995), ended=at(13.001), hung_up=False)
    lived, seen, lines = given_up(15, leg, AgentLeg("ivanova", edge(11), "no_answer", None, edge(13)))
    assert reconcile([lived], [seen], lines).counts == {"equal": 0, "crossed": 1, "different": 0}
    made_up = replace(seen, transfers=(Transfer("blind", edge(14), "PJSIP/ivanova", "21"),))
    assert reconcile([lived], [made_up], lines).counts["different"] == 1
    elsewhere = reconcile([lived], [replace(seen, number="+78120000000")], lines).verdicts[0]
    assert (elsewhere.judgement, elsewhere.reasons) == (
        "different",
        (f"dialled {NUMBER}, the record says +78120000000",),
    )
    for unlike in (replace(leg, answered=at(12.5)), replace(leg, hung_up=True)):
        assert reconcile([replace(lived, legs=(unlike,))], [seen], lines).counts["different"] == 1


def test_a_caller_who_presses_a_key_as_the_call_ends_notices_when_it_is_up():
    """Of the end the log alone knows the second: it lies anywhere after the key went down."""
    pressing = replace(NOTES[0], ended=at(16.08), presses=(Press("1", at(15.78), None),))
    told_of = replace(RECORDS[0], ended=Edge((BEGAN + 15) * 1_000_000, "queue_log"))
    assert reconcile([pressing], [told_of], LOG[:8]).verdicts[0].apart_ms["ended"] == 0
    let_up = replace(pressing, presses=(Press("1", at(15.78), at(15.9)),))
    assert reconcile([let_up], [told_of], LOG[:8]).verdicts[0].apart_ms["ended"] == -80


def test_a_call_that_was_long_on_its_way_entered_when_it_came():
    """The street heard the answer as late as the record says: the way there took its time. An entry told late is
    not so, nor one told early.
    """
    late = replace(RECORDS[0], entered=edge(10.06), answered=edge(10.07))
    slow = replace(NOTES[0], answered=at(10.075))
    assert reconcile([slow], [late], LOG[:8]).verdicts[0].apart_ms["entered"] == -5
    assert reconcile([NOTES[0]], [late], LOG[:8]).verdicts[0].apart_ms["entered"] == 58
    early = replace(RECORDS[0], entered=edge(9.5))
    assert reconcile([NOTES[0]], [early], LOG[:8]).verdicts[0].apart_ms["entered"] == -498


def test_anonymous_calls_are_matched_by_time_whichever_came_first():
    notes = [note(1, 10, ""), note(2, 10.3, "")]
    records = [record(2, 10.301, ""), record(1, 10.001, "")]
    assert [(n.call, r.call) for n, r in match(records, notes)] == [("street-1", "n1-1"), ("street-2", "n1-2")]
    assert [r for _, r in match(records[:1], notes)] == [None, records[0]]


def test_an_anonymous_call_is_matched_by_queue_logs_second_of_a_clock_a_tick_behind():
    entered = Edge((BEGAN + 9) * 1_000_000, "queue_log")
    [(lived, told_of)] = match(
        [replace(record(1, 10, ""), entered=entered)], [replace(note(1, 10, ""), dialled=at(10.0003))]
    )
    assert lived
    assert told_of


def test_of_two_anonymous_calls_of_one_second_the_one_whose_end_was_heard_is_matched_first():
    """Both entered in a gap, and their callers' keys tell nothing: what is known of the other's end fits either."""
    first, second = note(1, 10.36, ""), note(2, 11, "")
    log_alone = Edge((BEGAN + 11) * 1_000_000, "queue_log")
    entered = Edge((BEGAN + 10) * 1_000_000, "queue_log")
    heard, unheard = record(1, 10.38, ""), record(2, 11, "")
    heard = replace(heard, entered=entered)
    unheard = replace(unheard, entered=log_alone, ended=replace(edge(15), source="queue_log"))
    notes = [replace(first, presses=()), replace(second, presses=())]
    pairs = [(n.call, r.call) for n, r in match([unheard, heard], notes)]
    assert pairs == [("street-1", "n1-1"), ("street-2", "n1-2")]


def test_a_line_that_a_callers_number_broke_is_passed_over():
    lines = [
        *LOG[:2],
        f"{BEGAN + 10}|n1-1|p.orders|NONE|ENTERQUEUE||+79160000001",
        "|f|g",
        "X: y|1|1|1|CONNECT",
        *LOG[3:8],
    ]
    assert queue_lines.calls(lines)["n1-1"].outcome == "answered"
    assert reasons(notes=NOTES[:1], records=RECORDS[:1], lines=lines) == []


def test_a_call_that_went_on_after_its_agent_may_end_in_the_same_second():
    """Inside a gap all edges of a second are equal: only the order of the steps says that the call went on."""
    second = Edge((BEGAN + 5) * 1_000_000, source="queue_log")
    went_on = record(0)
    went_on = replace(
        went_on,
        hung_up_by="flow",
        ended=second,
        visits=(replace(went_on.visits[0], legs=(replace(went_on.visits[0].legs[0], ended=second),)),),
        steps=(*went_on.steps, StepTaken("goodbye", second, "done", second)),
    )
    lines = log(0)
    lines[-2:-2] = [f"{BEGAN + 5}|n1-0|NONE|NONE|CCTOUT|p|g|r|goodbye|done"]
    assert reasons([note(0)], [went_on], lines, []) == []


def test_an_agent_who_says_ready_just_after_the_limit_ended_nothing():
    """The record's wrap-up lasts 2 s; the phone is answered 0.3 s later."""
    late = [Dial("ivanova", "*13", at(7.3))]
    found = reconcile([note(0)], [record(0)], log(0), late, Limits(wrap_up_seconds=2))
    assert found.good
    assert not any("ready" in edge for edge in found.verdicts[0].apart_ms)
    assert not reconcile([note(0)], [record(0)], log(0), late, Limits(wrap_up_seconds=30)).good


def with_holds(one, holds):
    """Return the note or the record with holds in its only leg."""
    if isinstance(one, Note):
        return replace(one, legs=(replace(one.legs[0], holds=holds),))
    return replace(one, visits=(replace(one.visits[0], legs=(replace(one.visits[0].legs[0], holds=holds),)),))


def test_holds_are_held_against_the_phones():
    """Edges of hold are compared; one too many, or one 60 ms off, is a difference; left on hold is until the end."""
    seen = with_holds(note(1), (Held(at(3), at(4)), Held(at(4.5))))
    good = with_holds(record(1), (Hold(edge(3.002), edge(4.003)), Hold(edge(4.51), edge(5))))
    table = reconcile([seen], [good], log(1))
    assert table.good, list(told(table))
    assert {"ivanova 1 holds 1", "ivanova 1 unholds 2"} <= set(table.verdicts[0].apart_ms)
    for bad in ((), (Hold(edge(3), edge(4)),), (Hold(edge(3.06), edge(4)), Hold(edge(4.5), edge(5)))):
        assert not reconcile([seen], [with_holds(record(1), bad)], log(1)).good
    assert not reconcile([note(1)], [good], log(1)).good
    # The phone held at the moment the call ended: the node need not have seen it. A moment sooner it must have.
    for start, good_ in ((4.96, True), (4.9, False)):
        assert reconcile([with_holds(note(1), (Held(at(start)),))], [record(1)], log(1)).good is good_
    # What a gap hides is marked in the record, and is no difference.
    cut = with_holds(record(1), (Hold(edge(3), edge(5), whole=False),))
    assert reconcile([seen], [cut], log(1)).good


def test_who_presses_a_key_when_the_call_ends_notices_when_the_key_is_up():
    """The record's end lies between the key going down and the caller's end; before the key it is a difference."""
    lived = replace(note(0), ended=at(5.101))
    assert not reconcile([lived], [record(0)], log(0)).good
    for begin, good in ((4.9, True), (5.05, False)):
        pressing = replace(lived, presses=(*lived.presses, Press("2", at(begin))))
        assert reconcile([pressing], [record(0)], log(0)).good is good


def sent_on(**change: object) -> CallRecord:
    """The first call, which ivanova sent to novikov, who ended it."""
    whole = record(1, 10)
    leg = replace(whole.visits[0].legs[0], ended=edge(13), hung_up_by="")
    fields = {
        "visits": (replace(whole.visits[0], legs=(leg,)),),
        "transfers": (Transfer("blind", edge(13), "PJSIP/ivanova", "21", "PJSIP/novikov"),),
        "parties": (Party("n1-7", "PJSIP/novikov", "", "transfer", edge(13.01), edge(14), edge(14.999), "answered"),),
        **change,
    }
    return replace(whole, **fields)


SENT = replace(
    note(1, 10),
    legs=(replace(note(1, 10).legs[0], ended=at(13.02), hung_up=False, sent=Sent("21", at(13.001))),),
    beyond=(PhoneLeg("novikov", at(13.012), "", at(14.002), at(14.998), hung_up=True),),
)
SENT_LOG = [line.replace("COMPLETEAGENT|1|3|1", "BLINDTRANSFER|21|colleagues|1|3|1") for line in LOG]


def differs(changed: CallRecord) -> list[tuple[str, ...]]:
    return reasons([SENT, *NOTES[1:]], [changed, *RECORDS[1:]], SENT_LOG)


def test_a_call_that_was_sent_on_is_held_against_the_phones():
    """Who sent it where, who took it, and each moment; what a gap may have swallowed is told apart from what is wrong."""
    table = reconcile([SENT, *NOTES[1:]], [sent_on(), *RECORDS[1:]], SENT_LOG, READY)
    assert table.good, list(told(table))
    assert table.verdicts[0].apart_ms.keys() >= {
        "ivanova 1 ends", "transfer 1", "novikov beside rings", "novikov beside answers", "novikov beside ends",
    }  # fmt: skip
    assert differs(sent_on(hung_up_by="caller")) == [("hung up by the agent, the record says caller",)]
    [elsewhere] = differs(sent_on(transfers=(replace(sent_on().transfers[0], number="22"),)))
    assert elsewhere[0].startswith("transfers: ")
    [untold] = differs(sent_on(transfers=(replace(sent_on().transfers[0], taken_by=""),), parties=()))
    assert [reason.partition(": ")[0] for reason in untold] == ["untold transfers", "untold others"]
    [missed] = differs(sent_on(parties=(replace(sent_on().parties[0], answered=None, outcome="no_answer"),)))
    assert missed[0].startswith("others: transfer novikov; the record: transfer novikov, not answered")
    ghost = Party("n1-7", "PJSIP/ivanova", "", "dial", edge(11), edge(12), edge(15), "answered")
    assert differs(sent_on(parties=(*sent_on().parties, ghost))) == [
        ("others: the queue's phone ivanova, told as dialled by itself",)
    ]
    [late] = differs(sent_on(transfers=(replace(sent_on().transfers[0], at=edge(13.2)),)))
    assert late == ("transfer 1: 199 ms apart",)


def test_a_call_of_which_queue_log_alone_has_the_entry_is_of_the_traffic():
    """Its second is cut down, of a clock a tick behind: a call placed first of all lies before the traffic began."""
    began, told_by_the_log = at(0.0005), at(-1)
    done = Traffic(Performed((), began, at(60), 0), (), (), Path("traffic.jsonl"))
    assert done.since <= told_by_the_log
