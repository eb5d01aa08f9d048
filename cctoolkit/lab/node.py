"""One private Asterisk: its folder, its process, its console.

The folder (`.lab/<name>/` with etc/asterisk, run, log, spool, db, moh) is mounted at /srv inside the
installation's root, in a mount namespace of the node's own, so one installation serves many nodes.
"""

import re
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cctoolkit.errors import SwitchUnreachable
from cctoolkit.lab import files, music, process
from cctoolkit.lab.address import AMI_PORT, check_free
from cctoolkit.lab.install import Installation
from cctoolkit.lab.node_config import CONFIG, HOME
from cctoolkit.lab.recorded import Recorded

START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_CLI_SECONDS = 15.0
_WRITABLE = ("run", "log", "log/cel-custom", "spool", "db")

# "$1" is the root to chroot into ("/" for the system's own Asterisk), "$2" the node's folder.
_BOOT = f"""set -e
root=$1 folder=$2
shift 2
# With what is mounted below it: a node may have its files on a disk of their own.
mount --rbind "$folder" "${{root%/}}{HOME}"
# A lab asks nobody outside for names.
[ ! -e "${{root%/}}/etc/resolv.conf" ] || mount --bind /dev/null "${{root%/}}/etc/resolv.conf"
if [ "$root" != / ]; then
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
fi
exec chroot "$root" "$@"
"""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LATE_MODULE = "registered during operation. Enable PJSIP_SAFE_MODULE"
_CONF = str(HOME / CONFIG / "asterisk.conf")
_ASTERISK = ("asterisk", "-f", "-U", "asterisk", "-G", "asterisk", "-C", _CONF)
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


