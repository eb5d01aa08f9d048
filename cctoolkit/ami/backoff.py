"""How long to wait before trying again."""

from collections.abc import Iterator
from random import Random


def delays(rng: Random, *, first: float = 0.5, cap: float = 30.0, factor: float = 2.0) -> Iterator[float]:
    """Yield seconds for ever, growing from `first` to `cap`; each is drawn from the upper half of its step.

    The draw keeps many clients of one restarted switch from coming back in the same instant.
    """
    step = first
    while True:
        yield rng.uniform(step / 2, step)
        step = min(step * factor, cap)
