"""Traffic on the real switch: what callers lived through, the records and queue_log agree, call by call."""

import asyncio
import json
import sqlite3

import pytest
from msgspec.structs import replace

from cctoolkit import clock
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.lab import hostile, notes
from cctoolkit.lab.reconcile import Limits, reconcile, told
from cctoolkit.lab.session import Caller
from cctoolkit.lab.traffic import Codes, perform
from cctoolkit.lab.traffic_plan import Callers, Mix, Plan, PlannedCall, plan
from cctoolkit.lab.turns import Agents, Colleague, Span, Transfers, Turn
from cctoolkit.workflow import demo_traffic, specs
from cctoolkit.workflow import lab as workflow_lab
from tests.live.capturing import PROJECT, capturing
from tests.live.colleagues import reachable

pytestmark = pytest.mark.live

NUMBER = "+78001002030"
# Asterisk warns of a name that it cuts.
KINDS = tuple(kind for kind in hostile.KINDS if kind != hostile.LONG)

LIMITS = Limits(apart_ms=500, wrap_up_seconds=2)
"""Of a machine that does other things too; the demonstration and the soak allow 50."""

MIX = Mix(
    seed=20261122,
    rate=2.5,
    seconds=15,
    callers=Callers(
        numbers=((NUMBER, 1),),
        press_after=Span(0.3, 0.8),
        patience_seconds=8,
        patience=Span(0.5, 15),
        talk=Span(0.3, 1.2),
        hostile_kinds=KINDS,
    ),
    agents=Agents(
        ("ivanova", "petrov"),
        answer_after=Span(0.1, 0.6),
        talk=Span(0.4, 1.5),
        ready_after=Span(0.1, 0.5),
        hold_ratio=0.3,
        hold_after=Span(0.1, 0.4),
        away=Span(0.6, 1),
    ),
)


@pytest.fixture(scope="module")
def busy(line):
    """The line with short times: phones ring for 2 s, callers wait 6 s, wrap-up ends after 2 s."""
    for old, new in (("timeout: 15s", "timeout: 2s"), ("wait: 3m", "wait: 6s"), ("limit: 3s", "limit: 2s")):
        line.edit(old, new)
    assert line.run("apply", "--site", line.site) == 0
    return line


async def captured(folder, count):
    """Return the store's records once there are `count` that have ended, or after 10 s what there is."""
    found = []
    for _ in range(200):
        with Store.read(folder / FILE_NAME) as store:
            found = list(store.calls(PROJECT))
        if sum(record.ended is not None for record in found) >= count:
            break
        await asyncio.sleep(0.05)
    return found


async def happen(line, planned, folder):
    """Let the plan happen while capture runs; return the notes, the records and a function that holds them together."""
    street = line.lab.street
    async with capturing(line, folder):
        done = await perform(street, planned, Codes(), drain_seconds=60)
        found = await captured(folder, len(planned.calls))
    assert len(done.calls) == len(planned.calls)
    assert done.cut == ()
    events = street.witness()
    noted = notes.notes(events, done.calls)
    ready = [dial for dial in notes.dials(events) if dial.code == "*13"]
    log = line.lab.nodes["n1"].queue_log.read_bytes().decode(errors="replace").split("\n")
    return noted, found, lambda those: reconcile(noted, those, log, ready, LIMITS)


async def test_every_call_of_the_traffic_is_captured_once_and_as_it_was(busy, tmp_path):
    """15 s of callers and agents by chance: no call lost, none twice, outcomes equal, every edge near."""
    noted, found, held = await happen(busy, plan(MIX), tmp_path)
    table = held(found)
    assert table.good, "\n".join(told(table, every=False))
    assert len(table.verdicts) == len(noted) == len(found) > 25
    assert {note.lived for note in noted} >= {"answered", "gave up"}
    assert {note.hung_up_by for note in noted} >= {"caller", "agent"}
    assert any("unholds" in name for one in table.verdicts for name in one.apart_ms)
    assert any(name.endswith("ready") for one in table.verdicts for name in one.apart_ms)
    assert table.edges > 3 * len(noted)
    assert table.counts["crossed"] <= 1
    assert not held(found[1:]).good


