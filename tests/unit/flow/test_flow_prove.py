"""The proof finds every defect, shows it with a call, and finds nothing that is not there."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.errors import SpecError, ToolkitBug
from cctoolkit.flow.graph import Entry, FlowGraph, Vertex, compile_flow
from cctoolkit.flow.prove import Finding, Proof, prove
from cctoolkit.flow.prove_facts import Facts
from cctoolkit.flow.prove_times import longest_waits
from cctoolkit.flow.simulate import Call, simulate
from cctoolkit.model.guard import Always, Edge, InHours
from tests.unit.flow.flows import PLAIN, call_of, graph, graphs, project

KINDS = (*PLAIN, "lookup", "callback", "survey", "set")
SINCE = datetime(2026, 11, 22, 12, 30, 15, tzinfo=UTC)
WAIT = 7
END = {"type": "hangup"}


def proof_of(flow: FlowGraph) -> Proof:
    return prove(flow, Facts(dict.fromkeys(flow.vertices, WAIT)), SINCE)


def ring(flow: FlowGraph, call: Call) -> set[str]:
    """The steps a call goes round through for ever; none when it ends."""
    try:
        simulate(flow, call)
    except SpecError as error:
        return set(error.what.partition(": ")[2].split(" -> "))
    return set()


def is_shown(flow: FlowGraph, finding: Finding) -> bool:
    """Whether `simulate` does with the finding's call what the finding says."""
    call = call_of(finding.call)
    assert call.override == (finding.override or "none",)
    if round_ := ring(flow, call):
        patient = set(call.keys) <= {"-"} and len(set(call.queue)) + len(set(call.transfer)) < 3
        return round_ <= set(finding.steps) or not patient
    return simulate(flow, call).path[: len(finding.call.path)] == finding.call.path


@settings(deadline=None, max_examples=60)
@given(
    flow=graphs(kinds=KINDS),
    minutes=st.lists(st.integers(0, 396 * 1440), min_size=1, max_size=12),
    keys=st.lists(st.sampled_from("0123456789*#-"), max_size=8),
    queue=st.lists(st.sampled_from(["timeout", "full", "no-agents", "abandoned"]), min_size=1, max_size=4),
)
def test_nothing_is_missed(flow, minutes, keys, queue):
    """No call at any minute goes round for ever but as found, goes where a note says none goes, or lasts longer between
    two keys than the longest.
    """
    found = proof_of(flow)
    looping = [set(f.steps) for f in found.findings if f.kind in ("endless-loop", "dead-end")]
    unreached = {note.about for note in found.notes if "reached" in note.what}
    untaken = {(n.about, n.what.split(":")[0].split()[-1]) for n in found.notes if n.what.startswith("never leaves")}
    for entry in flow.entries:
        for minute in minutes:
            call = Call(entry.number, SINCE + timedelta(minutes=minute), tuple(keys), tuple(queue))
            if steps := ring(flow, call):
                assert any(steps <= loop for loop in looping)
                continue
            taken = simulate(flow, call).path
            assert not unreached & {step for step, _ in taken}
            assert not untaken & set(taken)
            if not looping:
                assert max(stretches(taken)) <= found.longest_seconds


def stretches(path: tuple[tuple[str, str], ...]) -> list[int]:
    """The seconds waited between keys, steps as they are counted here."""
    found = [0]
    for _, label in path:
        found[-1] += WAIT
        found += [0] * label.startswith("key-")
    return found


@settings(deadline=None, max_examples=80)
@given(flow=graphs(kinds=KINDS))
def test_findings_are_calls(flow):
    """The call of every finding does what the finding says, and so does the longest."""
    found = proof_of(flow)
    assert all(is_shown(flow, finding) for finding in found.findings)
    if not found.findings:
        longest = found.longest
        there = simulate(flow, call_of(longest))
        assert there.path == longest.path
        assert max(stretches(there.path)) <= found.longest_seconds <= WAIT * len(there.path)


@settings(deadline=None, max_examples=15)
@given(flow=graphs(most=5), start=st.integers(0, 390))
def test_a_week_of_silence(flow, start):
    """Silent callers whom queues time out, at every half-hour of a week (there the calendars change) and a minute either
    side of it: whoever goes round for ever was found, and where there are findings at all the call of each is in time.
    """
    found = proof_of(flow)
    loops = [set(f.steps) for f in found.findings if f.kind in ("endless-loop", "dead-end")]
    begin = (SINCE + timedelta(days=start)).replace(minute=0, second=0)
    for half_hour in range(7 * 48):
        for beside in (-1, 0, 1):
            at = begin + timedelta(minutes=30 * half_hour + beside)
            steps = ring(flow, Call(flow.entries[0].number, at, (), ("timeout",)))
            assert not steps or any(steps <= loop for loop in loops)
    assert all(SINCE <= f.call.at + timedelta(minutes=1) <= found.until for f in found.findings)


