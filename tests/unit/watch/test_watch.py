"""Wiring of the watch: names, headers, the day's figures, what a picture looks like."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cctoolkit import clock
from cctoolkit.ami.messages import Message
from cctoolkit.cdr.address import Url
from cctoolkit.cdr.records import CallRecord, Edge, QueueVisit
from cctoolkit.cdr.store import FILE_NAME, Store, micros
from cctoolkit.cli.watch import _panel
from cctoolkit.document import terminal
from cctoolkit.errors import StoreAway
from cctoolkit.model.site import Site
from cctoolkit.report.board import Board
from cctoolkit.workflow import specs
from cctoolkit.workflow import watch as watching
from cctoolkit.workflow.specs import LoadedSite
from cctoolkit.workflow.watch import Today, Watch, plain, serving

HOTLINE = str(Path(__file__).parents[1] / "report" / "hotline")


@pytest.fixture
def watch(monkeypatch):
    project = specs.load_project(HOTLINE).project
    account = {"user": "u", "secret": "env:X"}
    node = {"id": "n1", "address": "127.0.0.1", "folder": "/x", "ami": {"host": "127.0.0.1"}}
    node["ami"]["accounts"] = dict.fromkeys(("deploy", "test", "capture"), account)
    roster = [{"agent": "ivanova", "name": "Мария [b]Иванова", "secret": "env:X"}]
    parts = {"site": {"id": "lab", "title": "Лаборатория"}, "nodes": [node], "roster": roster}
    site = msgspec.convert(parts, Site)
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat("2026-11-20T12:00:00+00:00"))
    return Watch(LoadedSite(site, (project,)), (project,))


def shown(watch, width=120):
    from rich.console import Console

    console = Console(width=width)
    with console.capture() as capture:
        console.print(_panel(watch, watch.picture()))
    return capture.get()


def member(**more):
    headers = {"Event": "QueueMember", "Queue": "hotline.orders", "Name": "ivanova", "Status": "1"}
    return headers | {"Paused": "1", "PausedReason": "lunch", "CallsTaken": "7", "LastPause": "1795175400"} | more


def test_a_picture(watch):
    """Agents go by their names from the roster, markup in a name is text, those logged out stand below."""
    watch.boards["n1"] = Board()
    watch.boards["n1"].feed(member(), micros(clock.now()))
    lines = shown(watch).splitlines()
    assert any(line.split() == ["Мария", "[b]Иванова", "paused", "lunch", "10:00", "7"] for line in lines)
    assert "Лаборатория" in lines[0]
    assert "agents 1/2" in lines[0]
    assert lines.index(next(line for line in lines if "Иванова" in line)) < lines.index(
        next(line for line in lines if "petrov" in line)
    )


def test_a_pause_beyond_its_limit_is_marked(watch):
    """Lunch may last 30 minutes: after that its row is red, before it is not, and another reason has no limit."""
    watch.boards["n1"] = Board()
    for minutes, reason, over in ((29, "lunch", False), (31, "lunch", True), (300, "other", False)):
        seat = member(PausedReason=reason, LastPause=str(int(clock.now().timestamp()) - minutes * 60))
        watch.boards["n1"] = Board()
        watch.boards["n1"].feed(seat, micros(clock.now()))
        (row,) = (one for one in watch.picture().agents if one.agent == "ivanova")
        assert watch.over_limit(row) is over


def test_a_picture_fits_a_terminal_of_120_columns(watch):
    """No title is cut short, with the day's figures too."""
    watch.boards["n1"], watch.store = Board(), "x"
    text = shown(watch)
    assert "…" not in text
    assert all(word in text for word in ("waiting", "longest", "logged out", "offered", "S/L"))


def test_a_lost_connection_is_said_and_nothing_claimed(watch):
    """With no node answering the picture says why, and shows no empty queues."""
    watch.lost["n1"] = "no connection: refused"
    text = shown(watch)
    assert "n1: no connection: refused; trying again" in text
    assert "logged out" not in text


def test_the_days_figures(watch, tmp_path):
    """With a store a queue shows today's offered, answered and service level so far."""

    def at(seconds):
        return Edge(micros(clock.now() + timedelta(seconds=seconds)))

    with Store.open(tmp_path / FILE_NAME) as store:
        for place, wait in enumerate((5, 30)):
            visit = QueueVisit("orders", at(place), "answered", at(place + wait))
            store.put([CallRecord(f"n1-{place}", "n1", "hotline", "g", "r", "+7800", "", at(0),
                                  outcome="answered", visits=(visit,))])  # fmt: skip
    watch.store = tmp_path
    watch.count()
    today = watch.picture().today["hotline.orders"]
    assert (today.offered, today.answered, today.service_level) == (2, 2, 0.5)


async def test_a_store_that_is_away(watch, monkeypatch, unused_tcp_port):
    """The watch goes on without the day's figures, says why, and has them when the store answers; once it is an error."""
    watch.store, watch.today["hotline.orders"] = Url(f"postgresql://127.0.0.1:{unused_tcp_port}/x"), Today(1, 1, 1.0)
    with pytest.raises(StoreAway):
        watch.count()
    monkeypatch.setattr(watching, "FIGURES_SECONDS", 0.01)
    async with asyncio.timeout(10):
        task = asyncio.create_task(watch._count_for_ever())
        while not watch.no_figures:
            await asyncio.sleep(0.01)
        assert "cannot be reached" in shown(watch)
        assert watch.picture().today == {}
        watch.store = None
        while watch.no_figures:
            await asyncio.sleep(0.01)
    task.cancel()


def test_of_two_headers_the_first_wins():
    """What a hostile name slips in behind a header of the switch's own changes nothing."""
    message = Message.of("Event: QueueMember", "Queue: a.b", "Name: anna", "Queue: evil.queue")
    assert plain(message)["Queue"] == "a.b"


def test_who_serves_which_queue(watch):
    """Queues go by app_queue's names; an agent without certification serves none."""
    assert serving(watch.projects) == {"hotline.orders": ("ivanova", "petrov")}


def test_the_table_is_whole_where_nobody_looks(capsys):
    """Into a file or a pipe no cell is cut or wrapped, and no colour goes."""
    terminal.show(["queue", *(f"a_long_title_{place}" for place in range(20))], [["orders", *["1"] * 20]], left=1)
    lines = capsys.readouterr().out.splitlines()
    assert any("a long title 19" in line for line in lines)
    assert all("\x1b" not in line for line in lines)
