"""queue_log, CDR and CEL in a database: what the real switch writes into PostgreSQL, and by ODBC into MariaDB, tells a gap of
its calls.
"""

import shutil
import tracemalloc
from collections import Counter
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from psycopg import connect

from cctoolkit import clock
from cctoolkit.capture import filling
from cctoolkit.capture.database import LogTable, opened
from cctoolkit.capture.importing import lines_of
from cctoolkit.capture.table_following import TableFollower
from cctoolkit.capture.tables import Reader
from cctoolkit.cdr.address import parse_url
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import OperatorError
from cctoolkit.lab import files
from cctoolkit.lab import node as node_module
from cctoolkit.lab.node_config import CONFIG, HOME
from tests import machine
from tests.live.capturing import PROJECT, capturing, log_in, log_out, the_record
from tests.live.exchange import happens, put_through
from tests.live.test_audit import audit, call
from tests.live.test_exchange import EXPECTED
from tests.live.test_exchange import told as told_of
from tests.live.test_own_records import BY_NAME, IN_THE_GAP, heard, parties, site_says, stored, told
from tests.live.test_own_records import audit as own_audit
from tests.live.test_traffic import NUMBER
from tests.mariadb import MariaDb
from tests.postgres import PASSWORD, Postgres
from tests.unit.capture.made_calls import EPOCH, SECOND, day
from tests.unit.capture.test_capture_following import gap
from tests.unit.capture.test_capture_gaps import lines

pytestmark = pytest.mark.live

PARTED = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
WHOLE = (*PARTED[:5], "data")
_TEXTS = ", ".join(f"{name} TEXT" for name in PARTED[1:])
POSTGRES = {
    # Wazo's.
    "moment": "id SERIAL PRIMARY KEY, time TIMESTAMPTZ, callid VARCHAR(80), queuename VARCHAR(256), agent TEXT, "
    "event VARCHAR(20), data1 TEXT, data2 TEXT, data3 TEXT, data4 TEXT, data5 TEXT",
    "text": f"time VARCHAR(26), {_TEXTS}",
    "epoch": "time BIGINT, callid TEXT, queuename TEXT, agent TEXT, event TEXT, data TEXT",
    "bare": f"time TIMESTAMP, {_TEXTS}",
}
MARIADB = {
    # FreePBX's, but for the queue's name: with its 20 characters MariaDB refuses rows of northwind-hotline.orders.
    "text": "id BIGINT(255) UNSIGNED NOT NULL AUTO_INCREMENT, time VARCHAR(26) NOT NULL DEFAULT '', "
    "callid VARCHAR(40) NOT NULL DEFAULT '', queuename VARCHAR(128) NOT NULL DEFAULT '', agent VARCHAR(20) NOT NULL DEFAULT '', "
    "event VARCHAR(20) NOT NULL DEFAULT '', data VARCHAR(100) NOT NULL DEFAULT '', data1 VARCHAR(40) NOT NULL DEFAULT '', "
    "data2 VARCHAR(40) NOT NULL DEFAULT '', data3 VARCHAR(40) NOT NULL DEFAULT '', data4 VARCHAR(40) NOT NULL DEFAULT '', "
    "data5 VARCHAR(40) NOT NULL DEFAULT '', created TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
    "PRIMARY KEY (id), KEY queue (queuename), KEY event (event)",
    "epoch": "id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, time VARCHAR(20), callid VARCHAR(32), queuename VARCHAR(32), "
    "agent VARCHAR(32), event VARCHAR(32), data VARCHAR(255)",
    "moment": f"time TIMESTAMP(6) NOT NULL, {_TEXTS}, KEY (time)",
    "bare": f"time DATETIME, {_TEXTS}",
}
_CEL_TEXTS = ", ".join(
    f"{name} VARCHAR(80) NOT NULL DEFAULT ''" for name in (
        "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context", "channame", "appname", "appdata",
        "accountcode", "uniqueid", "linkedid", "peer", "userdeftype",
    )
)  # fmt: skip
OWN_IN_POSTGRES = {
    # As docs.asterisk.org has them, but for dispositions as numbers.
    "cdr": 'calldate TIMESTAMP NOT NULL, answer TIMESTAMP, "end" TIMESTAMP, clid TEXT, src TEXT, dst TEXT, dcontext TEXT, '
    "channel TEXT, dstchannel TEXT, lastapp TEXT, lastdata TEXT, duration FLOAT, billsec FLOAT, disposition INT, amaflags INT, "
    "accountcode TEXT, uniqueid TEXT, userfield TEXT, linkedid TEXT, peeraccount TEXT, sequence INT",
    "cel": f"id SERIAL PRIMARY KEY, eventtype VARCHAR(30), eventtime TIMESTAMP, {_CEL_TEXTS}, amaflags INT, extra TEXT",
}
OWN_IN_MARIADB = {
    # FreePBX's, but for eventtime, which it has to the second.
    "cdr": "calldate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', clid VARCHAR(80) NOT NULL DEFAULT '', "
    "src VARCHAR(80) NOT NULL DEFAULT '', dst VARCHAR(80) NOT NULL DEFAULT '', dcontext VARCHAR(80) NOT NULL DEFAULT '', "
    "channel VARCHAR(80) NOT NULL DEFAULT '', dstchannel VARCHAR(80) NOT NULL DEFAULT '', lastapp VARCHAR(80) NOT NULL DEFAULT '', "
    "lastdata VARCHAR(80) NOT NULL DEFAULT '', duration INT(11) NOT NULL DEFAULT 0, billsec INT(11) NOT NULL DEFAULT 0, "
    "disposition VARCHAR(45) NOT NULL DEFAULT '', amaflags INT(11) NOT NULL DEFAULT 0, accountcode VARCHAR(20) NOT NULL DEFAULT '', "
    "uniqueid VARCHAR(32) NOT NULL DEFAULT '', userfield VARCHAR(255) NOT NULL DEFAULT '', did VARCHAR(50) NOT NULL DEFAULT '', "
    "recordingfile VARCHAR(255) NOT NULL DEFAULT '', cnum VARCHAR(80) NOT NULL DEFAULT '', linkedid VARCHAR(32) NOT NULL DEFAULT '', "
    "peeraccount VARCHAR(80) NOT NULL DEFAULT '', sequence INT(11) NOT NULL DEFAULT 0, KEY calldate (calldate), KEY uniqueid (uniqueid)",
    "cel": f"id INT(11) NOT NULL AUTO_INCREMENT, eventtype VARCHAR(30) NOT NULL, eventtime DATETIME(6) NOT NULL, {_CEL_TEXTS}, "
    "amaflags INT(11) NOT NULL, extra VARCHAR(512) NOT NULL, PRIMARY KEY (id), KEY uniqueid_index (uniqueid), KEY linkedid_index (linkedid)",
}
MOSCOW = ZoneInfo("Europe/Moscow")


