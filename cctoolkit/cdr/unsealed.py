"""What was sealed before another node told how the call went on: it goes back to the rows, where the other part is."""

from collections.abc import Iterable

from cctoolkit.cdr import reading
from cctoolkit.cdr.database import Database
from cctoolkit.cdr.days import DAY, Days
from cctoolkit.cdr.records import CallRecord


def firsts(database: Database, days: Days, parts: Iterable[CallRecord]) -> list[CallRecord]:
    """Return the calls with which these go on, of those that only a sealed day has."""
    entered = {part.continues: part.entered.at // DAY for part in parts if part.continues} if days.can_be else {}
    sealed = (days.find(call, (day - 1, day, day + 1)) for call, day in entered.items())
    found = {whole[0]["call"]: reading.record(database.where, *whole) for whole in sealed if whole}
    query = f"SELECT call FROM calls WHERE call IN ({reading.marks(found)})"  # noqa: S608 - marks
    hot = {row["call"] for row in database.rows(query, tuple(found))} if found else set()
    return [record for call, record in found.items() if call not in hot]
