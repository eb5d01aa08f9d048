"""What all tests share: examples that come again the same, and a process that has collected a great many objects."""

import gc

from hypothesis import settings

# A run says whether this commit is good, so it draws what the last one drew; `make soak` draws anew each time.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("dice", derandomize=False, print_blob=True)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """Look only at what tests make: going through all that was imported took a sixth of the unit tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
