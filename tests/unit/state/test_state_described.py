from cctoolkit.state.described import described, digest, observable

KEY = b"k" * 32
PJSIP = "[ivanova]\ntype = endpoint\nauth = ivanova\naors = ivanova\n[ivanova]\ntype = auth\npassword = hunter2\n"
QUEUES = (
    "[general](+)\nautofill = yes\n[p.q]\nstrategy = linear\nmaxlen = 3\nretry = 1\n"
    "[p.q--test]\nmaxlen = 1\n[cct-canary]\nservicelevel = 77\nstrategy = ringall\n"
)
ENTRY = (
    "[cct-entry]\nexten => 7800,1,Set(__CCT_RELEASE=0123456789)\n same => n,Goto(cct-p-00000001-menu-a,s,1)\n"
    "[cct-trunk]\nexten => 7800,1,Goto(cct-entry,7800,1)\n"
)


def keyed(state):
    return {(s.kind, s.name, s.option): s.value for s in state if s.option != "digest"}


def test_a_password_is_a_fingerprint():
    """No password, and no digest that could be tried against guesses without the node's key, is in a
    node's state.
    """
    state = described({"pjsip.conf": PJSIP}, KEY)
    assert "hunter2" not in repr(state)
    assert keyed(state)["sip", "ivanova auth", "password"].startswith("hmac:")
    assert digest(PJSIP, KEY) != digest(PJSIP, b"other")


def test_queues_numbers_and_projects_in_the_specs_words():
    """Shadow twins and the canary are ours alone; numbers say where they enter; files of generations name
    projects.
    """
    state = keyed(described({"queues.conf": QUEUES, "extensions.conf": ENTRY, "generations/p-00000001.conf": ""}, KEY))
    assert state == {
        ("queues", "general", "autofill"): "yes",
        ("queue", "p.q", "strategy"): "linear",
        ("queue", "p.q", "maxlen"): "3",
        ("queue", "p.q", "retry"): "1",
        ("number", "+7800", "enters"): "p: menu-a",
        ("project", "p", "generation"): "00000001",
    }


def test_the_releases_id_does_not_count():
    """The entry file differs from release to release in its id alone; that is no change."""
    assert digest(ENTRY, KEY) == digest(ENTRY.replace("0123456789", "abcdefabcd"), KEY)


def test_a_file_that_cannot_be_read_says_so():
    """An edit that Asterisk would skip is told with its place, and every other file is described."""
    state = keyed(described({"queues.conf": "[q]\nnonsense\n", "pjsip.conf": PJSIP}, KEY))
    assert state["file", "queues.conf", "unreadable"].startswith("queues.conf:2:1")
    assert ("sip", "ivanova endpoint", "aors") in state


def test_observable_is_what_the_switch_can_be_asked_for():
    """Of queues four options, of phones aors and auth, of the dialplan every line, and the canary."""
    state = keyed(observable({"queues.conf": QUEUES, "pjsip.conf": PJSIP, "extensions.conf": ENTRY, "kept.conf": "x"}))
    assert state["queue", "p.q", "maxlen"] == "3"
    assert ("queue", "p.q", "retry") not in state
    assert state["queue", "cct-canary", "servicelevel"] == "77"
    assert ("queue", "cct-canary", "strategy") not in state
    assert state["endpoint", "ivanova", "auth"] == "ivanova"
    assert state["dialplan", "cct-entry", "7800,2"] == "Goto(cct-p-00000001-menu-a,s,1)"
