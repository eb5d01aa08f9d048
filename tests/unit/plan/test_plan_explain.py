from msgspec.structs import replace

from cctoolkit.deploy.danger import Dangerous
from cctoolkit.plan.changes import Change, Plan
from cctoolkit.plan.classes import Accepted, Class, Impact, dangers
from cctoolkit.plan.explain import explain, refused
from cctoolkit.plan.impact import judge
from cctoolkit.plan.live import Live, Seat
from cctoolkit.plan.looks import Situation
from cctoolkit.plan.markdown import markdown
from cctoolkit.state.settings import NodeState

CHANGES = (
    Change("disk", "file", "extensions.conf", "digest", "1", "2"),
    Change("disk", "queue", "p.orders", "maxlen", "1", "2"),
    Change("disk", "queue", "p.orders", "timeout", None, "2"),
    Change("disk", "queue", "p.vip", "maxlen", "1", None, "remove"),
    Change("member", "member", "p.orders", "ivanova", None, "0", "add"),
    Change("member", "member", "p.orders", "petrov", "0", None, "remove"),
    Change("memory", "dialplan", "cct-entry", "78,1", None, "NoOp()"),
)
LIVE = Live(
    (
        Seat("legacy", "old", "training", static=True),
        Seat("p.orders", "petrov", "lunch"),
        Seat("p.orders", "sokolov"),
        Seat("p.vip", "sokolov", "break"),
        Seat("p.vip", "ivanova", ""),
    ),
    waiting={"p.vip": 3},
)


def judged(changes=CHANGES, live=LIVE, **more) -> Plan:
    """Return a plan as it is made: with what it does to who is live."""
    plan = Plan("n1", "abc", "def", changes, **more)
    situation = Situation(changes, live, NodeState.of([]), {}, {})
    return replace(plan, impacts=judge(situation, "22", reloads=plan.reloads, queues=plan.reloads_queues))


def test_an_empty_plan_is_one_line():
    """Nothing to change is said with the release."""
    assert explain(Plan("n1", "abc", "abc", ())) == "node n1: nothing to change (release abc)"


def test_a_plan_in_full():
    """Cut-off applies and edits come first, then every object once, with its changes, effects and dangers, in the plan's
    order; then whom a reload touches beside, and what apply refuses.
    """
    plan = judged(edited=("kept.conf",), cut_off="the apply of x was cut off")
    assert explain(plan).splitlines() == [
        "node n1: release abc -> def",
        "  ! the apply of x was cut off; apply loads the whole release again",
        "  ! kept.conf was edited by hand",
        "  ~ file extensions.conf",
        "      digest: 1 -> 2",
        "      effect: calls that are up stay; what they do next follows the new file (hot)",
        "  ~ queue orders of p",
        "      maxlen: 1 -> 2",
        "      timeout: nothing -> 2 (not observable)",
        "      effect: waiting callers, log-ins and pauses stay (hot; 2 logged in, 1 paused (lunch))",
        "  - queue vip of p",
        "      effect: it is gone, with whoever is logged in to it (hot; 3 waiting, 2 logged in, 2 paused (break))",
        "      ! strands waiting callers, 3 waiting: who waits stays inside, invisible, until the time-out; no agent is "
        "offered them any more",
        "      ! drops log-ins, 2 logged in, 2 paused (break): log-ins in it are gone, with their pauses",
        "  ~ members of orders of p",
        "      ivanova: nothing -> 0",
        "      petrov: 0 -> nothing",
        "      effect: a logged-in agent serves one queue more, paused there too if paused now (hot)",
        "      effect: a logged-in agent serves one queue less; a call that is up stays (hot)",
        "      ! drops log-ins, 1 logged in, 1 paused (petrov, lunch): it is the last queue: the agent is logged out",
        "  ~ dialplan cct-entry (the switch runs something else than its files say)",
        "      78,1: nothing -> NoOp()",
        "      effect: a reload puts it back; calls that are up stay (hot)",
        "  ! queue legacy: wipes pause reasons, 1 logged in, 1 paused (training): a reload of app_queue makes members of "
        "files anew: they stay paused, without the reason",
        "  ! apply refuses this without --accept drops-log-ins --accept strands-waiting-callers --accept "
        "wipes-pause-reasons",
        "  ! or with --when-idle it waits until nobody is touched, with --drain it lets no new call into what is to go meanwhile",
    ]