async def test_what_a_carrier_lets_through_changes_no_record(busy, tmp_path):
    """Names and numbers with commas, quotes, pipes, variables and line breaks, forged headers: each call is as it was."""
    calls = tuple(
        PlannedCall(0.4 * i, NUMBER, hostile.caller(kind, f"+7915{i:07d}"), ((0.4, "1"),), 3.0, 0, kind)
        for i, kind in enumerate(KINDS)
    )
    turns = {"ivanova": (Turn("answer", 0.2, 0.4, "ready", 0.1), Turn("never"))}
    noted, found, held = await happen(busy, Plan(MIX, calls, turns), tmp_path)
    table = held(found)
    assert table.good, "\n".join(told(table, every=False))
    numbers = [f"+7915{i:07d}" for i in range(len(KINDS))]
    # A number with anything but digits in it is no number.
    assert [note.caller for note in noted] == [
        "" if kind.startswith("number") else number for kind, number in zip(KINDS, numbers, strict=True)
    ]
    release = specs.render_site(specs.load_site(busy.site))["n1"].release
    assert {(record.test, record.release) for record in found} == {(False, release)}


async def test_a_call_still_on_at_the_last_limit_is_hung_up_and_told_of(busy):
    """Traffic is bounded: who still talks when its time is over is hung up, and named."""
    calls = (PlannedCall(0, NUMBER, Caller("+79150000099"), ((0.3, "1"),), 600, 0),)
    turns = {"ivanova": (Turn("answer", 0.1, 500),)}
    done = await perform(busy.lab.street, Plan(MIX, calls, turns), Codes(), drain_seconds=2)
    assert done.cut == done.calls
    [note] = notes.notes(busy.lab.street.witness(), done.calls)
    assert (note.lived, note.agent) == ("answered", "ivanova")


@pytest.fixture
def checkout(busy, monkeypatch):
    """The commands find the test's lab as they would find a checkout's own."""
    for module in (specs, workflow_lab):
        monkeypatch.setattr(module, "lab_folder", lambda: busy.lab.folder)
    return busy


def test_the_command_lets_traffic_happen_and_writes_its_notes(checkout, capsys):
    """`lab traffic` tells each second how far it is, and at the end what became of the calls."""
    assert (
        checkout.run(
            "lab", "traffic", "--seed", "3", "--rate", "2", "--seconds", "5", "--calls", "3", "--format", "json"
        )
        == 0
    )
    out = capsys.readouterr()
    said = json.loads(out.out)
    assert said["summary"]["calls"] == 3
    assert len(notes.read(checkout.lab.folder / "traffic.jsonl")) == 3
    assert "3 of 3 calls placed" in out.err


def test_a_closed_line_is_said_so_before_anyone_calls(checkout, capsys):
    """Callers would hear the night message only: the error names the override."""
    site = ("--site", checkout.site)
    assert checkout.run("override", PROJECT, "closed", "--until", "10m", *site) == 0
    try:
        assert checkout.run("lab", "traffic") == 1
        assert f"cctoolkit override {PROJECT} open" in capsys.readouterr().err
    finally:
        assert checkout.run("override", PROJECT, "--clear", *site) == 0


def test_a_lab_that_runs_something_else_is_said_so(checkout, capsys):
    """Traffic is by the specs: what was changed and not applied would be measured wrongly."""
    checkout.edit("maxlen: 20", "maxlen: 19")
    try:
        assert checkout.run("lab", "traffic") == 1
        assert "cctoolkit apply" in capsys.readouterr().err
    finally:
        checkout.edit("maxlen: 19", "maxlen: 20")


async def test_one_deleted_record_fails_the_demonstration(busy, tmp_path, monkeypatch):
    """Its minute of traffic, made short: with every record it ends well, without one it names the call."""
    held = workflow_lab.held

    def without_one(done, loaded, project, folder, apart_ms):
        table = held(done, loaded, project, folder, apart_ms)
        assert table.good, "\n".join(told(table, every=False))
        with sqlite3.connect(folder / FILE_NAME) as store:
            assert store.execute("DELETE FROM calls WHERE call = (SELECT max(call) FROM calls)").rowcount == 1
        return held(done, loaded, project, folder, apart_ms)

    monkeypatch.setattr(workflow_lab, "held", without_one)
    lines = []
    with pytest.raises(demo_traffic.SourcesDiffer):
        await demo_traffic.traffic(busy.lab, specs.load_site(busy.site), tmp_path, 8, lines.append, 500)
    assert "no record" in "\n".join(lines)


COLLEAGUES = (Colleague("21", "novikov"), Colleague("22", "mikhailova", "never"))
SENDS = (
    Turn("answer", 0.1, refer="21", refer_after=0.2),
    Turn("answer", 0.1, refer="22", refer_after=0.2),
    Turn("answer", 0.1, refer="21", refer_after=0.2, ask=0.3),
    Turn("answer", 0.1, 0.2, refer="22", refer_after=0.2, ask=0.3),
    Turn("answer", 0.1, refer="21", refer_after=0.2),
)
"""Sent on unseen, unseen to nobody, after asking there; nobody to ask; and the last caller hangs up first."""


