"""Opens whatever keeps a store's rows."""

from pathlib import Path

from cctoolkit.cdr.address import Place
from cctoolkit.cdr.database import Database
from cctoolkit.cdr.sqlite import Sqlite


def connect(place: Place, *, write: bool) -> Database:
    """Return the database at a place; raise OperatorError when it cannot be opened, StoreAway when waiting helps."""
    if isinstance(place, Path):
        return Sqlite(place, write=write)
    from cctoolkit.cdr.postgres import Postgres

    return Postgres(place)
