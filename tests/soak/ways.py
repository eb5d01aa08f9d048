"""The ways on which a node's files are reached, each with the places at which an apply can be killed on it."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import yaml

from tests.live.conftest import Line
from tests.soak.apply_process import ApplyProcess
from tests.sshd import PORT, Sshd

_QUIET_SECONDS = 0.3
_DISK_BYTES = 32 << 20


class Local:
    """The node is on this machine. `site` is the site file that says so."""

    name = "local"
    restarts_for = ""
    """The fault after which Asterisk has to be started anew."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.site = line.site

    @asynccontextmanager
    async def working(self, stop: int, *command: str) -> AsyncIterator[ApplyProcess]:
        """Yield a command at work, an apply unless said, which stands still at the place `stop`, 0 at none."""
        process = ApplyProcess(self.line.root, stop, self.faults(), *(command or ("apply",)), "--site", self.site)
        try:
            yield process
        finally:
            process.close()

    def faults(self) -> dict[str, str]:
        """Return the environment that faulty.py reads."""
        return {"CCTOOLKIT_FAULTS": str(self.line.lab.nodes["n1"].config / "cctoolkit")}

    @property
    def disk(self) -> Path:
        """The folder that can have a disk of its own."""
        return self.line.lab.nodes["n1"].config / "cctoolkit"

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let whoever opens a file from now on find the node's disk read-only."""
        # A mount of its own: one in which a file is open for writing cannot be made read-only.
        self.mount("mount", "--bind", str(self.disk), str(self.disk))
        try:
            self.mount("mount", "-o", "remount,bind,ro", str(self.disk))
            yield
        finally:
            self.mount("umount", str(self.disk))

    def mount(self, *command: str) -> None:
        """Run this where the transport finds the node's files."""
        subprocess.run(command, check=True)

    async def left(self, place: str, *, whole: bool) -> None:
        """After a kill: let what it has left at work on the node come to its end, or with `whole` end it too."""


class BySsh(Local):
    """The node is reached by a real sshd, whose /srv is the lab's folder."""

    name = "ssh"

    def __init__(self, line: Line, sshd: Sshd) -> None:
        super().__init__(line)
        self._sshd = sshd
        self._pipes = line.lab.folder / "faults"
        self._pipes.mkdir()
        for pipe in ("reached", "go"):
            os.mkfifo(self._pipes / pipe)
        login = {"host": sshd.address, "port": PORT, "user": "deploy", "sudo": True}
        keys = {"key": f"file:{sshd.key}", "known_hosts": str(sshd.known_hosts)}
        self.site = _site(line, transport="ssh", folder="/srv/n1/etc/asterisk", ssh={**login, **keys})

    def mount(self, *command: str) -> None:
        """On the node: the folder has another name there."""
        self._sshd.inside(*(one.replace(str(self._sshd.shared), "/srv") for one in command))

    def faults(self) -> dict[str, str]:
        """Return the environment that faulty.py reads: nothing is changed from here."""
        return {"CCTOOLKIT_FAULTS": str(self._pipes / "none"), "CCTOOLKIT_FAULTS_PIPES": str(self._pipes)}

    async def left(self, place: str, *, whole: bool) -> None:
        """The node's shell goes on to the end of what it was asked, or its session is killed where it stands."""
        told = place.removeprefix("on the node: ")
        if told == place:
            await asyncio.to_thread(self._let_go)
        elif whole:
            await asyncio.to_thread(self._sshd.inside, "sh", "-c", f"kill -9 -{told.split()[0]}")
        else:
            (self._pipes / "go").write_text("on\n", encoding="utf-8")
            await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        """Let the shell go on from each place it comes to, until it comes to none."""
        handle = os.open(self._pipes / "reached", os.O_RDONLY | os.O_NONBLOCK)
        try:
            quiet = time.monotonic()
            while time.monotonic() < quiet + _QUIET_SECONDS:
                if _read(handle):
                    (self._pipes / "go").write_text("on\n", encoding="utf-8")
                    quiet = time.monotonic()
                time.sleep(0.01)
        finally:
            os.close(handle)


class ByAmi(Local):
    """Nothing but AMI reaches the node: every place is an action."""

    name = "ami"
    restarts_for = "read-only"

    def __init__(self, line: Line, images: Path) -> None:
        super().__init__(line)
        self.site = _site(line, transport="ami", folder="/etc/asterisk")
        self._images = images

    def fresh_disk(self) -> tuple[str, ...]:
        """Make an empty file system; return what `mount` takes."""
        image = self._images / f"{len(list(self._images.iterdir()))}"
        with image.open("wb") as file:
            file.truncate(_DISK_BYTES)
        self.mount("mkfs.ext4", "-q", "-O", "^has_journal", str(image))
        return "-o", "loop,errors=remount-ro", str(image)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let the store's file system meet an error: nobody writes to it, what is open included, until it is mounted
        anew.
        """
        device = next(one for one in Path("/proc/mounts").read_text().splitlines() if f" {self.disk} " in one)
        Path("/sys/fs/ext4", Path(device.split()[0]).name, "trigger_fs_error").write_text("1")
        try:
            yield
        finally:
            node = self.line.lab.nodes["n1"]
            node.stop()
            # Onto another one, as after a repair: this one may be mounted elsewhere still, by whoever copied our mounts.
            aside = self._images / "aside"
            self.mount("cp", "-a", str(self.disk), str(aside))
            self.mount("umount", str(self.disk))
            self.mount("mount", *self.fresh_disk(), str(self.disk))
            self.mount("cp", "-a", f"{aside}/.", str(self.disk))
            shutil.rmtree(aside)
            node.start()

    def faults(self) -> dict[str, str]:
        """Return the environment that faulty.py reads: no file is changed."""
        return {"CCTOOLKIT_FAULTS": str(self.line.lab.folder / "none")}


def _site(line: Line, **node: object) -> str:
    """Write the lab's site with its node reached in another way, and return the file."""
    here = line.lab.site_file
    site = yaml.safe_load(here.read_text(encoding="utf-8"))
    site["nodes"][0] |= node
    far = here.with_name(f"by-{node['transport']}.yaml")
    far.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return str(far)


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except BlockingIOError:  # the other end is open, and has said nothing yet
        return b""


@contextmanager
def way(name: str, line: Line, folder: Path) -> Iterator[Local]:
    """Yield a way by its name; `folder` is for what it needs."""
    if name == "local":
        yield Local(line)
        return
    address = line.lab.nodes["n1"].address.rpartition(".")[0] + ".99"
    with Sshd(folder / "sshd", line.lab.folder, address) as sshd:
        yield BySsh(line, sshd)
