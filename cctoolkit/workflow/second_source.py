"""The switch's own log as a second source: its history into the store."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from cctoolkit import clock
from cctoolkit.capture.database import LogTable
from cctoolkit.capture.deeds import Names
from cctoolkit.capture.history import History
from cctoolkit.capture.importing import Imported, import_log, log_in_order
from cctoolkit.capture.session import journal_path
from cctoolkit.capture.snapshot import newest
from cctoolkit.cdr.address import Where, parse_url, place
from cctoolkit.cdr.store import Store, micros
from cctoolkit.errors import UsageError
from cctoolkit.workflow.reach import time_zone
from cctoolkit.workflow.specs import load_site

_AHEAD = 86_400_000_000


class Asked(Struct, frozen=True):
    """What is said of databases' tables: their time zone, "" when nobody did, and their name; where journals
    are, when not beside the records.
    """

    time_zone: str = ""
    table: str = "queue_log"
    journals: Path | None = None


def import_queue_log(
    logs: Sequence[str], where: Where, node: str, site: str, asked: Asked, say: Callable[[str], None]
) -> Imported:
    """Put what logs tell of a node into the store; each is a file, or the URL of a database with the table. Raise
    UsageError when nobody says which node's they are.
    """
    done = Imported()
    zone = time_zone(asked.time_zone) if asked.time_zone else None
    found = [LogTable(parse_url(o, "table", "the log"), zone, asked.table) if "://" in o else Path(o) for o in logs]
    lines = log_in_order(found, zone, done.odd)
    with Store.open(place(where)) as store:
        name = _node(node, site)
        history = History(name, micros(clock.now()) + _AHEAD, done.odd, _names(asked.journals or where, name))
        import_log(lines, history, store, done, say)
    return done


def _names(folder: Where, node: str) -> Names:
    """Return which member has which interface, as far as a capture with journals in this folder was told."""
    if isinstance(folder, Path) and (state := newest(journal_path(folder, node), sys.maxsize, lambda _why: None)):
        return state.feeder.tracker.names
    return Names()


def _node(node: str, site: str) -> str:
    nodes = [one.id for one in load_site(site).site.nodes] if site else []
    if node and (not nodes or node in nodes):
        return node
    if len(nodes) == 1 and not node:
        return nodes[0]
    expected = f"--node, one of {', '.join(nodes)}" if nodes else "--site SITE, or --node with the systemname it had"
    raise UsageError(f"{node!r} is no node of {site}" if node else "whose log is it", expected=expected)
