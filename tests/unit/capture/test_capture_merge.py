"""Lines of queue_log find the events they tell of, as a long night on Asterisk 22.10.1 showed them: seconds since 1,000,000 here."""

from cctoolkit.capture.merge import SECOND, Heard, merge
from cctoolkit.capture.said import Said
from cctoolkit.cdr.records import Edge

BASE = 1_000_000 * SECOND


def event(epoch, kind, at, name="", detail="", rang=0.0):
    return Heard(Said(kind, Edge(BASE + round(at * SECOND)), name, detail, round(rang * SECOND)), epoch)


def line(kind, at, name="", detail="", rang=0.0):
    return Said(kind, Edge(BASE + at * SECOND, "queue_log"), name, detail, round(rang * SECOND))


def order(heard, log, born=-1):
    """Return what was said in order, the source of each as a letter."""
    return [
        f"{one.said.kind} {one.said.name} {one.said.at.source[0]}".replace("  ", " ") for one in merge(heard, log, born)
    ]


def test_events_whose_lines_are_all_there_are_not_told_twice():
    """A call whose entry only the log knows: its later events are their lines, though pairing them costs some milliseconds."""
    heard = [
        event(36, "step", 68.257, "topic"),
        event(36, "out", 69.004, "topic", "key-2"),
        event(37, "complete", 74.667, "vasiliev"),
    ]
    log = [
        line("step", 67, "hours"),
        line("step", 68, "topic"),
        line("out", 68, "topic", "key-2"),
        line("complete", 74, "vasiliev"),
        line("end", 75),
    ]
    assert order(heard, log) == ["step hours q", "step topic a", "out topic a", "complete vasiliev a", "end q"]


def test_an_event_of_the_logs_last_second_is_its_line():
    """The line was written in the second before its event, by the kernel's coarser clock."""
    heard = [
        event(28, "join", 68.012, "vip"),
        event(29, "out", 74.0039, "dealers", "answered"),
        event(29, "connect", 74.0049, "kuznetsova"),
    ]
    log = [
        line("join", 68, "vip"),
        line("out", 73, "dealers", "answered"),
        line("connect", 74, "kuznetsova"),
        line("complete", 74, "kuznetsova"),
    ]
    assert order(heard, log, born=28) == [
        "join vip a",
        "out dealers a",
        "connect kuznetsova a",
        "complete kuznetsova q",
    ]


def test_a_phone_that_was_busy_in_the_gap_rings_after_it():
    """The ringing that events tell of to its end is not the one whose end stands in the same second of the log."""
    heard = [
        event(5, "offer", 21.299, "fedorov"),
        event(5, "out", 22.0937, "dealers", "answered"),
        event(5, "connect", 22.0948, "fedorov"),
    ]
    log = [
        line("join", 20, "vip"),
        line("missed", 21, "fedorov"),
        line("out", 22, "dealers", "answered"),
        line("connect", 22, "fedorov", rang=0.8),
    ]
    assert order(heard, log) == [
        "join vip q", "missed fedorov q", "offer fedorov a", "out dealers a", "connect fedorov a",
    ]  # fmt: skip


def test_a_caller_who_leaves_while_it_rings():
    """The phone falls silent, and the line says that the call was cancelled: it is one ringing."""
    heard = [event(5, "offer", 9.311, "anna"), event(5, "silenced", 9.417, "anna"), event(5, "left", 9.418, "vip")]
    log = [line("join", 6, "vip"), line("cancelled", 9, "anna", rang=0.105), line("left", 9, "vip"), line("end", 9)]
    found = order(heard, log)
    assert found.index("offer anna a") < found.index("cancelled anna q")


def test_a_phone_rings_again_after_it_was_missed():
    """A line that says a phone had stopped was written before that phone rang anew, the ringing it tells of fell into the gap."""
    heard = [event(42, "offer", 32.0389, "popova")]
    log = [line("join", 30, "orders"), line("missed", 31, "popova"), line("connect", 32, "popova")]
    assert order(heard, log) == ["join orders q", "missed popova q", "offer popova a", "connect popova q"]


def test_lines_keep_their_order():
    """Who gave up while a phone rang has left the queue after it rang, though no event tells of that."""
    heard = [event(12, "join", 94.742, "orders"), event(13, "offer", 99.08, "ivanova")]
    log = [
        line("join", 94, "orders"),
        line("cancelled", 99, "ivanova", rang=0.822),
        line("left", 99, "orders", "abandoned"),
    ]
    assert order(heard, log) == ["join orders a", "offer ivanova a", "cancelled ivanova q", "left orders q"]


