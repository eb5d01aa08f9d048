from cctoolkit.plan.changes import Change, Member, Plan, difference, membership, memory_difference
from cctoolkit.state.settings import NodeState, Setting


def state(*settings):
    return NodeState.of(Setting(*s) for s in settings)


def test_equal_states_have_no_difference():
    """Nothing differs from itself, whatever the order it was collected in."""
    one, two = ("queue", "p.q", "maxlen", "1"), ("file", "a", "digest", "x")
    assert difference("disk", state(one, two), state(two, one)) == []


def test_a_queue_that_gains_an_option_is_changed_and_not_added():
    """The action is the whole object's: callers may wait in a queue that only gets an announcement."""
    now = state(("queue", "p.q", "maxlen", "1"), ("queue", "p.old", "maxlen", "1"))
    wanted = state(("queue", "p.q", "maxlen", "1"), ("queue", "p.q", "weight", "2"), ("queue", "p.new", "maxlen", "1"))
    assert [(c.name, c.action) for c in difference("disk", now, wanted)] == [
        ("p.new", "add"),
        ("p.old", "remove"),
        ("p.q", "change"),
    ]


def test_a_files_digest_speaks_only_where_nothing_finer_does():
    """A changed queue explains queues.conf; a comment in it does not go unseen."""
    old = state(("file", "queues.conf", "digest", "1"), ("queue", "p.q", "maxlen", "1"))
    finer = state(("file", "queues.conf", "digest", "2"), ("queue", "p.q", "maxlen", "2"))
    assert [c.kind for c in difference("disk", old, finer)] == ["queue"]
    byte = state(("file", "queues.conf", "digest", "2"), ("queue", "p.q", "maxlen", "1"))
    assert [c.kind for c in difference("disk", old, byte)] == ["file"]


def test_an_unreadable_file_is_told_beside_what_changes_in_it():
    """That a file cannot be read is never hidden by finer changes."""
    old = state(("file", "queues.conf", "unreadable", "queues.conf:2:1"))
    new = state(("queue", "p.q", "maxlen", "2"))
    assert {c.option for c in difference("disk", old, new)} == {"unreadable", "maxlen"}


def test_phones_that_are_not_ours_are_left_out_and_those_that_were_must_go():
    """A phone of the node's own is nobody's business; one a release removes must be gone from memory."""
    memory = state(("endpoint", "foreign", "aors", "foreign"), ("endpoint", "petrov", "aors", "petrov"))
    assert memory_difference(memory, state()) == []
    before = state(("endpoint", "petrov", "aors", "petrov"))
    assert memory_difference(memory, state(), before) == [
        Change("memory", "endpoint", "petrov", "aors", "petrov", None, "remove")
    ]


def test_membership_touches_only_who_is_logged_in():
    """A logged-in agent gains, changes and loses queues; one who is in no queue stays out."""
    now = [Member("p.a", "ivanova", 0), Member("p.b", "ivanova", 0), Member("p.a", "foreign/x", 0)]
    allowed = [Member("p.a", "ivanova", 2), Member("p.c", "ivanova", 1), Member("p.a", "petrov", 0)]
    assert [(c.name, c.option, c.old, c.new, c.action) for c in membership(now, allowed)] == [
        ("p.a", "foreign/x", "0", None, "remove"),
        ("p.a", "ivanova", "0", "2", "change"),
        ("p.b", "ivanova", "0", None, "remove"),
        ("p.c", "ivanova", None, "1", "add"),
    ]


def test_a_queue_that_goes_takes_along_who_is_nowhere_else():
    """Such an agent is out, and gets no other queue; one who is elsewhere too does."""
    now = [Member("p.a", "ivanova", 0), Member("p.a", "petrov", 0), Member("p.b", "ivanova", 0)]
    allowed = [Member(queue, agent, 0) for queue in ("p.b", "p.new") for agent in ("ivanova", "petrov")]
    gains = [(c.name, c.option) for c in membership(now, allowed, {"p.a"}) if c.action == "add"]
    assert gains == [("p.new", "ivanova")]


def test_pauses_are_no_drift():
    """Whether an agent is paused changes nothing in a plan."""
    assert membership([Member("p.a", "ivanova", 0, "lunch")], [Member("p.a", "ivanova", 0)]) == []


def test_a_plan_is_empty_only_when_nothing_is_to_be_told():
    """An edit or a cut-off apply makes a plan that is performed even without a change."""
    assert Plan("n1", "a", "a", ()).empty
    assert not Plan("n1", "a", "a", (), ("kept.conf",)).empty
    assert not Plan("n1", "a", "a", (), cut_off="the apply of b was cut off").empty
