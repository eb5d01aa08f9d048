"""A real PostgreSQL for tests: Debian's own, in the Debian of the tests, with a cluster and an account made for it.

It dies with the test's process. It is as safe from its own death as any, and from the machine's not at all (fsync is
off): what is tested here is ours.
"""

import shutil

import psycopg

from cctoolkit.cdr.address import Url
from cctoolkit.secret import SecretRef
from tests import machine
from tests.server import Server

PASSWORD = "cct-password-17"
_PROGRAMS = "/usr/lib/postgresql/17/bin"
_BOOT = f"""
rm -f "$folder/data/postmaster.pid"
exec chroot --userspec=postgres "$root" {_PROGRAMS}/postgres -D /mnt/data -c listen_addresses="$3" -c port="$4" \
    -c unix_socket_directories= -c fsync=off -c dynamic_shared_memory_type=mmap
"""
_INIT = f"""
exec chroot --userspec=postgres "$root" {_PROGRAMS}/initdb -D /mnt/data -U cct --pwfile=/mnt/password -A scram-sha-256 \
    -E UTF8 --locale=C.UTF-8 --no-sync
"""


class Postgres(Server):
    """`url` is a new database of its own."""

    init, boot, user = _INIT, _BOOT, "postgres"
    _databases = 0

    def prepare(self) -> None:
        """As `Server.prepare`."""
        self.password = self.folder / "password"
        self.password.write_text(PASSWORD)
        shutil.chown(self.password, *machine.account(self.user))

    def lets_in(self) -> bool:
        """As `Server.lets_in`."""
        try:
            psycopg.connect(self._said("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

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
