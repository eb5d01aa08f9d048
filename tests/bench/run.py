"""Measures speed and memory and prints one table: `make bench`. Exit code 1 when a row is over its limit."""

import sys
import time
from collections.abc import Iterator
from types import ModuleType

from measure import Row, table
from rows import ami, apply, figures, fleet, journal, prove, share, start, store, validate

TOPICS: tuple[ModuleType, ...] = (ami, journal, start, validate, prove, store, figures, share, apply, fleet)


def measured() -> Iterator[Row]:
    """Yield every topic's rows, telling which one is at work."""
    for topic in TOPICS:
        name = topic.__name__.rpartition(".")[2]
        sys.stderr.write(f"measuring {name}\n")
        yield from topic.rows()


def main() -> int:
    """Print the table and return the exit code."""
    began = time.monotonic()
    rows = list(measured())
    over = sum(row.over for row in rows)
    sys.stdout.write(table(rows))
    sys.stdout.write(f"{len(rows)} rows in {time.monotonic() - began:.0f} s, {over} over the limit\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