class InPostgres:
    """A database of its own in PostgreSQL, and a user of ours who may read its table, and no more."""

    modules = ("res_config_pgsql",)
    shapes, own, records = POSTGRES, "moment", OWN_IN_POSTGRES
    own_modules, by = ("cdr_pgsql", "cel_pgsql"), "PASSWORD"

    def __init__(self, server):
        self.server = server
        self.name = server.url().text.rpartition("/")[2]

    def do(self, *statements):
        with connect(self.server._said(self.name), autocommit=True) as connection:
            for one in statements:
                connection.execute(one)

    def write(self, names, rows):
        with connect(self.server._said(self.name)) as connection, connection.cursor() as cursor:
            cursor.executemany(insert(names), rows)

    def make(self, shape):
        self.made = self.shapes[shape]
        self.do(f"CREATE TABLE queue_log ({self.shapes[shape]})", f"CREATE USER cct_reader PASSWORD '{PASSWORD}'")
        self.do(
            "GRANT SELECT ON queue_log TO cct_reader",
            *(["CREATE INDEX ON queue_log (time)"] if shape in ("text", "epoch") else []),
        )

    def clear(self):
        self.do("DROP TABLE queue_log", "DROP USER cct_reader")

    def lock(self, locked):
        self.do(f"ALTER USER cct_reader {'NO' if locked else ''}LOGIN")

    @property
    def named(self):
        return f"postgresql://cct_reader:env:CCT_READER@{self.server.address}:{self.server.port}/{self.name}"

    def configure(self, node, monkeypatch):
        host, port = self.server.address, self.server.port
        return {
            "extconfig.conf": f"[settings]\nqueue_log => pgsql,{self.name},queue_log\n",
            "res_pgsql.conf": f"[general]\ndbhost = {host}\ndbport = {port}\ndbname = {self.name}\ndbuser = cct\n"
            f"dbpass = {PASSWORD}\nrequirements = warn\n",
        }  # fmt: skip

    def configure_own(self, node, monkeypatch):
        there = f"hostname = {self.server.address}\nport = {self.server.port}\ndbname = {self.name}\nuser = cct\n"
        return {
            f"{kind}_pgsql.conf": f"[global]\n{there}password = {PASSWORD}\ntable = {kind}\nencoding = UTF8\n"
            for kind in ("cdr", "cel")
        }