def menu(again: str = "m", timeout: str = "end", invalid: str = "end") -> dict:
    return {"type": "menu", "prompts": ["a"], "keys": {"9": again}, "next": {"timeout": timeout, "invalid": invalid}}


def queue(timeout: str, **others: str) -> dict:
    return {"type": "queue", "queue": "q", "next": {"timeout": timeout, **others}}


def transfer(busy: str) -> dict:
    return {"type": "transfer", "trunk": "pbx", "number": "1000", "next": {"busy": busy}}


def hours(closed: str, open_: str = "end", calendar: str = "office", **others: str) -> dict:
    return {"type": "hours", "calendar": calendar, "next": {"open": open_, "closed": closed, **others}}


@pytest.mark.parametrize(
    ("flow", "kind", "steps"),
    [
        ({"m": menu(timeout="m")}, "endless-loop", ("m",)),
        ({"m": menu(invalid="m")}, "endless-loop", ("m",)),
        ({"m": menu("end", "m", "m")}, "endless-loop", ("m",)),
        ({"m": menu("m", "m", "m")}, "dead-end", ("m",)),
        ({"q": queue("q")}, "endless-loop", ("q",)),
        ({"q": queue("end", full="q")}, "endless-loop", ("q",)),
        ({"q": queue("r", full="end"), "r": queue("end", full="q")}, "endless-loop", ("q", "r")),
        ({"m": menu("end", timeout="q"), "q": queue("m")}, "endless-loop", ("m", "q")),
        ({"m": menu("end", invalid="q"), "q": queue("end", no_agents="m")}, "endless-loop", ("m", "q")),
        ({"h": hours("q"), "q": queue("h")}, "endless-loop", ("h", "q")),
        ({"t": transfer("q"), "q": queue("t")}, "endless-loop", ("t", "q")),
        ({"h": hours("end", holiday="q"), "q": queue("q")}, "endless-loop", ("q",)),
        ({"m": menu("n", "n", "n"), "n": menu("m", "m", "m")}, "dead-end", ("m", "n")),
    ],
)  # fmt: skip
def test_planted_loops(flow, kind, steps):
    """A loop that silence, mistakes or queues can keep a call in is found, with a call that `simulate` sees go round."""
    compiled = graph({**flow, "end": END})
    (finding,) = proof_of(compiled).findings
    assert (finding.kind, finding.steps, finding.override) == (kind, steps, None)
    assert is_shown(compiled, finding)
    assert len(finding.call.turns) >= 2 * len(steps)


@pytest.mark.parametrize(
    "flow",
    [
        {"m": menu()},
        {"m": menu("q"), "q": queue("m")},
        {"m": menu("n", "n"), "n": menu("m")},
        {"q": {**queue("end"), "keys": {"0": "q"}}},
        {"m": {**menu(invalid="m"), "keys": dict.fromkeys("1234567890*#", "end")}},
        {"h": hours("m"), "m": menu("h")},
    ],
)
def test_loops_by_choice(flow):
    """A caller who asks each time by a key that means something may go round; and where every key means something, no
    mistake can be made.
    """
    assert proof_of(graph({**flow, "end": END})).findings == ()


def test_loop_under_an_override():
    """What happens only while a supervisor closes the line is found, and says so."""
    compiled = graph({"h": hours("q", calendar="all"), "q": queue("q"), "end": END}, {"all": {"hours": {"mon-sun": ["00:00-24:00"]}}})  # fmt: skip
    (finding,) = proof_of(compiled).findings
    assert (finding.kind, finding.override) == ("endless-loop", "closed")
    assert is_shown(compiled, finding)


def vertex(name: str, *edges: Edge, ends: tuple[str, ...] = ()) -> Vertex:
    return Vertex(name, "test", edges, ends, 1, needs_answer=False)


def made(*vertices: Vertex) -> FlowGraph:
    """A graph that no step type compiles to."""
    whole = {v.name: v for v in (*vertices, vertex("end", ends=("hangup",)))}
    return replace(graph({"x": END}), vertices=whole, entries=(Entry("+48221234560", ("+48221234560",), "a"),))


