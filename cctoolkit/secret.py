"""Secrets are references until the moment of use, and print as themselves never.

A spec says `secret: env:NAME` or `secret: file:PATH`; rendering carries the reference inside the text it
makes (`placeholder`), only a transport writes the value (`reveal`), and everything kept or shown holds a
keyed fingerprint (`fingerprint`) instead.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from cctoolkit.errors import OperatorError, SpecError

_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACEHOLDER = re.compile(r"<<secret (env|file):([^<>]+)>>")
_FOLDER = re.compile(r"(<<secret file:)[^<>]*/")


class SecretRef(msgspec.Struct, frozen=True):
    """Where a secret is found: `source` is "env" or "file", `name` a variable or an absolute path."""

    source: str
    name: str

    def placeholder(self) -> str:
        """Return the text that stands for the value in rendered files."""
        return f"<<secret {self.source}:{self.name}>>"

    def __str__(self) -> str:
        return f"{self.source}:{self.name}"


class Secret:
    """A value that masks itself in `str`, `repr` and formatting; `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the bare value, to be written or sent and not kept."""
        return self._value

    def __repr__(self) -> str:
        return "********"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("********", spec)


def nowhere(text: str) -> str:
    """Return rendered text with its secret files by name alone: the same from every checkout, on every machine."""
    return _FOLDER.sub(r"\1", text)


def parse_ref(text: str, folder: Path) -> SecretRef:
    """Read `env:NAME` or `file:PATH` (relative paths from `folder`); raise SpecError for anything else."""
    source, _, name = text.partition(":")
    known = _ENV.fullmatch(name) if source == "env" else source == "file" and name and name.isprintable()
    if not known or "<" in name or ">" in name:
        # Not a word of the text itself: where a reference is wrong, the secret often stands.
        raise SpecError("not a reference to a secret", expected="env:NAME or file:PATH")
    return SecretRef(source, str(folder / name) if source == "file" else name)


def resolve(ref: SecretRef) -> Secret:
    """Read the secret now; raise OperatorError when it is missing or cannot stand in a configuration."""
    value = resolve_text(ref).reveal()
    if not value or not value.isprintable() or ";" in value:
        raise OperatorError(
            f"the secret {ref} is empty or holds a semicolon or control character",
            expected="printable text without ';' (Asterisk reads the rest of the line as a comment)",
        )
    return Secret(value)


def resolve_text(ref: SecretRef) -> Secret:
    """Read a secret that stands in no configuration, such as a private key; raise OperatorError when it is missing."""
    if ref.source == "file":
        return Secret(_read(ref))
    value = os.environ.get(ref.name)
    if value is None:
        raise OperatorError(f"the secret {ref} is not set", next_step=f"export {ref.name}=…")
    return Secret(value)


def _read(ref: SecretRef) -> str:
    try:
        return Path(ref.name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise OperatorError(
            f"the secret {ref} cannot be read: {error.strerror}", next_step="create the file, mode 0600"
        ) from error
    except UnicodeDecodeError:
        # Without the cause, which would show the bytes.
        raise OperatorError(f"the secret {ref} is not UTF-8 text", expected="one line of text") from None


def keep(path: Path) -> str:
    """Return the secret in this file (0600), made at random when there is none."""
    if not path.is_file():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def reveal_all(text: str, value_of: Callable[[SecretRef], Secret]) -> str:
    """Replace every placeholder in rendered text by its value."""
    return _PLACEHOLDER.sub(lambda m: value_of(SecretRef(m[1], m[2])).reveal(), text)


def reveal_files(files: Mapping[str, str], value_of: Callable[[SecretRef], Secret] = resolve) -> dict[str, str]:
    """Return rendered files with their secrets; raise OperatorError for one that cannot be read."""
    return {path: reveal_all(text, value_of) for path, text in files.items()}


def fingerprint(value: str, key: bytes) -> str:
    """Return what may be shown and kept: the first 12 hex digits of HMAC-SHA256 under the node's key."""
    return "hmac:" + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:12]
