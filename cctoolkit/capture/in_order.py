"""Lines of several logs as one, by time: rotated, copied, overlapping, handed over in any order.

Each line is told once: of one second the files may have the same line, and then it is that often told as the file that
has it most often has it. What a single file has out of order stays as it is, for app_queue writes lines as they come.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from cctoolkit.capture.lines import Line

_MOST = 100_000
"""Lines of one second and file; a hostile one may be of a single second."""


class _Log:
    """One log while it is read; `second` is its clock, which never goes back and no single line moves ahead."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._next = next(lines, None)
        self._before = 0
        self.second = 0
        self._step()

    @property
    def ended(self) -> bool:
        return self._next is None

    def _step(self) -> None:
        if self._next:
            self.second = max(self.second, min(self._before or self._next.at, self._next.at))
            self._before = self._next.at

    def until(self, second: int) -> Iterator[Line]:
        """Yield the lines up to a second of its clock."""
        for _ in range(_MOST):
            if self._next is None or self.second > second:
                return
            yield self._next
            self._next = next(self._lines, None)
            self._step()


def merged(logs: Sequence[tuple[int, Iterator[Line]]]) -> Iterator[Line]:
    """Yield the lines of logs, each with the moment of its first line; only those that overlap are open at once."""
    waiting = sorted(logs, key=lambda log: log[0])
    reading: list[_Log] = []
    while waiting or reading:
        second = min([log.second for log in reading] + [start for start, _ in waiting[:1]])
        while waiting and waiting[0][0] <= second:
            reading.append(_Log(waiting.pop(0)[1]))
        if len(reading) == 1:
            # Alone until the next one begins.
            yield from reading[0].until(waiting[0][0] - 1 if waiting else 1 << 62)
        yield from _once([list(log.until(second)) for log in reading])
        reading = [log for log in reading if not log.ended]


def _once(parts: Sequence[Sequence[Line]]) -> Iterator[Line]:
    """Yield the lines of one second: all of the first file, and of each other one what those before did not have."""
    told: Counter[Line] = Counter()
    for part in parts:
        mine: Counter[Line] = Counter()
        for line in part:
            mine[line] += 1
            if mine[line] > told[line]:
                yield line
        told |= mine
