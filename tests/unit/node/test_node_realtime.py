"""The store as SQLite has it; that Asterisk reads it so is for the live tests."""

import json
import sqlite3
from contextlib import closing

import pytest

from cctoolkit.node.realtime import prepare
from cctoolkit.node.realtime.store import cut, quoted
from cctoolkit.state import conf

FILES = {
    "extensions.conf": '[b]\nexten => s,1,NoOp(a=>b)\n#include "cctoolkit/current/generations/p.conf"\n\n[a]\nexten => s,1,NoOp()\n',
    "generations/p.conf": "; One = two.\n[c]\nexten => s,1,Set(X=\\;)\n",
    "generations/unread.conf": "[d]\nexten => s,1,NoOp()\n",
    "queues.conf": "[general](+)\nautofill = yes\n[q]\nmusicclass =\n",
    "pjsip.conf": "[p]\ntype = aor\n[p]\ntype = auth\n",
}


@pytest.fixture
def store(tmp_path):
    """A fresh store with one release that is not current."""
    (tmp_path / "store").write_bytes(prepare.empty())
    with closing(sqlite3.connect(tmp_path / "store", isolation_level=None)) as store:
        for path, text in FILES.items():
            store.execute("INSERT INTO file VALUES ('000001-aa', ?, ?)", (path, path))
            for number, body in enumerate(cut(json.dumps(text.split("\n")))):
                store.execute("INSERT INTO piece VALUES (?, ?, ?)", (path, number, body))
        store.execute("INSERT INTO release VALUES ('000001-aa')")
        yield store


def fed(store, file):
    """Return what Asterisk would read of a file."""
    query = "SELECT category, var_name, var_val FROM feed WHERE filename = ? ORDER BY cat_metric, var_metric"
    return store.execute(query, (f"cctoolkit/current/{file}",)).fetchall()


def told(store, subject):
    """Return what the store says of a subject."""
    return json.loads(str(store.execute("SELECT value FROM told WHERE id = ?", (subject,)).fetchone()[0]))


def test_a_flip_brings_all_files_at_once(store):
    """One statement: what is included comes along, what nobody includes does not, what is extended stands elsewhere."""
    assert fed(store, "queues.conf") == []
    store.execute("UPDATE node SET current = '000001-aa'")
    dialplan = [
        (s.name, *line)
        for path in ("extensions.conf", "generations/p.conf")
        for s in conf.parse(FILES[path], path)
        for line in s.lines
    ]
    assert sorted(fed(store, "extensions.conf")) == sorted(dialplan)
    assert fed(store, "queues.conf") == [("q", "musicclass", "")]
    assert fed(store, "pjsip.conf") == [
        ("p", "type", "aor"),
        ("cct-between", "two", "of one name"),
        ("p", "type", "auth"),
    ]


def test_what_somebody_did_to_what_is_loaded_is_counted(store):
    """A row that was changed, added or taken away by hand; a flip makes it good."""
    store.execute("UPDATE node SET current = '000001-aa'")
    assert told(store, "node")["strange"] == 0
    for number, edit in enumerate((
        "UPDATE feed SET var_val = 'x' WHERE var_name = 'musicclass'",
        "INSERT INTO feed (filename) VALUES ('cctoolkit/current/queues.conf')",
        "DELETE FROM feed WHERE category IS NULL",
    ), start=1):  # fmt: skip
        store.execute(edit)
        assert told(store, "node")["strange"] == number
    store.execute("UPDATE node SET current = '000001-aa'")
    assert told(store, "node")["strange"] == 0
    assert fed(store, "queues.conf") == [("q", "musicclass", "")]


def test_a_release_goes_with_what_only_it_has(store):
    """Another release has a file of it: that one's pieces stay."""
    store.execute("INSERT INTO release VALUES ('000002-bb')")
    store.execute("INSERT INTO file VALUES ('000002-bb', 'queues.conf', 'queues.conf')")
    store.execute("DELETE FROM release WHERE name = '000001-aa'")
    assert store.execute("SELECT DISTINCT digest FROM piece").fetchall() == [("queues.conf",)]
    assert told(store, "files 000002-bb") == {"queues.conf": "queues.conf"}
    assert sorted(told(store, "releases")) == ["000002-bb", "empty"]


@pytest.mark.parametrize("text", ["", '"', "\\", "x" * 2000, "Ж" * 2000, '\\"' * 1000, "a b\tc"])
def test_pieces_fit_and_lose_nothing(text):
    """Whatever stands in a text, its pieces are short enough when they are quoted, and it is their sum."""
    pieces = list(cut(text))
    assert "".join(pieces) == text
    assert all(len(quoted(piece).encode()) <= 852 for piece in pieces)
