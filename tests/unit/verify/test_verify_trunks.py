"""What verify says of trunks, case by case; that Asterisk says these things is pinned live."""

import pytest

from cctoolkit.ami.messages import Message
from cctoolkit.model.trunk import RegistersHere, Registration, SipTrunk, TrunkAuth
from cctoolkit.node.trunk_facts import RegistrationSeen, TrunkSeen, is_open, read_registrations, read_trunk
from cctoolkit.render.pjsip import Placed
from cctoolkit.state.settings import NodeState
from cctoolkit.verify.checks import Evidence
from cctoolkit.verify.checks.trunks import judge

TLS = SipTrunk(
    transport="tls",
    media_encryption="sdes",
    auth=TrunkAuth(user="centre", secret="env:P"),
    register=Registration(),
)
OUT = Placed("p.pbx", "cct-closed", "10.0.0.9", "tls", TLS)
HERE = Placed("p.pbx", "cct-closed", "", None, SipTrunk(), RegistersHere(secret="env:P"))


def good(status: str = "Registered", **more) -> TrunkSeen:
    about = {"contact": "Reachable", "answered_us": 1500, "protocol": "tls", "verifies": True}
    return TrunkSeen(True, RegistrationSeen("sip:10.0.0.9", status), **(about | more))


@pytest.mark.parametrize(
    ("wanted", "seen", "says"),
    [
        (OUT, good(), "registered, answers in 1.5 ms, tls with SRTP"),
        (OUT, TrunkSeen(), "is not there; next: plan, apply"),
        (OUT, good("Rejected"), "rejected: it does not let centre register"),
        (OUT, good("Unregistered"), "not registered: no good answer from sip:10.0.0.9"),
        (OUT, good(contact="Unreachable"), "unreachable: no answer from 10.0.0.9:5061 over tls"),
        (OUT, good(protocol=""), "the node has no tls transport tls"),
        (OUT, good(verifies=False), "the transport tls takes any certificate"),
        (HERE, TrunkSeen(True), "has not registered here; next: let it register as p.pbx"),
        (HERE, TrunkSeen(True, contact="Reachable"), "has registered here"),
    ],
)
def test_one_finding_a_trunk(wanted, seen, says):
    """Every state has its sentence; a bad one says what to do next."""
    nothing = NodeState.of([])
    (found,) = judge(Evidence(nothing, nothing, (), (), trunks=((wanted, seen),)))
    assert found.subject == "trunk pbx of p"
    assert says in found.text
    assert found.good == ("next:" not in found.text)


def event(name: str, **headers: str) -> Message:
    return Message.of(f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items()))


def test_no_password_is_read():
    """Both listings show accounts in the clear; nothing of them is kept."""
    account = event("AuthDetail", ObjectName="p.pbx", Password="hunter2", Username="centre")
    one = event("OutboundRegistrationDetail", ObjectName="p.pbx", ServerUri="sip:x", Status="Registered")
    registrations = read_registrations([one, account])
    seen = read_trunk([event("EndpointDetail", ObjectName="p.pbx"), account], registrations["p.pbx"])
    assert "hunter2" not in repr((registrations, seen))
    assert seen.there


def test_an_answer_on_its_way_is_waited_for():
    """A registration not yet answered and a first qualify are open; a refusal, or nobody who asks, is not."""
    assert is_open(good("Unregistered"), qualifies=False)
    assert is_open(good(contact="NonQualified"), qualifies=True)
    assert not is_open(good(contact="NonQualified"), qualifies=False)
    assert not is_open(good("Rejected", contact="Unreachable"), qualifies=True)
