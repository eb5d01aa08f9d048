"""A real OpenSSH server for tests: Debian's own, in a folder of its own, with keys and accounts made for it.

Its machine is a Debian of the tests (`tests.machine`), where the folder `shared` of this machine is /srv. It
dies with the test's process, and its accounts are those of that Debian: nobody can log in to this machine.
"""

import socket
import time
from pathlib import Path

import asyncssh

from cctoolkit.lab import process
from cctoolkit.lab.process import Contained, run
from tests import machine

PORT = 2222
_BOOT = """set -e
root=$1 shared=$2 mine=$3
mount --rbind "$shared" "$root/srv"
mount --bind "$mine" "$root/mnt"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/run"
mkdir "$root/run/sshd"
exec chroot "$root" /usr/sbin/sshd -D -e -f /mnt/sshd_config
"""
_CONFIG = """
ListenAddress {address}:{port}
HostKey /mnt/host_key
AuthorizedKeysFile /mnt/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
MaxStartups 100
PerSourcePenalties no
"""


class Sshd:
    """A server at `address`, whose /srv is `shared`; `known_hosts` and `key` are what a site names."""

    def __init__(self, folder: Path, shared: Path, address: str) -> None:
        self.folder, self.address, self.shared, self._root = folder, address, shared, machine.root()
        folder.mkdir()
        self.key, self.known_hosts = folder / "client_key", folder / "known_hosts"
        client, self.host_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        client.write_private_key(self.key)
        (folder / "authorized_keys").write_bytes(client.export_public_key())
        self.host_key.write_private_key(folder / "host_key")
        (folder / "host_key").chmod(0o600)
        self.know(self.host_key)
        (folder / "sshd_config").write_text(_CONFIG.format(address=address, port=PORT))
        self._process: Contained | None = None

    def know(self, key: asyncssh.SSHKey, *others: "Sshd") -> None:
        """Write known_hosts: this server with `key`, and others with theirs."""
        lines = [(self.address, key), *((other.address, other.host_key) for other in others)]
        text = "".join(f"[{address}]:{PORT} {key.export_public_key().decode()}" for address, key in lines)
        self.known_hosts.write_text(text)

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("wb") as log:
            command = ["sh", "-c", _BOOT, "sh", str(self._root), str(self.shared), str(self.folder)]
            self._process = Contained(command, output=log.fileno())
        deadline = time.monotonic() + 10
        while True:
            try:
                with socket.create_connection((self.address, PORT), 1):
                    return
            except OSError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.02)

    def inside(self, *command: str) -> str:
        """Run a command on its machine, as root, and return what it says."""
        assert self._process
        [shell] = process.children(self._process.pid)
        done = run(["nsenter", f"--target={shell}", "--mount", "--pid", "--wd=/", "chroot", str(self._root), *command])
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kill(self) -> None:
        """Take the server and every session away at once."""
        if self._process:
            self._process.end()
            self._process = None

    def __enter__(self) -> "Sshd":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