class InMariaDb:
    """The same in MariaDB."""

    modules = ("res_odbc_transaction", "res_odbc", "res_config_odbc")
    shapes, own, records, name = MARIADB, "text", OWN_IN_MARIADB, "asteriskcdrdb"
    own_modules, by = ("res_odbc_transaction", "res_odbc", "cdr_adaptive_odbc", "cel_odbc"), "IDENTIFIED BY"

    def __init__(self, server):
        self.server = server
        server.do(f"CREATE DATABASE IF NOT EXISTS {self.name}")

    def do(self, *statements):
        self.server.do(*statements, database=self.name)

    def write(self, names, rows):
        with self.server.root(self.name) as connection, connection.cursor() as cursor:
            cursor.executemany(insert(names), rows)

    def make(self, shape):
        self.made = self.shapes[shape]
        self.do(f"CREATE TABLE queue_log ({self.shapes[shape]})", f"CREATE USER cct_reader IDENTIFIED BY '{PASSWORD}'")
        self.do("GRANT SELECT ON queue_log TO cct_reader")

    def clear(self):
        self.do("DROP TABLE queue_log", "DROP USER cct_reader")

    def lock(self, locked):
        self.do(f"ALTER USER cct_reader ACCOUNT {'' if locked else 'UN'}LOCK")

    @property
    def named(self):
        return f"mysql://cct_reader:env:CCT_READER@{self.server.address}:{self.server.port}/{self.name}"

    def configure(self, node, monkeypatch):
        """Give the node the driver, which is no part of the lab's Debian, as its own."""
        libraries, inside, folder = machine.root() / "usr/lib/x86_64-linux-gnu", HOME / "odbc", node.folder / "odbc"
        folder.mkdir()
        for name in ("odbc/libmaodbc.so", "libmariadb.so.3", "libodbcinst.so.2"):
            shutil.copy(libraries / name, folder)
        (folder / "odbcinst.ini").write_text(f"[MariaDB]\nDriver = {inside}/libmaodbc.so\n")
        (folder / "odbc.ini").write_text(
            f"[calls]\nDriver = MariaDB\nServer = {self.server.address}\nPort = {self.server.port}\nDatabase = {self.name}\n"
        )
        for name, value in (("ODBCSYSINI", inside), ("ODBCINI", inside / "odbc.ini"), ("LD_LIBRARY_PATH", inside)):
            monkeypatch.setitem(node_module._ENVIRONMENT, name, str(value))
        self.do(f"CREATE OR REPLACE USER freepbx IDENTIFIED BY '{PASSWORD}'", "GRANT ALL ON asteriskcdrdb.* TO freepbx")
        return {
            "extconfig.conf": "[settings]\nqueue_log => odbc,calls,queue_log\n",
            "res_odbc.conf": f"[calls]\nenabled = yes\ndsn = calls\nusername = freepbx\npassword = {PASSWORD}\npre-connect = yes\n",
        }

    def configure_own(self, node, monkeypatch):
        return self.configure(node, monkeypatch) | {
            "extconfig.conf": "[settings]\n",
            "cdr_adaptive_odbc.conf": "[calls]\nconnection = calls\ntable = cdr\nalias start => calldate\n",
            "cel_odbc.conf": "[calls]\nconnection = calls\ntable = cel\n",
        }


def insert(names):
    return f"INSERT INTO queue_log ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"


