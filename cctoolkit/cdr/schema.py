"""The store's tables: forward-only migrations for their keys, columns from the record structs.

A migration is written by hand when a key or a meaning changes. A column that the structs gained since the
file was written is added on opening and needs no migration. A store that knows more than this program is never
touched. The statements are SQLite's; a database of another kind has its own types put in (`cdr.postgres`).
"""

import msgspec

from cctoolkit.cdr.columns import columns
from cctoolkit.cdr.database import Database
from cctoolkit.cdr.records import (
    AgentInterval,
    AgentLeg,
    CallRecord,
    Hold,
    Parking,
    Party,
    QueueVisit,
    Recording,
    StepTaken,
    Transfer,
)
from cctoolkit.errors import OperatorError

TABLES: dict[str, type[msgspec.Struct]] = {
    "calls": CallRecord,
    "steps": StepTaken,
    "visits": QueueVisit,
    "legs": AgentLeg,
    "holds": Hold,
    "parties": Party,
    "party_holds": Hold,
    "transfers": Transfer,
    "recordings": Recording,
    "parkings": Parking,
    "agent_states": AgentInterval,
}
"""Each table and the struct a row of it is made from."""

KEYS: dict[str, tuple[str, ...]] = {
    "calls": ("call",),
    "steps": ("call", "position"),
    "visits": ("call", "position"),
    "legs": ("call", "visit", "position"),
    "holds": ("call", "visit", "leg", "position"),
    "parties": ("call", "position"),
    "party_holds": ("call", "party", "position"),
    "transfers": ("call", "position"),
    "recordings": ("call", "position"),
    "parkings": ("call", "position"),
    "agent_states": ("node", "agent", "state", "start_us", "reason"),
}
"""What makes a row the same row when it is put again."""

BELOW = tuple(table for table in TABLES if table not in ("calls", "agent_states"))
"""The tables whose rows belong to a call, besides its own; a row's position counts within the one above it."""

BOOKKEEPING = {"calls": ("digest", "known_edges")}
"""Columns of the store's own: the hash of the record as kept, and how many of its edges were observed."""

_FIRST = (
    "CREATE TABLE calls (call TEXT PRIMARY KEY, digest BLOB NOT NULL, known_edges INTEGER NOT NULL) STRICT",
    "CREATE TABLE steps (call TEXT, position INTEGER, PRIMARY KEY (call, position)) STRICT",
    "CREATE TABLE visits (call TEXT, position INTEGER, PRIMARY KEY (call, position)) STRICT",
    "CREATE TABLE legs (call TEXT, visit INTEGER, position INTEGER, PRIMARY KEY (call, visit, position)) STRICT",
    "CREATE TABLE agent_states (node TEXT, agent TEXT, state TEXT, start_us INTEGER, reason TEXT,"
    " PRIMARY KEY (node, agent, state, start_us, reason)) STRICT",
)
_HOLDS = (
    "CREATE TABLE holds (call TEXT, visit INTEGER, leg INTEGER, position INTEGER,"
    " PRIMARY KEY (call, visit, leg, position)) STRICT",
)
_JOURNALS = ("CREATE TABLE journals (node TEXT PRIMARY KEY, told INTEGER NOT NULL) STRICT",)
_PARTIES = (
    *(
        f"CREATE TABLE {table} (call TEXT, position INTEGER, PRIMARY KEY (call, position)) STRICT"
        for table in ("parties", "transfers", "recordings", "parkings")
    ),
    "CREATE TABLE party_holds (call TEXT, party INTEGER, position INTEGER, PRIMARY KEY (call, party, position)) STRICT",
)
_FORGOTTEN = (
    "CREATE TABLE forgotten (project TEXT PRIMARY KEY, how TEXT NOT NULL, before_us INTEGER NOT NULL,"
    " done_us INTEGER NOT NULL, records_before_us INTEGER NOT NULL) STRICT",
)
MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _HOLDS, _JOURNALS, _PARTIES, _FORGOTTEN)
"""Statements from version n to n + 1; never edited once released, only appended to."""

_INDEXES = (
    "CREATE INDEX IF NOT EXISTS calls_by_project ON calls (project, entered_us)",
    "CREATE INDEX IF NOT EXISTS visits_by_joined ON visits (joined_us)",
    "CREATE INDEX IF NOT EXISTS calls_passed_on ON calls (continues) WHERE continues <> ''",
)


def upgrade(database: Database) -> None:
    """Bring the store to this version inside the caller's batch.

    Raises OperatorError when it is somebody else's database or a newer version's.
    """
    version = version_of(database)
    if version == 0:
        database.do("CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT")
        database.do("INSERT INTO schema_version VALUES (0)")
    for statement in (statement for statements in MIGRATIONS[version:] for statement in statements):
        database.do(statement)
    database.do("UPDATE schema_version SET version = ?", (len(MIGRATIONS),))
    for table, name, sql_type in _missing(database):
        database.do(f"ALTER TABLE {table} ADD COLUMN {name} {sql_type}")
    for statement in _INDEXES:
        database.do(statement)


def check_readable(database: Database) -> None:
    """Raise OperatorError as `upgrade` does, and when the store needs the upgrade a reader may not make."""
    version = version_of(database)
    if version == 0:
        raise OperatorError(
            "there is no store of call records here",
            where=database.where,
            expected="tables written by `cctoolkit capture`",
            next_step="name another one with --store, or run `cctoolkit capture` first",
        )
    if version < len(MIGRATIONS) or _missing(database):
        raise OperatorError(
            "this store was written by an older cctoolkit",
            where=database.where,
            expected=f"version {len(MIGRATIONS)} of the schema",
            next_step="run `cctoolkit capture` on it once: that upgrades it",
        )


def version_of(database: Database) -> int:
    """Return the store's version, 0 for an empty one; raises OperatorError for a foreign or a newer one."""
    present = database.tables()
    if not present:
        return 0
    if "schema_version" not in present:
        raise OperatorError(
            "this database is not a store of call records",
            where=database.where,
            expected="a store written by cctoolkit, or an empty one",
            next_step="name another one with --store",
        )
    (row,) = database.rows("SELECT version FROM schema_version")
    version = int(row["version"])
    if version > len(MIGRATIONS) or any(present.get(table, set()) - known for table, known in _known().items()):
        raise newer(version, database.where)
    return version


def newer(version: int, where: str) -> OperatorError:
    """Return the refusal of what a later cctoolkit wrote."""
    return OperatorError(
        f"this store was written by a newer cctoolkit (version {version} of the schema)",
        where=where,
        expected=f"version {len(MIGRATIONS)} or older, with no columns unknown here",
        next_step="install the newer cctoolkit, or name another one with --store",
    )


def names(table: str) -> tuple[str, ...]:
    """Return a table's columns: its key, our bookkeeping, then the struct's."""
    return tuple(dict.fromkeys([*KEYS[table], *BOOKKEEPING.get(table, ()), *_wanted(table)]))


def _wanted(table: str) -> dict[str, str]:
    return {column.name: column.sql_type for column in columns(TABLES[table])}


def _missing(database: Database) -> list[tuple[str, str, str]]:
    present = database.tables()
    return [
        (table, name, sql_type)
        for table in TABLES
        for name, sql_type in _wanted(table).items()
        if name not in present.get(table, ())
    ]


def _known() -> dict[str, set[str]]:
    return {table: set(names(table)) for table in TABLES}
