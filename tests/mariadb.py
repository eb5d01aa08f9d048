"""A real MariaDB for tests: Debian's own, in the Debian of the tests, with databases and accounts made for it.

It dies with the test's process, runs as a user without rights, and listens on 127.0.0.1 alone.
"""

import pymysql

from tests.server import Server

PASSWORD = "cct-password-10"
_BOOT = """
exec chroot --userspec=mysql:mysql "$root" /usr/sbin/mariadbd --no-defaults --datadir=/mnt/data --socket=/mnt/socket \
    --pid-file=/mnt/pid --bind-address="$3" --port="$4" --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=64M \
    --max-allowed-packet=64M --skip-name-resolve --default-time-zone=+03:00
"""
_INIT = """
exec chroot --userspec=mysql:mysql "$root" /usr/bin/mariadb-install-db --no-defaults --datadir=/mnt/data --user=mysql \
    --auth-root-authentication-method=normal --skip-test-db --skip-log-bin
"""


class MariaDb(Server):
    """Its root may do everything, without a password."""

    init, boot, user = _INIT, _BOOT, "mysql"

    def lets_in(self) -> bool:
        """As `Server.lets_in`."""
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
