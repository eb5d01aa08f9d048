"""The lab's mail relay as a process: it keeps letters in the lab's folder, and lives and dies with the lab."""

import socket
import sys
import time
from pathlib import Path

import msgspec

from cctoolkit.errors import OperatorError
from cctoolkit.lab import mail_sink
from cctoolkit.lab.address import MAIL_PORT
from cctoolkit.lab.recorded import Recorded

_START_SECONDS = 15.0
_LOOK_SECONDS = 0.02


class Status(msgspec.Struct, frozen=True):
    """One process of the lab: `pid` of its outermost process or None, `ready` when it answers."""

    name: str
    address: str
    pid: int | None
    ready: bool


class Sink:
    """The relay of the lab in `folder`, at `address`. `owned`: it dies with this Python process."""

    def __init__(self, folder: Path, address: str, *, owned: bool) -> None:
        self.mail = folder / "mail"
        self.address = address
        self.owned = owned
        self._log = folder / "mail.log"
        self._process = Recorded(folder / "mail.json")

    def status(self) -> Status:
        """Say whether it runs and takes mail."""
        running = self._process.running()
        return Status("mail", self.address, running.pid if running else None, bool(running) and self._listens())

    def start(self, lock: int) -> bool:
        """Start it and wait until it listens; say whether it had to be started. `lock` is the address block's, or -1.

        Raises OperatorError when it does not come up.
        """
        if self._process.running():
            return False
        # By its file, without our path or site packages: whatever runs here, it starts.
        command = [sys.executable, "-I", "-S", mail_sink.__file__, self.address, str(MAIL_PORT), str(self.mail)]
        self._process.start(command, self._log, [lock] if lock >= 0 else [], {})
        deadline = time.monotonic() + _START_SECONDS
        while not self._listens():
            if self._process.running() is None or time.monotonic() > deadline:
                self.stop()
                raise OperatorError(
                    "the lab's mail relay did not come up", where=self.address, next_step=f"see {self._log}"
                )
            time.sleep(_LOOK_SECONDS)
        if not self.owned:
            self._process.let_go()
        return True

    def _listens(self) -> bool:
        try:
            with socket.create_connection((self.address, MAIL_PORT), timeout=1):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        """End it; harmless when it does not run. Letters stay."""
        self._process.kill()
