"""The street's own log, the independent witness of who called, answered, pressed and hung up.

It is Asterisk's channel event log (docs.asterisk.org, CEL Design Goals) written as CSV by cel_custom.
"""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from cctoolkit.errors import ToolkitBug
from cctoolkit.lab.street_config import COLUMNS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
USER_EVENT = "USER_DEFINED"


class WitnessEvent(msgspec.Struct, frozen=True):
    """One channel event of the street: `at` in UTC to the microsecond.

    `kind` is CEL's (CHAN_START, ANSWER, HANGUP, …); for the events of our own dialplan it is USER_DEFINED,
    and `name` says which ("pressed", with the keys in `extra`). A placed call's `uniqueid` is the id that
    `place_call` returned and `dialled` its number; a call that arrives shows its number in `exten`.
    """

    at: datetime
    kind: str
    name: str
    uniqueid: str
    linkedid: str
    channel: str
    caller_number: str
    caller_name: str
    context: str
    exten: str
    dialled: str
    extra: str

    @property
    def endpoint(self) -> str:
        """Whose channel it is: "carrier-n1", "phone-ivanova"."""
        return self.channel.partition("/")[2].rpartition("-")[0]

    @property
    def rings_phone(self) -> bool:
        """Whether it is of a call that came to an agent's phone; Asterisk gave it its id, with a dot."""
        return self.endpoint.startswith("phone-") and "." in self.uniqueid

    @property
    def cause(self) -> int | None:
        """The Q.850 cause of a HANGUP (16 normal, 17 busy); None for other events."""
        return msgspec.json.decode(self.extra, type=_Hangup).hangupcause if self.kind == "HANGUP" else None


class _Hangup(msgspec.Struct):
    hangupcause: int


class _UserExtra(msgspec.Struct):
    extra: str = ""


def parse(text: str) -> list[WitnessEvent]:
    """Read whole lines of the log; raise ToolkitBug for a line that the street cannot have written."""
    return [_event(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]


def _event(row: Sequence[str]) -> WitnessEvent:
    if len(row) != len(COLUMNS):
        raise ToolkitBug(f"a witness line of {len(row)} fields: {row}", expected=str(len(COLUMNS)))
    at, kind, name, *_, extra = row
    if kind in (name, USER_EVENT):  # which of the two depends on the backend's version
        kind = USER_EVENT
        extra = msgspec.json.decode(extra, type=_UserExtra).extra if extra else ""
    texts = dict(zip(COLUMNS, row, strict=True)) | {"kind": kind, "extra": extra}
    return msgspec.convert({**texts, "at": _time(at)}, WitnessEvent)


def _time(text: str) -> datetime:
    # Integers: a float would lose the last microseconds.
    seconds, _, micros = text.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(micros.ljust(6, "0")))


class Witness:
    """Follows the log file: `events` holds what was read so far, `read` adds what has come since."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: list[WitnessEvent] = []
        self._offset = 0

    def read(self) -> list[WitnessEvent]:
        """Return the events that are new since the last time; a line still being written waits."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        new = parse(whole.decode("utf-8", errors="replace"))
        self.events += new
        return new
