"""The switch's own log of channels' events (CEL): rows of a file or table, pure, to lines, and those to AMI's events.

Its rows say nearly what AMI's events say, to the microsecond, and a little before them; so what a gap kept from being
heard is told by them as if it had been. A line is `second|linkedid|channel|unique id|CEL|type|microseconds|…`.
Source: docs.asterisk.org, CEL Specification; the sample of cel_custom.conf of Asterisk 22.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from cctoolkit.ami.messages import Message
from cctoolkit.capture.lines import SECOND, Line, line_of
from cctoolkit.capture.moments import born
from cctoolkit.capture.own_records import ID, cells_of, tame
from cctoolkit.capture.tables import second_of
from cctoolkit.cdr.records import Edge

EVENT = "CEL"

COLUMNS = (
    "eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context", "channame",
    "appname", "appdata", "amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield", "userdeftype",
    "extra",
)  # fmt: skip
"""What cel_custom writes where nobody has chosen."""

TABLE = (
    "eventtype", "eventtime", "cidnum", "cid_num", "exten", "context", "channame", "appname", "appdata", "uniqueid",
    "linkedid", "eventextra", "extra",
)  # fmt: skip
"""What counts of a table's columns."""

_SAME_COLUMN = {"cidnum": "cid_num", "eventextra": "extra"}
"""What the sample of cel_sqlite3_custom.conf calls them."""