def test_gap():
    """A minute at which a step that asks the hours has no answer is found: here on holidays only."""
    asks = vertex("a", Edge(InHours("office", "open"), "end"), Edge(InHours("office", "closed"), "end"))
    (finding,) = proof_of(made(asks)).findings
    assert (finding.kind, finding.what) == ("gap", "a asks the hours and has no answer")
    assert finding.call.at == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    with pytest.raises(ToolkitBug, match="has no way out"):
        simulate(made(asks), Call(finding.call.number, finding.call.at))


def test_two_answers():
    """Two answers at one minute are as bad as none."""
    asks = vertex("a", *(Edge(InHours(name, said), "end") for name in ("office", "shop") for said in ("open", "closed", "holiday", "override")))  # fmt: skip
    (finding,) = proof_of(made(asks)).findings
    assert finding.what == "a asks the hours and has 2 answers"


def test_dead_end():
    """A step without a way on and without an end is a dead end."""
    (finding,) = proof_of(made(vertex("a", Edge(Always(), "b")), vertex("b"))).findings
    assert (finding.kind, finding.what) == ("dead-end", "b has no way on and no end")
    assert finding.call.path == (("a", "done"), ("b", ""))


class Answer(Struct, frozen=True):
    """A guard this room has never seen."""

    label: str


class ExitKey(Answer, frozen=True):
    """A key that leaves something that is no menu."""

    key: str = "1"


@pytest.mark.parametrize(("guard", "kinds"), [(Answer("busy"), ["endless-loop"]), (ExitKey("queue-key-1"), [])])
def test_unknown_guards(guard, kinds):
    """What a guard nobody knows here decides is walked both ways; a key is the caller's choice wherever it is pressed."""
    asks = vertex("a", Edge(guard, "a"), Edge(Answer("failed"), "end"))
    assert [finding.kind for finding in proof_of(made(asks)).findings] == kinds


def test_time_limit():
    """All waits of a call together stay below the limit; the longest call is shown."""
    one = project({"m": menu("q"), "q": queue("r"), "r": {**queue("m"), "wait": "1h30m"}, "end": END})
    compiled, waits = compile_flow(one), longest_waits(one)
    assert waits == {"m": 15, "q": 300, "r": 5400, "end": 0}
    found = prove(compiled, Facts(waits), SINCE, timedelta(hours=1))
    assert found.longest_seconds == 300 + 5400 + 15
    (finding,) = found.findings
    assert finding.what == "a caller can be kept for 1:35:15, the limit is 1:00:00"
    assert finding.call.path[:3] == (("m", "key-9"), ("q", "queue-timeout"), ("r", "queue-timeout"))
    assert is_shown(compiled, finding)
    assert prove(compiled, Facts(waits), SINCE, timedelta(hours=2)).findings == ()


def test_back_to_the_start():
    """A key at the end that leads back to the start does not divide the way there: its waits count together."""
    flow = {"m": menu("q"), "q": queue("late"), "late": menu("m"), "end": END}
    one = project(flow)
    assert prove(compile_flow(one), Facts(longest_waits(one)), SINCE).longest_seconds == 15 + 300 + 15


def test_notes():
    """What no call ever meets is remarked on, and is no finding."""
    flow = {
        "h": hours("late", "day", holiday="feast"), "day": hours("evening", "end"), "late": hours("end", "rare"),
        "evening": queue("end"), "rare": END, "feast": END, "never": hours("end", "extra", "never"), "extra": queue("end"), "end": END,
    }  # fmt: skip
    calendars = {"office": {"hours": {"mon-fri": ["09:00-18:00"]}}, "never": {"hours": {}}}
    found = proof_of(graph(flow, calendars, ("h", "never")))
    assert found.findings == ()
    assert {(note.about, note.what) for note in found.notes} == {
        ("+48221234561", "is never open: no call to it is told so by a calendar"),
        ("evening", "is reached only by a call that still waits when the hours change"),
        ("rare", "is reached only by a call that still waits when the hours change"),
        ("feast", "is reached by no call at any hour"),
        ("extra", "is reached only while a supervisor says open"),
        ("h", "never leaves by holiday: office is never so"),
        ("day", "never leaves by closed: no call is here while office is so"),
        ("late", "never leaves by open: no call is here while office is so"),
        ("never", "never leaves by open: never is never so"),
    }  # fmt: skip


