"""The one door: runs a command and turns what it raises into a message and an exit code."""

import gc
import sys

from typer.exceptions import Abort, Exit, TyperException

from cctoolkit.errors import CctoolkitError, UsageError, told

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 changes or findings, 3 wrong usage or spec, 4 switch
    unreachable, 130 interrupted.
    """
    # A command makes values by the hundred thousand that live to its end, and few cycles.
    gc.set_threshold(50_000)
    sys.exit(run(sys.argv[1:]))


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
