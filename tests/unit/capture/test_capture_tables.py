"""A queue_log's table: what is said where its database cannot be opened, and what its rows may not do."""

import sqlite3
import sys
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from psycopg import pq

from cctoolkit.capture import log_table
from cctoolkit.capture.database import LogTable, opened
from cctoolkit.capture.importing import lines_of
from cctoolkit.capture.log_table import Mark, Table
from cctoolkit.capture.table_following import TableFollower
from cctoolkit.capture.tables import Reader
from cctoolkit.cdr.address import Url, parse_url
from cctoolkit.errors import OperatorError, StoreAway, UsageError
from cctoolkit.model.log_table import url_fault

UTC = ZoneInfo("UTC")
NAMES = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data")


def table(url):
    return LogTable(parse_url(url, "table", "the test"), UTC)


@pytest.mark.parametrize(
    ("driver", "url", "extra"),
    [("pymysql", "mysql://127.0.0.1/x", "cctoolkit[mysql]"), ("psycopg", "postgresql://127.0.0.1/x", "cctoolkit[postgres]")],
)  # fmt: skip
def test_a_driver_that_is_missing(monkeypatch, driver, url, extra):
    """What is to be installed is said, by the command and by a capture that goes on."""
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(OperatorError) as caught:
        opened(table(url), 5)
    assert extra in caught.value.next_step
    with pytest.raises(OSError, match="pip install"):
        TableFollower(table(url))(0)


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_nobody_answers(scheme, unused_tcp_port, monkeypatch):
    """A server that is away is worth waiting for; no password is in what is said of it."""
    monkeypatch.setenv("CCT_LOG", "hush-hush")
    there = table(f"{scheme}://cct:env:CCT_LOG@127.0.0.1:{unused_tcp_port}/x")
    with pytest.raises(StoreAway) as caught:
        opened(there, 5)
    assert f"{scheme}://cct@127.0.0.1" in str(caught.value)
    assert "hush" not in str(caught.value)
    with pytest.raises(ConnectionError, match="cannot be reached"):
        TableFollower(there)(0)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql:///x?host=/nowhere", "No such file"),
        ("postgresql:///x?service=down", "could not translate host name"),
        ("postgresql://127.0.0.1:1/x?gssencmode=require", "no credential cache"),
    ],
)
def test_nobody_was_asked(url, why, tmp_path, monkeypatch):
    """A socket, a name or a ticket that is not there now is worth waiting for, too."""
    services = tmp_path / "services"
    services.write_text("[down]\nhost=no.such.host.invalid\n", encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path}/none")
    with pytest.raises(StoreAway, match=why):
        opened(table(url), 5)


@pytest.mark.parametrize(
    "option",
    [
        "sslmode=verify-full", "sslmode=verify-ca", "sslmode=prefer", "sslmode=allow", "sslmode=disable", "ssl=true",
        "requiressl=1", "sslcertmode=disable", "sslcertmode=allow", "sslnegotiation=postgres",
        "sslnegotiation=direct&sslmode=require", "gssencmode=disable", "gssencmode=prefer", "channel_binding=disable",
        "channel_binding=prefer", "target_session_attrs=any", "target_session_attrs=read-write",
        "target_session_attrs=read-only", "target_session_attrs=primary", "target_session_attrs=standby",
        "target_session_attrs=prefer-standby", "load_balance_hosts=disable", "load_balance_hosts=random",
        "connect_timeout=-1", "keepalives=0",
    ],
)  # fmt: skip
def test_what_an_option_may_say(option):
    """The words that libpq takes are taken; it goes to the server with them."""
    with pytest.raises(StoreAway, match="connection to server"):
        opened(table(f"postgresql://127.0.0.1:1/x?{option}"), 5)


