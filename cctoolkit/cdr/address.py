"""Where a store of call records is, a SQLite file or a PostgreSQL database by its URL, or a table of the switch's."""

import re
from pathlib import Path
from typing import Literal

import msgspec

from cctoolkit.errors import OperatorError, SpecError, UsageError
from cctoolkit.model.log_table import has_password, url_fault
from cctoolkit.secret import SecretRef, parse_ref

FILE_NAME = "calls.sqlite"
"""The store's file in the folder that `--store` names."""

_URL = re.compile(r"(?P<scheme>[a-z]+://)(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?(?P<rest>[^@]*)")
_POSTGRESQL = ("postgresql://", "postgres://")
_OF = {"store": _POSTGRESQL, "table": (*_POSTGRESQL, "mysql://", "mariadb://")}
"""Which databases a store of ours may be in, and which a table of the switch's."""


class Url(msgspec.Struct, frozen=True):
    """A database: its URL without a password, so that it may be shown, and where the password is found; None: where
    libpq looks (PGPASSWORD, PGPASSFILE), or none is asked for.
    """

    text: str
    secret: SecretRef | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def is_postgresql(self) -> bool:
        """Say whether it is PostgreSQL; else it is MySQL or MariaDB."""
        return self.text.startswith(_POSTGRESQL)


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
    return parse_url(text, "store", "--store") if "://" in text else Path(text)


def parse_url(text: str, what: Literal["store", "table"], where: str) -> Url:
    """Read the URL of a store or of a table of the switch's; `where` is what says it. Raise UsageError as `parse`."""
    found = _URL.fullmatch(text)
    if not found or found["scheme"] not in _OF[what] or has_password(text):
        known = found and found["scheme"] in _OF[what]
        other = " or mysql://…" if what == "table" else ""
        raise UsageError(
            "a URL with a password in it" if known else f"this {what}'s URL cannot be read",
            where=where,
            expected=f"postgresql://USER:env:NAME@HOST/DATABASE{other}; file:PATH instead of env:NAME, or PGPASSWORD "
            "or PGPASSFILE without either",
        )
    if fault := url_fault(text):
        raise UsageError(fault.what, where=where, expected=fault.expected)
    user = f"{found['user']}@" if found["user"] else ""
    return Url(f"{found['scheme']}{user}{found['rest']}", _reference(found["password"], what, where))


def not_taken(url: Url, why: str) -> OperatorError:
    """Return what to do about a URL that its driver does not take; `why` is what that says."""
    form = "postgresql://USER:env:NAME@HOST/DATABASE" if url.is_postgresql else "mysql://USER:env:NAME@HOST/DATABASE"
    options = "options that libpq knows" if url.is_postgresql else "ssl_ca=PATH or unix_socket=PATH as options"
    return OperatorError(
        f"the database's driver does not take this URL: {why}", where=url.text, expected=f"{form}, with {options}",
        next_step="mend the URL, in the site's file or where the command names it",
    )  # fmt: skip


def absolute(text: str, folder: Path) -> str:
    """Return a URL whose password's file is named from the root, when it is one from a folder."""
    found = _URL.fullmatch(text)
    if not found or not found["password"]:
        return text
    start, end = found.span("password")
    return f"{text[:start]}{parse_ref(found['password'], folder)}{text[end:]}"


def _reference(text: str | None, what: str, where: str) -> SecretRef | None:
    if not text:
        return None
    try:
        return parse_ref(text, Path.cwd())
    except SpecError as error:
        raise UsageError(
            f"the password in the {what}'s URL is not a reference to one, and is seen by everybody on this machine",
            where=where,
            expected=f"{error.expected} in its place, or PGPASSWORD or PGPASSFILE",
        ) from None
