from typing import get_args

from cctoolkit.plan import explain as module
from cctoolkit.plan.changes import Action, Change, Plan
from cctoolkit.plan.explain import explain

KINDS = ("project", "queue", "queues", "number", "sip", "trunk", "messages", "member", "file")


def test_every_change_has_its_effect_on_calls():
    """No kind of change, whatever becomes of the object, is printed without what it does to live calls."""
    assert set(module._EFFECTS) == {(kind, action) for kind in KINDS for action in get_args(Action)}


def test_an_empty_plan_is_one_line():
    """Nothing to change is said with the release."""
    assert explain(Plan("n1", "abc", "abc", ())) == "node n1: nothing to change (release abc)"


def test_a_plan_in_full():
    """Cut-off applies and edits come first, then every object once, with its changes and effects, in the
    plan's order.
    """
    changes = (
        Change("disk", "file", "extensions.conf", "digest", "1", "2"),
        Change("disk", "queue", "p.orders", "maxlen", "1", "2"),
        Change("disk", "queue", "p.orders", "weight", None, "2"),
        Change("disk", "queue", "p.vip", "maxlen", "1", None, "remove"),
        Change("member", "member", "p.orders", "ivanova", None, "0", "add"),
        Change("member", "member", "p.orders", "petrov", "0", None, "remove"),
        Change("memory", "dialplan", "cct-entry", "78,1", None, "NoOp()"),
    )
    plan = Plan("n1", "abc", "def", changes, ("kept.conf",), {"p.vip": 3}, "the apply of x was cut off")
    assert explain(plan).splitlines() == [
        "node n1: release abc -> def",
        "  ! the apply of x was cut off; apply loads the whole release again",
        "  ! kept.conf was edited by hand",
        "  ~ file extensions.conf",
        "      digest: 1 -> 2",
        "      effect: calls that are up stay; what they do next follows the new file",
        "  ~ queue orders of p",
        "      maxlen: 1 -> 2",
        "      weight: nothing -> 2",
        "      effect: waiting callers, log-ins and pauses stay",
        "  - queue vip of p",
        "      effect: callers who wait in it would be stranded until their time-out; log-ins and pauses in it are lost",
        "      ! 3 wait in it now: close the line to it and let them be served first",
        "  ~ members of orders of p",
        "      ivanova: nothing -> 0",
        "      petrov: 0 -> nothing",
        "      effect: a logged-in agent serves one queue more; a pause that is on is carried into it",
        "      effect: a logged-in agent serves one queue less; a call that is up stays",
        "  ~ dialplan cct-entry (the switch runs something else than its files say)",
        "      78,1: nothing -> NoOp()",
        "      effect: a reload puts it back; calls that are up stay",
    ]


def test_a_trunk_is_told_in_the_specs_words():
    """A client's PBX is named as in the spec, with what the change does to calls."""
    changes = (Change("disk", "trunk", "p.client-pbx", "transport", "udp", "tls"),)
    assert explain(Plan("n1", "abc", "def", changes)).splitlines()[1:] == [
        "  ~ trunk client-pbx of p",
        "      transport: udp -> tls",
        "      effect: calls that are up stay as they are; the next call uses it",
    ]


def test_a_long_list_is_cut_and_says_so():
    """Twenty changes of an object are shown and the rest is counted."""
    changes = tuple(Change("memory", "dialplan", "cct-x", f"s,{n:02}", None, "NoOp()") for n in range(25))
    assert "      … and 5 more" in explain(Plan("n1", "a", "a", changes)).splitlines()
