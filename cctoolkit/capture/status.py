"""How a capture does, for those outside its process: a file beside the journal, written anew every few seconds, and
whether its process is there, which the journal's lock tells.
"""

import fcntl
import os
from pathlib import Path

import msgspec

from cctoolkit.capture.journal import LOCK
from cctoolkit.capture.pulse import Pulse
from cctoolkit.errors import OperatorError

_NAME = "status.json"


def write(folder: Path, pulse: Pulse) -> None:
    """Put a pulse into a journal's folder; raise OSError when that cannot be."""
    being_made = folder / f"{_NAME}.tmp"
    handle = os.open(being_made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(pulse))
    being_made.rename(folder / _NAME)


def read(folder: Path) -> Pulse | None:
    """Return the newest pulse of a journal's folder; None when there is none that this version can read.

    Raise OperatorError when who asks may not read it.
    """
    try:
        return msgspec.json.decode((folder / _NAME).read_bytes(), type=Pulse)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    except OSError as error:
        raise _unread(folder / _NAME, error) from error


def held(folder: Path) -> bool:
    """Say whether a process writes a journal: the system lets go of its lock with the process, however that ends.

    Raise OperatorError when who asks may not see.
    """
    try:
        file = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unread(folder / LOCK, error) from error
    try:
        # Shared: those who look at the same time do not take each other for a capture; one that starts tries again.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(file)


def _unread(path: Path, error: OSError) -> OperatorError:
    return OperatorError(f"cannot be read: {error.strerror}", where=str(path), next_step="ask as the user who captures")
