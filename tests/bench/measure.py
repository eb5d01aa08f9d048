"""What a row of the table is, how its numbers are taken, and how the table is printed."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
TIMES = 5
SEED = 20261122

Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One measurement: what it is of, what came out, and what it is held against in the same run.

    `value` is a ratio unless `unit` says otherwise; without a `limit` it is only reported.
    """

    what: str
    measured: str
    against: str
    value: float
    limit: float | None = None
    least: bool = False
    unit: Literal["", "s", "MiB"] = ""

    @property
    def over(self) -> bool:
        """Say whether the value is on the wrong side of its limit: below it where it is the least, else above."""
        if self.limit is None:
            return False
        return self.value < self.limit if self.least else self.value > self.limit

    def cells(self) -> tuple[str, ...]:
        """Return the row's words, by column."""
        sign, unit = "≥" if self.least else "≤", f" {self.unit}" if self.unit else "x"
        shown = f"{self.value:.2f}{unit}"
        limit = "" if self.limit is None else f"{sign} {self.limit:g}{unit}"
        verdict = "" if self.limit is None else "over" if self.over else "ok"
        return self.what, self.measured, self.against, shown, limit, verdict


COLUMNS = ("what", "measured", "against, in this run", "ratio", "limit", "")


def best(*works: Work, times: int = TIMES) -> list[float]:
    """Return the least seconds each work took; they take turns, so that a busy moment of the machine hits all."""
    least = [float("inf")] * len(works)
    for _ in range(times):
        for index, work in enumerate(works):
            gc.collect()
            began = time.perf_counter()
            work()
            least[index] = min(least[index], time.perf_counter() - began)
    return least


def table(rows: Sequence[Row]) -> str:
    """Return the rows as lines of aligned columns."""
    lines = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    rule = "  ".join("-" * width for width in widths)
    return "".join(f"{text}\n" for text in (texts[0], rule, *texts[1:]))
