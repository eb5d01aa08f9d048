"""A real MariaDB for tests: Debian's own, in the Debian of the tests, with databases and accounts made for it.

It dies with the test's process, runs as a user without rights, and listens on 127.0.0.1 alone.
"""

import shutil
import socket
import time
from pathlib import Path

import pymysql

from cctoolkit.lab.process import Contained, run
from tests import machine

PASSWORD = "cct-password-10"
_MOUNTS = """set -e
root=$1 folder=$2
mount --bind "$folder" "$root/mnt"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
"""
_BOOT = f"""{_MOUNTS}
exec chroot --userspec=mysql:mysql "$root" /usr/sbin/mariadbd --no-defaults --datadir=/mnt/data --socket=/mnt/socket \
    --pid-file=/mnt/pid --bind-address="$3" --port="$4" --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=64M \
    --max-allowed-packet=64M --skip-name-resolve --default-time-zone=+03:00
"""
_INIT = f"""{_MOUNTS}
exec chroot --userspec=mysql:mysql "$root" /usr/bin/mariadb-install-db --no-defaults --datadir=/mnt/data --user=mysql \
    --auth-root-authentication-method=normal --skip-test-db --skip-log-bin
"""


class MariaDb:
    """A server at `address`; `kill` and `start` are an outage. Its root may do everything, without a password."""

    def __init__(self, folder: Path, address: str = "127.0.0.1") -> None:
        self._root = machine.root()
        self.folder, self.address = folder, address
        with socket.socket() as free:
            free.bind((address, 0))
            self.port = free.getsockname()[1]
        folder.mkdir()
        shutil.chown(folder, *machine.account("mysql"))
        done = run(["unshare", "--mount", "sh", "-c", _INIT, "sh", str(self._root), str(folder)])
        assert done.returncode == 0, done.stderr + done.stdout
        self._process: Contained | None = None

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
            self.root().close()
        except pymysql.err.OperationalError:
            return False
        return True

    def root(self, database: str | None = None) -> pymysql.connections.Connection:
        """Return a connection of its root's."""
        return pymysql.connect(host=self.address, port=self.port, user="root", database=database, autocommit=True)

    def do(self, *statements: str, database: str | None = None) -> None:
        """Run statements as root."""
        with self.root(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def kill(self) -> None:
        """Take it away at once, in the middle of whatever it does."""
        if self._process:
            self._process.end()
            self._process = None

    def __enter__(self) -> "MariaDb":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
