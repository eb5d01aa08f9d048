"""Who is live, as QueueStatus and Status of Asterisk 22 show it."""

from cctoolkit.ami.messages import Message
from cctoolkit.node.live_facts import read_live
from cctoolkit.plan.live import Call, Live, Seat
from tests.unit.node.test_node_facts import event, member


def channel(name, unique, place, linked="", said=("(null)",) * 4, **more):
    """Return an event of Status; `said` are CCT_CALL, CCT_PROJECT, CCT_GENERATION and CCT_STEP."""
    headers = {
        "Channel": name,
        "Uniqueid": unique,
        "Linkedid": linked or unique,
        "Context": place[0],
        "Exten": place[1],
    }
    names = ("CCT_CALL", "CCT_PROJECT", "CCT_GENERATION", "CCT_STEP")
    variables = (f"Variable: {name}={value}" for name, value in zip(names, said, strict=True))
    return Message.of("Event: Status", *(f"{name}: {value}" for name, value in {**headers, **more}.items()), *variables)


def test_members_of_all_queues_but_shadows():
    """A pause without a reason is one; a file's member is told from one who logged in; a phone that is gone cannot ring."""
    found = read_live(
        [
            member("p.q", "PJSIP/ivanova", Paused="1", PausedReason="lunch", Membership="dynamic", Status="1"),
            member("p.q", "PJSIP/petrov", Paused="1", PausedReason="", Membership="dynamic", Status="5"),
            member("legacy", "Local/7@x/n", Membership="static", Status="4"),
            member("p.q--test", "Local/answers@cct-shadow/n", Membership="dynamic", Status="1"),
        ],
        [],
    )
    assert found.seats == (
        Seat("legacy", "Local/7@x/n", None, static=True, rings=False),
        Seat("p.q", "ivanova", "lunch"),
        Seat("p.q", "petrov", "", rings=False),
    )


def test_callers_are_counted_where_any_waits():
    """By queue, twins left out; foreign queues too."""
    params = [
        event("QueueParams", Queue=q, Calls=n, Strategy="random")
        for q, n in (("p.a", 2), ("p.b", 0), ("p.a--test", 1), ("sales", 4))
    ]
    assert read_live(params, []) == Live(waiting={"p.a": 2, "sales": 4}, strategies={"p.a": "random", "p.b": "random"})


CALL = ("n1-7.1", "p", "0123abcd", "orders")


def test_the_channels_of_a_call_are_one():
    """Caller and agent together, where the caller is; who talks does not come back, but with `c`."""
    agent = channel("PJSIP/ivanova-00000002", "n1-7.2", ("cct-agent", "s"), "n1-7.1", CALL, BridgeID="b")
    place, queue = ("cct-p-0123abcd-orders", "s"), {"Application": "Queue", "BridgeID": "b"}
    caller = channel("PJSIP/carrier-00000001", "n1-7.1", place, "", CALL, Data="p.orders,,,,60", **queue)
    goes_on = channel("PJSIP/carrier-00000001", "n1-7.1", place, "", CALL, Data="p.orders,c,,,60", **queue)
    assert read_live([], [agent, caller]).calls == (
        Call("n1-7.1", "p", "0123abcd", "orders", "", False, (("cct-agent", "s"), place), ("carrier", "ivanova")),
    )
    assert read_live([], [goes_on, agent]).calls[0].comes_back


def test_who_waits_is_known_by_the_channel():
    """The queue is app_queue's, not the step's."""
    caller = channel("PJSIP/carrier-00000001", "n1-7.1", ("cct-p-0123abcd-orders", "s"), "", CALL)
    entry = event("QueueEntry", Queue="p.orders", Uniqueid="n1-7.1", Position="1")
    (call,) = read_live([entry], [caller]).calls
    assert (call.waits_in, call.comes_back) == ("p.orders", True)


def test_an_agents_own_call_and_the_timer_of_a_wrap_up_are_no_calls_of_a_project():
    """A timer carries the call it belongs to, which is over; a feature code has none."""
    timer = channel("Local/s@cct-timer-1;2", "n1-8.1", ("cct-timer", "s"), "", CALL)
    dials = channel("PJSIP/petrov-00000009", "n1-9.1", ("cct-login", "petrov"))
    assert [(call.id, call.project, call.places) for call in read_live([], [timer, dials]).calls] == [
        ("", "", (("cct-login", "petrov"),)),
        ("", "", (("cct-timer", "s"),)),
    ]
