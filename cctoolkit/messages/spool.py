"""What the switch left of callers' messages: recordings, and beside each one line that says what became of it.

Below the node's spool: cctoolkit/voicemail/<project>/<step>/<call>-<n>.wav, n counting the messages of one call, and
.txt with `outcome|caller|number|began|ended|shortest|test`, written by [cct-message] once the recording is closed.
The folder is Asterisk's: nothing in it is believed but what has the very form that our dialplan writes.
"""

import errno
import os
import re
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec import Struct

VOICEMAIL = Path("cctoolkit/voicemail")
TEST = "cct-test-"
QUIET_SECONDS = 60.0
"""A recording that has not grown for so long, and of which nothing is said, was cut off: the switch died, unless its
line comes after all, since nothing is written while a caller's phone sends nothing.
"""

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# A call's id ends with .<sequence>, a test call's with the half that runs the dialplan.
_NAME = re.compile(rf"((?:[A-Za-z0-9.-]{{1,80}}\.[0-9]{{1,12}}|{TEST}[0-9a-f]{{1,40}})-[0-9]{{1,6}})\.(wav|txt)")
_TIME = r"[0-9]{1,12}\.[0-9]{3}"
_LINE = re.compile(
    r"(message-left|voicemail-done|message-too-short|voicemail-too-short)\|([0-9+]{0,32})\|([0-9]{0,20})"
    rf"\|({_TIME})\|({_TIME})\|[0-9]{{1,9}}\|(1?)\n"
)
_MOST_LINE = 300


class Said(Struct, frozen=True):
    """What the switch said of a message; times are seconds since the epoch, `number` is E.164 digits or "",
    `caller` what the network sent, of digits and plus signs.
    """

    outcome: str
    caller: str
    number: str
    began: float
    ended: float
    test: bool


class Message(Struct, frozen=True):
    """A recording. `said` is None while it goes on, and for good where the switch died meanwhile; `changed` is when
    anything of it last did, in seconds since the epoch; `fault` is what keeps us from reading what was said, or "".
    """

    id: str
    project: str
    step: str
    folder: Path
    changed: float
    said: Said | None
    fault: str = ""

    @property
    def recording(self) -> Path:
        """Its sound, where there is any."""
        return self.folder / f"{self.id}.wav"

    @property
    def line(self) -> Path:
        """What the switch said."""
        return self.folder / f"{self.id}.txt"

    @property
    def call(self) -> str:
        """The id of its call."""
        return self.id.rpartition("-")[0]

    @property
    def test(self) -> bool:
        """Whether a test call left it."""
        return self.id.startswith(TEST) or (self.said is not None and self.said.test)

    @property
    def too_short(self) -> bool:
        """Whether the switch found it shorter than the step's shortest."""
        return self.said is not None and self.said.outcome.endswith("too-short")

    def going_on(self, now: float) -> bool:
        """Say whether it may still be recorded."""
        return self.said is None and now - self.changed < QUIET_SECONDS


def messages(spool: Path, without: Collection[str] = ()) -> Iterator[Message]:
    """Yield the messages below a node's spool but for some ids, by project, step and id; raise OSError when it cannot
    be read.
    """
    for project in _folders(spool / VOICEMAIL):
        for step in _folders(project):
            found = {match[1] for entry in os.scandir(step) if (match := _NAME.fullmatch(entry.name))}
            for name in sorted(found.difference(without)):
                message = _message(name, project.name, step)
                if message is not None:
                    yield message


def _folders(above: Path) -> list[Path]:
    try:
        entries = list(os.scandir(above))
    except FileNotFoundError:
        return []  # nobody has left a message yet
    return sorted(Path(e.path) for e in entries if _ID.fullmatch(e.name) and e.is_dir(follow_symlinks=False))


def _message(name: str, project: str, step: Path) -> Message | None:
    """Return a message, or None when it was swept this moment."""
    changed = [_changed(step / f"{name}.{ending}") for ending in ("wav", "txt")]
    latest = max((at for at in changed if at is not None), default=None)
    if latest is None:
        return None
    said, fault = None, ""
    try:
        said = _said(step / f"{name}.txt")
    except OSError as error:
        fault = error.strerror or str(error)
    return Message(name, project, step.name, step, latest, said, fault)


def _changed(path: Path) -> float | None:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return None


def _said(path: Path) -> Said | None:
    try:
        text = content(path, _MOST_LINE).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    outcome, caller, number, began, ended, test = found.groups()
    return Said(outcome, caller, number, float(began), float(ended), test == "1")


def content(path: Path, most: int) -> bytes:
    """Return at most so many bytes of a plain file; a link, which could lead anywhere, or a folder raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)  # fdopen would refuse a folder, and leave it open
        raise OSError(errno.EINVAL, "not a plain file", str(path))
    with os.fdopen(handle, "rb") as file:
        return file.read(most)


def remove(message: Message) -> None:
    """Remove a message; what the switch said goes last, so that half of it is never taken for a cut-off one."""
    message.recording.unlink(missing_ok=True)
    message.line.unlink(missing_ok=True)