@pytest.fixture(scope="module")
def sending(busy):
    """The line, with colleagues whom its phones can reach."""
    reachable(busy.lab.nodes["n1"], COLLEAGUES)
    return busy


async def test_callers_whom_an_agents_phone_sends_on_are_one_record_each(sending, tmp_path):
    """A phone sends its caller to another phone unseen and after asking there, to one that does not answer too; or takes
    them back. The record knows who did it, who took the call and who ended it, each moment as the phones have it.
    """
    calls = tuple(
        PlannedCall(4.0 * i, NUMBER, Caller(f"+7917{i:07d}"), ((0.3, "1"),), 30.0, 0.8 if i == 4 else 0)
        for i in range(len(SENDS))
    )
    beside = {"novikov": (Turn("answer", 0.2, 1.0, "limit"),), "mikhailova": (Turn("never"),)}
    transfers = Transfers(COLLEAGUES)
    planned = Plan(replace(MIX, transfers=transfers), calls, {"ivanova": SENDS}, beside)
    _, found, held = await happen(sending, planned, tmp_path)
    table = held(found)
    assert table.good, "\n".join(told(table, every=False))
    assert [
        [(one.kind, one.made_by, one.number, one.taken_by) for one in record.transfers] for record in found
    ] == [
        [("blind", "PJSIP/ivanova", "21", "PJSIP/novikov")], [("blind", "PJSIP/ivanova", "22", "")],
        [("attended", "PJSIP/ivanova", "21", "PJSIP/novikov")], [], [("blind", "PJSIP/ivanova", "21", "PJSIP/novikov")],
    ]  # fmt: skip
    assert [record.hung_up_by for record in found] == ["agent", "flow", "agent", "agent", "caller"]
    assert [[party.how for party in record.parties] for record in found] == [
        ["transfer"], ["transfer"], ["transfer"], ["consult"], ["transfer"],
    ]  # fmt: skip
    assert {name for one in table.verdicts for name in one.apart_ms} >= {"transfer 1", "novikov beside ends"}


async def test_whom_an_agent_asked_through_a_gap_has_the_caller(sending, tmp_path):
    """Nobody captures while the agent's colleague answers and gets the caller, then while the agent calls that colleague: the
    list after the gap and the transfer's own event say to whom the caller talks.
    """
    turns = {"ivanova": (Turn("answer", 0.1, refer="21", refer_after=0.4, ask=1.5),) * 2}
    beside = {"novikov": (Turn("answer", 0.6, 2.5, "limit"),)}
    calls = tuple(PlannedCall(9.0 * i, NUMBER, Caller(f"+7918{i:07d}"), ((0.3, "1"),), 30.0, 0) for i in range(2))
    planned = Plan(replace(MIX, transfers=Transfers(COLLEAGUES)), calls, turns, beside)
    street = sending.lab.street

    async def rung(name, kind, since):
        """Return when a call that rang a phone was so far."""
        seen = (f"phone-{name}", kind)
        found = await street.wait_for(lambda e: (e.endpoint, e.kind) == seen and e.rings_phone, 20, since=since)
        return found.at

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        async with capturing(sending, tmp_path):
            since = clock.now()
            performing = group.create_task(perform(street, planned, Codes(), drain_seconds=30))
            since = await rung("novikov", "CHAN_START", since)
        since = await rung("ivanova", "HANGUP", since)
        async with capturing(sending, tmp_path):
            since = await rung("ivanova", "ANSWER", since)
        await rung("novikov", "ANSWER", since)
        async with capturing(sending, tmp_path):
            await performing
            found = await captured(tmp_path, 2)
    assert [(one.outcome, one.hung_up_by) for one in found] == [("answered", "agent")] * 2
    for record, (number, source) in zip(found, [("21", "queue_log"), ("21", "ami")], strict=True):
        [sent] = record.transfers
        assert (sent.kind, sent.made_by, sent.number, sent.taken_by, sent.at.source) == (
            "attended", "PJSIP/ivanova", number, "PJSIP/novikov", source,
        )  # fmt: skip
        [party] = record.parties
        assert (party.endpoint, party.how, party.outcome, party.answered) == (
            "PJSIP/novikov",
            "transfer",
            "answered",
            None,
        )
