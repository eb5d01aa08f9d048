"""A terminal that is closed while a command runs."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("words", "code"), [(["plan", "--site", "nowhere"], 3), (["no-such-command"], 3)])
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
