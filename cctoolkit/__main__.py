"""The one door: runs a command and turns what it raises into a message and an exit code."""

import gc
import os
import sys
from contextlib import suppress

from typer.exceptions import Abort, Exit, TyperException

from cctoolkit.errors import CctoolkitError, UsageError, told

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 changes or findings, 3 wrong usage or spec, 4 switch
    unreachable, 130 interrupted.
    """
    # A command makes values by the hundred thousand that live to its end, and few cycles.
    gc.set_threshold(50_000)
    code = run(sys.argv[1:])
    _last_words()
    sys.exit(code)


def _last_words() -> None:
    """Write out what is left; where nobody reads any more (a closed terminal) that changes no exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())


def _complain(text: str) -> None:
    """Write to standard error, if anybody reads it: the exit code is said all the same."""
    with suppress(OSError):
        sys.stderr.write(text)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    from cctoolkit.cli import app

    try:
        code = app(args=arguments, prog_name="cctoolkit", standalone_mode=False)
    except TyperException as error:
        _complain(f"{error.format_message()}\n  next: cctoolkit --help, or cctoolkit COMMAND --help\n")
        return UsageError.exit_code
    except CctoolkitError as error:
        _complain(f"{told(error)}\n")
        return error.exit_code
    except Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, Abort):
        _complain("interrupted\n")
        return INTERRUPTED
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
