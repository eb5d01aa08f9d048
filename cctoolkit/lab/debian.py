"""Makes a Debian in a folder, with packages of its own: nothing is installed on the machine itself but debootstrap."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cctoolkit.errors import OperatorError
from cctoolkit.lab.process import Contained, run

Progress = Callable[[str], None]
_NEEDED_BYTES = 1_200_000_000
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def provide(root: Path, what: str, holds: tuple[str, str], finish: Callable[[Path], None], progress: Progress) -> None:
    """Build a Debian at `root` unless it is there: `holds` is its suite and packages, `finish` judges and completes it.

    Raise OperatorError when this machine cannot. Whatever comes in the middle, `root` is whole or not there.
    """
    if root.is_dir():
        return
    with _only_one(root.with_suffix(".lock"), progress):
        if root.is_dir():
            return
        _check_disk(root.parent)
        _provide_debootstrap(progress)
        partial = root.with_suffix(".building")
        _remove(partial)
        progress(f"building {what} in {root} (once, about a minute, 0.6 GB)")
        suite, packages = holds
        command = ("debootstrap", "--variant=minbase", f"--include={packages}", suite, str(partial))
        _debootstrap(command, root.with_suffix(".log"), progress)
        finish(partial)
        for deb in (partial / "var/cache/apt/archives").glob("*.deb"):
            deb.unlink()
        partial.rename(root)
        progress(f"{what} is ready in {root}")


@contextmanager
def _only_one(lock: Path, progress: Progress) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another checkout is building it; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_disk(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _NEEDED_BYTES:
        raise OperatorError(
            f"only {free / 1e9:.1f} GB are free",
            where=str(folder),
            expected=f"{_NEEDED_BYTES / 1e9:.1f} GB to build it",
            next_step="free some space, or set XDG_CACHE_HOME to another disk",
        )


def _provide_debootstrap(progress: Progress) -> None:
    if shutil.which("debootstrap") and _KEYRING.is_file():
        return
    if not shutil.which("apt-get"):
        raise OperatorError(
            "debootstrap is missing, and so is apt-get",
            expected="Debian or Ubuntu, or for the lab an Asterisk 22 on the PATH",
            next_step="install debootstrap and debian-archive-keyring, or for the lab Asterisk 22",
        )
    progress("installing debootstrap")
    apt = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (["update"], ["install", "-y", "debootstrap", "debian-archive-keyring"]):
        done = run(["apt-get", "-q", *command], apt)
        if done.returncode:
            reason = (done.stderr.strip() or "no message").splitlines()[-1]
            raise OperatorError(
                f"apt-get {command[0]} failed: {reason}",
                next_step="apt-get install debootstrap debian-archive-keyring",
            )


def _debootstrap(command: Sequence[str], log: Path, progress: Progress) -> None:
    process = Contained(command, output=subprocess.PIPE)
    try:
        last, told = "", time.monotonic()
        with log.open("wb") as copy, process.output as lines:
            for line in lines:
                copy.write(line)
                last = line.decode(errors="replace").strip() or last
                if time.monotonic() - told > 3:
                    progress(last.removeprefix("I: "))
                    told = time.monotonic()
        process.reap()
    finally:
        process.end()
    if process.popen.returncode:
        raise OperatorError(
            f"debootstrap failed: {last}",
            where=str(log),
            next_step="see that log; is the Debian archive reachable?",
        )


def _remove(folder: Path) -> None:
    # Never across a mount: what was mounted there is not ours to delete.
    run(["rm", "-rf", "--one-file-system", str(folder)])
