"""How the captures of a store do: each node's newest pulse; of a site, also nodes that have none, and their clocks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from cctoolkit.ami.client import Client
from cctoolkit.ami.clocks import Reading
from cctoolkit.capture import status
from cctoolkit.capture.journal import now_us
from cctoolkit.capture.pulse import SECOND, Pulse
from cctoolkit.capture.session import captured, journal_path
from cctoolkit.cdr.records import Micros
from cctoolkit.errors import OperatorError, SwitchError
from cctoolkit.model.site import Node
from cctoolkit.workflow.nodes import each
from cctoolkit.workflow.specs import LoadedSite
from cctoolkit.workflow.switch import reached

STALE_SECONDS = 20.0
"""A capture that wrote no word for so long stands still; of one that does not run its lock tells."""
LATE_SECONDS = 60.0
"""A switch is heard every ten seconds, if only by its answers to pings."""
_PINGS = 3


class NodeStatus(Struct, frozen=True):
    """One node. `state` is capturing, late (it is not heard), away (no connection), or stopped (no capture runs)."""

    node: str
    state: str
    pulse: Pulse | None
    lag_seconds: float | None
    clock: Reading | None
    """The switch's clock against the one of who looks, asked now; against the capture's where nobody was asked."""
    unreachable: str = ""
    """Why the switch does not answer who looks."""

    @property
    def good(self) -> bool:
        """Say whether nothing is lost now."""
        return self.state == "capturing"


async def look(folder: Path, loaded: LoadedSite | None) -> list[NodeStatus]:
    """Return how each node's capture into this store does; with a site, of its nodes, whose clocks are asked."""
    if not loaded:
        found = captured(folder)
        if not found:
            raise OperatorError(
                "nothing has been captured into this store", where=str(folder), expected="a folder of `capture --store`"
            )
        return [_told(folder, node, None) for node in found]
    clocks: Mapping[str, Reading | SwitchError | OperatorError | None]
    try:
        clocks = await each(loaded.site.nodes, _clock)
    except (SwitchError, OperatorError) as error:
        clocks = {node.id: error for node in loaded.site.nodes}
    return [_told(folder, node, clock) for node, clock in clocks.items()]


async def _clock(node: Node) -> Reading | None:
    async with reached(node, node.ami.accounts.capture) as account, Client.connect(account) as client:
        for _ in range(_PINGS):
            await client.ping()
        return client.clock


def _told(folder: Path, node: str, clock: Reading | SwitchError | OperatorError | None) -> NodeStatus:
    pulse, now = status.read(journal_path(folder, node)), now_us()
    why = clock.what if isinstance(clock, SwitchError | OperatorError) else ""
    asked = None if isinstance(clock, SwitchError | OperatorError) else clock
    lag = pulse.lag_seconds(now) if pulse else None
    state = _state(pulse, lag, now) if status.held(journal_path(folder, node)) else "stopped"
    return NodeStatus(node, state, pulse, lag, asked or (pulse.clock if pulse else None), why)


def _state(pulse: Pulse | None, lag: float | None, now: Micros) -> str:
    if pulse is None or not pulse.running or now - pulse.at > STALE_SECONDS * SECOND:
        return "stopped"
    if not pulse.reading:
        return "away"
    return "late" if lag is None or lag > LATE_SECONDS else "capturing"


def table(found: Sequence[NodeStatus]) -> list[str]:
    """Return what a person is told of it, in lines."""
    rows = [("node", "state", "heard", "gaps today", "clock", "last event", "journal"), *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += [f"{one.node} does not answer: {one.unreachable}" for one in found if one.unreachable]
    lines += [f"{one.node}: the database is away; records wait" for one in found if one.pulse and one.pulse.store_away]
    return lines + [
        f"{one.node}: {name} {count}" for one in found if one.pulse for name, count in one.pulse.odd.items()
    ]


def _row(one: NodeStatus) -> tuple[str, ...]:
    pulse = one.pulse
    skew = f"{one.clock.skew_seconds * 1000:+.1f} ±{one.clock.precision_seconds * 1000:.1f} ms" if one.clock else "-"
    if pulse is None:
        return (one.node, one.state, "-", "-", skew, "-", "-")
    heard = "never" if one.lag_seconds is None else f"{one.lag_seconds:.1f} s ago"
    gaps = f"{pulse.today.count}, {pulse.today.seconds:.1f} s"
    last = f"{datetime.fromtimestamp(pulse.last_event / 1e6, UTC):%Y-%m-%d %H:%M:%SZ}" if pulse.last_event else "-"
    journal = f"{pulse.journal_bytes / 2**20:.1f} MiB in {pulse.journal_segments}"
    return (one.node, one.state, heard, gaps, skew, last, journal)
