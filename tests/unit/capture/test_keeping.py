"""What is done with call records once a day beside a capture."""

import asyncio
import shutil
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from cctoolkit import clock
from cctoolkit.cdr.forgetting import Rule
from cctoolkit.cdr.store import Store, micros
from cctoolkit.model.privacy import Privacy
from cctoolkit.workflow import keeping
from tests.unit.cdr.store_contract import START, at, record


def project(id_, **privacy):
    return SimpleNamespace(id=id_, privacy=Privacy(**privacy))


def test_rules():
    """What a spec says of days becomes rules of moments; one that says nothing has none. A journal is kept no longer
    than any of its numbers.
    """
    day = date(2026, 11, 2)
    projects = [
        project("a"), project("b", numbers="mask", numbers_days=30),
        project("c", records_days=365), project("d", numbers="drop", numbers_days=40, records_days=20),
    ]  # fmt: skip
    start = micros(datetime(2026, 11, 2, tzinfo=UTC))
    assert list(keeping.rules(projects, day)) == [
        Rule("b", "mask", start - 30 * 86_400_000_000), Rule("c", "keep", 0, start - 365 * 86_400_000_000),
        Rule("d", "drop", start - 40 * 86_400_000_000, start - 20 * 86_400_000_000),
    ]  # fmt: skip
    assert [keeping.journal_days(some, 90) for some in ([], projects[:1], projects[:2], projects)] == [90, 90, 30, 20]


async def test_every_day(tmp_path, monkeypatch):
    """At the start and whenever a day has passed old days are sealed and old numbers forgotten; trouble is said and
    ends nothing.
    """
    moment = START + timedelta(days=9)
    monkeypatch.setattr(clock, "now", lambda: moment)
    monkeypatch.setattr(keeping, "CHECK_SECONDS", 0.01)
    place, said = tmp_path / "calls.sqlite", []
    with Store.open(place) as store:
        store.put([record(f"n1-{i}", entered=at(i * 86_400), ended=at(i * 86_400 + 9)) for i in range(5)])
    loaded = SimpleNamespace(
        projects=(project("hotline", numbers="drop", numbers_days=7),), site=SimpleNamespace(hot_days=6)
    )
    (place.parent / "days").write_text("what the disk does not take")
    task = asyncio.create_task(keeping.every_day(loaded, place, said.append))

    async def until(text):
        async with asyncio.timeout(30):
            while not any(text in one for one in said):
                await asyncio.sleep(0.01)

    await until("sealed days cannot be written")
    (place.parent / "days").unlink()
    await until("2026-11-04 is sealed with 1 calls")
    assert said[0] == "hotline: numbers of 2 calls forgotten, 0 calls removed"
    moment += timedelta(days=1)
    await until("2026-11-05 is sealed with 1 calls")
    (place.parent / "days/2026-11-05/calls.parquet").write_bytes(b"torn")
    moment += timedelta(days=1)
    await until("calls.parquet")
    shutil.rmtree(place.parent / "days/2026-11-05")
    await until("2026-11-06 is sealed with 1 calls")
    assert sum("tried again" in one for one in said) == 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