def test_a_plan_for_a_merge_request():
    """The same as a table: dangers are bold, names write no markup."""
    changes = (CHANGES[3], Change("disk", "trunk", "p.*pbx*|x", "transport", "udp", "tls"))
    assert markdown(judged(changes, Live(waiting={"p.vip": 1}))).splitlines() == [
        "### n1: release abc → def",
        "",
        "- **apply refuses this without --accept strands-waiting-callers**",
        "- **or with --when-idle it waits until nobody is touched, with --drain it lets no new call into what is to go meanwhile**",
        "",
        "| what | change | does |",
        "|---|---|---|",
        "| - queue vip of p |  | it is gone, with whoever is logged in to it \\(hot; 1 waiting\\)<br>**strands waiting callers, "
        "1 waiting: who waits stays inside, invisible, until the time-out; no agent is offered them any more** |",
        "| \\~ trunk p.\\*pbx\\*\\|x | transport: udp -&gt; tls | calls that are up stay as they are; the next call uses it "
        "\\(hot\\) |",
    ]
    assert markdown(Plan("n1", "abc", "abc", ())) == "### n1: nothing to change"


def test_shadows_that_are_as_their_queue_are_not_told():
    """Somebody loaded another strategy: of a queue and its shadows the queue is told, and a shadow that differs from it."""
    names = ("p.orders", "p.orders--test", "p.orders--test2")
    alike = [Change("memory", "queue", name, "strategy", "ringall", "linear") for name in names]
    odd = Change("memory", "queue", "p.orders--test3", "strategy", "random", "linear")
    found = [line for line in explain(judged((*alike, odd))).splitlines() if line.startswith("  ~")]
    told = " (the switch runs something else than its files say)"
    assert found == [f"  ~ queue orders of p{told}", f"  ~ queue orders--test of p{told}"]


def test_a_trunk_is_told_in_the_specs_words():
    """A client's PBX is named as in the spec, with what the change does to calls."""
    changes = (Change("disk", "trunk", "p.client-pbx", "transport", "udp", "tls"),)
    assert explain(judged(changes, Live())).splitlines()[1:] == [
        "  ~ trunk client-pbx of p",
        "      transport: udp -> tls",
        "      effect: calls that are up stay as they are; the next call uses it (hot)",
    ]


def test_phones_that_come_together_are_one_line():
    """A roster of hundreds is not told phone by phone."""
    changes = tuple(
        Change("disk", "sip", f"{who} {kind}", "type", None, kind, "add") for who in "ab" for kind in ("aor", "auth")
    )
    assert explain(judged(changes, Live())).splitlines()[1:] == ["  + sip a, b", "      effect: no call is touched"]


def test_a_long_list_is_cut_and_says_so():
    """Twenty changes of an object are shown and the rest is counted."""
    changes = tuple(Change("memory", "dialplan", "cct-x", f"s,{n:02}", None, "NoOp()") for n in range(25))
    assert "      … and 5 more" in explain(judged(changes)).splitlines()


def test_what_is_accepted_is_refused_no_more():
    """Classes are accepted by name, log-ins of drained queues by the queue; nothing else is."""
    impacts = judged().impacts
    assert {one.class_ for one in dangers(impacts)} == {Class.strands, Class.drops, Class.wipes}
    drained = Accepted(frozenset({Class.strands, Class.wipes}), frozenset({"p.vip"}))
    assert [(one.kind, one.class_) for one in dangers(impacts, drained)] == [("member", Class.drops)]
    assert dangers(impacts, Accepted(frozenset(Class))) == ()


def test_a_wait_is_not_offered_for_a_restart():
    """No wait makes a restart unnecessary."""
    plan = judged((Change("disk", "queue", "p.orders", "strategy", "rrmemory", "linear"),))
    assert list(refused(plan)) == ["apply refuses this without --accept needs-restart --accept wipes-pause-reasons"]


def test_counts_in_words():
    """Zeros are left out, one call is a call."""
    one = Impact("disk", "project", "p", Class.hot, "", "", {"calls up": 1, "waiting": 0})
    assert one.counted == "1 call up"
    assert replace(one, live={"calls up": 2}).counted == "2 calls up"
    assert replace(one, live={}).counted == ""


def test_a_drain_is_offered_only_where_it_helps():
    """A queue that stays takes new callers in all the while: when its keys change, or its agents lose it, nobody but
    --when-idle waits for those; and each command names its own options.
    """
    keys = Impact("disk", "queue", "p.orders", Class.strands, "queue-keys-waiting", "says", {"waiting": 1})
    plan = Plan("n1", "a", "b", (Change("disk", "queue", "p.orders", "context", "1", "2"),), impacts=(keys,))
    assert list(refused(plan, verb="rollback")) == [
        "rollback refuses this without --accept strands-waiting-callers",
        "or with --when-idle it waits until nobody is touched",
    ]
    assert "--when-idle; nothing" in str(Dangerous(plan, plan.impacts, "apply"))
    going = replace(plan, changes=(Change("disk", "queue", "p.orders", "context", "1", None, "remove"),))
    assert "with --drain" in list(refused(going))[1]
    assert "--when-idle, --drain; nothing" in str(Dangerous(going, plan.impacts, "apply"))
