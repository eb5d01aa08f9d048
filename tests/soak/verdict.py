"""What a seed came to: a line of the table; where applies were cut off."""

from dataclasses import dataclass

from cctoolkit.lab.reconcile import Table

COLUMNS = ("seed", "gap s", "calls", "records", "equal", "crossed", "different", "edges", "worst edge ms")


@dataclass(frozen=True)
class Run:
    """One seed: `gap` seconds without capture, calls planned, records found, and what the comparison said."""

    seed: int
    gap: float
    calls: int
    records: int
    table: Table

    def cells(self) -> tuple[str, ...]:
        """Return the words of the table's line."""
        counts = (str(count) for count in self.table.counts.values())
        gap = f"{self.gap:.1f}" if self.gap else "-"
        worst = f"{self.table.most_apart_ms:.1f}"
        return str(self.seed), gap, str(self.calls), str(self.records), *counts, str(self.table.edges), worst


NIGHT_COLUMNS = (
    "calls", "records", "kinds", "killed", "cut off", "stalled", "disk full", "switch restarted", *COLUMNS[4:],
)  # fmt: skip


@dataclass(frozen=True)
class Night:
    """A long run: how often what befell it, what the comparison said (`crossed` are those a restart cut off too), and how
    many of the `kinds` of steps, visits and calls there were, of how many.
    """

    told: dict[str, int]
    calls: int
    records: int
    table: Table
    kinds: tuple[int, int]

    def cells(self) -> tuple[str, ...]:
        """Return the words of the table's line."""
        befell = (str(self.told.get(what, 0)) for what in ("kill", "cut", "stall", "disk", "restart"))
        kinds = "{} of {}".format(*self.kinds)
        return str(self.calls), str(self.records), kinds, *befell, *Run(0, 0, 0, 0, self.table).cells()[4:]


CUT_COLUMNS = ("what happened", "places", "old release after it", "new release after it")


@dataclass(frozen=True)
class Cut:
    """An apply that was cut off at a place by a fault; `disk` is which release was in force then, "old" or "new"."""

    fault: str
    place: str
    disk: str


def cut_rows(cuts: list[Cut]) -> list[tuple[str, ...]]:
    """Return a line of words for each kind of fault."""
    rows = []
    for fault in dict.fromkeys(cut.fault for cut in cuts):
        mine = [cut for cut in cuts if cut.fault == fault]
        old = sum(cut.disk == "old" for cut in mine)
        rows.append((fault, str(len(mine)), str(old), str(len(mine) - old)))
    return rows
