"""All figures by queue and half-hour, against reading the same calls and one count in plain SQL."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from made_calls import CALLS, DAYS, PROJECT, QUEUES, START, records
from measure import Row, best

from cctoolkit.cdr.store import Store
from cctoolkit.kpi.figure import Target, Targets
from cctoolkit.kpi.interval import Window
from cctoolkit.kpi.query import figures
from cctoolkit.kpi.sources import Question
from rows.store import put

TIMES = 3
ASKED = Question(
    PROJECT,
    Window(START, START + timedelta(days=DAYS), "Europe/Moscow"),
    ("queue", "30m"),
    Targets(tuple(Target(queue, 20, 0.8) for queue in QUEUES)),
)
_COUNT = "SELECT queue, joined_us / 1800000000, count(*) FROM visits GROUP BY 1, 2"


def _offered(path: Path) -> int:
    offered = [one for one in figures(path, ASKED) if one.metric == "offered"]
    return int(sum(one.value or 0 for one in offered if one.variant == offered[0].variant))


def _read(path: Path) -> None:
    with Store.read(path) as store:
        sum(1 for _ in store.calls(PROJECT))


def _counted(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(_COUNT).fetchall()


def rows() -> Iterator[Row]:
    """Yield the whole question's time, twice: against reading, and against a bare count."""
    with tempfile.TemporaryDirectory() as name:
        path = put(records(), Path(name), count())
        offered = _offered(path)
        if offered != CALLS:
            raise AssertionError(f"{offered} calls offered, {CALLS} are in the store")
        ours, read, counted = best(
            partial(figures, path, ASKED), partial(_read, path), partial(_counted, path), times=TIMES
        )
    what, measured = f"figures by queue,30m of {CALLS:,} calls", f"{ours:.2f} s"
    yield Row(what, measured, f"{read:.2f} s, reading the records", ours / read)
    yield Row(what, measured, f"{counted:.3f} s, one count in SQL", ours / counted)
