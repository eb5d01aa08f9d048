from cctoolkit.ami.messages import Message
from cctoolkit.node import facts
from cctoolkit.plan.changes import Member
from cctoolkit.state.settings import Setting


def event(name, **headers):
    return Message.of(f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items()))


def member(queue, location, **more):
    return event("QueueMember", Queue=queue, Location=location, **{"Penalty": "0", "Paused": "0", **more})


def test_the_dialplan_in_memory_with_labels_hints_and_includes():
    """Lines of ours read as they stand in files; an include or a hint somebody added at run time is seen."""
    found = facts.read_dialplan(
        [
            event("ListDialplan", Context="cct-x", Extension="s", Priority="2", ExtensionLabel="ask", Application="Set", AppData="a=b"),
            event("ListDialplan", Context="cct-x", Extension="7", Priority="hint", Application="PJSIP/x"),
            event("ListDialplan", Context="cct-x", IncludeContext="outbound"),
            event("ListDialplan", Context="default", Extension="s", Priority="1", Application="NoOp"),
        ]
    )  # fmt: skip
    assert list(found) == [
        Setting("dialplan", "cct-x", "s,2", "(ask)Set(a=b)"),
        Setting("dialplan", "cct-x", "7,hint", "PJSIP/x()"),
        Setting("dialplan", "cct-x", "include outbound", "yes"),
    ]


def test_queues_that_are_not_ours_are_left_out():
    """A queue without our prefix belongs to somebody else; of the canary only the digest counts."""
    params = {"Strategy": "linear", "Max": "3", "ServiceLevel": "20", "Weight": "0"}
    found = list(facts.read_queues([event("QueueParams", Queue=q, **params) for q in ("p.q", "sales", "cct-canary")]))
    assert {(s.name, s.option) for s in found} == {
        ("p.q", "strategy"), ("p.q", "maxlen"), ("p.q", "servicelevel"), ("p.q", "weight"), ("cct-canary", "servicelevel"),
    }  # fmt: skip


def test_members_are_known_by_their_interface():
    """An agent is its phone, whatever name somebody gave the member; shadow members are nobody; a pause
    keeps its reason.
    """
    found = facts.read_members(
        [
            member("p.q", "PJSIP/ivanova", Name="whatever", Penalty="2", Paused="1", PausedReason="lunch"),
            member("p.q", "Local/7@x/n", Name="Local/7@x/n"),
            member("p.q--test", "Local/answers@cct-shadow/n"),
            member("sales", "PJSIP/petrov"),
        ]
    )
    assert found == [Member("p.q", "ivanova", 2, "lunch"), Member("p.q", "Local/7@x/n", 0)]
    assert [facts.interface(m.agent) for m in found] == ["PJSIP/ivanova", "Local/7@x/n"]


def test_a_call_in_a_subroutine_still_holds_its_generation():
    """The generation is what the call carries; its context may be that of cct-mark at the moment of
    asking.
    """

    def status(context, project, generation):
        return Message.of(
            "Event: Status", f"Context: {context}",
            f"Variable: CCT_PROJECT={project}", f"Variable: CCT_GENERATION={generation}",
        )  # fmt: skip

    found = facts.generations_in_use(
        [
            status("cct-mark", "p", "0000000a"),
            status("cct-p-0000000b-menu", "(null)", "(null)"),
            status("default", "(null)", "(null)"),
        ]
    )
    assert found == {("p", "0000000a"), ("p", "0000000b")}
