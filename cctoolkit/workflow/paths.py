"""Asking about paths that people typed: any text at all has an answer."""

import os
from pathlib import Path


def is_file(path: Path) -> bool:
    """Tell whether a path is a plain file; a name no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_there(path: Path) -> bool:
    """Tell whether a path is anything at all: a broken link and a pipe are, and reading says what is wrong."""
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):
        return False


def real(path: Path) -> Path:
    """Return where a path leads, however its links run; a loop of links leads to itself."""
    return Path(os.path.realpath(path))
