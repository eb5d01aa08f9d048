"""Waiting times grow to their cap, differ between clients, and repeat for a seed."""

from itertools import islice
from random import Random

from cctoolkit.ami.backoff import delays


def test_delays_grow_to_the_cap_within_their_step():
    """Each delay lies in the upper half of a step that doubles up to the cap."""
    steps = [0.5, 1, 2, 4, 8, 10, 10, 10]
    for step, delay in zip(steps, delays(Random(1), cap=10), strict=False):
        assert step / 2 <= delay <= step


def test_a_seed_repeats_and_another_differs():
    """The jitter comes from the generator passed in."""
    first, again, other = (list(islice(delays(Random(seed)), 20)) for seed in (1, 1, 2))
    assert first == again != other
