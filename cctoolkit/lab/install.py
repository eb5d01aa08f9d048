"""Finds or makes the Asterisk 22 that the lab runs, once for all checkouts of this machine."""

import os
import pwd
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from cctoolkit.errors import OperatorError
from cctoolkit.lab import debian
from cctoolkit.lab.debian import Progress
from cctoolkit.lab.process import run

VERSION = "22"
_PACKAGES = "asterisk,asterisk-core-sounds-en-gsm,asterisk-core-sounds-ru-gsm"
_SOUNDS = Path("usr/share/asterisk/sounds")
_ENGLISH = "en_US_f_Allison"
_RUSSIAN = "ru_RU_f_IvrvoiceRU"  # the name the Debian package installs; Asterisk looks for `ru`


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
    debian.provide(root, f"Asterisk {VERSION}", ("sid", _PACKAGES), _finish, progress)
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


def _finish(root: Path) -> None:
    if not _version(["chroot", str(root), "asterisk"]).startswith(f"{VERSION}."):
        raise OperatorError(
            "Debian unstable no longer ships this Asterisk",
            expected=VERSION,
            next_step="install Asterisk 22 yourself",
        )


def _link_voices(root: Path) -> None:
    """Name the folders of sounds as Asterisk looks for them. Polish has no package: the lab's callers hear English."""
    for language, voice in (("ru", _RUSSIAN), ("pl", _ENGLISH)):
        if (root / _SOUNDS / voice).is_dir():
            with suppress(FileExistsError):
                (root / _SOUNDS / language).symlink_to(voice)
