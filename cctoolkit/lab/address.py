"""Claims a block of loopback addresses for one lab, so that labs run side by side.

Block B is 127.B.0.0/24. Its lock file is held shared by every process of the lab (they inherit the
descriptor): the kernel frees the block when the last of them has died. Whoever claims a block must first get
it alone.
"""

import errno
import fcntl
import os
import socket
from pathlib import Path

from cctoolkit.errors import OperatorError

LOCKS = Path("/run/lock/cctoolkit")
"""One folder for the whole machine: addresses are the machine's, whatever cache folder a checkout has."""

SIP_PORT = 5060
AMI_PORT = 5038
MAIL_PORT = 2525
_BLOCKS = range(16, 251)


class Block:
    """A claimed block: `fd` is the lock to hand down to the lab's processes."""

    def __init__(self, number: int, fd: int) -> None:
        self.number = number
        self.fd = fd

    @property
    def carrier(self) -> str:
        """The address the carrier calls from."""
        return f"127.{self.number}.0.1"

    @property
    def phones(self) -> str:
        """The address of the agents' phones."""
        return f"127.{self.number}.0.2"

    @property
    def street(self) -> str:
        """The address of the street's own AMI."""
        return f"127.{self.number}.0.3"

    @property
    def mail(self) -> str:
        """The address of the mail relay."""
        return f"127.{self.number}.0.4"

    def node(self, index: int) -> str:
        """Return the address of node `index`, counted from 1."""
        return f"127.{self.number}.0.{10 + index}"

    def release(self) -> None:
        """Let go of the block; processes that inherited it keep it."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def claim(folder: Path, owner: str, preferred: int | None = None) -> Block:
    """Claim a block for the lab `owner` (its folder): the preferred one if still its own, else a free one.

    `folder` holds the locks. Raises OperatorError when all are taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if preferred is not None:
        block = _rejoin(folder, owner, preferred)
        if block:
            return block
    taken: OperatorError | None = None
    for number in _BLOCKS:
        block = _take(folder, owner, number)
        if block is None:
            continue
        try:
            # Somebody may be there without a lock: another container's lab, or a program of another kind.
            check_free(block.carrier, ami=False)
            check_free(block.node(1))
        except OperatorError as error:
            taken = error
            block.release()
        else:
            return block
    raise taken or OperatorError(
        "all address blocks are taken",
        where=str(folder),
        expected="fewer than 235 labs",
        next_step="cctoolkit lab down",
    )


def _open(folder: Path, number: int) -> int:
    return os.open(folder / f"127.{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _rejoin(folder: Path, owner: str, number: int) -> Block | None:
    fd = _open(folder, number)
    if _lock(fd, fcntl.LOCK_SH) and os.pread(fd, 4096, 0).decode() == owner:
        return Block(number, fd)
    os.close(fd)
    return None


def _take(folder: Path, owner: str, number: int) -> Block | None:
    fd = _open(folder, number)
    if _lock(fd, fcntl.LOCK_EX):
        os.ftruncate(fd, 0)
        os.pwrite(fd, owner.encode(), 0)
        # Going from alone to shared is not atomic (flock(2)): who claims it in between has it.
        if _lock(fd, fcntl.LOCK_SH) and os.pread(fd, 4096, 0).decode() == owner:
            return Block(number, fd)
    os.close(fd)
    return None


def check_free(address: str, *, ami: bool = True) -> None:
    """Raise OperatorError when another program holds the SIP or AMI port of the address."""
    wanted = [(socket.SOCK_DGRAM, SIP_PORT)] + ([(socket.SOCK_STREAM, AMI_PORT)] if ami else [])
    for kind, port in wanted:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                raise OperatorError(
                    f"port {port} is taken by another program",
                    where=address,
                    expected="nothing bound to it, nor to that port of all addresses",
                    next_step=f"see `ss -lunpt sport = :{port}`, and stop it",
                ) from error
