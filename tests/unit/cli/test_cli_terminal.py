"""A terminal that is closed while a command runs, and an output that nobody reads or that cannot be written."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "cctoolkit"]
LONG = ["schema", "project"]


@pytest.mark.parametrize(("words", "code"), [(["plan", "--site", "nowhere"], 3), (["no-such-command"], 3), (LONG, 0)])
def test_a_closed_terminal_changes_no_exit_code(words, code):
    """Nobody reads any more what went wrong; the exit code tells it all the same."""
    ours, terminal = os.openpty()
    # It waits until nobody reads.
    waits = "import sys; sys.stdin.read(); from cctoolkit.__main__ import main; sys.argv[0] = 'cctoolkit'; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", waits, *words], stdin=subprocess.PIPE, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    os.close(ours)
    process.communicate()
    assert process.returncode == code


@pytest.mark.parametrize(("words", "code"), [(LONG, 0), (["--help"], 0), (["validate", "tests/specs/invalid"], 3)])
def test_a_pipe_that_nobody_reads_to_its_end(words, code):
    """As in `cctoolkit … | head -1`: the command ends as it would have, and says nothing of it."""
    with subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (code, b"")


def test_an_output_that_was_never_open():
    """As in `cctoolkit … >&-`."""
    command = f"exec {sys.executable} -m cctoolkit {' '.join(LONG)} >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", command], check=False).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_an_output_that_cannot_be_written_is_told():
    """A file on a full disk is not whole, and whoever reads it later must know: exit code 1, or the command's own."""
    with Path("/dev/full").open("wb") as full:
        for words, code in ((LONG, 1), (["validate", "tests/specs/invalid"], 3)):
            done = subprocess.run([*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            assert done.returncode == code
            assert done.stderr == "standard output: cannot be written: No space left on device\n"


def test_what_an_unbuffered_command_says_is_read_at_once():
    """As in `python -u -m cctoolkit … | reader`: a line is there before the command ends."""
    talks = "import sys; from cctoolkit import __main__ as door; door.run = lambda _: print('said') or sys.stdin.read(); door.main()"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", talks], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert select.select([process.stdout], [], [], 20)[0], "nothing was said before the end"
        assert process.stdout.readline() == b"said\n"
        process.stdin.close()


def test_what_is_said_stands_before_what_comes_after_it():
    """Both streams in one pipe, as in a job's log: a plan, the steps that perform it, the table."""
    script = "from cctoolkit.cli.options import say, tell; say('plan'); tell('step'); say('table')"
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    assert done.stdout.split() == [b"plan", b"step", b"table"]
