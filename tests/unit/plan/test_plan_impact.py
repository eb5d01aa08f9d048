"""The table of rules, and how it looks at who is live; what the rules say is proved on the switch by tests/live."""

import subprocess
import sys
from typing import get_args

import pytest

from cctoolkit import marks
from cctoolkit.plan.changes import Action, Change, Plan
from cctoolkit.plan.classes import Class
from cctoolkit.plan.impact import judge
from cctoolkit.plan.live import Call, Live, Seat
from cctoolkit.plan.looks import LOOKS, Situation
from cctoolkit.plan.reach import Steps
from cctoolkit.plan.rules import RULES, Looks
from cctoolkit.state.settings import NodeState, Setting
from tools import rule_table

KINDS = ("project", "queue", "queues", "number", "sip", "trunk", "messages", "member", "file")
MEMORY = ("dialplan", "queue", "endpoint", "registration")
GENERATION = """
[cct-p-0123abcd-ask]
exten => s,1,Set(__CCT_STEP=ask)
 same => n,Background(x)
exten => key-1,1,Goto(cct-p-0123abcd-orders,s,1)
exten => key-2,1,Goto(cct-p-0123abcd-pbx,s,1)

[cct-p-0123abcd-orders]
exten => s,1,Queue(${IF($["${CCT_TEST}" = "1"]?p.orders--test${CCT_TWIN}:p.orders)},c,,,${IF($["1" = "1"]?1:60)},,cct-member)
exten => pressed-1,1,Goto(queue-key-1,1)
exten => pressed-star,1,Goto(queue-key-star,1)
exten => queue-key-1,1,Goto(cct-p-0123abcd-bye,s,1)
exten => queue-timeout,1,Goto(cct-p-0123abcd-spare,s,1)

[cct-p-0123abcd-spare]
exten => s,1,Queue(${IF($["${CCT_TEST}" = "1"]?p.spare--test${CCT_TWIN}:p.spare)},,,,60,,cct-member)
exten => queue-timeout,1,Goto(cct-p-0123abcd-bye,s,1)

[cct-p-0123abcd-pbx]
exten => s,1,Dial(PJSIP/1000@p.client-pbx,20,U(cct-taken))
exten => transfer-busy,1,Goto(cct-p-0123abcd-ask,s,1)

[cct-p-0123abcd-bye]
exten => s,1,Hangup(16)
"""
FILES = {"generations/p-0123abcd.conf": GENERATION}


def at(step: str, **more) -> Call:
    """Return a call of the generation in a step."""
    return Call("n1-1", "p", "0123abcd", step, places=((marks.context("p", "0123abcd", step), "s"),), **more)


def found(change: Change, live: Live, *, reloads: bool = False, wanted=None, memory=()) -> dict[str, dict[str, int]]:
    """Return the dangers of one change: rule -> who is touched."""
    state = NodeState.of(Setting("dialplan", *line) for line in memory)
    situation = Situation([change], live, state, wanted or {}, FILES)
    return {
        one.rule: dict(one.live)
        for one in judge(situation, "22", reloads=reloads, queues=reloads)
        if one.class_.dangerous
    }