def moments_of(database, count):
    """Write calls, one in ten minutes; return when the last one waits."""
    started = EPOCH // SECOND - count * 600
    if isinstance(database, InPostgres):
        time, source = (
            f"to_timestamp({started} + 600 * n) AT TIME ZONE 'Europe/Moscow'",
            f"generate_series(1, {count}) AS n",
        )
        time = f"to_char({time}, 'YYYY-MM-DD HH24:MI:SS.US')" if "VARCHAR(26)" in database.made else time
    else:
        time, source = f"'1970-01-01 03:00:00' + INTERVAL {started} + 600 * seq SECOND", f"seq_1_to_{count}"
    number = source.rpartition(" ")[2] if isinstance(database, InPostgres) else "seq"
    cells = f"{time}, concat('n1-', {number}), 'NONE', 'NONE', 'ENTERQUEUE', '', '600100200', '1', '', ''"
    database.do(f"INSERT INTO queue_log ({', '.join(PARTED)}) SELECT {cells} FROM {source} ORDER BY {number}")
    return EPOCH


KINDS = {"postgresql": (Postgres, InPostgres), "mariadb": (MariaDb, InMariaDb)}


@pytest.fixture(scope="module", params=KINDS)
def server(request, tmp_path_factory):
    """A server of each kind; its life is that of the module."""
    server, database = KINDS[request.param]
    with server(tmp_path_factory.mktemp(request.param) / "server") as running:
        yield database(running)


@pytest.fixture
def records(server, monkeypatch):
    """A database with tables for CDR and CEL, which one user of ours may read."""
    monkeypatch.setenv("CCT_READER", PASSWORD)
    server.do(*(f"CREATE TABLE {name} ({columns})" for name, columns in server.records.items()))
    server.do(f"CREATE USER cct_reader {server.by} '{PASSWORD}'")
    server.do(*(f"GRANT SELECT ON {name} TO cct_reader" for name in server.records))
    yield server
    server.do(*(f"DROP TABLE {name}" for name in server.records), "DROP USER cct_reader")


@pytest.fixture
def database(server, monkeypatch):
    """A database without a table, and the password of the user who reads."""
    monkeypatch.setenv("CCT_READER", PASSWORD)
    yield server
    server.clear()


@contextmanager
def written(node, names, configured):
    """Let the node write its logs there by these modules, and beside it into its files."""
    before = modules = (node.config / "modules.conf").read_text()
    for name in names:
        modules = modules.replace(f"noload = {name}.so\n", "")
    node.stop()
    node.queue_log.unlink(missing_ok=True)
    try:
        for name, text in {"modules.conf": modules, **configured}.items():
            files.write_config(node.folder, str(CONFIG / name), text, node.installation.gid)
        node.start()
        yield
    finally:
        # While the database is there: the switch says so when it is not.
        node.stop()
        files.write_config(node.folder, str(CONFIG / "modules.conf"), before, node.installation.gid)
        (node.config / "extconfig.conf").unlink(missing_ok=True)


@contextmanager
def named(site, text):
    """Let the site say where the table is."""
    whole = site.read_text(encoding="utf-8")
    (row,) = [text for text in whole.splitlines() if "queue_log:" in text]
    indent = row[: row.index("queue_log")].replace("-", " ")
    site.write_text(whole.replace(row, f"{row}\n{indent}queue_log_table: {{{text}}}"), encoding="utf-8")
    try:
        yield
    finally:
        site.write_text(whole, encoding="utf-8")


