"""A database server that tests run: Debian's own, in the Debian of the tests, which dies with the test's process."""

import shutil
import socket
import time
from pathlib import Path
from typing import Self

from cctoolkit.lab.process import Contained, run
from tests import machine

_MOUNTS = """set -e
root=$1 folder=$2
mount --bind "$folder" "$root/mnt"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
"""


class Server:
    """A server at `address`; `kill` and `start` are an outage. A kind of it says how it is made and run (`init`, `boot`:
    shell, given the Debian's $root, its $folder, which is /mnt there, $3 the address and $4 the port), and as whom.
    """

    init: str
    boot: str
    user: str

    def __init__(self, folder: Path, address: str = "127.0.0.1") -> None:
        self._root = machine.root()
        self.folder, self.address = folder, address
        with socket.socket() as free:
            free.bind((address, 0))
            self.port = free.getsockname()[1]
        folder.mkdir()
        shutil.chown(folder, *machine.account(self.user))
        self.prepare()
        done = run(["unshare", "--mount", "sh", "-c", _MOUNTS + self.init, "sh", str(self._root), str(folder)])
        assert done.returncode == 0, done.stderr + done.stdout
        self._process: Contained | None = None

    def prepare(self) -> None:
        """Put into the folder what the making of it needs."""

    def lets_in(self) -> bool:
        """Say whether it can be used by now."""
        raise NotImplementedError

    @property
    def runs(self) -> bool:
        """Whether it was not killed."""
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it lets us in."""
        with (self.folder / "log").open("ab") as log:
            command = ["sh", "-c", _MOUNTS + self.boot, "sh", str(self._root), str(self.folder)]
            self._process = Contained([*command, self.address, str(self.port)], output=log.fileno())
        deadline = time.monotonic() + 60
        while not self.lets_in():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """Take it away at once, in the middle of whatever it does."""
        if self._process:
            self._process.end()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
