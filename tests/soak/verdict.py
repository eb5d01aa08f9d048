"""What a seed came to: a line of the table."""

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
