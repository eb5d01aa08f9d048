"""A Debian for the servers that tests need, made once for all of them: sshd and PostgreSQL."""

from pathlib import Path

from cctoolkit.lab import debian
from cctoolkit.lab.install import cache_folder
from cctoolkit.lab.process import run


def root() -> Path:
    """Return its folder; each server binds what it needs into it in a mount namespace of its own."""
    found = cache_folder() / "tests-13"
    debian.provide(found, "a Debian for tests", ("trixie", "openssh-server,sudo,postgresql"), _finish, print)
    return found


def _finish(found: Path) -> None:
    """Make an operator who may use sudo, and one who may not."""
    for user in ("deploy", "guest"):
        done = run(["chroot", str(found), "useradd", "-m", "-s", "/bin/bash", "-p", "*", user])
        assert done.returncode == 0, done.stderr
    (found / "etc/sudoers.d/deploy").write_text("deploy ALL=(root) NOPASSWD: /usr/bin/sh\n")
    (found / "home/deploy/.bashrc").write_text("echo 'Unauthorized access is prohibited.'\n")