def rows_of(moments, shape):
    """Return what a switch in Moscow would write of moments, and into which columns."""
    found = []
    for moment in moments:
        if moment.line:
            local = f"{datetime.fromtimestamp(moment.at / SECOND, MOSCOW):%Y-%m-%d %H:%M:%S.%f}"
            _, *cells = moment.line.split("|")
            cells += [""] * (9 - len(cells))
            time = str(moment.at // SECOND) if shape == "epoch" else local
            found.append((time, *cells) if shape != "epoch" else (time, *cells[:4], "|".join(cells[4:]).rstrip("|")))
    return (WHOLE if shape == "epoch" else PARTED), found


def bare(text):
    return [row.rstrip("|") for row in text.splitlines()]


def place(database):
    return LogTable(parse_url(database.named, "table", "the test"), MOSCOW)


@pytest.mark.parametrize("shape", ["text", "epoch", "moment", "bare"])
def test_every_shape_tells_what_the_file_tells(database, shape):
    """Gap after gap, after a restart, and read whole: a table of any shape gives what the file would have given; what is
    read whole for want of an index says what it costs, once.
    """
    moments = [moment for moment in day([(0, 0), (4, 4000)]) if moment.line]
    database.make(shape)
    said = []
    follow = TableFollower(place(database), said.append)
    assert follow(0) == ""
    database.write(*rows_of(moments[:20], shape))
    assert bare(follow(0)) == bare(gap(lines(moments[:20]), 0))
    database.write(*rows_of(moments[20:-4], shape))
    expected = bare(gap(lines(moments[:-4]), moments[18].at))
    assert bare(follow(moments[18].at)) == expected
    assert bare(follow(moments[18].at)) == expected
    assert bare(TableFollower(place(database))(moments[18].at)) == expected
    read = [line.fields for line in lines_of(place(database), None, Counter())]
    assert ["|".join(fields).rstrip("|") for fields in read] == bare(lines(moments[:-4]))
    # Emptied, it numbers its rows from 1 again; or it has the same rows with other numbers.
    database.do("TRUNCATE queue_log" + (" RESTART IDENTITY" if isinstance(database, InPostgres) else ""))
    database.write(*rows_of(moments[-4:], shape))
    assert bare(follow(moments[-4].at)) == bare(gap(lines(moments), moments[-4].at))
    assert said == ([text for text in said if "CREATE INDEX" in text][:1] if shape == "bare" else [])
    assert shape != "bare" or said


def test_numbers_that_count_no_rows(database):
    """A column of fractions, and one that rows may lack, is no number to read on after, though an index has it."""
    moments = [moment for moment in day([(0, 0)]) if moment.line]
    database.make("bare")
    database.do(
        "ALTER TABLE queue_log ADD COLUMN share DECIMAL(9, 1) NOT NULL UNIQUE",
        "ALTER TABLE queue_log ADD COLUMN serial INT UNIQUE",
    )
    names, rows = rows_of(moments, "bare")
    database.write((*names, "share"), [(*row, number + 0.5) for number, row in enumerate(rows)])
    follow = TableFollower(place(database))
    for _ in range(2):
        assert bare(follow(moments[0].at)) == bare(gap(lines(moments), moments[0].at))


def test_rows_that_come_late_or_again(database):
    """A row that is committed after those of higher numbers is told, once; where the newest row is another one than it was
    the table was made anew, and is read again: no row is told twice.
    """
    moments = [moment for moment in day([(0, 0), (4, 4000)]) if moment.line]
    database.make(database.own)
    follow = TableFollower(place(database))
    names, rows = rows_of(moments, database.own)
    rows = [(*row, number) for number, row in enumerate(rows, 1)]
    database.write((*names, "id"), [*rows[:6], *rows[7:10]])
    follow(moments[0].at)
    database.write((*names, "id"), rows[6:7])
    for _ in range(2):
        assert sorted(bare(follow(moments[0].at))) == sorted(bare(gap(lines(moments[:10]), moments[0].at)))
    database.do("DELETE FROM queue_log")
    database.write((*names, "id"), [(*row[:-1], row[-1] + 5) for row in rows])
    assert bare(follow(moments[12].at)) == bare(gap(lines(moments), moments[12].at))


def test_hostile_rows(database):
    """NULL, megabytes, what is no time or of the future, line breaks that would begin a line of their own: counted by kind,
    and the other rows are told.
    """
    moments = [moment for moment in day([(0, 0)]) if moment.line]
    # A column of texts takes whatever is written, one of moments does not.
    texts = isinstance(database, InPostgres)
    database.make("text" if texts else "bare")
    names, good = rows_of(moments, "text")
    last = moments[-1].at // SECOND
    when = good[-1][0][:19]
    forged = f"x\n{last}|n1-1.1|NONE|NONE|CCTEND|a|b|c|d|16"
    bad = [
        (None,) * 10, (when, *[None] * 9), ("2222-01-01 00:00:00", *good[0][1:]),
        (when, "n1-9.1", "q", "NONE", "ENTERQUEUE", "", "y" * 3_000_000, "", "", ""),
        (when, "n1-9.2", "q", "NONE", "ENTERQUEUE", "", forged, "", "", "\r\n"),
    ]  # fmt: skip
    if texts:
        bad += [("noon", *good[0][1:]), ("9" * 26, *good[0][1:]), ("-1", *good[0][1:])]
    else:
        database.do("ALTER TABLE queue_log MODIFY data2 LONGTEXT")
    database.write(names, [*bad[:2], *good[:5], *bad[2:], *good[5:]])
    said = []
    follow = TableFollower(place(database), said.append)
    found = follow(moments[0].at)
    assert [row for row in bare(found) if "n1-9" not in row] == bare(gap(lines(moments), moments[0].at))
    assert len(bare(found)) == len(moments) + 1
    odd = Counter()
    list(lines_of(place(database), None, odd))
    assert odd == {
        "a row that is none of queue_log": 5 if texts else 2, "a row that is too long": 1,
        "a line break in a row (taken as a space)": 2,
    }  # fmt: skip
    assert any("1 times: a row of the future" in text for text in said)


def test_who_may_not_read(database):
    """Without the right, or without such a table, it is said what is to be done; and our user can do no more than read."""
    database.make(database.own)
    follow = TableFollower(place(database))
    follow(0)
    database.do("REVOKE SELECT ON queue_log FROM cct_reader")
    with pytest.raises(OSError, match=r"right to read|GRANT SELECT") as caught:
        follow(0)
    assert PASSWORD not in str(caught.value)
    database.do("GRANT SELECT ON queue_log TO cct_reader")
    with pytest.raises(OperatorError, match="no table of queue_log called queue_lag"):
        list(lines_of(replace(place(database), name="queue_lag"), None, Counter()))
    database.do("GRANT INSERT ON queue_log TO cct_reader")
    with opened(place(database), 10) as reader, pytest.raises(OperatorError, match=r"(?i)read.only"):
        reader.few("INSERT INTO queue_log (callid) VALUES ('x')")


@pytest.mark.parametrize("shape", ["own", "indexed"])
def test_a_big_table(database, shape, monkeypatch):
    """A start on half a year of rows reads the day before the gap, the next gap what is new; an import holds some rows at a
    time.
    """
    made = database.own if shape == "own" else "text" if isinstance(database, InPostgres) else "moment"
    database.make(made)
    last = moments_of(database, 30_000)
    count = Counter()
    real = Reader.line
    monkeypatch.setattr(Reader, "line", lambda self, cells: (count.update(rows=1), real(self, cells))[1])
    follow = TableFollower(place(database))
    assert len(bare(follow(last - 3600 * SECOND))) >= 6
    assert 0 < count["rows"] < 3000
    count.clear()
    follow(last)
    assert count["rows"] < 1500
    tracemalloc.start()
    try:
        with closing(lines_of(place(database), None, Counter())) as found:
            assert sum(1 for _ in islice(found, 5000)) == 5000
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_away(database):
    """While the server is away that is told as such, and what was written since is told when it is back."""
    moments = [moment for moment in day([(0, 0), (4, 4000)]) if moment.line]
    database.make(database.own)
    database.write(*rows_of(moments[:20], database.own))
    follow = TableFollower(place(database))
    follow(0)
    database.write(*rows_of(moments[20:], database.own))
    database.server.kill()
    with pytest.raises(ConnectionError, match="cannot be reached"):
        follow(moments[18].at)
    database.server.start()
    assert bare(follow(moments[18].at)) == bare(gap(lines(moments), moments[18].at))


async def test_a_node_that_logs_into_a_database(line, database, tmp_path, capsys, monkeypatch):
    """While our user may not log in capture goes on, and says so once; then the call that lay in a gap is told, whole, from
    the rows that the real switch has written. The audit is clean, and an import of the table, or of the file that tells the
    same, adds nothing.
    """
    node, street = line.lab.nodes["n1"], line.lab.street
    monkeypatch.setattr(filling, "HOLD_SECONDS", 1.0)
    monkeypatch.setattr(filling, "LONGEST_SECONDS", 1.0)
    said = []
    database.make(database.own)
    configured = database.configure(node, monkeypatch)
    with (
        written(node, database.modules, configured),
        named(line.lab.site_file, f'url: "{database.named}", time_zone: UTC'),
    ):
        await street.wait_registered(["ivanova", "petrov"])
        await log_in(line, "ivanova")
        await call(street, "+79160000001", line, tmp_path)
        await street.set_phone("ivanova", answer_after=0.1, talk=1)
        since = clock.now()
        second = await street.place_call(NUMBER, caller="+79160000002", keys=[(0.4, "1")])
        await street.wait_for(lambda e: (e.kind, e.uniqueid) == ("HANGUP", second), since=since)
        database.lock(True)
        async with capturing(line, tmp_path, said.append):
            await street.place_call(NUMBER, caller="+79160000003", hang_up_after=0.5)
            await the_record(tmp_path, lambda record: record.caller == "+79160000003" and record.ended)
            await log_out(line, "ivanova")
            database.lock(False)
            await the_record(tmp_path, lambda record: record.caller == "+79160000002" and record.ended)
        with Store.read(tmp_path / FILE_NAME) as store:
            found = {
                one.caller[-1]: (one.entered.source, one.ended.source, one.outcome) for one in store.calls(PROJECT)
            }
        assert found == {
            "1": ("ami", "ami", "ended_in_flow"),
            "2": ("queue_log", "queue_log", "answered"),
            "3": ("ami", "ami", "ended_in_flow"),
        }
        assert sum("queue_log cannot be read" in text for text in said) == 1
        assert sum("queue_log is read again" in text for text in said) == 1
        code, told = audit(line, tmp_path, capsys)
        assert code == 0, told
        for log in (database.named, str(node.queue_log)):
            arguments = ["--store", str(tmp_path), "--node", "n1", "--time-zone", "UTC"]
            assert line.run("import", "queue_log", log, *arguments) == 0
            assert "3 calls, 0 of them new or newer" in capsys.readouterr().out


async def test_a_node_that_logs_its_calls_into_a_database(exchange, records, tmp_path, capsys, monkeypatch):
    """Of a gap the rows of the switch's own call records in a table tell the calls that came and went in it, and the end of one
    that was up; with a table of its channels' events another gap is told as if it had been heard. While our user may not log
    in capture goes on, and says so once of each. The audit reads the table, and is clean.
    """
    line, there = SimpleNamespace(site=str(exchange.lab.site_file)), f'{{url: "{records.named}", time_zone: UTC}}'
    said: list[str] = []
    with written(exchange.node, records.own_modules, records.configure_own(exchange.node, monkeypatch)):
        async with exchange.open(), site_says(exchange, f"cdr_table: {there}"):
            async with capturing(line, tmp_path):
                _, phone = await put_through(exchange)
                await heard(tmp_path, b"Event: BridgeEnter", 2)
            await exchange.phones["201"].hangs_up(phone)
            await exchange.alone()
            for name in ("busy", "attended"):
                await happens(exchange, BY_NAME[name])
            async with capturing(line, tmp_path, said.append):
                await told(tmp_path, lambda found: len(found) == 3 and all(one.ended for one in found))
            index = "CREATE INDEX cdr_calldate ON cdr (calldate)"
            assert sum(index in text for text in said) == (records.own == "moment")
            before, *within = stored(tmp_path)
            assert [(one.outcome, parties(one)) for one in within] == IN_THE_GAP["busy"] + IN_THE_GAP["attended"]
            assert [{one.entered.source, one.ended.source} for one in (before, *within)] == [
                {"ami", "cdr"},
                {"cdr"},
                {"cdr"},
            ]
            async with site_says(exchange, f"cel_table: {there}"):
                for name in ("blind", "attended"):
                    await happens(exchange, BY_NAME[name])
                async with capturing(line, tmp_path):
                    await told(tmp_path, lambda found: len(found) == 5)
                *_, blind, attended = stored(tmp_path)
                assert (told_of(blind)[:4], told_of(attended)[:4]) == (EXPECTED["blind"][:4], EXPECTED["attended"][:4])
                assert {one.transfers[0].at.source for one in (blind, attended)} == {"cel"}
                records.lock(True)
                async with capturing(line, tmp_path, said.append):
                    await happens(exchange, BY_NAME["plain"])
                    await told(tmp_path, lambda found: len(found) == 6)
                records.lock(False)
            for name in ("cdr", "cel"):
                assert sum(f"{name} cannot be read" in text for text in said) == 1
            code, found = own_audit(exchange, tmp_path, capsys)
            assert (code, found["findings"], found["odd"], found["cdr"]) == (0, [], {}, 6)
