"""How a capture does, for those outside its process: a file beside the journal, written anew every few seconds."""

import os
from pathlib import Path

import msgspec

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
        raise OperatorError(
            f"cannot be read: {error.strerror}", where=str(folder / _NAME), next_step="ask as the user who captures"
        ) from error
