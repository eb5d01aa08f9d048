"""What all tests share: a process that has collected them holds a great many objects that will not go any more."""

import gc


def pytest_collection_finish() -> None:
    """Look only at what tests make: going through all that was imported took a sixth of the unit tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
