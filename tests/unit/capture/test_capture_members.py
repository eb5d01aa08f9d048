"""Agents of plain queues: the same states from events, from queue_log and from both, each agent under one name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.capture import agents, deeds
from cctoolkit.capture.agents import AgentStates
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.following import select
from cctoolkit.capture.history import History
from cctoolkit.capture.importing import Imported, import_log, log_in_order
from cctoolkit.capture.lines import parse
from cctoolkit.capture.snapshot import State, decoded, encoded
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import Edge
from cctoolkit.cdr.store import Store
from tests.unit.capture.made_calls import EPOCH, SECOND, Call, event, line
from tests.unit.capture.plain_floor import NAMES, Floor
from tests.unit.capture.test_capture_gaps import Watched, events, lines, same_states, whole
from tests.unit.capture.test_capture_seats import COMPLETE, PONG, Heard

QUEUES = ("sales", "support")
FOREVER = EPOCH + 10**12 * SECOND


def done(things, *, named=False):
    """Return a floor on which things were done, (seconds before it, what, queue, whom, reason), and after each how many
    moments there are and what a listing says.
    """
    floor = Floor(named)
    for who in NAMES:
        # Whom nothing ever named a log alone cannot name.
        floor.adds("door", who)
        floor.removes("door", who)
    floor.at += 9 * SECOND
    asked = [(len(floor.moments), floor.listing())]
    for after, what, queue, who, reason in things:
        floor.at += round(after * SECOND)
        if what == "adds":
            # For what reason somebody is added paused no line says.
            floor.adds(queue, who, paused=reason and "")
        elif what == "removes":
            floor.removes(queue, who)
        else:
            floor.pauses("" if what == "pauses all" else queue, who, reason)
        floor.at += 1000
        asked.append((len(floor.moments), floor.listing()))
    return floor, asked


THINGS = st.lists(
    st.tuples(
        st.sampled_from([1.2, 2.6, 9.0]),
        st.sampled_from(["adds", "adds", "removes", "pauses", "pauses all"]),
        st.sampled_from(QUEUES),
        st.sampled_from(sorted(NAMES)),
        st.sampled_from([None, None, "lunch", "tea"]),
    ),
    min_size=1,
    max_size=14,
)


def told(states):
    """Return states in seconds after EPOCH, by agent and start."""
    rows = [(s.agent, s.state, s.reason, s.start.at, s.end and s.end.at) for s in states]
    shown = [(*row[:3], *((at - EPOCH) / SECOND if at else None for at in row[3:])) for row in rows]
    return sorted(shown, key=lambda row: (row[0], row[3], row[1]))


@settings(max_examples=150, deadline=None)
@given(THINGS, st.booleans(), st.data())
def test_a_gap_of_the_events(things, named, data):
    """Whatever stretch of the events is missing, lines and listing tell the same states, whether the log has names or
    interfaces; and lines read again, and a listing twice, change nothing.
    """
    floor, asked = done(things, named=named)
    moments = floor.moments
    (begin, _), (end, listing) = (asked[i] for i in sorted(data.draw(st.tuples(*[st.integers(0, len(things))] * 2))))
    found, expected = Watched(), whole(moments)
    found.take(events(moments[:begin]))
    for _ in range(2):
        found.take(b"")
        since = found.feeder.since
        found.take(BACKFILL + select(lines(moments[:end]), since, only_live=False).encode())
        found.take(listing)
    found.take(events(moments[end:]))
    same_states(expected, found)


@settings(max_examples=60, deadline=None)
@given(THINGS, st.booleans(), st.data())
def test_a_restart_at_any_message(things, named, data):
    """Written down and read back after every message, in gaps too: the same is told, byte by byte, and known."""
    floor, asked = done(things, named=named)
    count, listing = data.draw(st.sampled_from(asked))
    pieces = [moment.event for moment in floor.moments]
    log = BACKFILL + lines(floor.moments[:count]).encode()
    steady, shaken = Feeder(Tracker("n1")), Feeder(Tracker("n1"))
    for piece in [
        b"",
        log,
        listing,
        *pieces[:count],
        b"",
        pieces[count] if pieces[count:] else b"",
        log,
        listing,
        *pieces[count:],
    ]:
        steady.take(piece, FOREVER)
        shaken.take(piece, FOREVER)
        shaken = decoded(encoded(State(7, 9, shaken))).feeder
        assert shaken.tracker.take() == steady.tracker.take()
    assert shaken == steady
    assert encoded(State(7, 9, shaken)) == encoded(State(7, 9, decoded(encoded(State(7, 9, steady))).feeder))


@settings(max_examples=60, deadline=None)
@given(THINGS, st.booleans())
def test_an_import_adds_nothing(tmp_path_factory, things, named):
    """What events told, an import of the same log does not tell again, nor under another name; alone it tells the same,
    as far as a log can know it.
    """
    folder = tmp_path_factory.mktemp("log")
    floor, _ = done(things, named=named)
    feeder = Feeder(Tracker("n1"))
    feeder.take(events(floor.moments))
    (folder / "queue_log").write_text(lines(floor.moments))
    expected = feeder.tracker.take()[1]
    with Store.open(folder / "calls.sqlite") as heard, Store.open(folder / "other.sqlite") as alone:
        heard.put_states(expected)
        before = list(heard.states())
        assert imported(folder, heard, feeder.tracker.names).kept_states == 0
        assert list(heard.states()) == before
        imported(folder, alone, feeder.tracker.names)
        found = list(alone.states())
    for one, others in ((one, found) for one in before):
        assert any(alike(one, other) for other in others) or short(one), (one, others)
    for one, others in ((one, before) for one in found):
        assert any(alike(one, other) for other in others) or short(one), (one, others)


def imported(folder, store, names):
    """Import the folder's log, knowing what events told of names."""
    result = Imported()
    history = History("n1", FOREVER, result.odd, names)
    import_log(log_in_order([folder / "queue_log"], None, result.odd), history, store, result, lambda _text: None)
    assert result.odd == {}
    return result


