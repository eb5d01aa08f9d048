"""A floor of agents in plain queues, as app_queue has them: each thing done is an event and a line, or neither."""

from dataclasses import dataclass, field

from tests.unit.capture.made_calls import EPOCH, SECOND, Moment, event, line

NAMES = {"PJSIP/201": "Anna", "PJSIP/202": "PJSIP/202", "SIP/203": "Boris"}
"""Interface -> the member's name; of the second none was given."""


@dataclass
class Floor:
    """What happens there. `named`: queues.conf has log_membername_as_agent = yes."""

    named: bool = False
    at: int = EPOCH
    moments: list[Moment] = field(default_factory=list)
    seats: dict[tuple[str, str], tuple[int, str | None, int]] = field(default_factory=dict)
    """(queue, interface) -> logged in since, why paused, since when."""

    def adds(self, queue: str, interface: str, *, paused: str | None = None) -> None:
        if (queue, interface) not in self.seats:
            self.seats[queue, interface] = (self.at, paused, self.at if paused is not None else 0)
            self._says("QueueMemberAdded", queue, interface, "ADDMEMBER", "PAUSED" if paused is not None else "")

    def removes(self, queue: str, interface: str) -> None:
        if (queue, interface) in self.seats:
            self._says("QueueMemberRemoved", queue, interface, "REMOVEMEMBER", "")
            del self.seats[queue, interface]

    def pauses(self, queue: str, interface: str, reason: str | None) -> None:
        """Pause in a queue, "" for all, or end that: `reason` None. app_queue tells it again of who is paused already."""
        for where, who in sorted(self.seats):
            if who == interface and queue in ("", where):
                since = self.seats[where, who][0]
                self.seats[where, who] = (since, reason, self.at if reason is not None else 0)
                self._says("QueueMemberPause", where, who, "UNPAUSE" if reason is None else "PAUSE", reason or "")
                self.at += 90

    def _says(self, name: str, queue: str, interface: str, logged: str, data: str) -> None:
        named = self.named or logged not in ("ADDMEMBER", "REMOVEMEMBER")
        told = line(self.at, "NONE", queue, NAMES[interface] if named else interface, logged, data)
        self.moments.append(Moment(self.at, event(name, self.at, **self._member(queue, interface, "MemberName")), told))

    def _member(self, queue: str, interface: str, name: str) -> dict[str, object]:
        since, reason, paused = self.seats[queue, interface]
        where = "Interface" if name == "MemberName" else "Location"
        return {
            "Queue": queue, name: NAMES[interface], where: interface, "Membership": "dynamic",
            "LastPause": paused // SECOND, "LoginTime": since // SECOND, "InCall": 0, "Status": 1,
            "Paused": int(reason is not None), "PausedReason": reason or "", "Wrapuptime": 0,
        }  # fmt: skip

    def listing(self) -> bytes:
        """Return what the switch answers when it is asked now: its clock, and its members."""
        pong = f"Response: Success\r\nPing: Pong\r\nTimestamp: {self.at // SECOND}.{self.at % SECOND:06}\r\n\r\n"
        members = (event("QueueMember", 0, **self._member(*seat, "Name")) for seat in self.seats)
        rows = b"".join(one.replace(b"Timestamp: 0.000000\r\n", b"") for one in members)
        return pong.encode() + rows + b"Event: QueueStatusComplete\r\n\r\n"
