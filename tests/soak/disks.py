"""A disk that takes no more: it is full, or read-only."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from cctoolkit.lab.node import Node

_PAGE = 4096


@contextmanager
def own_disk(node: Node, *mount: str) -> Iterator[Path]:
    """Put the node's cctoolkit/ on a small file system of its own, mounted with these arguments."""
    folder = node.config / "cctoolkit"
    node.stop()
    aside = folder.rename(folder.with_name("cctoolkit.aside"))
    folder.mkdir()
    subprocess.run(["mount", *mount, str(folder)], check=True)
    try:
        shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, group=node.installation.gid)
        node.start()
        yield folder
        node.stop()
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def full_disk(folder: Path, random: Random) -> Iterator[None]:
    """Fill the disk but for some pages, often none."""
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize - _PAGE * random.choice((0, 0, 1, 2, 4, 8, 16))
    filler = folder / "filler"
    filler.write_bytes(bytes(max(free, 0)))
    try:
        yield
    finally:
        filler.unlink()