def alike(one, other):
    def near(edge, twin):
        return edge is twin if None in (edge, twin) else abs(edge.at - twin.at) <= 1_050_000

    return (one.agent, one.state, one.reason) == (other.agent, other.state, other.reason) and (
        near(one.start, other.start) and near(one.end, other.end)
    )


def short(state):
    """Say whether a log, which has whole seconds, may tell of it otherwise: two in one second are one there."""
    return state.end is not None and state.end.at - state.start.at <= 2 * SECOND


def member(name, queue, at, **more):
    """Return an event of a member as Asterisk 22 sends it."""
    said = {
        "Queue": queue,
        "MemberName": name,
        "Interface": f"PJSIP/{name.lower()}",
        "Membership": "dynamic",
        "Paused": 0,
    }
    return event(f"QueueMember{more.pop('what', 'Status')}", EPOCH + round(at * SECOND), **said | more)


@pytest.fixture
def heard():
    return Heard()


def states(heard):
    return told(heard.tracker.take()[1])


def last(heard):
    """Return the last version of each state."""
    return list({(row[0], row[1], row[2], row[3]): row for row in states(heard)}.values())


def test_one_agent_of_several_queues(heard):
    """Logged in from the first queue to the last; paused as long as in any of them, for the newest reason that holds."""
    for at, what, queue, more in (
        (1, "Added", "sales", {}), (2, "Added", "support", {}),
        (3, "Pause", "sales", {"Paused": 1, "PausedReason": "lunch"}),
        (4, "Pause", "support", {"Paused": 1, "PausedReason": "tea"}), (5, "Pause", "support", {}),
        (6, "Removed", "sales", {}), (9, "Removed", "support", {}),
    ):  # fmt: skip
        heard.take(member("Anna", queue, at, what=what, **more))
    assert last(heard) == [
        ("Anna", "logged_in", "", 1, 9), ("Anna", "paused", "lunch", 3, 4), ("Anna", "paused", "tea", 4, 5),
        ("Anna", "paused", "lunch", 5, 6),
    ]  # fmt: skip