def test_all_events_of_the_logs_last_second_are_its_lines():
    """All lines of the log's end were written in the second before their events, and stand for them, not beside them."""
    heard = [
        event(11, "left", 73.001, "vip", "abandoned"),
        event(11, "out", 73.0013, "dealers", "queue-timeout"),
        event(11, "step", 73.0014, "overflow"),
        event(11, "out", 73.0017, "overflow", "queue-no-agents"),
    ]
    log = [
        line("step", 68, "dealers"),
        line("left", 72, "vip", "timeout"),
        line("out", 72, "dealers", "queue-timeout"),
        line("step", 72, "overflow"),
        line("out", 72, "overflow", "queue-no-agents"),
    ]
    assert order(heard, log) == ["step dealers q", "left vip a", "out dealers a", "step overflow a", "out overflow a"]


def test_what_a_queue_and_the_dialplan_say_at_one_moment_may_stand_in_either_order():
    """The talk's end was heard after the step's, and its line was written before: each is told once all the same."""
    heard = [
        event(1, "join", 46.048, "support"),
        event(2, "out", 51.0119, "support", "continued"),
        event(2, "complete", 51.012, "vasiliev", "agent"),
        event(2, "step", 51.0121, "goodbye"),
        event(2, "out", 51.933, "goodbye", "done"),
        event(2, "end", 51.935, "end", "16"),
    ]
    log = [
        line("join", 46, "support"),
        line("connect", 48, "vasiliev"),
        line("complete", 51, "vasiliev", "agent"),
        line("out", 51, "support", "continued"),
        line("step", 51, "goodbye"),
        line("out", 51, "goodbye", "done"),
        line("end", 51, "end", "16"),
    ]
    assert order(heard, log, born=1) == [
        "join support a", "connect vasiliev q", "out support a", "complete vasiliev a", "step goodbye a", "out goodbye a",
        "end end a", "end end q",
    ]  # fmt: skip


def test_a_line_of_the_gap_that_follows_two_in_either_order():
    """What the events and the log have in different orders both came before what was lost with the gap."""
    heard = [
        event(1, "join", 46.048, "support"),
        event(2, "out", 51.0119, "support", "continued"),
        event(2, "complete", 51.012, "vasiliev", "agent"),
        event(3, "end", 58.2, "goodbye", "16"),
    ]
    log = [
        line("join", 46, "support"),
        line("complete", 51, "vasiliev", "agent"),
        line("out", 51, "support", "continued"),
        line("step", 51, "goodbye"),
        line("end", 58, "goodbye", "16"),
    ]
    assert order(heard, log, born=1) == [
        "join support a", "out support a", "complete vasiliev a", "step goodbye q", "end goodbye a", "end goodbye q",
    ]  # fmt: skip


def test_what_the_queue_says_of_two_phones_keeps_its_order():
    """A phone that did not answer in the gap did so before another one did, which was heard; then it did again."""
    heard = [event(2, "missed", 21.9, "anna"), event(2, "missed", 22.0, "boris")]
    log = [line("missed", 21, "boris"), line("missed", 21, "anna"), line("missed", 22, "boris")]
    assert order(heard, log) == ["missed boris q", "missed anna a", "missed boris a"]


def test_what_the_dialplan_says_goes_past_what_the_queue_says_of_the_same_moment():
    """The agent's talk ends, and the call goes on to its next step before the queue's word of the end comes: the lines of
    what then fell into a gap are told all the same.
    """
    heard = [
        event(1, "join", 34.1, "orders"),
        event(1, "connect", 34.6, "vasiliev"),
        event(1, "out", 37.6818, "orders", "queue-continued"),
        event(1, "step", 37.68185, "goodbye"),
        event(1, "complete", 37.6819, "vasiliev"),
    ]
    log = [
        line("join", 34, "orders"),
        line("connect", 34, "vasiliev"),
        line("complete", 37, "vasiliev"),
        line("out", 37, "orders", "queue-continued"),
        line("step", 37, "goodbye"),
        line("out", 38, "goodbye", "done"),
        line("end", 38),
    ]
    assert order(heard, log, born=1)[2:] == [
        "out orders a", "step goodbye a", "complete vasiliev a", "out goodbye q", "end q",
    ]  # fmt: skip
