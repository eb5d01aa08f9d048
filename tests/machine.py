"""A Debian for the servers that tests need, made once for all of them: sshd, PostgreSQL, MariaDB."""

from pathlib import Path

from cctoolkit.lab import debian
from cctoolkit.lab.install import cache_folder
from cctoolkit.lab.process import run

_PACKAGES = "openssh-server,sudo,postgresql,mariadb-server-core,mariadb-client-core,odbc-mariadb"


def root() -> Path:
    """Return its folder; each server binds what it needs into it in a mount namespace of its own."""
    found = cache_folder() / "servers-13"
    debian.provide(found, "a Debian for tests", ("trixie", _PACKAGES), _finish, print)
    return found


def account(user: str) -> tuple[int, int]:
    """Return a user's uid and gid there, whatever this machine's are."""
    passwd = (root() / "etc/passwd").read_text().splitlines()
    uid, gid = next(line.split(":")[2:4] for line in passwd if line.startswith(f"{user}:"))
    return int(uid), int(gid)


def _finish(found: Path) -> None:
    """Make an operator who may use sudo, one who may not, and whom MariaDB runs as."""
    for user in ("deploy", "guest", "mysql"):
        done = run(["chroot", str(found), "useradd", "-m", "-s", "/bin/bash", "-p", "*", user])
        assert done.returncode == 0, done.stderr
    (found / "etc/sudoers.d/deploy").write_text("deploy ALL=(root) NOPASSWD: /usr/bin/sh\n")
    (found / "home/deploy/.bashrc").write_text("echo 'Unauthorized access is prohibited.'\n")
