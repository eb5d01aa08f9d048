"""Finds or makes the Asterisk 22 that the lab runs, once for all checkouts of this machine."""

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from cctoolkit.errors import OperatorError
from cctoolkit.lab.process import Contained, run

Progress = Callable[[str], None]
VERSION = "22"
_PACKAGES = "asterisk,asterisk-core-sounds-en-gsm,asterisk-core-sounds-ru-gsm"
_NEEDED_BYTES = 1_200_000_000
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SOUNDS = Path("usr/share/asterisk/sounds")
_ENGLISH = "en_US_f_Allison"
_RUSSIAN = "ru_RU_f_IvrvoiceRU"  # the name the Debian package installs; Asterisk looks for `ru`
_BUILD = ("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "sid")


class Installation(msgspec.Struct, frozen=True):
    """An Asterisk to run: `root` to chroot into (None: the system's own), its user's ids, its version."""

    root: Path | None
    uid: int
    gid: int
    version: str


def cache_folder() -> Path:
    """Return the folder all checkouts share, made when missing."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base).absolute() / "cctoolkit"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ensure(progress: Progress) -> Installation:
    """Return the Asterisk 22 to use, building it first (about a minute) when there is none.

    Raises OperatorError when this machine cannot run or build it.
    """
    check_machine()
    system = _system()
    if system:
        return system
    root = cache_folder() / f"asterisk-{VERSION}"
    if not root.is_dir():
        _build_once(root, progress)
    _link_voices(root)
    return _read(root)


def check_machine() -> None:
    """Raise OperatorError unless this is Linux, we are root, and the programs the lab starts are there."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise OperatorError(
            "the lab cannot run here",
            where=f"{sys.platform}, user {os.geteuid()}",
            expected="Linux and root (it uses namespaces and chroot)",
            next_step="run it as root, for instance in a container that allows namespaces",
        )
    missing = [name for name in ("unshare", "nsenter", "chroot", "mount") if not shutil.which(name)]
    if missing:
        raise OperatorError(
            f"missing programs: {', '.join(missing)}", next_step="apt-get install util-linux mount coreutils"
        )


def _system() -> Installation | None:
    program = shutil.which("asterisk")
    if not program:
        return None
    version = _version([program])
    try:
        user = pwd.getpwnam("asterisk")
    except KeyError:
        return None
    ours = version.startswith(f"{VERSION}.")
    return Installation(None, user.pw_uid, user.pw_gid, version) if ours else None


def _version(command: list[str]) -> str:
    answer = run([*command, "-V"]).stdout
    found = re.match(r"Asterisk (\d+(?:\.\d+)*)", answer)
    return found[1] if found else ""


def _read(root: Path) -> Installation:
    version = _version(["chroot", str(root), "asterisk"])
    users = (root / "etc/passwd").read_text(encoding="utf-8") if version else ""
    found = re.search(r"^asterisk:[^:]*:(\d+):(\d+):", users, re.MULTILINE)
    if not found:
        raise OperatorError(
            "the lab's Asterisk does not start",
            where=str(root),
            next_step=f"rm -rf {root}, and run this again",
        )
    return Installation(root, int(found[1]), int(found[2]), version)


def _build_once(root: Path, progress: Progress) -> None:
    with _only_one(root.with_suffix(".lock"), progress):
        if root.is_dir():
            return
        _check_disk(root.parent)
        _provide_debootstrap(progress)
        partial = root.with_suffix(".building")
        _remove(partial)
        progress(f"building Asterisk {VERSION} in {root} (once, about a minute, 0.6 GB)")
        _debootstrap(partial, root.with_suffix(".log"), progress)
        _finish(partial)
        partial.rename(root)
        progress(f"Asterisk {VERSION} is ready in {root}")


@contextmanager
def _only_one(lock: Path, progress: Progress) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another checkout is building Asterisk; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_disk(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _NEEDED_BYTES:
        raise OperatorError(
            f"only {free / 1e9:.1f} GB are free",
            where=str(folder),
            expected=f"{_NEEDED_BYTES / 1e9:.1f} GB to build Asterisk",
            next_step="free some space, or set XDG_CACHE_HOME to another disk",
        )


def _provide_debootstrap(progress: Progress) -> None:
    if shutil.which("debootstrap") and _KEYRING.is_file():
        return
    if not shutil.which("apt-get"):
        raise OperatorError(
            "debootstrap is missing, and so is apt-get",
            expected="Debian or Ubuntu, or an Asterisk 22 on the PATH",
            next_step="install debootstrap and debian-archive-keyring, or Asterisk 22",
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


def _debootstrap(target: Path, log: Path, progress: Progress) -> None:
    process = Contained([*_BUILD, str(target)], output=subprocess.PIPE)
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


def _finish(root: Path) -> None:
    if not _version(["chroot", str(root), "asterisk"]).startswith(f"{VERSION}."):
        raise OperatorError(
            "Debian unstable no longer ships this Asterisk",
            expected=VERSION,
            next_step="install Asterisk 22 yourself",
        )
    for deb in (root / "var/cache/apt/archives").glob("*.deb"):
        deb.unlink()


def _link_voices(root: Path) -> None:
    """Name the folders of sounds as Asterisk looks for them. Polish has no package: the lab's callers hear English."""
    for language, voice in (("ru", _RUSSIAN), ("pl", _ENGLISH)):
        if (root / _SOUNDS / voice).is_dir():
            with suppress(FileExistsError):
                (root / _SOUNDS / language).symlink_to(voice)


def _remove(folder: Path) -> None:
    # Never across a mount: what was mounted there is not ours to delete.
    run(["rm", "-rf", "--one-file-system", str(folder)])
