"""Reads a node's store on the node itself, beside Asterisk; only Asterisk writes it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from cctoolkit.errors import OperatorError

_QUERY = "SELECT lines FROM node JOIN file ON release = current JOIN text USING (digest) WHERE path = ?"


def text(store: Path, path: str) -> str:
    """Return a file of the release in force, "" where it has none; raise OperatorError when the store cannot be."""
    try:
        with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as opened:
            found = opened.execute(_QUERY, (path,)).fetchone()
        return "\n".join(msgspec.json.decode(found[0], type=list[str])) if found else ""
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise OperatorError(
            f"the store cannot be read: {error}", where=str(store), expected="the store of a node reached by AMI",
            next_step="run this on the node, as root; cctoolkit site init --check says what is missing",
        ) from error  # fmt: skip