class Node:
    """One Asterisk with everything of its own below `folder`. `owned`: it dies with this Python process."""

    def __init__(self, name: str, folder: Path, address: str, installation: Installation, *, owned: bool) -> None:
        self.name = name
        self.folder = folder
        self.address = address
        self.installation = installation
        self.owned = owned
        # Descriptors that its processes hold on to: the lock of the address block.
        self.keep_fds: Sequence[int] = ()
        self._process = Recorded(folder / "process.json")

    @property
    def config(self) -> Path:
        """The folder of its configuration."""
        return self.folder / CONFIG

    @property
    def messages(self) -> Path:
        """Its log: notices, warnings and errors."""
        return self.folder / "log/messages"

    @property
    def _console(self) -> Path:
        return self.folder / "log/console"  # of the latest start only

    @property
    def queue_log(self) -> Path:
        """Its queue log."""
        return self.folder / "log/queue_log"

    def prepare(self, texts: Mapping[str, str]) -> bool:
        """Make the folders and write the configuration (name -> text); say whether any of it changed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        for name in _WRITABLE:
            files.make_folder(self.folder / name, 0o750, self.installation.uid, self.installation.gid)
        (self.folder / "moh").mkdir(exist_ok=True)
        (self.folder / "moh/loop.wav").write_bytes(music.loop())
        changed = [
            files.write_config(self.folder, str(CONFIG / name), text, self.installation.gid)
            for name, text in texts.items()
        ]
        return any(changed)

    def running(self) -> process.Running | None:
        """Return the recorded process if that very one still runs."""
        return self._process.running()

    def switch_pid(self) -> int:
        """Return the number of its Asterisk, which runs below the process that has made its namespaces."""
        running = self.running()
        pids = [running.pid] if running else []
        while pids:
            pid = pids.pop()
            with suppress(OSError):  # it has ended meanwhile
                if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8") == "asterisk\n":
                    return pid
            pids += process.children(pid)
        raise SwitchUnreachable("there is no Asterisk", where=self.name, next_step="cctoolkit lab up")

    def alive(self) -> bool:
        """Say whether it runs."""
        return self.running() is not None

    def start(self) -> None:
        """Start it and wait until it takes calls and AMI; its database and logs of an earlier run are kept.

        Raises OperatorError when its ports are taken, SwitchUnreachable when it does not come up.
        """
        if self.alive():
            return
        self.kill9()  # collects one that died by itself
        check_free(self.address)
        for remains in (self.folder / "run").iterdir():
            remains.unlink()
        root = str(self.installation.root or "/")
        command = ["sh", "-c", _BOOT, "sh", root, str(self.folder), *_ASTERISK]
        self._process.start(command, self._console, self.keep_fds, _ENVIRONMENT)
        try:
            self._wait_ready()
        except BaseException:  # whatever it is, also Ctrl-C: a node nobody waits for must not stay up
            self.kill9()
            raise
        if not self.owned:
            self._process.let_go()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.ready():
            if not self.alive() or time.monotonic() > deadline:
                raise SwitchUnreachable(
                    f"Asterisk did not come up: {self._last_words()}",
                    where=f"node {self.name}",
                    expected=f"an answer within {START_SECONDS:.0f} s",
                    next_step=f"see {self.messages} and {self._console}",
                )
            time.sleep(0.03)

    def ready(self) -> bool:
        """Say whether it is fully booted and its AMI greets."""
        if not (self.folder / "run/asterisk.ctl").exists():
            return False
        try:
            return "fully booted" in self.cli("core waitfullybooted") and self._banner()
        except SwitchUnreachable:
            return False

    def _banner(self) -> bool:
        try:
            with socket.create_connection((self.address, AMI_PORT), timeout=2) as ami:
                return ami.recv(64).startswith(b"Asterisk Call Manager/")
        except OSError:
            return False

    def _last_words(self) -> str:
        text = self._console.read_text(encoding="utf-8", errors="replace")
        lines = [line for line in _COLOUR.sub("", text).splitlines() if line.strip()]
        errors = [line for line in lines if "ERROR[" in line]
        return (errors or lines[-1:] or ["no message"])[0]

    def problems(self) -> list[str]:
        """Return the warnings and errors it has logged so far, but for what pjproject says of itself."""
        text = self.messages.read_text(encoding="utf-8", errors="replace") if self.messages.is_file() else ""
        found = [line for line in text.splitlines() if "] WARNING[" in line or "] ERROR[" in line]
        return [line for line in found if _LATE_MODULE not in line]

    def cli(self, command: str) -> str:
        """Run a console command and return what it printed; raise SwitchUnreachable if it cannot be asked."""
        running = self.running()
        where = f"node {self.name}, {command}"
        if running is None:
            raise SwitchUnreachable("Asterisk is not running", where=where, next_step="cctoolkit lab up")
        root = str(self.installation.root or "/")
        # With its root too: where the toolkit itself runs in a chroot, the namespace's root is another one.
        inside = ("nsenter", f"--target={running.pid}", "--mount", "--root", "--wd=/", "chroot", root)
        try:
            done = process.run([*inside, "asterisk", "-C", _CONF, "-rx", command], _ENVIRONMENT, _CLI_SECONDS)
        except TimeoutError as error:
            what = f"the console did not answer within {_CLI_SECONDS:g} s"
            raise SwitchUnreachable(what, where=where) from error
        if done.returncode:
            reason = (done.stderr or done.stdout).strip() or "no message"
            raise SwitchUnreachable(f"the console does not answer: {reason}", where=where)
        return done.stdout

    def stop(self) -> None:
        """End it and its calls in good order, by force after 5 seconds; harmless when it does not run."""
        running = self.running()
        if running:
            try:
                self.cli("core stop now")
            except SwitchUnreachable:
                pass
            else:
                process.wait_gone(running, _STOP_SECONDS)
        self.kill9()

    def kill9(self) -> None:
        """Kill it at once, as a crash would; harmless when it does not run."""
        self._process.kill()

    def restart(self) -> None:
        """Stop and start it; its database (members, pauses), logs and releases stay."""
        self.stop()
        self.start()
