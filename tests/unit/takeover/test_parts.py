"""Queues, agents, trunks, mailboxes and the node, each from the files that have them."""

import pytest

from cctoolkit.takeover.specs import Taken, take
from cctoolkit.takeover.wanted import Wanted
from tests.unit.takeover.switches import TODAY, Files, flow, left, taken

GENERAL = "[general]\nautofill = yes\n"
IN = "[in]\nexten => +74957772030,1,Hangup()\n"


def queue(options: str = "", name: str = "sales") -> dict:
    """Return a queue's data."""
    (found,) = taken(IN, queues=f"{GENERAL}[{name}]\nringinuse = no\n{options}").projects["line"]["queues"].values()
    return found


def notes(options: str) -> list[str]:
    """Return what is left over of a queue."""
    return left(taken(IN, queues=f"{GENERAL}[sales]\nringinuse = no\n{options}"))


def test_a_queue_without_options_is_what_asterisk_makes_of_it():
    """app_queue's defaults are written where a spec's are others; what a spec leaves out is left out."""
    assert queue() == {
        "strategy": "ringall",
        "timeout": "15s",
        "retry": "5s",
        "joinempty": True,
        "leavewhenempty": False,
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("strategy = LeastRecent", {"strategy": "leastrecent"}),
        ("servicelevel = 60", {"service_level": {"within": "60s"}}),
        ("timeout = 20\nretry = 1", {"timeout": "20s", "retry": "1s"}),
        ("maxlen = 0\nweight = 7", {"weight": 7}),
        ("musicclass = sales-1", {"musicclass": "sales-1"}),
        ("music = default", {}),
        ("joinempty = unavailable,invalid", {"joinempty": False}),
        ("leavewhenempty = unavailable,invalid", {"leavewhenempty": True}),
        ("announce-frequency = 30", {"announce-frequency": "30s", "announce-position": True}),
        ("announce-frequency = 30\nannounce-position = no", {"announce-frequency": "30s", "announce-position": False}),
        ("announce-frequency = 5\nmin-announce-frequency = 5", {"announce-frequency": "5s", "announce-position": True}),
        ("announce-frequency = 5", {"announce-frequency": "15s", "announce-position": True}),
        ("announce-frequency = 0\nannounce-holdtime = no\nqueue-youarenext = x", {}),
        ("periodic-announce-frequency = 60", {"periodic-announce": ["queue-periodic-announce"], "periodic-announce-frequency": "60s"}),
        ("periodic-announce = a,b\nperiodic-announce-frequency = 60", {"periodic-announce": ["a", "b"], "periodic-announce-frequency": "60s"}),
        ("autopause = no\nmemberdelay = 0\ntimeoutpriority = app\nmonitor-format =", {}),
    ],
)  # fmt: skip
def test_queue_options(options, expected):
    """Each option a spec has words for is said in them, and nothing is left over."""
    assert queue(options) == queue() | expected
    assert notes(options) == []


@pytest.mark.parametrize(
    "options",
    ["strategy = best", "timeout = 0", "retry = never", "maxlen = many", "musicclass = My Music", "joinempty = strict", "leavewhenempty = yes",
     "autopause = all", "announce = beep", "defaultrule = myrule", "membermacro = x", "unheard-of = 1", "reportholdtime = yes",
     "min-announce-frequency = 60\nannounce-frequency = 60"],
)  # fmt: skip
def test_queue_options_that_are_left_over(options):
    """What a spec has no words for, or only others, is noted at its line."""
    assert notes(options) == [f"queues.conf:5: queue sales: {options.partition(' ')[0]}"]


def test_names_of_queues():
    """A queue's name becomes one of a spec's, and is never taken twice."""
    found = taken(IN, queues=GENERAL + "".join(f"[{name}]\n" for name in ("400", "Sales Team", "sales_team", "Отдел")))
    assert list(found.projects["line"]["queues"]) == ["queue-400", "sales-team", "sales-team-2", "queue"]


def test_members_are_agents():
    """Interface, penalty and name of static members, of the dialplan's log-ins and of agents.conf."""
    found = taken(
        IN + "[codes]\nexten => *1,1,AddQueueMember(sales,PJSIP/dora,2,,Dora)\n same => n,ExecIf($[1]?AddQueueMember(help,PJSIP/dora,2,,Dora))\n same => n,AddQueueMember(sales,PJSIP/${WHO})\n",
        queues=GENERAL + "[sales]\nmember => PJSIP/anna,0,Anna Lind\nmember => Local/201@from-queue/n,3,Bo Ek,hint:201@ext-local\nmember => Agent/1001\n[help]\nmember => SIP/anna,5\n",
        agents="[1001]\nfullname = Carl Falk\n",
    )  # fmt: skip
    assert found.projects["line"]["agents"] == [
        {"agent": "anna", "queues": ["sales", "help"]},
        {"agent": "agent-201", "queues": ["sales"], "penalty": 3},
        {"agent": "agent-1001", "queues": ["sales"]},
        {"agent": "dora", "queues": ["sales", "help"], "penalty": 2},
    ]
    assert [(one["agent"], one["name"], one["secret"]) for one in found.site["roster"]] == [
        ("anna", "Anna Lind", "env:PHONE_ANNA"), ("agent-201", "Bo Ek", "env:PHONE_AGENT_201"),
        ("agent-1001", "Carl Falk", "env:PHONE_AGENT_1001"), ("dora", "Dora", "env:PHONE_DORA"),
    ]  # fmt: skip
    assert "queues.conf:4: agent anna: a penalty for each queue" in left(found)