def test_an_option_of_another_driver():
    """What MySQL's driver does not know is no option that is passed over."""
    with pytest.raises(UsageError, match="sslmode is not understood"):
        table("mysql://127.0.0.1/x?sslmode=require")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://127.0.0.1/x?nonsense=1", 'invalid URI query parameter: "nonsense"'),
        ("postgresql://127.0.0.1:1/x?connect_timeout=abc", "bad value for connect_timeout: 'abc'"),
        ("postgresql://127.0.0.1:1/x?sslmode=requir", 'invalid sslmode value: "requir"'),
        ("postgresql://127.0.0.1:1/x?keepalives=abc", 'invalid integer value "abc"'),
        ("postgresql://127.0.0.1:1/x?ssl_min_protocol_version=1", 'invalid "ssl_min_protocol_version" value: "1"'),
        ("postgresql://127.0.0.1:1,127.0.0.2:1/x?port=1,2,3", "could not match 3 port numbers to 2 hosts"),
        ("postgresql://127.0.0.1:1/x?hostaddr=127.0.0.1,127.0.0.2", "could not match 1 host names"),
        ("postgresql://127.0.0.1:1/x?hostaddr=nonsense", 'could not parse network address "nonsense"'),
        ("postgresql://127.0.0.1:1/x?service=nonsense", 'definition of service "nonsense" not found'),
        ("postgresql://127.0.0.1:1/x?sslnegotiation=direct", 'weak sslmode "prefer"'),
        ("postgresql://127.0.0.1:1/x?sslrootcert=system&sslmode=require", 'weak sslmode "require"'),
        ("postgresql://127.0.0.1:1/x?min_protocol_version=3.2&max_protocol_version=3.0", '"min_protocol_version"'),
        ("postgresql://h%zz/x", "invalid percent-encoded token"),
        ("postgresql://us%80er@127.0.0.1/x", "can't decode byte 0x80"),
        (f"postgresql://{'a' * 64}/x", "label"),
        ("mysql://127.0.0.1:1/x?ssl_ca=%00", "embedded null byte"),
        (f"mysql://{'a' * 64}.example:1/x", "label"),
        ("mysql://127.0.0.1:5x/x", "Port could not be cast"),
    ],
)
def test_a_url_that_its_driver_does_not_take(url, why):
    """A capture goes on, and is told to mend the URL: neither waiting nor a right in the database would help."""
    with pytest.raises(OSError, match="does not take this URL") as caught:
        TableFollower(LogTable(Url(url), UTC))(0)
    assert not isinstance(caught.value, ConnectionError)
    assert why in str(caught.value)
    assert "mend the URL" in str(caught.value)
    assert "GRANT" not in str(caught.value)


def test_the_options_that_libpq_knows():
    """Each of them is understood, but for secrets, which a URL would show."""
    names = {one.keyword.decode() for one in pq.Conninfo.get_defaults()}
    found = {name: url_fault(f"postgresql://db/x?{name}=1") for name in names}
    unknown = {name for name, fault in found.items() if fault and "not understood" in fault.what}
    assert len(names) > 30
    assert unknown <= {"oauth_client_secret", "scram_client_key", "scram_server_key"}


@pytest.mark.parametrize(
    ("cells", "line", "odd"),
    [
        (("1795000000", "1.1", "q", "NONE", "ENTERQUEUE", "", "600", "old"), "1795000000|1.1|q|NONE|ENTERQUEUE||600", ""),
        (("1795000000.9", "1.1", "q", "a", "CONNECT", "", "", "3|1.2"), "1795000000|1.1|q|a|CONNECT|3|1.2", ""),
        (("1795000000", "1.1", "q|x", "a", "CONNECT", "1|2", "", ""), "1795000000|1.1|qx|a|CONNECT|12|", ""),
        (("1795000000", "1.1", "q", "a", "E", "", "", "x\n1795000000|1.1|NONE|NONE|CCTEND"),
         "1795000000|1.1|q|a|E|x 1795000000|1.1|NONE|NONE|CCTEND", "a line break in a row (taken as a space)"),
        (("", "1.1", "q", "a", "E", "", "", ""), None, "a row that is none of queue_log"),
        (("1795000000", "1.1", "q", "a", "", "", "", ""), None, "a row that is none of queue_log"),
        (("9" * 20, "1.1", "q", "a", "E", "", "", ""), None, "a row that is none of queue_log"),
        (("infinity", "1.1", "q", "a", "E", "", "", ""), None, "a row that is none of queue_log"),
        (("1795000000", "1.1", "q", "a", "E", "", "y" * 70_000, ""), None, "a row that is too long"),
    ],
)  # fmt: skip
def test_rows(cells, line, odd):
    """What the last columns have counts, or else `data`; nothing in a cell begins a field or a line; the rest is counted."""
    counted = Counter()
    found = Reader("the test", NAMES, UTC, counted).line(cells)
    assert (found and "|".join(found.fields)) == line
    assert counted == ({odd: 1} if odd else {})


def test_no_row_is_told_twice(tmp_path, monkeypatch):
    """Of those that are read again the first one is known, too."""
    monkeypatch.setattr(log_table, "AGAIN_ROWS", 5)
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute(f"CREATE TABLE queue_log ({', '.join(NAMES)})")
        rows = [(f"{1_795_000_000 + n}", f"1.{n}", "q", "a", "E", "", "", "") for n in range(11)]
        database.executemany("INSERT INTO queue_log VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    database.close()
    place, mark = LogTable(tmp_path / "db", UTC), Mark(room=10)
    with opened(place, 5) as database:
        found = [list(Table(database, place, Counter()).read_on(mark, 0)) for _ in range(2)]
    assert [[line.call for line in lines] for lines in found] == [[f"1.{n}" for n in range(11)], []]
    assert len(mark.numbered) == 6


def test_a_table_without_numbers_of_its_own(tmp_path):
    """An SQLite table that has no rowid is an error that is told, and no crash."""
    with sqlite3.connect(tmp_path / "db") as database:
        names = "time, callid TEXT PRIMARY KEY, queuename, agent, event, data1, data2, data3, data4, data5"
        database.execute(f"CREATE TABLE queue_log ({names}) WITHOUT ROWID")
    database.close()
    with pytest.raises(OperatorError, match="cannot be read"):
        list(lines_of(tmp_path / "db", UTC, Counter()))