def test_an_agent_of_a_project_and_of_a_plain_queue(heard):
    """Their time is the site's: one log-in, from the first queue of either kind to the last; a project's queues pause and
    unpause all together. Who is in a plain queue by queues.conf alone is no longer logged in than in the project.
    """
    project = "northwind.orders"
    heard.take(member("ivanova", "sales", 1, Membership="static", LoginTime=EPOCH // SECOND))
    heard.take(member("ivanova", project, 5, what="Added"))
    for at, paused in ((6, 1), (8, 0)):
        for queue in (project, "sales"):
            heard.take(
                member("ivanova", queue, at, what="Pause", Paused=paused, PausedReason="lunch" if paused else "")
            )
    heard.take(member("ivanova", project, 9, what="Removed"))
    heard.take(member("ivanova", "sales", 10, Membership="static", LoginTime=EPOCH // SECOND))
    heard.take(member("ivanova", project, 20, what="Added")).take(member("ivanova", project, 30, what="Removed"))
    heard.take(member("petrov", project, 12, what="Added")).take(member("petrov", "sales", 13, what="Added"))
    heard.take(member("petrov", project, 14, what="Removed")).take(member("petrov", "sales", 15, what="Removed"))
    assert last(heard) == [
        ("ivanova", "logged_in", "", 0, 9), ("ivanova", "paused", "lunch", 6, 8), ("ivanova", "logged_in", "", 20, 30),
        ("petrov", "logged_in", "", 12, 15),
    ]  # fmt: skip


def test_members_of_queues_conf(heard):
    """They never log in: they are there since the switch read its file, until it lists them no more. A reload makes them
    anew, wipes a pause's reason, and is no log-in.
    """
    static = {"Membership": "static", "LoginTime": EPOCH // SECOND, "LastPause": 0, "Status": 1}
    heard.take(member("Anna", "sales", 5, **static)).take(member("Anna", "sales", 6, **static))
    heard.take(member("Anna", "sales", 7, what="Pause", **static | {"Paused": 1, "PausedReason": "lunch"}))
    again = {"Membership": "static", "LoginTime": EPOCH // SECOND + 20, "LastPause": 0}
    listed = [f"{key}: {value}\r\n" for key, value in (again | {"Paused": 1, "PausedReason": ""}).items()]
    there = f"Event: QueueMember\r\nQueue: sales\r\nName: Anna\r\nLocation: PJSIP/anna\r\n{''.join(listed)}\r\n"
    heard.take(PONG.format(at=f"{EPOCH // SECOND + 30}.5") + there + COMPLETE)
    assert last(heard) == [("Anna", "logged_in", "", 0, None), ("Anna", "paused", "lunch", 7, None)]
    heard.take(PONG.format(at=f"{EPOCH // SECOND + 40}.5") + COMPLETE)
    assert last(heard) == [("Anna", "logged_in", "", 0, 40.5), ("Anna", "paused", "lunch", 7, 40.5)]
    # What was on its way when they went is no news; a member of before whom no listing told is there since the event.
    heard.take(member("Anna", "sales", 40, **static)).take(member("Boris", "sales", 41, Paused=1, PausedReason="tea"))
    assert last(heard) == [("Boris", "logged_in", "", 41, None), ("Boris", "paused", "tea", 41, None)]


@pytest.mark.parametrize("device", ["Location: Agent/7", "Location: Local/7@agents/n\r\nStateInterface: Agent:7"])
def test_agents_of_agent_login(heard, device):
    """AgentLogin logs in whom a queue has as Agent/7, or since Asterisk 12 by the state of Agent:7, under the queue's name
    for them; the file alone does not.
    """
    listed = f"Event: QueueMember\r\nQueue: sales\r\nName: Zoe\r\n{device}\r\nMembership: static\r\nPaused: 0\r\n"
    heard.take(PONG.format(at=f"{EPOCH // SECOND}.5") + f"{listed}Status: 5\r\n\r\n" + COMPLETE)
    heard.take(event("AgentLogin", EPOCH + SECOND, Agent=7)).take(event("AgentLogoff", EPOCH + 3 * SECOND, Agent=7))
    heard.tracker.backfill(
        f"{EPOCH // SECOND + 1}|1.1|NONE|7|AGENTLOGIN|x\n{EPOCH // SECOND + 3}|1.1|NONE|7|AGENTLOGOFF|x|2\n"
    )
    heard.tracker.backfill(f"{EPOCH // SECOND + 9}|1.2|NONE|Agent/7|AGENTLOGIN|x\n")
    heard.take(PONG.format(at=f"{EPOCH // SECOND + 20}.5") + f"{listed}Status: 1\r\n\r\n" + COMPLETE)
    assert last(heard) == [("Zoe", "logged_in", "", 1, 3), ("Zoe", "logged_in", "", 9, None)]
    heard.take(PONG.format(at=f"{EPOCH // SECOND + 30}.5") + f"{listed}Status: 5\r\n\r\n" + COMPLETE)
    assert last(heard) == [("Zoe", "logged_in", "", 9, 30.5)]
    heard.take(event("Agentlogin", EPOCH + 40 * SECOND, Agent=8)).take(
        PONG.format(at=f"{EPOCH // SECOND + 50}.5") + COMPLETE
    )
    assert last(heard) == [("Agent/8", "logged_in", "", 40, None)]


def test_events_of_asterisk_11(heard):
    """The interface is a location, a pause has another event and another header for its reason."""
    old = {"Queue": "sales", "Location": "SIP/101", "Membership": "dynamic"}
    heard.take(event("QueueMemberAdded", EPOCH, MemberName="Anna", **old, Paused=0))
    heard.take(event("QueueMemberPaused", EPOCH + SECOND, MemberName="Anna", **old, Paused=1, Reason="lunch"))
    heard.take(event("QueueMemberPaused", EPOCH + 2 * SECOND, MemberName="Anna", **old, Paused=0))
    heard.take(event("QueueMemberRemoved", EPOCH + 3 * SECOND, MemberName="Anna", **old))
    heard.tracker.backfill("".join(line(EPOCH + at * SECOND, "x", "sales", *rest) + "\n" for at, *rest in (
        (0, "SIP/101", "ADDMEMBER", ""), (1, "Anna", "PAUSE", "lunch"), (2, "Anna", "UNPAUSE", ""), (3, "SIP/101", "REMOVEMEMBER", ""),
    )))  # fmt: skip
    assert last(heard) == [("Anna", "logged_in", "", 0, 3), ("Anna", "paused", "lunch", 1, 2)]


def test_a_members_own_wrapuptime(heard):
    """After a call of a plain queue the switch keeps a member from the next one, to its second; of a project's queue, and
    of the queue's own option, which no event has, nothing is told. What a line tells of the same time stays.
    """
    complete = {"Reason": "agent", "Uniqueid": "x"}
    for queue, own in (("sales", 5), ("northwind.orders", 5), ("support", 0)):
        heard.take(member("Anna", queue, 0, what="Added", Wrapuptime=own))
        heard.take(event("AgentComplete", EPOCH + 1_300_000, Queue=queue, MemberName="Anna", **complete))
    found = [row for row in last(heard) if row[1] == "wrap-up"]
    assert found == [("Anna", "wrap-up", "wrapuptime", 1.3, 6)]


def test_a_switch_that_begins_anew(heard):
    """Without persistentmembers it forgets who was logged in, of which no line is written: who is listed no more, or is
    added again, has been logged out by then; who is listed still goes on.
    """
    began = line(EPOCH + 10 * SECOND, "NONE", "NONE", "NONE", "QUEUESTART", "") + "\n"
    for name in ("Anna", "Boris"):
        heard.take(member(name, "sales", 0, what="Added"))
    heard.take(member("Anna", "sales", 5, what="Pause", Paused=1, PausedReason="lunch"))
    heard.tracker.gap()
    heard.tracker.backfill(began)
    there = f"Event: QueueMember\r\nQueue: sales\r\nName: Boris\r\nMembership: dynamic\r\nLoginTime: {EPOCH // SECOND + 10}\r\n\r\n"
    heard.take(PONG.format(at=f"{EPOCH // SECOND + 14}.5") + there + COMPLETE)
    assert last(heard) == [
        ("Anna", "logged_in", "", 0, 10), ("Anna", "paused", "lunch", 5, 10), ("Boris", "logged_in", "", 0, None),
    ]  # fmt: skip
    log = [
        (0, "ADDMEMBER", ""),
        (5, "PAUSE", "lunch"),
        (20, "ADDMEMBER", ""),
        (25, "PAUSE", "tea"),
        (30, "REMOVEMEMBER", ""),
    ]
    rows = [line(EPOCH + at * SECOND, "x", "sales", "Anna", *rest) + "\n" for at, *rest in log]
    alone = History("n1", FOREVER, Imported().odd)
    alone.take(list(parse("".join([*rows[:2], began, *rows[2:]]))))
    assert told(alone.states()) == [
        ("Anna", "logged_in", "", 0, 10), ("Anna", "paused", "lunch", 5, 10), ("Anna", "logged_in", "", 20, 30),
        ("Anna", "paused", "tea", 25, 30),
    ]  # fmt: skip


def test_a_call_without_a_record(heard):
    """Whom an agent of a plain queue takes who waited before anything was captured, or is a project's call, is in no
    record's legs: the agent is in a call.
    """
    heard.take(member("Anna", "sales", 0, what="Added"))
    heard.take(b"".join(moment.event for moment in Call("n1-1.1", EPOCH).enter().menu().moments))
    for number, channel in enumerate(("9.9", "n1-1.1")):
        said = {"Queue": "sales", "MemberName": "Anna", "Uniqueid": channel, "DestUniqueid": "8.8", "Reason": "agent"}
        heard.take(event("AgentConnect", EPOCH + (10 * number + 3) * SECOND, **said))
        heard.take(event("AgentComplete", EPOCH + (10 * number + 5) * SECOND, **said))
    assert last(heard)[1:] == [("Anna", "in_call", "", 3, 5), ("Anna", "in_call", "", 13, 15)]


def test_nobody_is_told_under_two_names():
    """Somebody who was added by an interface before anything was heard waits for the listing that names them; of who has
    gone since, the log's word is all there is.
    """
    feeder = Feeder(Tracker("n1"))
    log = [
        (0, "PJSIP/201", "ADDMEMBER"),
        (1, "PJSIP/202", "ADDMEMBER"),
        (2, "SIP/209", "ADDMEMBER"),
        (3, "SIP/209", "REMOVEMEMBER"),
    ]
    feeder.take(b"")
    feeder.take(
        BACKFILL + "".join(line(EPOCH + at * SECOND, "x", "sales", *rest, "") + "\n" for at, *rest in log).encode()
    )
    assert feeder.tracker.take()[1] == []
    floor = Floor()
    floor.adds("sales", "PJSIP/201")
    floor.adds("sales", "PJSIP/202")
    floor.at += 9 * SECOND
    feeder.take(floor.listing())
    assert told(feeder.tracker.take()[1])[:3] == [
        ("Anna", "logged_in", "", 0, None), ("PJSIP/202", "logged_in", "", 1, None), ("SIP/209", "logged_in", "", 2, None),
    ]  # fmt: skip


def _logged(states):
    return [(s.agent, s.start.at // SECOND, s.end and s.end.at // SECOND) for s in states if s.state == "logged_in"]


def test_whom_agent_login_has_is_out_when_the_switch_begins_anew():
    """No list says so: a line of the new beginning does, when the list comes."""
    states = AgentStates("n1")
    states.heard("Agent/7", "NONE", "joined", Edge(0))
    states.logged(list(parse("100|NONE|NONE|NONE|QUEUESTART|\n")))
    states.listed({}, Edge(105 * SECOND), ())
    states.heard("Agent/7", "NONE", "joined", Edge(500 * SECOND))
    states.heard("Agent/7", "NONE", "left", Edge(600 * SECOND))
    assert {one for one in _logged(states.take()) if one[2]} == {("Agent/7", 0, 100), ("Agent/7", 500, 600)}


@pytest.mark.parametrize("again", [False, True])
def test_a_member_whom_agent_login_has_when_the_switch_begins_anew(heard, again):
    """Their member stays in queues.conf, and they are out since the new beginning: until the listing when it has them as
    unavailable, and until they log in before it, which an event alone may tell.
    """
    listed = "Event: QueueMember\r\nQueue: sales\r\nName: Zoe\r\nLocation: Local/7@agents/n\r\n"
    listed += "StateInterface: Agent:7\r\nMembership: static\r\nPaused: 0\r\n"
    heard.take(PONG.format(at=f"{EPOCH // SECOND}.5") + f"{listed}Status: 5\r\n\r\n" + COMPLETE)
    heard.take(event("AgentLogin", EPOCH + SECOND, Agent=7))
    heard.take(member("Zoe", "sales", 5, what="Pause", Paused=1, PausedReason="tea", StateInterface="Agent:7"))
    heard.tracker.gap()
    heard.tracker.backfill(line(EPOCH + 10 * SECOND, "NONE", "NONE", "NONE", "QUEUESTART", "") + "\n")
    heard.take(event("AgentLogin", EPOCH + 9 * SECOND, Agent=7))  # Of before it: two gaps, and lines for both.
    if again:
        heard.take(event("AgentLogin", EPOCH + 13 * SECOND, Agent=7))
    status = f"Status: {1 if again else 5}\r\n\r\n"
    heard.take(PONG.format(at=f"{EPOCH // SECOND + 14}.5") + f"{listed}{status}" + COMPLETE)
    before = [("Zoe", "logged_in", "", 1, 10), ("Zoe", "paused", "tea", 5, 10)]
    assert last(heard) == [*before, *[("Zoe", "logged_in", "", 13, None)] * again]


def test_lines_of_who_is_known_do_not_wait_for_who_is_not():
    """An interface nobody has named waits for the listing; another agent's lines come before their events of later."""
    states = AgentStates("n1")
    states.heard("Xena", "sales", "joined", Edge(0))
    lines = ["50|x|sales|PJSIP/9|ADDMEMBER|", "60|x|sales|Xena|REMOVEMEMBER|", "70|x|sales|Xena|ADDMEMBER|"]
    states.logged(list(parse("\n".join(lines) + "\n")))
    states.heard("Xena", "sales", "left", Edge(90 * SECOND))
    assert {one for one in _logged(states.take()) if one[2]} == {("Xena", 0, 60), ("Xena", 70, 90)}


@pytest.mark.parametrize("first", ["line", "event"])
def test_a_pause_for_another_reason_is_another_one(first):
    """An agent who goes to lunch out of a wrap-up is at lunch, though one of both was told by a line alone, a second away."""
    states = AgentStates("n1")
    states.heard("Anna", "sales", "joined", Edge(40 * SECOND))
    if first == "event":
        states.heard("Anna", "sales", "paused", Edge(50 * SECOND), "wrap-up")
        states.logged(list(parse("51|NONE|sales|Anna|PAUSE|lunch\n")))
    else:
        states.logged(list(parse("50|NONE|sales|Anna|PAUSE|wrap-up\n")))
        states.heard("Anna", "sales", "paused", Edge(51 * SECOND), "lunch")
    states.heard("Anna", "sales", "unpaused", Edge(60 * SECOND))
    states.logged(list(parse("60|NONE|sales|Anna|UNPAUSE|\n")))
    found = {(s.state, s.start.at // SECOND): s.end and s.end.at // SECOND for s in states.take()}
    assert found == {("logged_in", 40): None, ("wrap-up", 50): 51, ("paused", 51): 60}


def test_lines_of_a_gap_are_of_no_later_events():
    """One wrap-up of half a second lay in a gap, the next one is heard a second later: what is heard then is another one's,
    also its end, which the line of the first one's end is near to.
    """
    states = AgentStates("n1")
    states.heard("Anna", "sales", "joined", Edge(40 * SECOND))
    states.logged(list(parse("50|NONE|sales|Anna|PAUSE|wrap-up\n51|NONE|sales|Anna|UNPAUSE|\n")))
    for at, what, reason in ((51.5, "paused", "wrap-up"), (52.05, "unpaused", ""), (60, "paused", "wrap-up")):
        states.heard("Anna", "sales", what, Edge(round(at * SECOND)), reason)
    states.logged(list(parse("60|NONE|sales|Anna|PAUSE|wrap-up\n61|NONE|sales|Anna|UNPAUSE|\n")))
    states.heard("Anna", "sales", "paused", Edge(round(62.3 * SECOND)), "wrap-up")
    states.heard("Anna", "sales", "unpaused", Edge(63 * SECOND))
    found = {(s.state, s.start.at / SECOND): s.end and s.end.at / SECOND for s in states.take()}
    assert found == {
        ("logged_in", 40): None, ("wrap-up", 50): 51, ("wrap-up", 51.5): 52.05, ("wrap-up", 60): 61, ("wrap-up", 62.3): 63,
    }  # fmt: skip


def test_the_line_of_a_pause_with_a_bar_in_its_reason():
    """The line's reason ends there: it is the same pause."""
    states = AgentStates("n1")
    states.heard("Anna", "sales", "joined", Edge(40 * SECOND))
    states.heard("Anna", "sales", "paused", Edge(51 * SECOND), "lunch|late")
    states.logged(list(parse("51|NONE|sales|Anna|PAUSE|lunch|late\n")))
    assert [(s.state, s.reason, s.start.at // SECOND) for s in states.take()] == [
        ("logged_in", "", 40), ("paused", "lunch|late", 51),
    ]  # fmt: skip


def test_agents_are_bounded(monkeypatch):
    """Names, interfaces and lines without end are let go, the oldest first, and counted."""
    monkeypatch.setattr(agents, "MOST", 20)
    monkeypatch.setattr(agents, "MOST_UNNAMED", 20)
    monkeypatch.setattr(deeds, "MOST_NAMES", 20)
    heard = Heard()
    for number in range(100):
        heard.take(member(f"A{number}", f"q{number}", number, what="Added", Wrapuptime=9))
        heard.tracker.backfill(line(EPOCH, "x", "sales", f"SIP/{number}", "ADDMEMBER", "") + "\n")
    known = heard.tracker._agents
    assert len(known._agents) == len(known._unnamed) == known.names._count == 20
    assert heard.tracker.odd["many_agents"] == 80 + 80
    heard.take(member("x" * 81, "sales", 1, what="Added"))
    assert len(list(parse(line(EPOCH, "x", "sales", "y" * 81, "PAUSE", "")))) == 1
    heard.tracker.backfill(line(EPOCH, "x", "sales", "y" * 81, "PAUSE", "") + "\n")
    assert max(map(len, known._agents)) < 81
