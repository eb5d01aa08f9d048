"""Calls made by hand: what the switch would send to AMI and write into queue_log, moment by moment, on one clock.

The order and the headers are those of app_queue.c and of the recorded streams in tests/replay.
"""

from dataclasses import dataclass, field

SECOND = 1_000_000
EPOCH = 1_795_000_000 * SECOND
QUEUE = "northwind.orders"
OTHER = "northwind.second"


@dataclass
class Moment:
    """What happens at `at`: an event, a line, or both."""

    at: int
    event: bytes = b""
    line: str = ""


def event(name: str, at: int, **headers: object) -> bytes:
    rows = [f"Event: {name}", f"Timestamp: {at // SECOND}.{at % SECOND:06}"]
    rows += [f"{key}: {value}" for key, value in headers.items()]
    return ("\r\n".join(rows) + "\r\n\r\n").encode()


def mark_event(at: int, kind: str, call: str, step: str, detail: str, test: str = "", channel: str = "") -> bytes:
    return event(
        "UserEvent", at, Uniqueid=channel or call, UserEvent="CCT", Kind=kind, Call=call, Project="northwind",
        Generation="0a0b0c0d", Release="r1", Step=step, Detail=detail, Test=test,
    )  # fmt: skip


def line(at: int, call: str, queue: str, agent: str, name: str, *data: object) -> str:
    return "|".join([str(at // SECOND), call, queue, agent, name, *map(str, data)])


@dataclass
class Call:
    """A call that happens; each method moves its clock and adds moments."""

    call: str
    at: int
    agent: str = "ivanova"
    queue: str = QUEUE
    test: str = ""
    moments: list[Moment] = field(default_factory=list)
    rang: dict[str, int] = field(default_factory=dict)

    def _add(self, event: bytes = b"", line: str = "", after: float = 0.001) -> None:
        self.at += int(after * SECOND)
        self.moments.append(Moment(self.at, event, line))

    def mark(self, kind: str, step: str, detail: str = "", after: float = 0.001, channel: str = "") -> "Call":
        self.at += int(after * SECOND)
        said = line(
            self.at, self.call, "NONE", "NONE", f"CCT{kind.upper()}", "northwind", "0a0b0c0d", "r1", step, detail
        )
        self.moments.append(
            Moment(self.at, mark_event(self.at, kind, self.call, step, detail, self.test, channel), said)
        )
        return self

    def both(self, name: str, log: str, *data: object, agent: str = "", after: float = 0.001, **headers) -> "Call":
        """Say one thing of the queue in both sources; either name may be empty."""
        self.at += int(after * SECOND)
        sent, said = b"", ""
        if name:
            member = {"MemberName": agent} if agent else {}
            sent = event(name, self.at, Uniqueid=self.call, Queue=self.queue, **member, **headers)
        if log:
            said = line(self.at, self.call, self.queue, agent or "NONE", log, *data)
        self.moments.append(Moment(self.at, sent, said))
        return self

    def enter(self) -> "Call":
        return self.mark("entry", "78001002030", "+79160000001")

    def up(self) -> "Call":
        self._add(event("Newstate", self.at + 1000, Uniqueid=self.call, ChannelStateDesc="Up"))
        return self

    def menu(self) -> "Call":
        return self.mark("step", "subject", "menu").up().mark("ask", "subject", "1", after=0.02)

    def key(self, after: float = 0.7) -> "Call":
        return self.mark("out", "subject", "key-1", after=after)

    def into(self, step: str = "orders", queue: str = QUEUE) -> "Call":
        """Enter the queue step and join its queue."""
        self.queue = queue
        self.mark("step", step, f"queue:{queue.partition('.')[2]}")
        return self.both("QueueCallerJoin", "ENTERQUEUE", "", "+79160000001", 1)

    def rings(self, agent: str = "", after: float = 0.3) -> "Call":
        self.rang[agent or self.agent] = self.at + int(after * SECOND)
        return self.both("AgentCalled", "", agent=agent or self.agent, after=after)

    def missed(self, agent: str = "", after: float = 2.5) -> "Call":
        ring = (self.at + int(after * SECOND) - self.rang[agent or self.agent]) // 1000
        self.both("AgentRingNoAnswer", "RINGNOANSWER", ring, agent=agent or self.agent, after=after, RingTime=ring)
        return self.silenced(agent, 0.0001, logged=False, first="NOANSWER")

    def silenced(self, agent: str = "", after: float = 1.0, *, logged: bool = True, first: str = "CANCEL") -> "Call":
        """The phone stops ringing: the switch says so twice, of one that rang out NOANSWER `first`; queue_log only if
        the caller left.
        """
        agent = agent or self.agent
        for twice in range(2):
            self.at += 90 if twice else int(after * SECOND)
            born = self.rang[agent]
            sent = event(
                "DialEnd", self.at, Uniqueid=self.call, DestChannel=f"PJSIP/{agent}-00000001",
                DestUniqueid=f"n1-{born // SECOND}.{born % 1000}", DialStatus="CANCEL" if twice else first,
            )  # fmt: skip
            ring = (self.at - born) // 1000
            said = line(self.at, self.call, self.queue, agent, "RINGCANCELED", ring) if logged and not twice else ""
            self.moments.append(Moment(self.at, sent, said))
        return self

    def answers(self, after: float = 1.2, step: str = "orders") -> "Call":
        self.mark("out", step, "answered", after=after)
        rang = (self.at - self.rang[self.agent]) // SECOND
        return self.both("AgentConnect", "CONNECT", 1, "x.1", rang, agent=self.agent, RingTime=rang)

    def holds(self, after: float = 0.7) -> "Call":
        return self._on_channel("Hold", after)

    def unholds(self, after: float = 2.1) -> "Call":
        return self._on_channel("Unhold", after)

    def _on_channel(self, name: str, after: float) -> "Call":
        at = self.at + int(after * SECOND)
        own = {"Channel": f"PJSIP/{self.agent}-0000000c", "Uniqueid": "x.9", "Linkedid": self.call}
        self._add(event(name, at, **own), after=after)
        return self

    def talked(self, who: str = "agent", after: float = 4.3) -> "Call":
        return self.both("AgentComplete", f"COMPLETE{who.upper()}", 1, 4, 1, agent=self.agent, after=after, Reason=who)

    def ended(self, step: str = "orders", cause: int = 16, after: float = 0.001) -> "Call":
        self.mark("end", step, str(cause), after=after)
        self._add(event("Hangup", self.at + 1000, Uniqueid=self.call, Cause=cause))
        return self

    def pause(self, on: bool, reason: str = "", after: float = 0.001) -> "Call":
        self.at += int(after * SECOND)
        for queue in (QUEUE, OTHER):
            self.at += 40
            sent = event(
                "QueueMemberPause", self.at, Queue=queue, MemberName=self.agent, Paused=int(on), PausedReason=reason
            )
            said = line(self.at, "NONE", queue, self.agent, "PAUSE" if on else "UNPAUSE", reason)
            self.moments.append(Moment(self.at, sent, said))
        return self

    def wraps(self, seconds: float = 2.8) -> "Call":
        self.pause(on=True, reason="wrap-up").mark("wrapup", self.agent, channel="x.1")
        return self.pause(on=False, after=seconds).mark("ready", self.agent, channel="x.2")

    def member(self, name: str, after: float = 2.6) -> "Call":
        log = {"QueueMemberAdded": "ADDMEMBER", "QueueMemberRemoved": "REMOVEMEMBER"}[name]
        self.at += int(after * SECOND)
        for queue in (QUEUE, OTHER):
            self.at += 40
            sent = event(name, self.at, Queue=queue, MemberName=self.agent, Paused=0)
            self.moments.append(Moment(self.at, sent, line(self.at, "x.0", queue, self.agent, log, "")))
        return self


def answered(c: Call) -> Call:
    return c.enter().menu().key().into().rings().answers().talked().ended().wraps()


def answered_end_after_wrap(c: Call) -> Call:
    """The caller's channel ends only when the agent's wrap-up has begun: another thread was quicker."""
    c.enter().menu().key().into().rings().answers().talked("caller").pause(on=True, reason="wrap-up")
    return c.mark("wrapup", c.agent).ended().pause(on=False, after=2.7).mark("ready", c.agent)


def missed_then_answered(c: Call) -> Call:
    return c.enter().menu().key().into().rings().missed().rings(after=1.1).answers().talked().ended().wraps()


def ring_all(c: Call) -> Call:
    c.enter().menu().key().into().rings("petrov").rings(after=0.001).missed("petrov")
    return c.rings("petrov", after=1.2).silenced("petrov", logged=False).answers(0.001).talked().ended().wraps()


def gives_up(c: Call) -> Call:
    c.enter().menu().key().into().rings().silenced(after=1.7)
    return c.both("QueueCallerAbandon", "ABANDON", 1, 1, 2).both("QueueCallerLeave", "").ended()


def times_out(c: Call) -> Call:
    c.enter().menu().key().into().both("QueueCallerAbandon", "EXITWITHTIMEOUT", 1, 1, 3, after=3.1)
    c.mark("out", "orders", "queue-timeout").mark("step", "goodbye", "play").mark("out", "goodbye", "done", after=0.9)
    return c.mark("step", "end", "hangup").mark("out", "end", "hangup").ended("end")


def overflows(c: Call) -> Call:
    c.enter().menu().key().into().rings().missed().both("QueueCallerAbandon", "EXITWITHTIMEOUT", 1, 1, 3, after=0.4)
    c.mark("out", "orders", "queue-timeout").into("backup", OTHER).rings().answers(step="backup").talked()
    return c.ended("backup").wraps()


def twice_the_same_queue(c: Call) -> Call:
    """Queue, menu, the same queue, within seconds."""
    c.enter().menu().key().into().both("QueueCallerAbandon", "EXITWITHTIMEOUT", 1, 1, 2, after=2.1)
    c.mark("out", "orders", "queue-timeout").mark("step", "subject", "menu").mark("ask", "subject", "1").key(1.1)
    c.into().rings(after=0.1).silenced(after=0.6)
    return c.both("QueueCallerAbandon", "ABANDON", 1, 1, 1).ended()


def full(c: Call) -> Call:
    c.enter().menu().key().mark("step", "orders", "queue:orders").mark("out", "orders", "queue-full")
    return c.mark("step", "end", "hangup").mark("out", "end", "hangup").ended("end", 17)


def becomes_empty(c: Call) -> Call:
    c.enter().menu().key().into().both("QueueCallerAbandon", "EXITEMPTY", 1, 1, 2, after=2.2)
    c.mark("out", "orders", "queue-no-agents").mark("step", "end", "hangup").mark("out", "end", "hangup")
    return c.ended("end")


def timeout_then_full(c: Call) -> Call:
    """The second queue is never joined: its visit is not the first one's."""
    c.enter().menu().key().into().both("QueueCallerAbandon", "EXITWITHTIMEOUT", 1, 1, 1, after=1.0)
    c.mark("out", "orders", "queue-timeout").mark("step", "backup", "queue:second").mark("out", "backup", "queue-full")
    return c.mark("step", "end", "hangup").mark("out", "end", "hangup").ended("end")


def hangs_up_in_menu(c: Call) -> Call:
    return c.enter().menu().ended("subject", after=1.3)


def presses_key_in_queue(c: Call) -> Call:
    c.enter().menu().key().into().rings().silenced()
    c.both("QueueCallerLeave", "EXITWITHKEY", 1, 1, 1, 1).mark("out", "orders", "queue-key-1")
    return c.mark("step", "subject", "menu").ended("subject", after=0.5)


def comes_and_goes(c: Call) -> Call:
    """Another node passed its own call on; here a third one is asked, which is busy, and then the first one, which takes it."""
    c.enter().mark("continues", f"n9-{c.call}", "2").menu().key().mark("step", "on", "transfer:third")
    c.mark("passes", "on", "n3").mark("out", "on", "transfer-busy", after=0.4).mark("step", "back", "transfer:first")
    c.mark("passes", "back", "n9").mark("out", "back", "transferred", after=0.3)
    return c.ended("back", after=2.5)


def presses_key_and_hangs_up(c: Call) -> Call:
    """The queue has let the caller go, and no step says where to: the call is over before."""
    c.enter().menu().key().into().rings().silenced()
    return c.both("QueueCallerLeave", "EXITWITHKEY", 1, 1, 1, 1).ended()


STORIES = (
    answered, answered_end_after_wrap, missed_then_answered, ring_all, gives_up, times_out, overflows,
    twice_the_same_queue, full, becomes_empty, timeout_then_full, hangs_up_in_menu, presses_key_in_queue, comes_and_goes,
    presses_key_and_hangs_up,
)  # fmt: skip


def day(stories: list[tuple[int, int]]) -> list[Moment]:
    """Make calls of (story, start in milliseconds), each with an agent of its own who logs in before and out after."""
    moments = []
    for number, (story, start) in enumerate(stories):
        call = Call(f"n1-{number}.1", EPOCH + start * 1000 + number, agent=f"agent-{number}")
        call.member("QueueMemberAdded")
        STORIES[story](call)
        call.pause(on=True, reason="lunch", after=2.6).pause(on=False, after=3.3).member("QueueMemberRemoved")
        moments += call.moments
    return sorted(moments, key=lambda moment: moment.at)