def test_an_unknown_member_is_noted():
    """A member without an interface a phone can have is nobody."""
    assert "queues.conf:4: a member of queue sales" in left(
        taken(IN, queues=GENERAL + "[sales]\nmember => ,0,Nobody\n")
    )


REGISTERED = """
[me]
type = registration
server_uri = sip:sip.example.net
client_uri = sip:4957@sip.example.net
outbound_auth = me
contact_user = 74957772030
expiration = 900
[me]
type = endpoint
context = in
aors = me
outbound_auth = me
allow = !all,alaw,g722
from_domain = sip.example.net
from_user = 4957
send_pai = yes
dtmf_mode = inband
[me]
type = aor
contact = sip:sip.example.net:5070
qualify_frequency = 30
[me]
type = auth
username = 4957
password = sesame
[me]
type = identify
endpoint = me
match = sip.example.net, 198.51.100.0/24, 10.0.0.0/8
"""
TRUNK = {
    "id": "me", "address": "sip.example.net", "port": 5070, "codecs": ["alaw", "g722"], "dtmf_mode": "inband",
    "auth": {"user": "4957", "secret": "env:TRUNK_ME"}, "register": {"expiry": "900s", "contact_user": "74957772030"},
    "from_user": "4957", "from_domain": "sip.example.net", "send_pai": True, "qualify": "30s", "match": ["198.51.100.0/24"],
}  # fmt: skip


def take_with(pjsip: str, **more: str) -> Taken:
    """Import a switch with such a pjsip.conf."""
    wanted = Wanted(projects={"line": ()}, site="site", country="RU", today=TODAY, language="en", time_zone="UTC")
    return take(Files(extensions=IN, pjsip=pjsip, **more), wanted)


def test_a_trunk_of_pjsip():
    """Endpoint, aor, auth, identify and registration are one trunk; its password is a reference, a network too wide is noted."""
    found = take_with(REGISTERED)
    assert found.site["trunks"] == [TRUNK]
    assert "sesame" not in repr(found)
    assert "trunk me: match" in [one.what for one in found.left]


def test_a_trunk_of_the_wizard():
    """pjsip_wizard.conf says the same in one section."""
    found = take_with("", pjsip_wizard="[me]\ntype = wizard\nremote_hosts = sip.example.net:5070\nsends_registrations = yes\nsends_auth = yes\n"
                      "outbound_auth/username = 4957\noutbound_auth/password = sesame\nendpoint/context = in\nendpoint/allow = alaw\n")  # fmt: skip
    (trunk,) = found.site["trunks"]
    assert (trunk["address"], trunk["port"], trunk["auth"], trunk["register"]) == (
        "sip.example.net",
        5070,
        TRUNK["auth"],
        {"expiry": "10m"},
    )
    assert [number["number"] for number in found.projects["line"]["numbers"]] == ["+74957772030"]


def test_a_trunk_of_chan_sip():
    """A peer of sip.conf with a host, and its register line; a peer without one is a phone."""
    found = take_with("", sip="[general]\ncontext = in\nregister => 4957:sesame@sip.example.net/74957772030\n[me]\ntype = peer\nhost = sip.example.net\nsecret = sesame\nallow = alaw\n"
                      "[200]\ntype = friend\nhost = dynamic\nsecret = sesame2\n")  # fmt: skip
    (trunk,) = found.site["trunks"]
    assert (trunk["auth"]["user"], trunk["register"]["contact_user"], trunk["codecs"]) == (
        "4957",
        "74957772030",
        ["alaw"],
    )
    assert "sesame" not in repr(found)


def test_a_trunk_over_tls_needs_a_transport_a_spec_can_name():
    """One that has it is written with it; another is left out and noted, and not written as udp."""
    tls = REGISTERED.replace("contact = sip:sip.example.net:5070", "contact = sip:sip.example.net:5071\\;transport=tls")
    assert take_with(tls).site.get("trunks", []) == []
    transport = "[tls]\ntype = transport\nprotocol = tls\nbind = 10.1.1.1:5061\nverify_server = yes\n"
    found = take_with(transport + tls)
    assert (found.site["trunks"][0]["transport"], found.site["trunks"][0]["verify_server"]) == ("tls", True)
    assert found.site["nodes"][0]["transports"] == {"tls": {"protocol": "tls", "verify_server": True}}
    assert found.site["nodes"][0]["address"] == "10.1.1.1"


def test_mailboxes():
    """Length, sender and addresses; a message that is mailed is no longer than a relay takes."""
    voicemail = "[general]\nmaxsecs = 900\nminsecs = 3\nmaxsilence = 7\nserveremail = pbx@centre.example\n[sales]\n7 => 1234,Sales,sales@centre.example\n8 => 1234,No mail\n"
    text = "[in]\nexten => +74957772030,1,VoiceMail({}@sales,s)\n"
    steps = flow(text.format(7), voicemail=voicemail)
    assert steps["voicemail-7"] == {
        "type": "voicemail", "shortest": "3s", "longest": "420s", "silence": "7s", "mail": ["sales@centre.example"], "next": {"done": "end"},
    }  # fmt: skip
    assert flow(text.format(8), voicemail=voicemail)["voicemail-8"]["longest"] == "900s"
    assert taken(text.format(7), voicemail=voicemail).site["mail"]["from"] == "pbx@centre.example"
    assert "extensions.conf:2: VoiceMail" in left(taken(text.format(9), voicemail=voicemail))
