"""From a path to text: a plain file of reasonable size, in UTF-8, without characters YAML has no place for."""

import codecs
import errno
import os
import re
import stat
from pathlib import Path

from cctoolkit.spec.builder import StopReading
from cctoolkit.spec.problem import Mark, Problem

MAX_BYTES = 1024 * 1024

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What libyaml counts as the end of a line."""

# YAML 1.2.2, production 1 (c-printable).
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(path: Path, file: str) -> str:
    """Return a file's text; raise StopReading with what is wrong with it, whatever kind of file it is."""
    try:
        raw = _bytes(path)
    except OSError as error:
        raise StopReading(Problem("file-unreadable", f"cannot be read: {error.strerror}", file)) from None
    except ValueError:
        raise StopReading(Problem("file-unreadable", "cannot be read: no file can have such a name", file)) from None
    if isinstance(raw, int):
        raise StopReading(
            Problem("file-too-large", f"the file has {raw} bytes or more", file, expected=f"at most {MAX_BYTES}")
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StopReading(_not_utf8(raw, error.start, file)) from None


def _bytes(path: Path) -> bytes | int:
    """Return what a plain file holds, or how much when that is too much; a pipe or a device might never end."""
    # Not blocking: opening a pipe would wait for somebody to write into it.
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        status = os.fstat(number)
        if stat.S_ISDIR(status.st_mode):
            raise OSError(errno.EISDIR, "it is a folder, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
        if status.st_size > MAX_BYTES:
            return status.st_size
        with os.fdopen(number, "rb", closefd=False) as opened:
            raw = opened.read(MAX_BYTES + 1)
        return raw if len(raw) <= MAX_BYTES else len(raw)
    finally:
        os.close(number)


def _not_utf8(raw: bytes, start: int, file: str) -> Problem:
    what = f"byte {start} of the file is not UTF-8"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        what = "the file is UTF-32" if raw.startswith(codecs.BOM_UTF32_LE) else "the file is UTF-16"
    before = raw[:start].decode("utf-8-sig", errors="replace")
    return Problem("not-utf8", what, file, _end(before), hint="save the file as UTF-8")


def unprintable(text: str, file: str) -> Problem | None:
    """Return the problem of the first character no YAML may hold, if there is one."""
    bad = _UNPRINTABLE.search(text)
    if not bad:
        return None
    what, hint = f"the character U+{ord(bad[0]):04X}", "delete it"
    if bad[0] == "\0":
        hint = "save the file as text, in UTF-8"
    return Problem("yaml-character", what, file, _end(text[: bad.start()]), hint=hint)


def _end(text: str) -> Mark:
    """Return the place just after `text`."""
    lines = BREAK.split(text)
    return Mark(len(lines), len(lines[-1]) + 1)
