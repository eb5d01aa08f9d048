"""`cctoolkit` with places where it stands still: what a kill at any moment is tried with.

    python faulty.py PLACES ANSWERS STOP ARGUMENTS…

Every change of a file below the folder named in CCTOOLKIT_FAULTS, every action sent over AMI and every reply is a place;
so is every request to a node by ssh, every answer, and every program its shell runs there (see far.sh). Each is named
on descriptor PLACES, a line each, when it has been reached; at the one with the number STOP (from 1; 0: at none) the
process waits for a byte on descriptor ANSWERS, which never comes where it is killed there. A write stands still in its
middle too.
"""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_CHANGES = ("mkdir", "rename", "replace", "symlink", "link", "unlink", "rmdir", "chown", "chmod")
_CHANGES_OF_OPEN = ("fchown", "fchmod", "fsync", "ftruncate")

_write, _read = os.write, os.read


class Places:
    """Counts the places reached, and stands still at one."""

    def __init__(self, places: int, answers: int, stop: int, root: Path) -> None:
        self._places = places
        self._answers = answers
        self._stop = stop
        self._root = root.resolve()
        self._reached = 0

    def reached(self, what: str) -> None:
        """Tell that this place has been reached."""
        self._reached += 1
        _write(self._places, f"{what}\n".encode())
        if self._reached == self._stop:
            _read(self._answers, 1)

    def below(self, path: object) -> str:
        """Return the path's name below the folder, "" when it is elsewhere."""
        text = _opened(path) if isinstance(path, int) else os.fspath(path)  # type: ignore[call-overload]
        full = Path(os.path.abspath(text))  # noqa: PTH100 - resolve() would follow `current`
        return str(full.relative_to(self._root)) if full.is_relative_to(self._root) else ""


def _opened(handle: int) -> str:
    return str(Path(f"/proc/self/fd/{handle}").readlink())


def watch_files(places: Places) -> None:
    """Make every change of a file below the folder a place."""
    for name in (*_CHANGES, *_CHANGES_OF_OPEN):
        setattr(os, name, _changing(places, name, getattr(os, name)))
    os.write = _in_two(places, os.write)
    os.fdopen = _opening(places, os.fdopen)
    os.open = _creating(places, os.open)


def _changing(places: Places, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """The last path is the one that changes: a rename's new name, a link's own. With `dir_fd` it is below that."""

    def changing(*args: Any, **kwargs: Any) -> Any:
        paths = [arg for arg in args if isinstance(arg, str | Path)][:2] or [args[0]]
        folder = kwargs.get("dir_fd")
        path = Path(_opened(folder), os.fspath(paths[-1])) if folder is not None else paths[-1]
        below = places.below(path)
        done = real(*args, **kwargs)
        if below:
            places.reached(f"{name} {below}")
        return done

    return changing


def _creating(places: Places, real: Callable[..., int]) -> Callable[..., int]:
    def creating(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        handle = real(path, flags, *args, **kwargs)
        if flags & os.O_CREAT and (below := places.below(handle)):
            places.reached(f"open {below}")
        return handle

    return creating


def _in_two(places: Places, real: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
    """A kill in the middle of a write leaves the first half."""

    def writing(handle: int, content: bytes) -> int:
        below = "" if handle < 3 or not _opened(handle).startswith("/") else places.below(handle)
        if not below:
            return real(handle, content)
        half = len(content) // 2
        done = real(handle, content[:half])
        places.reached(f"half of {below}")
        done += real(handle, content[half:])
        places.reached(f"write {below}")
        return done

    return writing


class _File:
    """A file whose writes are those of os.write."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, content: bytes) -> int:
        return os.write(self._file.fileno(), content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _opening(places: Places, real: Callable[..., Any]) -> Callable[..., Any]:
    def opening(handle: int, *args: Any, **kwargs: Any) -> Any:
        file = real(handle, *args, **kwargs)
        return _File(file) if places.below(handle) else file

    return opening


def watch_switch(places: Places) -> None:
    """Make every action sent and every reply a place."""
    from cctoolkit.ami import client

    class Manager(client._Manager):  # type: ignore[misc]
        def send_action(self, action: Any, *args: Any, **kwargs: Any) -> Any:
            replied = super().send_action(action, *args, **kwargs)
            name = f"{action['Action']} {action.about}".strip()
            places.reached(f"sent {name}")
            replied.add_done_callback(lambda done: done.cancelled() or places.reached(f"reply to {name}"))
            return replied

    class Action(client._Action):
        def __init__(self, name: str, headers: Any = client._NONE, **kwargs: Any) -> None:
            super().__init__(name, headers, **kwargs)
            self.about = str(headers.get("Module") or headers.get("Queue") or headers.get("DstFilename") or "")

    client._Manager = Manager  # type: ignore[misc]
    client._Action = Action  # type: ignore[misc]


def watch_ssh(places: Places, pipes: Path) -> None:
    """Make every request a place, its middle, its answer, and each program that the node runs for it."""
    from cctoolkit.node.ssh import session

    class Session(session.Session):
        async def _ask(self, request: bytes) -> list[str]:
            name = request.partition(b"\n")[0].partition(session.PARTS.encode())[0].decode()
            stdin, half = self._process.stdin, len(request) // 2
            if half > _LARGE:
                stdin.write(request[:half])
                await stdin.drain()
                places.reached(f"half of the request to {name}")
                request = request[half:]
            answer = await super()._ask(request)
            places.reached(f"answer to {name}")
            return answer

    session.Session = Session  # type: ignore[misc]
    session._SCRIPT = Path(__file__).with_name("far.sh").read_bytes() + session._SCRIPT
    threading.Thread(target=_hear, args=(places, pipes), daemon=True).start()


_LARGE = 2000


def _hear(places: Places, pipes: Path) -> None:
    """Let the node's shell go on from each place, once it has been told."""
    while True:
        what = (pipes / "reached").read_text(encoding="utf-8").rstrip()
        places.reached(f"on the node: {what}")
        (pipes / "go").write_text("on\n", encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run cctoolkit with places."""
    reached, answers, stop, *rest = arguments
    places = Places(int(reached), int(answers), int(stop), Path(os.environ["CCTOOLKIT_FAULTS"]))
    from cctoolkit.__main__ import run

    watch_files(places)
    watch_switch(places)
    if pipes := os.environ.get("CCTOOLKIT_FAULTS_PIPES"):
        watch_ssh(places, Path(pipes))
    return run(list(rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
