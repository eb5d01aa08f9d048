"""Where a log of a node is in a database."""

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


TableName = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$", max_length=130,
         description="A table's name.", examples=["queue_log"],
         extra_json_schema={"x-expected": "a table's name, such as queue_log"}),
]  # fmt: skip


class DatabaseTable(Section, frozen=True, kw_only=True):
    """Where a node has one of its logs in a database: `sqlite`, or `url`."""

    sqlite: Annotated[SystemPath | None, Meta(description="The SQLite file that has the table, on this machine.")] = (
        None
    )
    url: Annotated[
        DatabaseUrl | None, Meta(description="PostgreSQL, MySQL or MariaDB, by a user who may read the table.")
    ] = None
    table: Annotated[
        TableName | None,
        Meta(
            description="Its name there, after that of its schema and a point where it is not the user's own; none: "
            "queue_log, cdr or cel."
        ),
    ] = None
    time_zone: Annotated[
        str,
        Meta(
            description="IANA name of that of its times: the switch's, or UTC where it is told to write that.",
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
_MYSQL = frozenset({"ssl_ca", "unix_socket"})
"""The options of a MySQL URL."""

_CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "ssl": ("true",),
    "requiressl": ("0", "1"),
    "sslcertmode": ("disable", "allow", "require"),
    "sslnegotiation": ("postgres", "direct"),
    "gssencmode": ("disable", "prefer", "require"),
    "channel_binding": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "load_balance_hosts": ("disable", "random"),
}
"""Options of a PostgreSQL URL that take one of a few words."""
_NUMBERS = frozenset({
    "connect_timeout", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "tcp_user_timeout",
})  # fmt: skip
_POSTGRESQL = _NUMBERS | _CHOICES.keys() | {
    "application_name", "client_encoding", "dbname", "fallback_application_name", "gssdelegation", "gsslib", "host",
    "hostaddr", "krbsrvname", "max_protocol_version", "min_protocol_version", "oauth_client_id", "oauth_issuer",
    "oauth_scope", "options", "passfile", "port", "replication", "require_auth", "requirepeer", "service",
    "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcompression", "sslcrl", "sslcrldir",
    "sslkey", "sslkeylogfile", "sslrootcert", "sslsni", "user",
}  # fmt: skip
"""What libpq 18 knows, but for secrets: a URL is shown."""
_NO_BYTE = re.compile("%(?![0-9A-Fa-f]{2})")
_PLACE = re.compile(r"(\[[^][]*\]|[^][:]*)(:[0-9]*)?")


def has_password(url: str) -> bool:
    """Say whether there is a password among the options of a database's URL."""
    return any(_SECRET.fullmatch(name) for name, _ in _options(url))


def url_fault(url: str) -> UrlFault | None:
    """Return what is wrong with the URL of a database that has the form of one, None where nothing is."""
    scheme, _, rest = url.partition("://")
    login, _, there = rest.rpartition("@")
    user, hosts = login.partition(":")[0], re.split("[/?]", there, maxsplit=1)[0]
    is_postgresql = scheme.startswith("postgres")
    if has_password(url):
        return UrlFault("a URL with a password in it", "env:NAME or file:PATH in the password's place")
    if not url.isprintable():
        return UrlFault("a character that nobody sees stands in the URL", "text without control characters")
    if not is_postgresql and ("?" in user or "#" in f"{user}{there}"):
        return UrlFault("a ? in the user, or a #, cuts the URL off", "%3F for the ?, %23 for the #")
    if not _is_coded(f"{user}@{there}"):
        return UrlFault("a percent sign stands for no character", "%25 for the sign itself, %20 for a space")
    if not all(_is_place(user, host) for host in (hosts.split(",") if is_postgresql else (hosts,))):
        return UrlFault("no such user, host or port can be", "USER@HOST or USER@HOST:PORT, a port from 1 to 65535")
    faults = (_option_fault(name, given, is_postgresql=is_postgresql) for name, given in _options(url))
    return next((fault for fault in faults if fault), None)


def _options(url: str) -> list[tuple[str, str]]:
    """Return the names of a URL's options, and their values as they are written; a last & is none."""
    parts = url.rpartition("@")[2].partition("?")[2]
    found = [part.partition("=") for part in parts.removesuffix("&").split("&") if parts]
    return [(unquote(name), given) for name, _, given in found]


def _option_fault(name: str, given: str, *, is_postgresql: bool) -> UrlFault | None:
    expected = "options that libpq knows, as sslmode=require" if is_postgresql else "ssl_ca=PATH or unix_socket=PATH"
    if not (name and given):
        return UrlFault(f"an option has no {'value' if name else 'name'}", expected)
    if name not in (_POSTGRESQL if is_postgresql else _MYSQL):
        return UrlFault(f"{name} is not understood", expected)
    return _value_fault(name, given) if is_postgresql else None


def _value_fault(name: str, given: str) -> UrlFault | None:
    """Return what is wrong with the value of an option of PostgreSQL's."""
    if "=" in given:
        return UrlFault(f"{name} has two values", "%3D for a = that is part of its value")
    value = unquote(given)
    if (choices := _CHOICES.get(name)) and value not in choices:
        return UrlFault(f"{name} has no such value", " or ".join(choices))
    if name in _NUMBERS and not re.fullmatch("-?[0-9]{1,9}", value):
        return UrlFault(f"{name} is no number", "a whole number")
    if name == "host" and not all(map(_is_named, value.split(","))):
        return UrlFault("no such host can be", "HOST, or the folder of a socket")
    if name == "port" and not all(_is_place("", f":{port}") for port in value.split(",")):
        return UrlFault("no such port can be", "a port from 1 to 65535")
    return None


def _is_coded(text: str) -> bool:
    """Say whether what is written with percent signs is text that a driver takes."""
    try:
        return not _NO_BYTE.search(text) and unquote(text, errors="strict").isprintable()
    except UnicodeDecodeError:
        return False


def _is_place(user: str, host: str) -> bool:
    try:
        parts = urlsplit(f"//{user}@{host}")
        return bool(_PLACE.fullmatch(host)) and parts.port != 0 and _is_named(unquote(parts.hostname or ""))
    except ValueError:
        return False


def _is_named(host: str) -> bool:
    """Say whether a host can be asked for, or is a socket's folder: no part of its name is empty, or too long."""
    try:
        host.encode("idna")
    except UnicodeError:
        return host.startswith(("/", "@"))
    return True
