"""The switch's own records of a node's calls: where they lie, and what reads them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from cctoolkit.capture import channel_events, own_records
from cctoolkit.capture.following import OwnFollower, OwnReader, OwnRecords
from cctoolkit.capture.journal import now_us
from cctoolkit.capture.rotated import Files
from cctoolkit.capture.table_following import CDR, CEL, OwnTable, Say
from cctoolkit.model.own_log import OwnLog
from cctoolkit.model.site import Node
from cctoolkit.workflow.reach import is_here, log_files, log_table, time_zone

Kind = Literal["cdr", "cel"]

_WRITTEN: dict[Kind, str] = {"cdr": "cdr-csv/Master.csv", "cel": "cel-custom/Master.csv"}
"""Where the switch writes its own call records and channels' events, beside its queue_log."""

_READERS: dict[Kind, type[own_records.Reader] | type[channel_events.Reader]] = {
    "cdr": own_records.Reader,
    "cel": channel_events.Reader,
}

_FORMS = {"cdr": CDR, "cel": CEL}


def own_followers(node: Node, say: Say) -> dict[str, OwnRecords]:
    """Return what reads the switch's own records of calls gap by gap, by their names; none where nothing leads to them
    and no site says that there are any. `say` is told what a table costs.
    """
    return {kind: own_table(node, kind, say) or _of_file(node, kind) for kind in _WRITTEN if has_own(node, kind)}


def _of_file(node: Node, kind: Kind) -> OwnFollower:
    return OwnFollower(partial(own_files, node, kind), own_reader(node, kind), own_reader(node, kind))


def own_table(node: Node, kind: Kind, say: Say) -> OwnTable | None:
    """Return what reads them from a table, None where they are in none."""
    table = log_table(node, kind)
    return OwnTable(table, _FORMS[kind], node.id, say) if table else None


def has_own(node: Node, kind: Kind) -> bool:
    """Say whether there may be records of the switch's own, and something leads to them."""
    said = _named(node, kind) or log_table(node, kind)
    return said is not None or node.transport != "ami" or is_here(node)


@contextmanager
def own_files(node: Node, kind: Kind) -> Iterator[Files]:
    """Yield where a node's own records lie. Raise OSError when it cannot be reached, or what the site names is not
    there. Not inside an event loop.
    """
    named = _named(node, kind)
    path = named.file if named else str(Path(node.queue_log).parent / _WRITTEN[kind])
    with log_files(node, path) as files:
        if named and not files.listed():
            raise FileNotFoundError(2, "there is no such file", path)
        yield files


def own_reader(node: Node, kind: Kind) -> OwnReader:
    """Return what reads their rows; nothing that is later than now is believed."""
    named = _named(node, kind)
    zone = time_zone(named.time_zone) if named and named.time_zone else None
    return _READERS[kind](zone, Counter(), now_us, named.columns if named else ())


def _named(node: Node, kind: Kind) -> OwnLog | None:
    return {"cdr": node.cdr_log, "cel": node.cel_log}[kind]
