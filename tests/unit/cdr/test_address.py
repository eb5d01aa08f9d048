"""What --store says is read, and a password in it is neither taken nor shown."""

from pathlib import Path

import pytest

from cctoolkit.cdr.address import Url, absolute, parse, parse_url, place
from cctoolkit.errors import UsageError
from cctoolkit.secret import SecretRef


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("records", Path("records")),
        ("postgresql://db.example/calls", Url("postgresql://db.example/calls")),
        ("postgres://cct@[::1]:5433/calls?sslmode=require", Url("postgres://cct@[::1]:5433/calls?sslmode=require")),
        ("postgresql://cct:env:PG@db/calls", Url("postgresql://cct@db/calls", SecretRef("env", "PG"))),
        ("postgresql://?service=calls", Url("postgresql://?service=calls")),
        ("postgresql://cct@a:1,b:2?dbname=calls", Url("postgresql://cct@a:1,b:2?dbname=calls")),
        ("postgresql://cct:file:/run/x@y@db/calls", Url("postgresql://cct@db/calls", SecretRef("file", "/run/x@y"))),
    ],
)
def test_places(text, found):
    """A folder, a URL, and a URL whose password is a reference to one."""
    assert parse(text) == found
    assert place(found) == (found / "calls.sqlite" if isinstance(found, Path) else found)


@pytest.mark.parametrize("text", ["postgresql://cct:hush-hush@db/calls", "postgresql://db/calls?user=a&password=hush-hush",
                                  "mysql://cct:hush-hush@db/calls"])  # fmt: skip
def test_no_password_and_nothing_else(text):
    """A password itself, and a database of another kind, are refused with what is expected, and not shown."""
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "env:NAME" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("text", ["postgresql://db:0/calls", "postgresql://db/calls?sslmode=requir"])
def test_a_url_that_its_driver_does_not_take(text):
    """What can never work is told before anything waits for it."""
    with pytest.raises(UsageError, match=r"--store: .* expected (USER@HOST|disable or allow)"):
        parse(text)


def test_tables_of_the_switch():
    """A table may be in MySQL too; whoever names it is told what is wrong, and a secret's file stands beside the spec."""
    found = parse_url("mysql://cct:env:LOG@db/asteriskcdrdb", "table", "the site")
    assert (found, found.is_postgresql) == (Url("mysql://cct@db/asteriskcdrdb", SecretRef("env", "LOG")), False)
    assert parse_url("postgres://db/asterisk", "table", "the site").is_postgresql
    for text in (
        "oracle://cct:hush-hush@db/x",
        "mysql://cct:hush-hush@db/x",
        "mysql://db/x?passwd=hush-hush",
        "postgresql://db/x?sslpassword=hush-hush",
        "mysql://db/x?password=hush-hush",
    ):
        with pytest.raises(UsageError, match=r"the site: .*env:NAME") as caught:
            parse_url(text, "table", "the site")
        assert "hush" not in str(caught.value)
    with pytest.raises(UsageError, match=r"the site: no such user, host or port") as caught:
        parse_url("mysql://db:hush-hush/x", "table", "the site")
    assert "hush" not in str(caught.value)
    assert absolute("mysql://cct:file:log@db/x", Path("/specs")) == "mysql://cct:file:/specs/log@db/x"
    assert absolute("mysql://cct:env:LOG@db/x", Path("/specs")) == "mysql://cct:env:LOG@db/x"
    assert absolute("mysql://db/x", Path("/specs")) == "mysql://db/x"
