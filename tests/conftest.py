"""What all tests share: examples that come again the same, the order of modules, and a process that has collected a great many
objects.
"""

import gc
from pathlib import Path

import pytest
from hypothesis import settings

LONGEST = (
    "live/test_readme.py", "live/test_apply_ami.py", "live/test_impact.py", "live/test_line.py", "live/test_demo.py",
    "live/test_traffic.py", "soak/test_cut_off_by_ami.py", "soak/test_cut_off.py", "soak/test_asterisk_killed.py",
    "soak/test_prove_month.py", "live/test_site_init_far.py", "live/test_agents.py", "live/test_two_projects.py", "live/test_messages.py",
    "live/test_language.py", "live/test_overrides.py", "live/test_queue_options.py", "live/test_trunks.py",
    "live/test_log_tables.py", "live/test_apply.py", "live/test_gap.py", "live/test_lab.py", "live/test_ssh_contract.py",
)  # fmt: skip
"""Modules of more than 40 s, the longest first."""

# A run says whether this commit is good, so it draws what the last one drew; `make soak` draws anew each time.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("dice", derandomize=False, print_blob=True)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest modules: of many workers none is left with one when the others have ended."""
    place = {Path(__file__).parent / name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish() -> None:
    """Look only at what tests make: going through all that was imported took a sixth of the unit tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
