"""Where a node's queue_log is in a database."""

import re
from typing import Annotated
from urllib.parse import unquote, urlsplit

from msgspec import Meta, Struct

from cctoolkit.model.words import Section, SystemPath

DatabaseUrl = Annotated[
    str,
    Meta(pattern=r"^(postgres(ql)?|mysql|mariadb)://([^:@/\s]*(:(env:[A-Za-z_][A-Za-z0-9_]*|file:[^<>@\n]+))?@)?"
         r"[^@/\s]+/(?![^\s]*[?&]password=)[^@\s]+$", max_length=500,
         description="A database; where its password is found stands in the password's place.",
         examples=["postgresql://cct:env:CCT_PG@db.example/asterisk"],
         extra_json_schema={"x-expected": "postgresql://USER:env:NAME@HOST/DATABASE or mysql://…, with env:NAME or "
                            "file:PATH in the password's place", "x-secret": True}),
]  # fmt: skip


class QueueLogTable(Section, frozen=True, kw_only=True):
    """Where a node has its queue_log in a database (extconfig.conf) instead of a file: `sqlite`, or `url`."""

    sqlite: Annotated[SystemPath | None, Meta(description="The SQLite file that has the table, on this machine.")] = (
        None
    )
    url: Annotated[
        DatabaseUrl | None, Meta(description="PostgreSQL, MySQL or MariaDB, by a user who may read the table.")
    ] = None
    table: Annotated[
        str,
        Meta(
            description="Its name there, after that of its schema and a point where it is not the user's own.",
            pattern=r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$",
            max_length=130,
            extra_json_schema={"x-expected": "a table's name, such as queue_log"},
        ),
    ] = "queue_log"
    time_zone: Annotated[
        str,
        Meta(
            description="IANA name of that of its times: the switch's, or UTC with queue_log_realtime_use_gmt.",
            examples=["Europe/Moscow"],
            max_length=40,
        ),
    ]


class UrlFault(Struct, frozen=True):
    """Why nobody can use the URL of a database; nothing of the URL is in it but an option's name."""

    what: str
    expected: str


_SECRET = re.compile(r"(ssl)?pass(word|wd)?", re.IGNORECASE)
"""A password among the options, by any of the names that libraries have for it."""
_OPTIONS = frozenset({"ssl_ca", "unix_socket"})
"""What MySQL's may say; PostgreSQL's says what libpq knows, which it alone tells."""


def has_password(url: str) -> bool:
    """Say whether there is a password among the options of a database's URL."""
    return any(_SECRET.fullmatch(name) for name, _ in _options(url))


def url_fault(url: str) -> UrlFault | None:
    """Return what is wrong with the URL of a table's database that has the form of one, None where nothing is."""
    scheme, _, rest = url.partition("://")
    login, _, there = rest.rpartition("@")
    user, hosts = login.partition(":")[0], there.partition("/")[0]
    if has_password(url):
        return UrlFault("a URL with a password in it", "env:NAME or file:PATH in the password's place")
    if not url.isprintable():
        return UrlFault("a character that nobody sees stands in the URL", "text without control characters")
    if not all(_is_place(user, host) for host in (hosts.split(",") if scheme.startswith("postgres") else (hosts,))):
        return UrlFault("no such user, host or port can be", "USER@HOST or USER@HOST:PORT, a port from 1 to 65535")
    odd = [(name, given) for name, given in _options(url) if name not in _OPTIONS or not given]
    if odd and not scheme.startswith("postgres"):
        what = f"{odd[0][0]} is not understood" if odd[0][1] else "an option has no value"
        return UrlFault(what, "ssl_ca=PATH or unix_socket=PATH")
    return None


def _options(url: str) -> list[tuple[str, str]]:
    """Return the names of a URL's options, and their values."""
    parts = url.rpartition("@")[2].partition("?")[2]
    return [(unquote(one[0]), one[2]) for part in parts.split("&") if (one := part.partition("="))[0]]


def _is_place(user: str, host: str) -> bool:
    try:
        return urlsplit(f"//{user}@{host}").port != 0
    except ValueError:
        return False
