"""Closing a terminal ends no change of a node half way."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def survived() -> Iterator[None]:
    """Ignore the hang-up of the terminal as long as this lasts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
