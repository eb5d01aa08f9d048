"""Where a store of call records is: a SQLite file, or a PostgreSQL database named by its URL."""

import re
from pathlib import Path

import msgspec

from cctoolkit.errors import SpecError, UsageError
from cctoolkit.secret import SecretRef, parse_ref

FILE_NAME = "calls.sqlite"
"""The store's file in the folder that `--store` names."""

_URL = re.compile(r"(?P<scheme>postgres(?:ql)?://)(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?(?P<rest>[^@]*)")


class Url(msgspec.Struct, frozen=True):
    """A PostgreSQL database: its URL without a password, so that it may be shown, and where the password is found;
    None: where libpq looks (PGPASSWORD, PGPASSFILE), or none is asked for.
    """

    text: str
    secret: SecretRef | None = None

    def __str__(self) -> str:
        return self.text


Place = Path | Url
"""A SQLite file, or a database."""

Where = Path | Url
"""What `--store` names: a folder, which has journals too, or a database."""


def place(where: Where) -> Place:
    """Return the store there."""
    return where / FILE_NAME if isinstance(where, Path) else where


def parse(text: str) -> Where:
    """Read what `--store` says: a folder, or a URL whose password is a reference to one.

    Raise UsageError for a URL that cannot be read, or that has a password itself; it is not shown.
    """
    if "://" not in text:
        return Path(text)
    found = _URL.fullmatch(text)
    if not found or re.search(r"[?&]password=", found["rest"]):
        raise UsageError(
            "this store's URL cannot be read" if not found else "a URL with a password in it",
            where="--store",
            expected="postgresql://USER:env:NAME@HOST/DATABASE; file:PATH instead of env:NAME, or PGPASSWORD or "
            "PGPASSFILE without either",
        )
    user = f"{found['user']}@" if found["user"] else ""
    return Url(f"{found['scheme']}{user}{found['rest']}", _reference(found["password"]))


def _reference(text: str | None) -> SecretRef | None:
    if not text:
        return None
    try:
        return parse_ref(text, Path.cwd())
    except SpecError as error:
        raise UsageError(
            "the password in the store's URL is not a reference to one, and is seen by everybody on this machine",
            where="--store",
            expected=f"{error.expected} in its place, or PGPASSWORD or PGPASSFILE",
        ) from None