@pytest.mark.parametrize("version", RULES)
def test_every_rule_has_its_live_test(version):
    """The test a rule names is there, with its case: nothing is claimed of Asterisk that no switch has shown."""
    names = {rule.test.partition("::")[0] for rule in RULES[version]}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist"]
    listed = subprocess.run(
        [*command, *(f"tests/live/{name}.py" for name in sorted(names))], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    there = {line.removeprefix("tests/live/").replace(".py::", "::") for line in listed}
    there |= {line.partition("[")[0] for line in there}
    assert {rule.test for rule in RULES[version]} <= there


@pytest.mark.parametrize("version", RULES)
def test_every_change_has_its_class(version):
    """No kind of change, whatever becomes of the object, is without what it does; names of rules are theirs alone."""
    always = [rule for rule in RULES[version] if rule.live == "always"]
    for side, kinds in (("disk", KINDS), ("memory", MEMORY)):
        for kind in kinds:
            for action in get_args(Action):
                change = Change(side, kind, "p.x", "anything", "1", "2", action)
                assert any(rule.fits(change) for rule in always), change
    assert len({rule.name for rule in RULES[version]}) == len(RULES[version])


def test_the_page_has_the_table():
    """docs/plan.md shows the rules as they are, and every class."""
    page = rule_table.PAGE.read_text(encoding="utf-8")
    assert page == rule_table.wanted(), "run python tools/rule_table.py --write"
    for one in Class:
        assert f"| {one.words} |" in page
        assert (f"`--accept {one}`" in page) is one.dangerous


def test_every_look_is_known():
    """What a rule looks at is looked at: by a look, or by what a reload touches."""
    beside = {"always", "in changed lines", "static of ours", "static of others"}
    assert set(get_args(Looks)) == LOOKS.keys() | beside


@pytest.mark.parametrize(
    ("call", "meets"),
    [
        (at("ask"), {"p.orders", "p.spare", "p.client-pbx"}),
        (at("orders"), {"p.orders", "p.spare"}),
        (at("orders", waits_in="p.orders"), {"p.spare"}),
        (at("spare", waits_in="p.spare"), set()),
        (at("pbx"), {"p.orders", "p.spare", "p.client-pbx"}),
        (at("bye"), set()),
        (at("orders", comes_back=False), set()),
        (Call("", places=(("cct-agent", "*11"),)), set()),
    ],
)
def test_what_a_call_may_still_meet(call, meets):
    """Queues and trunks ahead of the step it is in, by its own generation; the queue it waits in is behind it."""
    assert Steps(FILES).met(call) == meets


def test_a_generation_that_cannot_be_read_is_met_by_nobody():
    """Apply itself refuses it while calls are up in it."""
    assert Steps({"generations/p-0123abcd.conf": GENERATION + "what\n"}).met(at("ask")) == set()


def test_keys_that_change():
    """Who waits keeps the keys there were on joining; who joins in the old generation later has the new ones."""
    live = Live(calls=(at("orders", waits_in="p.orders"), at("ask")), waiting={"p.orders": 1})
    change = Change("disk", "queue", "p.orders", "context", "cct-exit-s1", "cct-exit-2")
    assert found(change, live, reloads=True, memory=[("cct-exit-s1", "1,1", "NoOp()")]) == {
        "queue-keys-coming": {"calls up": 1}
    }


@pytest.mark.parametrize(
    ("memory", "touched"),
    [
        (("cct-login", "ivanova,1", "NoOp()"), {}),
        (("cct-login", "petrov,1", "Playback(x)"), {"calls up": 1}),
        (("cct-p-0123abcd-ask", "s,9", "NoOp()"), {}),
        (("cct-entry", "7800,1", "NoOp()"), {}),
    ],
)
def test_lines_that_change_under_a_call(memory, touched):
    """Only of the extension a call is in; a generation's where the switch runs another text than its file has; nowhere
    where no call stays.
    """
    live = Live(calls=(Call("", places=(("cct-login", "petrov"), ("cct-entry", "7800"))),))
    change = Change("disk", "file", "runtime.conf", "digest", "1", "2")
    seen = found(change, live, reloads=True, memory=[memory])
    assert seen == ({"lines": touched} if touched else {})


def test_a_supervisor_who_hears_the_menu_comes_back_to_lines_that_changed():
    """The subroutine is the same; where it returns to is not."""
    live = Live(calls=(Call("", places=(("cct-say", "s"),)),))
    change = Change("disk", "file", "runtime.conf", "digest", "1", "2")
    memory = [("cct-supervisor", "morozova,1", "Gosub(cct-say,s,1(x))")]
    assert found(change, live, reloads=True, memory=memory) == {"lines": {"calls up": 1}}


@pytest.mark.parametrize(
    ("change", "live", "wanted"),
    [
        (("queue", "p.q", "maxlen", "1", None, "remove"), Live(waiting={"p.other": 2}), {}),
        (("queue", "p.q", "maxlen", "1", None, "remove"), Live(waiting={"p.q": 2}), {"queue-remove-waiting": {"waiting": 2}}),
        (("queue", "p.q", "maxlen", "1", None, "remove"), Live((Seat("p.q", "a", "x"), Seat("p.q", "b"))),
         {"queue-remove-members": {"logged in": 2, "paused": 1}}),
        (("queue", "p.spare", "maxlen", "1", None, "remove"), Live(calls=(at("ask"), at("bye"))),
         {"queue-remove-coming": {"calls up": 1}}),
        (("trunk", "p.client-pbx", "codecs", "1", None, "remove"), Live(calls=(at("ask"), at("spare"))),
         {"trunk-remove-coming": {"calls up": 1}}),
        (("trunk", "p.client-pbx", "codecs", "1", "2", "change"), Live(calls=(at("ask"),)), {}),
        (("queue", "p.q", "strategy", "rrmemory", "linear", "change"), Live(), {"queue-order": {"logged in": 0}}),
        (("queue", "p.q", "strategy", "ringall", "rrordered", "change"), Live((Seat("p.q", "a"),)),
         {"queue-order": {"logged in": 1}}),
        (("queue", "p.q", "strategy", "linear", "rrordered", "change"), Live((Seat("p.q", "a"),)), {}),
        (("queue", "p.q", "strategy", "linear", "random", "change"), Live((Seat("p.q", "a"),)), {}),
        (("queue", "p.q", "strategy", "ringall", "linear", "change"), Live(strategies={"p.q": "linear"}), {}),
        (("queue", "p.q", "strategy", "linear", "rrordered", "change"), Live(strategies={"p.q": "random"}),
         {"queue-order": {"logged in": 0}}),
        (("queue", "p.q", "leavewhenempty", "no", "unavailable,invalid", "change"),
         Live((Seat("p.q", "a", rings=False),), waiting={"p.q": 2}), {"queue-leave": {"waiting": 2}}),
        (("queue", "p.q", "leavewhenempty", "no", "unavailable,invalid", "change"),
         Live((Seat("p.q", "a", "lunch"),), waiting={"p.q": 2}), {}),
        (("queue", "p.q", "leavewhenempty", "unavailable,invalid", "no", "change"), Live(waiting={"p.q": 2}), {}),
        (("messages", "p.spare", "mail", "x", None, "remove"), Live(calls=(at("ask"), at("spare"), at("bye"))),
         {"messages-remove-coming": {"calls up": 2}}),
        (("messages", "q.spare", "mail", "x", None, "remove"), Live(calls=(at("ask"),)), {}),
        (("messages", "relay", "host", "x", None, "remove"), Live(calls=(at("ask"),)), {}),
        (("sip", "x transport", "bind", "1", "2", "change"), Live(), {}),
    ],
)  # fmt: skip
def test_dangers_are_of_who_is_live(change, live, wanted):
    """The same change is dangerous or not by who is there."""
    assert found(Change("disk", *change), live) == wanted


@pytest.mark.parametrize("paused", [None, "", "lunch"])
@pytest.mark.parametrize("queue", ["p.q", "legacy"])
@pytest.mark.parametrize("reloads", [True, False])
def test_members_of_files(queue, paused, reloads):
    """Ours go with a reload, whatever they do; others lose a reason, if they have one; without a reload nothing happens."""
    live = Live((Seat(queue, "a", paused, static=True),))
    seen = found(Change("disk", "number", "+7", "enters", "1", "2"), live, reloads=reloads)
    ours = {"queue-static-ours"} if queue == "p.q" else {"queue-static-others"} if paused else set()
    assert set(seen) == (ours if reloads else set())


@pytest.mark.parametrize(
    ("plan", "reads"),
    [
        (Plan("n1", "a", "b", (Change("disk", "number", "+7", "enters", "1", "2"),)), False),
        (Plan("n1", "a", "b", (Change("disk", "queue", "p.q", "retry", "1", "2"),)), True),
        (Plan("n1", "a", "b", (Change("disk", "file", "queues.conf", "digest", "1", "2"),)), True),
        (Plan("n1", "a", "b", (Change("memory", "dialplan", "c", "s,1", "1", "2"),)), True),
        (Plan("n1", "a", "b", (Change("member", "member", "p.q", "a", "0", "1"),)), False),
        (Plan("n1", "a", "b", (), edited=("runtime.conf",)), True),
        (Plan("n1", "a", "b", (), cut_off="so"), True),
    ],
)
def test_app_queue_reads_its_file_again_only_where_it_must(plan, reads):
    """A changed queue, a memory nobody is sure of, a file edited by hand; not for a changed flow, which wipes no reason then."""
    assert plan.reloads_queues is reads


def test_an_agent_who_moves_to_another_queue_is_not_logged_out():
    """One queue of two goes, or the only one for another; the last one is a log-out."""
    loses = Change("member", "member", "p.q", "a", "0", None, "remove")
    gains = Change("member", "member", "p.other", "a", None, "0", "add")
    only, both = Live((Seat("p.q", "a"),)), Live((Seat("p.q", "a"), Seat("p.other", "a")))
    assert found(loses, only) == {"member-last": {"logged in": 1}}
    assert found(loses, both) == {}
    situation = Situation([gains, loses], only, NodeState.of([]), {}, {})
    assert not [one for one in judge(situation, "22", reloads=False, queues=False) if one.class_.dangerous]


def test_all_agents_who_lose_their_last_queue_are_counted():
    """A team is removed from a project: the plan says how many are out, and who."""
    changes = [Change("member", "member", "p.q", agent, "0", None, "remove") for agent in ("a", "b", "c")]
    live = Live((Seat("p.other", "c"), Seat("p.q", "a", "lunch"), Seat("p.q", "b"), Seat("p.q", "c")))
    impacts = judge(Situation(changes, live, NodeState.of([]), {}, {}), "22", reloads=False, queues=False)
    assert [one.counted for one in impacts if one.class_.dangerous] == ["2 logged in, 1 paused (a, b, lunch)"]


def test_a_queue_that_loses_its_last_phone_under_who_waits():
    """Somebody else whose phone rings, or nobody who waits, and it is none."""
    loses = Change("member", "member", "p.q", "a", "0", None, "remove")
    seats = (Seat("p.q", "a"), Seat("p.other", "a"), Seat("p.q", "b", rings=False))
    assert found(loses, Live(seats, waiting={"p.q": 1})) == {"member-nobody": {"waiting": 1}}
    assert found(loses, Live((*seats, Seat("p.q", "c")), waiting={"p.q": 1})) == {}
    assert found(loses, Live(seats)) == {}


def test_who_comes_in_the_place_of_the_last_phone():
    """Only one whose phone can ring, wherever that is seen, is worth anything to who waits."""
    changes = [
        Change("member", "member", "p.q", "a", "0", None, "remove"),
        Change("member", "member", "p.q", "b", None, "0", "add"),
    ]
    seats = (Seat("p.q", "a"), Seat("p.other", "a"))
    for comes, wanted in ((Seat("p.other", "b", rings=False), ["member-nobody"]), (Seat("p.other", "b", "x"), [])):
        now = Situation(changes, Live((*seats, comes), waiting={"p.q": 1}), NodeState.of([]), {}, {})
        impacts = judge(now, "22", reloads=False, queues=False)
        assert [one.rule for one in impacts if one.class_.dangerous] == wanted


@pytest.mark.parametrize(
    ("says", "rule"),
    [("no", "member-nobody"), ("unavailable,invalid", "member-leave"), (None, "member-nobody")],
)
def test_who_waits_leaves_with_the_last_phone_where_the_queue_says_so(says, rule):
    """By what the queue is to say, whatever it said before."""
    loses = Change("member", "member", "p.q", "a", "0", None, "remove")
    line = f"leavewhenempty = {says}\n" if says else ""
    wanted = {"queues.conf": f"[p.other]\nleavewhenempty = unavailable\n[p.q]\nweight = 1\n{line}"}
    live = Live((Seat("p.q", "a"), Seat("p.other", "a")), waiting={"p.q": 1})
    assert found(loses, live, wanted=wanted) == {rule: {"waiting": 1}}


def test_what_disk_and_memory_both_say_is_said_once():
    """A queue that somebody changed by hand and the spec changes too has one danger."""
    live = Live((Seat("p.q", "a"),))
    changes = [Change(side, "queue", "p.q", "strategy", "rrmemory", "linear") for side in ("disk", "memory")]
    impacts = judge(Situation(changes, live, NodeState.of([]), {}, {}), "22", reloads=False, queues=False)
    assert [one.rule for one in impacts if one.class_.dangerous] == ["queue-order"]
