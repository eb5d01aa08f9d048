"""Switches written out in a test: a folder of files, and what is made of it."""

import textwrap
from collections.abc import Sequence
from datetime import date

from cctoolkit.errors import OperatorError
from cctoolkit.takeover.specs import Taken, take
from cctoolkit.takeover.wanted import Wanted

TODAY = date(2026, 11, 29)
TRUNK = """
[carrier]
type = endpoint
context = in
aors = carrier

[carrier]
type = aor
contact = sip:192.0.2.10
"""


class Files:
    """A configuration folder in memory; a file that is None cannot be read."""

    places = ("/etc/asterisk",)
    closed = ()

    def __init__(self, **files: str | bytes | None) -> None:
        self.files = {name.replace("__", "/") + ("" if "." in name else ".conf"): text for name, text in files.items()}
        self.names = frozenset(self.files)

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        text = self.files[name]
        if text is None:
            raise OperatorError("cannot be read: Permission denied", where=name)
        return text if isinstance(text, bytes) else textwrap.dedent(text).encode()


def taken(extensions: str = "", *, queues: str = "", numbers: Sequence[str] = (), **more: str | bytes | None) -> Taken:
    """Import a switch with one trunk into [in], Russian numbers, in English, on Moscow's time."""
    files = Files(extensions=extensions, queues=queues, pjsip=TRUNK, **more)
    wanted = Wanted(
        projects={"line": numbers}, site="site", country="RU", today=TODAY, language="en", time_zone="Europe/Moscow"
    )
    return take(files, wanted)


def flow(extensions: str, **more: str | bytes | None) -> dict[str, dict]:
    """Return the steps of an import."""
    return taken(extensions, **more).projects["line"]["flow"]


def left(found: Taken) -> list[str]:
    """Return what is left over, as place and what, but for the node and the files beside."""
    return [f"{one.place}: {one.what}" for one in found.left if one.place.file not in ("asterisk.conf", "pjsip.conf")]