def test_worst_first_and_the_same_again():
    """Findings stand worst first, and the same flow and time give the same proof."""
    compiled = graph({"m": menu("q", "q", "end"), "q": queue("r"), "r": queue("q", full="m"), "end": END})
    one = prove(compiled, Facts({"q": 60}), SINCE, timedelta(seconds=1))
    assert [finding.kind for finding in one.findings] == ["endless-loop", "too-long"]
    assert one == prove(compiled, Facts({"q": 60}), SINCE, timedelta(seconds=1))


def test_long_flow():
    """A way of thousands of steps is no deeper than any other."""
    flow = {f"s{n}": {"type": "play", "prompts": ["a"], "next": {"done": f"s{n + 1}"}} for n in range(2000)}
    assert proof_of(graph({**flow, "s2000": END})).longest_seconds == WAIT * 2001


def test_large_flow():
    """Sixty steps that ask eight calendars, all with hours and holidays of their own, are proved; how fast, `make bench` says."""
    calendars = {
        f"c{k}": {
            "hours": {"mon-fri": [f"{6 + k:02}:00-{13 + k}:30"], "sat": [f"1{k}:15-19:00"]},
            "dates": [{"date": f"2027-{month:02}-0{k + 1}"} for month in range(1, 13)],
        }
        for k in range(8)
    }
    names = [*(f"s{n}" for n in range(59)), "end"]
    flow = {}
    for n, name in enumerate(names[:-1]):
        near, far, last = ([*names[n + 1 : n + 4], "end", "end"])[:3]
        if n % 3 == 0:
            flow[name] = hours(far, near, f"c{n // 3 % 8}", holiday=last)
        elif n % 3 == 1:
            keys = {key: (near, far, "s0")[k % 3] for k, key in enumerate("123456")}
            flow[name] = {**menu(timeout=near, invalid=last), "keys": keys}
        else:
            flow[name] = queue(near, full=far)
    compiled = graph({**flow, "end": END}, calendars)
    found = proof_of(compiled)
    assert (found.findings, found.classes > 50, found.walks > 10**6) == ((), True, True)


def test_digits_are_a_choice():
    """A caller who enters digits again and again has a say; one who is silent is not kept."""
    flow = graph(
        {
            "ask": {"type": "collect", "prompts": ["a"], "longest": 4, "next": {"done": "crm", "timeout": "end"}},
            "crm": {"type": "lookup", "digits": "ask", "next": {"found": "end", "not_found": "ask"}},
            "end": END,
        }
    )
    assert proof_of(flow).findings == ()


def test_a_crm_that_fails_for_ever():
    """Asking the CRM again until it answers is a loop nobody can leave."""
    flow = graph({"crm": {"type": "lookup", "next": {"found": "end", "not_found": "end", "failed": "crm"}}, "end": END})
    (finding,) = proof_of(flow).findings
    assert (finding.kind, finding.steps, finding.call.crm) == ("endless-loop", ("crm",), ("failed", "failed"))
    assert is_shown(flow, finding)


def test_cases_are_walked_for_every_caller():
    """The call that shows a finding behind a case is one of that case."""
    cases = {"moscow": {"values": ["+7495"], "next": "round"}}
    flow = graph(
        {
            "who": {"type": "switch", "by": "caller", "cases": cases, "next": {"otherwise": "end"}},
            "round": {"type": "play", "prompts": ["a"], "next": {"done": "who"}},
            "end": END,
        }
    )
    (finding,) = proof_of(flow).findings
    # For this caller nothing leads out, though another one is let go at once.
    assert finding.kind == "dead-end"
    assert finding.call.caller.startswith("+7495")
    assert ring(flow, call_of(finding.call)) == {"who", "round"}


def test_digits_may_be_waited_for_one_by_one():
    """The longest a collect step keeps a caller is a wait for every digit of every attempt; nobody waits for a callback."""
    ask = {
        "type": "collect",
        "prompts": ["a"],
        "longest": 4,
        "wait": "5s",
        "attempts": 2,
        "next": {"done": "offer", "timeout": "offer"},
    }
    offer = {
        "type": "callback",
        "queue": "q",
        "prompts": ["a"],
        "wait": "5s",
        "next": {"taken": "end", "refused": "end"},
    }
    assert longest_waits(project({"ask": ask, "offer": offer, "end": END})) == {"ask": 40, "offer": 5, "end": 0}