_KEPT = ("eventtype", "cid_num", "exten", "context", "appname", "appdata", "extra")
_TYPES = frozenset(
    {"CHAN_START", "ANSWER", "HANGUP", "BRIDGE_ENTER", "BRIDGE_EXIT", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP"}
    | {"PARK_START", "PARK_END"}
)
_TOLD_OTHERWISE = re.compile(r"[A-Z][A-Z_]{2,40}\Z")
_EPOCH = re.compile(r"([0-9]{10,11})\.([0-9]{6})\Z")
_LONGEST = 2000
_FIELDS = 13


class Happened(msgspec.Struct, frozen=True):
    """One event of a channel; `more` is what its row has besides."""

    at: int
    kind: str
    uniqueid: str
    linkedid: str
    channel: str
    number: str
    exten: str
    context: str
    application: str
    data: str
    more: dict[str, str]

    @property
    def edge(self) -> Edge:
        """Its moment."""
        return Edge(self.at, "cel")


def happened(line: Line) -> Happened | None:
    """Return what a line was made of, None when it was made of no event."""
    if line.event != EVENT or len(line.fields) < _FIELDS:
        return None
    micros, kind, number, exten, context, application, data, extra = line.fields[5:_FIELDS]
    at = int(micros) if micros.isascii() and micros.isdecimal() and len(micros) < 18 else line.at
    return Happened(
        at, kind, line.agent, line.call, line.queue, number, exten, context, application, data, _more(extra)
    )


def _more(extra: str) -> dict[str, str]:
    try:
        found = msgspec.json.decode(extra, type=dict[str, str | int]) if extra else {}
    except msgspec.DecodeError:
        return {}
    # What stands in a header must not begin one.
    return {name: str(value).replace("\r", "").replace("\n", "") for name, value in found.items()}


class Reader:
    """Makes lines of rows: see `own_records.Reader`; rows of events that nothing follows from make none."""

    def __init__(
        self, zone: ZoneInfo | None, odd: Counter[str], latest: Callable[[], int], columns: Sequence[str] = ()
    ) -> None:
        self.odd = odd
        self._zone, self._latest = zone, latest
        self._columns = tuple(_SAME_COLUMN.get(name, name) for name in columns or COLUMNS)

    def line(self, row: str) -> Line | None:
        """Return the line of a file's row, None when it is none."""
        return self.of(cells_of(row)) if row.strip() else None

    def of(self, cells: Sequence[str]) -> Line | None:
        """Return the line of a row's cells, None when it is none."""
        found = {name: tame(cell) for name, cell in zip(self._columns, cells, strict=False)}
        kind, id_ = found.get("eventtype", ""), found.get("uniqueid", "")
        if kind not in _TYPES and _TOLD_OTHERWISE.match(kind):
            return None
        at = self._micros(found.get("eventtime", ""), born(id_))
        if not (kind in _TYPES and ID.match(id_) and at > 0):
            self.odd["a row that is none of CEL as the site says it is, or without microseconds"] += 1
            return None
        if any(len(cell) > _LONGEST for cell in found.values()):
            self.odd["a row of CEL with a field that is too long"] += 1
            return None
        if at > self._latest():
            self.odd["a row of CEL of the future"] += 1
            return None
        linked = found.get("linkedid", "")
        of = [str(at // SECOND), linked if ID.match(linked) else id_, found.get("channame", ""), id_, EVENT, str(at)]
        return line_of("|".join([*of, *(found.get(name, "") for name in _KEPT)]))

    def _micros(self, text: str, before: int) -> int:
        """Return a moment in microseconds, see `in_zone`, 0 when it is none, or has no more than seconds."""
        if known := _EPOCH.match(text):
            return int(known[1] + known[2])
        try:
            moment = datetime.fromisoformat(text)
            return second_of(text, self._zone, before) * SECOND + moment.microsecond if "." in text else 0
        except (ValueError, OverflowError, LookupError):
            return 0


def events(one: Happened) -> list[Message]:
    """Return the events of AMI that say the same; of a channel's beginning not that it is dialled."""
    make = _MAKES.get(one.kind)
    return (
        [Message.of(*(f"{name}: {value}" for name, value in headers.items())) for headers in make(one)] if make else []
    )


Headers = dict[str, str]


def _of(name: str, one: Happened, **more: str) -> Headers:
    known = {"Event": name, "Uniqueid": one.uniqueid, "Linkedid": one.linkedid, "Channel": one.channel}
    return known | {"Context": one.context, "Exten": one.exten, "CallerIDNum": one.number} | more


def _start(one: Happened) -> list[Headers]:
    return [_of("Newchannel", one)]


def _answer(one: Happened) -> list[Headers]:
    return [_of("Newstate", one, ChannelStateDesc="Up")]


def _hangup(one: Happened) -> list[Headers]:
    return [_of("Hangup", one, Cause=one.more.get("hangupcause", ""))]


def _bridge(name: str, room: str) -> Callable[[Happened], list[Headers]]:
    def made(one: Happened) -> list[Headers]:
        found = [_of(name, one, BridgeUniqueid=one.more.get("bridge_id", ""))]
        if one.application == "ConfBridge":
            found.append(_of(room, one, Conference=one.data.partition(",")[0]))
        return found

    return made


def _blind(one: Happened) -> list[Headers]:
    return [
        _of("BlindTransfer", one, TransfererUniqueid=one.uniqueid, TransfererLinkedid=one.linkedid,
            TransfererChannel=one.channel, TransfereeUniqueid=one.more.get("transferee_channel_uniqueid", ""),
            Extension=one.more.get("extension", "")),
    ]  # fmt: skip


def _attended(one: Happened) -> list[Headers]:
    ends = {
        "SecondTransfererUniqueid": "channel2_uniqueid", "TransfereeUniqueid": "transferee_channel_uniqueid",
        "TransferTargetUniqueid": "transfer_target_channel_uniqueid", "DestApp": "app",
    }  # fmt: skip
    told = {name: value if (value := one.more.get(key, "")) != "N/A" else "" for name, key in ends.items()}
    return [
        _of("AttendedTransfer", one, OrigTransfererUniqueid=one.uniqueid, OrigTransfererLinkedid=one.linkedid,
            OrigTransfererChannel=one.channel, SecondTransfererLinkedid=told["SecondTransfererUniqueid"],
            DestType="App" if told["DestApp"] else "Bridge", **told),
    ]  # fmt: skip


def _pickup(one: Happened) -> list[Headers]:
    taker = one.more.get("pickup_channel_uniqueid", "")
    return [_of("Pickup", one, TargetUniqueid=one.uniqueid) | {"Uniqueid": taker}]


def _park(one: Happened) -> list[Headers]:
    by = one.more.get("parker_dial_string", "")
    return [_of("ParkedCall", one, ParkeeUniqueid=one.uniqueid, ParkerDialString=by)]


def _unpark(one: Happened) -> list[Headers]:
    name = {"ParkedCallUnparked": "UnparkedCall", "ParkedCallTimeOut": "ParkedCallTimeout"}.get(
        one.more.get("reason", ""), "ParkedCallGiveUp"
    )
    return [_of(name, one, ParkeeUniqueid=one.uniqueid, RetrieverChannel=one.more.get("retriever", ""))]


_MAKES: dict[str, Callable[[Happened], list[Headers]]] = {
    "CHAN_START": _start,
    "ANSWER": _answer,
    "HANGUP": _hangup,
    "BRIDGE_ENTER": _bridge("BridgeEnter", "ConfbridgeJoin"),
    "BRIDGE_EXIT": _bridge("BridgeLeave", "ConfbridgeLeave"),
    "BLINDTRANSFER": _blind,
    "ATTENDEDTRANSFER": _attended,
    "PICKUP": _pickup,
    "PARK_START": _park,
    "PARK_END": _unpark,
}
