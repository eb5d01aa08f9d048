"""What --store says is read, and a password in it is neither taken nor shown."""

from pathlib import Path

import pytest

from cctoolkit.cdr.address import Url, parse, place
from cctoolkit.errors import UsageError
from cctoolkit.secret import SecretRef


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("records", Path("records")),
        ("postgresql://db.example/calls", Url("postgresql://db.example/calls")),
        ("postgres://cct@[::1]:5433/calls?sslmode=require", Url("postgres://cct@[::1]:5433/calls?sslmode=require")),
        ("postgresql://cct:env:PG@db/calls", Url("postgresql://cct@db/calls", SecretRef("env", "PG"))),
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
