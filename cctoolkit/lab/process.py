"""Processes that cannot be left behind: each lives in namespaces of its own, which the kernel takes away.

`unshare --fork --pid --kill-child` makes a shell process 1 of a new PID namespace: when it ends, however it
ends, the kernel kills all that it started and drops its mounts (pid_namespaces(7), mount_namespaces(7)). The
shell also holds the reading end of a pipe, its lifeline: the end of its owner, even by kill -9, closes the
writing end, and without a word before it the shell ends too. PR_SET_PDEATHSIG would tie it to the thread that
spawned it instead.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

_UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")

# A shell stays process 1: `exec` into a program that changes its user would clear the death signal. Its
# standard input moves to descriptor 3, because a shell gives /dev/null to what it starts in the background.
_INIT = """exec 3<&0 </dev/null
trap 'exit 143' TERM
( word=; read -r word <&3; [ "$word" = stay ] || kill -TERM 1 ) &
(exec 3<&-; exec "$@") &
wait $!
"""


def run(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run one of our own commands and return what it said; a failure is the caller's to judge.

    One that takes too long is killed and raises TimeoutError.
    """
    try:
        return subprocess.run(  # noqa: S603 - no shell, and no program but ours
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=environment,
            timeout=timeout_seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error


class Running(msgspec.Struct, frozen=True):
    """A process, told apart from a later one with its number: `started` is in clock ticks since `boot`."""

    pid: int
    started: int
    boot: str


def identity(pid: int) -> Running | None:
    """Say which process has this number now; None when there is none, or only its zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the name before it may hold anything: proc(5)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return None if state in "ZX" else Running(pid, int(fields[18]), boot)


def is_alive(process: Running) -> bool:
    """Say whether this very process still runs."""
    return identity(process.pid) == process


def kill(process: Running) -> None:
    """Kill this very process, never a later one, with all below it, and wait until they are gone."""
    below = [found for pid in children(process.pid) if (found := identity(pid))]
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if not is_alive(process):
            return
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
    # Process 1 of a namespace goes last, when the kernel has ended all others in it.
    for gone in (process, *below):
        wait_gone(gone, 5)


def children(pid: int) -> list[int]:
    """Return the numbers of a process's children, none when it is gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def wait_gone(process: Running, timeout_seconds: float) -> bool:
    """Wait until the process has gone; say whether it has."""
    deadline = time.monotonic() + timeout_seconds
    while is_alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


class Contained:
    """A command in namespaces of its own, which dies with this Python process unless it is let go."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        output: int,
        keep_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._collected = False
        reading, self._lifeline = os.pipe()
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - as above
                [*_UNSHARE, "sh", "-c", _INIT, "sh", *command],
                stdin=reading,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=keep_fds,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(reading)

    def let_go(self) -> None:
        """Let it live on when this Python process ends."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._lifeline, b"stay\n")
        self._popen.returncode = 0  # no ResourceWarning about what is meant to stay

    @property
    def pid(self) -> int:
        """The number of the process outside, which carries the mount namespace."""
        return self._popen.pid

    @property
    def popen(self) -> subprocess.Popen[bytes]:
        """The process itself, for whoever reads its output or waits for its end."""
        return self._popen

    @property
    def output(self) -> IO[bytes]:
        """What it says, when it was started with a pipe for it."""
        assert self._popen.stdout  # noqa: S101
        return self._popen.stdout

    def reap(self, timeout_seconds: float = 5) -> None:
        """Collect the ended process; harmless when it still runs after the time-out, or was collected."""
        if self._collected:
            return
        self._popen.returncode = None
        try:
            self._popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return
        self._collected = True
        os.close(self._lifeline)

    def end(self) -> None:
        """Kill it with all it started; harmless when it has ended."""
        if not self._collected:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.reap()
