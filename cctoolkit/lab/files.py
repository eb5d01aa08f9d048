"""Files whose owner and mode matter: Asterisk must read its configuration, and nobody else its secrets."""

import os
from pathlib import Path


def make_folder(folder: Path, mode: int, uid: int, gid: int) -> None:
    """Make the folder if it is missing, and give it this mode and these owners in any case."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, uid, gid)
    folder.chmod(mode)


def write_config(top: Path, name: str, text: str, gid: int) -> bool:
    """Write `name` below `top` at one stroke, 0640 for the group `gid`; say whether it was not so already."""
    path = top / name
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    # Set-group-id: what is put here later also belongs to Asterisk's group, which must read it.
    for folder in reversed(path.relative_to(top).parents[:-1]):
        make_folder(top / folder, 0o2770, 0, gid)
    fresh = path.with_name(path.name + ".new")
    fresh.touch(0o600)
    os.chown(fresh, 0, gid)
    fresh.chmod(0o640)
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(path)
    return True


def write(path: Path, text: str) -> None:
    """Put a file in place at one stroke, on the disk when this returns."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
