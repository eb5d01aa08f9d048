"""A contained process that a file remembers, so that another command finds it and can end it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from cctoolkit.lab import process


class Recorded:
    """The process whose identity is in `identity`, whether this Python process started it or an earlier one did."""

    def __init__(self, identity: Path) -> None:
        self._identity = identity
        self._contained: process.Contained | None = None

    def running(self) -> process.Running | None:
        """Return the recorded process if that very one still runs."""
        try:
            known = msgspec.json.decode(self._identity.read_bytes(), type=process.Running)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return known if process.is_alive(known) else None

    def start(
        self, command: Sequence[str], output: Path, keep_fds: Sequence[int], environment: Mapping[str, str]
    ) -> None:
        """Start it, and write down which process it is; what it says goes to the file `output`."""
        with output.open("wb") as file:
            self._contained = process.Contained(
                command, output=file.fileno(), keep_fds=keep_fds, environment=environment
            )
        found = process.identity(self._contained.pid)
        if found:
            self._identity.write_bytes(msgspec.json.encode(found))

    def let_go(self) -> None:
        """Let it live on when this Python process ends."""
        if self._contained:
            self._contained.let_go()

    def kill(self) -> None:
        """Kill it at once, with all below it; harmless when it does not run. Collects one that died by itself."""
        running = self.running()
        if running:
            process.kill(running)
        if self._contained:
            self._contained.reap()
            self._contained = None
