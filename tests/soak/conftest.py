"""The busy line that long runs need, and their table at the end."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.live import conftest as live
from tests.soak.recovery import Colleague
from tests.soak.stage import Stage
from tests.soak.verdict import COLUMNS, CUT_COLUMNS, NIGHT_COLUMNS, Cut, Night, Run, cut_rows

line = live.line

RUNS = pytest.StashKey[list[Run]]()
NIGHTS = pytest.StashKey[list[Night]]()
CUTS = pytest.StashKey[list[Cut]]()
LOAD = pytest.StashKey[list[tuple[str, ...]]]()

AGENTS = ("ivanova", "petrov", "smirnova", "sokolov", "popova", "kuznetsova", "vasiliev", "fedorov")
"""Of every queue at least two."""

WRAP_UP_SECONDS = 2
_TIMES = (
    ("timeout: 15s", "timeout: 2s"),
    ("wait: 3m", "wait: 6s"),
    ("wait: 4m", "wait: 6s"),
    ("limit: 3s", f"limit: {WRAP_UP_SECONDS}s"),
    ("capacity: 30", "capacity: 0"),
    ("capacity: 10", "capacity: 0"),
)
"""Phones ring for 2 s, callers wait 6 s, wrap-up ends after 2 s, and no caller hears busy."""


@pytest.fixture(scope="module")
def busy(line: live.Line) -> live.Line:
    """The line with short times and every agent's phone registered."""
    for old, new in _TIMES:
        line.edit(old, new)
    assert line.run("apply", "--site", line.site) == 0
    asyncio.run(line.lab.street.wait_registered(AGENTS))
    return line


@pytest.fixture(scope="module")
def colleague(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Colleague:
    """Somebody else on another machine."""
    return Colleague(stage.line, stage.way.site, tmp_path_factory.mktemp("colleague"))


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> list[Run]:
    """What the runs came to, for the table."""
    return request.config.stash.setdefault(RUNS, [])


@pytest.fixture
def nights(request: pytest.FixtureRequest) -> list[Night]:
    """What long nights came to, for the table."""
    return request.config.stash.setdefault(NIGHTS, [])


@pytest.fixture
def cuts(request: pytest.FixtureRequest) -> list[Cut]:
    """Where applies were cut off, for the table."""
    return request.config.stash.setdefault(CUTS, [])


@pytest.fixture
def load_rows(request: pytest.FixtureRequest) -> list[tuple[str, ...]]:
    """What applies under load came to, for the table."""
    return request.config.stash.setdefault(LOAD, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print a line for each run, and for each kind of fault."""
    runs = [run.cells() for run in config.stash.get(RUNS, [])]
    nights = [night.cells() for night in config.stash.get(NIGHTS, [])]
    cuts = cut_rows(config.stash.get(CUTS, []))
    load = config.stash.get(LOAD, [])
    for text in (
        *_table(COLUMNS, runs),
        *_table(NIGHT_COLUMNS, nights),
        *_table(CUT_COLUMNS, cuts),
        *_table(("applies under load", ""), load),
    ):
        terminalreporter.write_line(text)


def _table(head: tuple[str, ...], found: list[tuple[str, ...]]) -> Iterator[str]:
    if found:
        lines = [head, *found]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for cells in lines:
            yield "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
