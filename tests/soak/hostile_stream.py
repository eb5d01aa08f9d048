"""Streams no switch should send: recorded events and made ones, mutated and in any order, by a seed."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from cctoolkit.capture.feeder import BACKFILL

REPLAY = Path(__file__).parents[1] / "replay"
SECOND = 1_000_000
_END = b"\r\n\r\n"
_STORIES = 20
_NASTY = (
    b"", b"0", b"1", b"-1", b"2147483648", b"9" * 400, b"\xd0", b"\xff\xfe", b"\0", b"NaN", b"x" * 2000, b"<unknown>",
    b"Complete", b"Cancelled", b"CANCEL", b"Up", b"agent", b"caller", b"CCT", b"entry", b"step", b"out", b"end",
    b"wrapup", b"ready", "Агент".encode(), b"\xef\xbf\xbd", b"a: b", b"|", b"1.2.3", b"\xd9\xa1\xd9\xa2", b"1e999",
)  # fmt: skip
_NAMES = (
    b"Timestamp", b"Uniqueid", b"Linkedid", b"DestUniqueid", b"DestLinkedid", b"Channel", b"Queue", b"MemberName",
    b"Reason", b"Call", b"Kind", b"Step", b"Detail", b"Project", b"Paused", b"PausedReason", b"RingTime", b"Cause",
    b"ActionID", b"EventList", b"Event", b"Response", b"UserEvent", b"LoginTime", b"InCall", b"Name", b"Ping",
)  # fmt: skip
_EVENTS = (
    b"Hangup", b"Newchannel", b"QueueCallerJoin", b"AgentConnect", b"AgentComplete", b"QueueMember", b"CoreShowChannel",
    b"CoreShowChannelsComplete", b"QueueStatusComplete", b"UserEvent", b"QueueMemberPause", b"DialEnd", b"Hold", b"X",
)  # fmt: skip


def recorded() -> list[list[bytes]]:
    """Return the recorded streams, each in blocks without what ends them."""
    return [list(filter(None, path.read_bytes().split(_END))) for path in sorted(REPLAY.rglob("stream.ami"))]


class Hostile:
    """Makes chunks for a feeder; `blocks` counts the messages in them."""

    def __init__(self, seed: int) -> None:
        self.blocks = 0
        self._random = Random(seed)
        self._recorded = recorded()
        self._stories: list[Iterator[bytes]] = []
        self._now = 1_795_000_000 * SECOND
        self._fresh = 0

    def chunks(self, blocks: int) -> Iterator[bytes]:
        """Yield chunks with so many blocks, cut anywhere; now and then a gap, lines of queue_log, or a new banner."""
        rest = b""
        while self.blocks < blocks:
            size = self._random.choice((1, 3, 20, 200))
            rest += b"".join(self._block() + self._ending() for _ in range(size))
            self.blocks += size
            cut = self._random.randrange(len(rest) + 1)
            yield rest[:cut]
            rest = rest[cut:]
            odd = self._random.random()
            if odd < 0.01:
                yield b""
                yield BACKFILL + self._lines()
            elif odd < 0.015:
                yield self._random.choice((b"", BACKFILL + self._lines(), b"Asterisk Call Manager/11.0.0\r\n"))
        yield rest

    def _ending(self) -> bytes:
        return _END if self._random.random() < 0.98 else self._random.choice((b"\r\n", b"", b"\n\n", _END * 3))

    def _block(self) -> bytes:
        self._now += self._random.randrange(SECOND)
        if self._random.random() < 0.01:
            return b"Response: Success\r\nActionID: 1\r\nPing: Pong\r\n" + self._moved(b"Timestamp: ")
        rows = [self._moved(row) for row in self._next().split(b"\r\n")]
        for _ in range(self._random.choice((0, 0, 1, 1, 2, 5))):
            self._mutate(rows)
        data = b"\r\n".join(rows)
        return self._flipped(data) if self._random.random() < 0.05 else data

    def _next(self) -> bytes:
        """Return the next block of one of many stories that go on at once, each with ids of its own."""
        if len(self._stories) < _STORIES:
            self._fresh += 1
            story, ours = self._random.choice(self._recorded), b"n1-%d-" % self._fresh
            self._stories.append(block.replace(b"n1-", ours) for block in story)
        at = self._random.randrange(len(self._stories))
        found = next(self._stories[at], None)
        if found is None:
            del self._stories[at]
            return self._next()
        return found

    def _moved(self, row: bytes) -> bytes:
        if not row.startswith(b"Timestamp: "):
            return row
        return b"Timestamp: %d.%06d" % divmod(self._now, SECOND)

    def _mutate(self, rows: list[bytes]) -> None:
        at = self._random.randrange(len(rows)) if rows else 0
        match self._random.randrange(7):
            case 0:
                del rows[at : at + 1]
            case 1:
                rows[at:at] = rows[at : at + 1]
            case 2:
                self._random.shuffle(rows)
            case 3:
                rows.insert(at, self._random.choice(_NAMES) + b": " + self._value())
            case 4:
                rows[at : at + 1] = [rows[at].partition(b": ")[0] + b": " + self._value()] if rows else []
            case 5:
                rows[:1] = [b"Event: " + self._random.choice(_EVENTS)]
            case _:
                rows.append(self._random.choice(_NASTY))

    def _value(self) -> bytes:
        odd = self._random.random()
        if odd < 0.4:
            return self._random.choice(_NASTY)
        if odd < 0.7:
            return b"n1-%d.%d" % (1_795_000_000 + self._random.randrange(9), self._random.randrange(40))
        if odd < 0.9:
            self._fresh += 1
            return b"n1-1795000000.%d" % (1000 + self._fresh)
        return b"northwind-hotline.%b" % self._random.choice((b"orders", b"support", b"x", b""))

    def _flipped(self, data: bytes) -> bytes:
        if not data:
            return data
        at = self._random.randrange(len(data))
        return data[:at] + self._random.randbytes(self._random.randrange(4)) + data[at + self._random.randrange(4) :]

    def _lines(self) -> bytes:
        rows = []
        for _ in range(self._random.randrange(30)):
            event = self._random.choice((b"CCTENTRY", b"CCTSTEP", b"CCTOUT", b"ENTERQUEUE", b"CONNECT", b"ADDMEMBER", b"PAUSE", b"UNPAUSE", b"COMPLETEAGENT", b"EXITWITHTIMEOUT", b"RINGNOANSWER"))  # fmt: skip
            fields = [b"%d" % (self._now // SECOND), self._value(), self._value(), b"ivanova", event]
            rows.append(b"|".join(fields + [self._value() for _ in range(self._random.randrange(7))]))
        return b"\n".join(rows)
