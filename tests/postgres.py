"""A real PostgreSQL for tests: Debian's own, in the Debian of the tests, with a cluster and an account made for it.

It dies with the test's process. It is as safe from its own death as any, and from the machine's not at all (fsync is
off): what is tested here is ours.
"""

import shutil
import socket
import time
from pathlib import Path

import psycopg

from cctoolkit.cdr.address import Url
from cctoolkit.lab.process import Contained, run
from cctoolkit.secret import SecretRef
from tests import machine

PASSWORD = "cct-password-17"
_PROGRAMS = "/usr/lib/postgresql/17/bin"
_BOOT = f"""set -e
root=$1 folder=$2 address=$3 port=$4
mount --bind "$folder" "$root/mnt"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
rm -f "$folder/data/postmaster.pid"
exec chroot --userspec=postgres "$root" {_PROGRAMS}/postgres -D /mnt/data -c listen_addresses="$address" -c port="$port" \
    -c unix_socket_directories= -c fsync=off -c dynamic_shared_memory_type=mmap
"""
_INIT = f"""set -e
root=$1 folder=$2
mount --bind "$folder" "$root/mnt"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
exec chroot --userspec=postgres "$root" {_PROGRAMS}/initdb -D /mnt/data -U cct --pwfile=/mnt/password -A scram-sha-256 \
    -E UTF8 --locale=C.UTF-8 --no-sync
"""


class Postgres:
    """A server at `address`; `kill` and `start` are an outage, `url` a new database of its own."""

    def __init__(self, folder: Path, address: str = "127.0.0.1") -> None:
        self._root = machine.root()
        self.folder, self.address, self._databases = folder, address, 0
        with socket.socket() as free:
            free.bind((address, 0))
            self.port = free.getsockname()[1]
        folder.mkdir()
        self.password = folder / "password"
        self.password.write_text(PASSWORD)
        for path in (folder, self.password):
            shutil.chown(path, *machine.account("postgres"))
        done = run(["unshare", "--mount", "sh", "-c", _INIT, "sh", str(self._root), str(folder)])
        assert done.returncode == 0, done.stderr + done.stdout
        self._process: Contained | None = None

    @property
    def runs(self) -> bool:
        """Whether it was not killed."""
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it lets us in."""
        with (self.folder / "log").open("ab") as log:
            command = ["sh", "-c", _BOOT, "sh", str(self._root), str(self.folder), self.address, str(self.port)]
            self._process = Contained(command, output=log.fileno())
        deadline = time.monotonic() + 60
        while not self._lets_in():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def _lets_in(self) -> bool:
        try:
            psycopg.connect(self._said("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """Take it away at once, in the middle of whatever it does."""
        if self._process:
            self._process.end()
            self._process = None

    def url(self) -> Url:
        """Return a new database."""
        self._databases += 1
        with psycopg.connect(self._said("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE store_{self._databases}")
        return self.same()

    def same(self) -> Url:
        """Return the newest database again."""
        text = f"postgresql://cct@{self.address}:{self.port}/store_{self._databases}"
        return Url(text, SecretRef("file", str(self.password)))

    def _said(self, database: str) -> str:
        return f"host={self.address} port={self.port} dbname={database} user=cct password={PASSWORD}"

    def __enter__(self) -> "Postgres":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
