"""The one door: runs a command and turns what it raises into a message and an exit code."""

import errno
import gc
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from typer.exceptions import Abort, Exit, TyperException

from cctoolkit.errors import CctoolkitError, OperatorError, UsageError, told

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

INTERRUPTED = 130
_NOBODY_READS = {errno.EPIPE, errno.EIO}
"""What writing to a pipe without a reader (`| head`) comes to, and to a terminal that was closed."""


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 changes or findings, 3 wrong usage or spec, 4 switch
    unreachable, 130 interrupted.
    """
    # A command makes values by the hundred thousand that live to its end, and few cycles.
    gc.set_threshold(50_000)
    output = _Unhindered(1)
    sys.stdout, sys.stderr = output.text(sys.stdout), _Unhindered(2).text(sys.stderr)
    code = run(sys.argv[1:])
    sys.stdout.flush()
    if output.lost:
        sys.stderr.write(f"{OperatorError(f'cannot be written: {output.lost}', where='standard output')}\n")
        code = code or OperatorError.exit_code
    sys.exit(code)


class _Unhindered(io.RawIOBase):
    """A standard stream that hinders nobody: what cannot be written goes nowhere, and the command goes on to its own
    end and exit code; a change of a node is not cut off half way. `lost` says why, unless nobody reads any more.
    """

    def __init__(self, file: int) -> None:
        self._file = file
        self.lost = ""

    def text(self, before: TextIO | None) -> TextIO:
        """Return it as the text stream that was there before; there was none when the command was started without."""
        if before is None:
            self._go_nowhere()
            before = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        # `python -u` has no buffer of its own: what is said is read at once, also through a pipe.
        at_once = getattr(before, "write_through", False)
        return io.TextIOWrapper(
            self if at_once else io.BufferedWriter(self),  # type: ignore[type-var]
            encoding=before.encoding,
            errors=before.errors,
            line_buffering=getattr(before, "line_buffering", False),
            write_through=at_once,
        )

    def write(self, data: "ReadableBuffer") -> int:
        """Write as much as can be."""
        try:
            return os.write(self._file, data)
        except OSError as error:
            if error.errno not in _NOBODY_READS:
                self.lost = error.strerror or str(error)
        self._go_nowhere()
        return memoryview(data).nbytes

    def _go_nowhere(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        if nowhere != self._file:
            os.dup2(nowhere, self._file)
            os.close(nowhere)

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the file's number."""
        return self._file

    def isatty(self) -> bool:
        """Say whether it is a terminal."""
        return os.isatty(self._file)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    from cctoolkit.cli import app

    try:
        code = app(args=arguments, prog_name="cctoolkit", standalone_mode=False)
    except TyperException as error:
        sys.stderr.write(f"{error.format_message()}\n  next: cctoolkit --help, or cctoolkit COMMAND --help\n")
        return UsageError.exit_code
    except CctoolkitError as error:
        sys.stderr.write(f"{told(error)}\n")
        return error.exit_code
    except Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, Abort):
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
