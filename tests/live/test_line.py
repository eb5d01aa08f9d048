"""The whole path on the real switch: a call over SIP, its record, its figures; trace and test calls agree."""

import asyncio
import json
from datetime import timedelta

import pytest

from cctoolkit import clock
from cctoolkit.capture.reading import read
from cctoolkit.capture.session import journal_path
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.lab.compare import compare
from cctoolkit.workflow import records, specs
from tests.live.capturing import PROJECT, capturing, legs, log_in, log_out, the_record
from tests.live.test_overrides import beside_one_that_is_away

pytestmark = pytest.mark.live

NUMBER = "+78001002030"


async def test_one_call_from_the_carrier_to_a_bar_in_a_report(line, tmp_path):
    """A call over SIP becomes one record with every edge within 50 ms of the street's log, figures and a page with a bar."""
    street = line.lab.street
    await log_in(line, "ivanova")
    await street.set_phone("ivanova", answer_after=0.7, talk=1.5)
    async with capturing(line, tmp_path):
        call = await street.place_call(NUMBER, caller="+79161234567", keys=[(0.8, "1")])
        await the_record(tmp_path, lambda r: any(leg.wrap_up_started for leg in legs(r)))
        await street.agent_dials("ivanova", "*13")
        record = await the_record(tmp_path, lambda r: any(leg.wrap_up_ended for leg in legs(r)))
    await log_out(line, "ivanova")
    assert (record.number, record.caller, record.outcome, record.hung_up_by) == (
        NUMBER,
        "+79161234567",
        "answered",
        "agent",
    )
    assert [(s.step, s.outcome) for s in record.steps] == [
        ("opening-hours", "open"),
        ("subject", "key-1"),
        ("orders", "answered"),
    ]
    assert record.call.startswith("n1-")
    rows = compare(record, call, street.witness())
    assert {row.edge for row in rows} == {
        "entered", "answered", "ended", "ivanova: rings", "ivanova: answers", "ivanova: talk ends", "ivanova: ready",
    }  # fmt: skip
    assert all(row.apart_seconds is not None and row.apart_seconds <= 0.05 for row in rows), rows
    await asyncio.to_thread(figures_and_page, line, tmp_path, record)


def figures_and_page(line, folder, record):
    project = specs.load_project(PROJECT).project
    today = records.span(project, "", "")
    found = {
        (f.metric, f.variant): f.value for f in records.kpi(project, folder, today, ["queue"]) if f.queue == "orders"
    }
    assert found["service_level", "default"] == 1.0
    assert found["average_wait", "answered"] == pytest.approx(record.visits[0].wait_seconds)
    assert line.run("report", PROJECT, "--store", str(folder), "-o", str(folder / "report.html")) == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "Северный ветер" in page


async def test_wrap_up_ends_at_its_limit(line, tmp_path):
    """An agent who says nothing is ready again after the project's limit, and the record has both edges."""
    street = line.lab.street
    await log_in(line, "petrov")
    await street.set_phone("petrov", answer_after=0.2, talk=0.5)
    async with capturing(line, tmp_path):
        await street.place_call(NUMBER, keys=[(0.5, "1")])
        record = await the_record(tmp_path, lambda r: any(leg.wrap_up_ended for leg in legs(r)))
        leg = legs(record)[-1]
        assert leg.wrap_up_ended.at - leg.wrap_up_started.at == pytest.approx(3_000_000, abs=100_000)
        assert 0 <= leg.wrap_up_started.at - leg.ended.at < 50_000
    assert "paused" not in line.lab.nodes["n1"].cli(f"queue show {PROJECT}.orders")
    await log_out(line, "petrov")


async def test_a_caller_who_gives_up(line, tmp_path):
    """An abandoned call is one record with the visit abandoned, the ringing leg cancelled, ended by the caller."""
    street = line.lab.street
    await log_in(line, "ivanova")
    await street.set_phone("ivanova", answers=False)
    async with capturing(line, tmp_path):
        call = await street.place_call(NUMBER, keys=[(0.5, "1")], hang_up_after=2)
        record = await the_record(tmp_path, lambda r: r.outcome != "unfinished")
    await log_out(line, "ivanova")
    assert (record.outcome, record.hung_up_by) == ("abandoned", "caller")
    assert [visit.outcome for visit in record.visits] == ["abandoned"]
    assert [leg.outcome for leg in legs(record)] == ["cancelled"]
    rows = [row for row in compare(record, call, street.witness()) if row.edge in ("entered", "answered", "ended")]
    assert all(row.apart_seconds is not None and row.apart_seconds <= 0.05 for row in rows), rows


async def test_nobody_logged_in(line, tmp_path):
    """With no agent the queue is not joined: the visit is a moment, its outcome no_agents, and the flow ends the call."""
    async with capturing(line, tmp_path):
        await line.lab.street.place_call(NUMBER, keys=[(0.5, "1")])
        record = await the_record(tmp_path, lambda r: r.outcome != "unfinished")
    assert [(s.step, s.outcome) for s in record.steps][2:] == [
        ("orders", "queue-no-agents"), ("goodbye", "done"), ("end", "hangup"),
    ]  # fmt: skip
    assert [(v.outcome, v.wait_seconds) for v in record.visits] == [("no_agents", 0.0)]
    assert (record.outcome, record.hung_up_by) == ("ended_in_flow", "flow")


async def test_callers_wait_while_the_only_agent_is_paused(line, tmp_path):
    """A paused agent is there: callers join and wait; joinempty=no of app_queue would turn them away."""
    await log_in(line, "ivanova")
    line.lab.nodes["n1"].cli(f"queue pause member PJSIP/ivanova queue {PROJECT}.orders reason lunch")
    async with capturing(line, tmp_path):
        await line.lab.street.place_call(NUMBER, keys=[(0.5, "1")], hang_up_after=2.5)
        record = await the_record(tmp_path, lambda r: r.outcome != "unfinished")
    await log_out(line, "ivanova")
    assert [v.outcome for v in record.visits] == ["abandoned"]
    assert record.visits[0].wait_seconds > 1


async def test_replaying_the_journal_gives_the_same_records(line, tmp_path):
    """The journal folded again gives byte-identical records, and into the same store adds nothing."""
    async with capturing(line, tmp_path):
        await line.lab.street.place_call(NUMBER, keys=[(0.5, "1")])
        live = await the_record(tmp_path, lambda r: r.outcome != "unfinished")
    journal = journal_path(tmp_path, "n1")
    assert records.replay(journal, "n1", tmp_path) == 0
    assert records.replay(journal, "n1", tmp_path / "again") > 0
    with Store.read(tmp_path / "again" / FILE_NAME) as store:
        assert store.get(live.call) == live


@pytest.mark.parametrize(("caller", "name"), [("+79161234567", 'x,Step: FAKE,Release: 9 ${EPOCH} | "q" \\'), ("", "")])
async def test_what_callers_send_changes_nothing(line, tmp_path, caller, name):
    """A caller's name full of commas, pipes and variables, and a withheld number, leave the record as it should be."""
    async with capturing(line, tmp_path):
        await line.lab.street.place_call(NUMBER, caller=caller, name=name, keys=[(0.5, "1")])
        record = await the_record(tmp_path, lambda r: r.outcome != "unfinished")
    assert record.caller == caller
    assert record.release == specs.render_site(specs.load_site(line.site))["n1"].release
    assert [s.step for s in record.steps] == ["opening-hours", "subject", "orders", "goodbye", "end"]


async def test_queue_log_carries_the_same_marks(line, tmp_path):
    """The second source: every mark of a call stands in queue_log too, with the same content, in the same order."""
    from cctoolkit import marks

    async with capturing(line, tmp_path):
        await line.lab.street.place_call(NUMBER, keys=[(0.5, "1")])
        record = await the_record(tmp_path, lambda r: r.outcome != "unfinished")
    text = line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8")
    found = [m for row in text.splitlines() if (m := marks.from_queue_log(row.split("|"))) and m.call == record.call]
    steps = [m for m in found if m.kind == "out"]
    assert [(m.step, m.detail) for m in steps] == [(s.step, s.outcome) for s in record.steps]
    assert found[0].kind == "entry"
    assert (found[0].step, found[0].project, found[0].generation, found[0].release) == (
        NUMBER[1:], record.project, record.generation, record.release,
    )  # fmt: skip


def test_trace_and_verify_agree(line, capsys, tmp_path):
    """The graph says where a call would go, open and closed, and test calls with time travel go there, though another node
    of the site is away, which is said in its place: exit code 4. Who reads the log later takes nothing of it for odd.
    """
    ways = {}
    for at in ("2026-12-30 12:00", "2027-01-01 12:00"):
        args = ["trace", PROJECT, "--to", "8 800 100-20-30", "--at", at, "--keys", "1", "--format", "json"]
        assert line.run(*args) == 0
        ways[at] = [(s["step"], s["label"]) for s in json.loads(capsys.readouterr().out)["steps"]]
    assert ways["2026-12-30 12:00"] == [
        ("opening-hours", "open"),
        ("subject", "key-1"),
        ("orders", "answered"),
    ]
    assert ways["2027-01-01 12:00"][:2] == [("opening-hours", "holiday"), ("night", "done")]
    code = line.run("verify", PROJECT, "--site", beside_one_that_is_away(line, tmp_path), "--format", "json")
    away, findings = json.loads(capsys.readouterr().out).values()
    assert away["away"].startswith("node n0")
    called = [f for f in findings if f["check"] == "routes" and f["good"]]
    subjects = " / ".join(f["subject"] for f in called)
    for way in ways.values():
        assert ", ".join(f"{step}: {label}" for step, label in way) in subjects
    assert [f for f in findings if not f["good"]] == []
    assert code == 4
    log = str(line.lab.nodes["n1"].queue_log)
    assert line.run("import", "queue_log", log, "--store", str(tmp_path / "store"), "--node", "n1") == 0
    assert "passed over" not in "".join(capsys.readouterr())


async def test_nobody_changes_what_is_being_verified(line, capsys):
    """While test calls walk, a second verify and an apply are refused with who is at work; the first finds nothing wrong."""
    first = asyncio.create_task(line.run_aside("verify", PROJECT, "--site", line.site))
    while "test call 1 of" not in capsys.readouterr().err:
        await asyncio.sleep(0.05)
    for command in (["verify", PROJECT], ["apply", "--reload"]):
        assert await line.run_aside(*command, "--site", line.site) == 1
        assert f"verify of {PROJECT}, since" in capsys.readouterr().err
    assert await first == 0


def test_verify_finds_a_switch_that_does_otherwise(line, capsys):
    """With one extension of the switch's memory changed by hand, verify names it and the calls that went astray, and the
    history has how many findings there were.
    """
    node = line.lab.nodes["n1"]
    generation = specs.render_site(specs.load_site(line.site))["n1"].generations[PROJECT]
    context = f"cct-{PROJECT}-{generation}-opening-hours"
    node.cli(f"dialplan remove extension holiday@{context}")
    node.cli(f"dialplan add extension holiday,1,Hangup into {context}")
    try:
        assert line.run("verify", PROJECT, "--site", line.site, "--node", "n1") == 2
        out = capsys.readouterr().out
        assert "FAIL memory" in out
        assert "FAIL routes" in out
        assert line.run("history", "--site", line.site) == 0
        assert f"findings ({out.count(' ok   ')} good)" in capsys.readouterr().out.splitlines()[-1]
    finally:
        assert line.run("apply", "--site", line.site) == 0
    assert line.run("plan", "--site", line.site) == 0


async def test_an_override_closes_an_open_line_and_goes_away(line, tmp_path):
    """A supervisor's override sends callers the closed way until it is taken back; test calls walk the calendar."""
    assert await line.run_aside("override", PROJECT, "closed", "--until", "10m", "--site", line.site) == 0
    async with capturing(line, tmp_path):
        await line.lab.street.place_call(NUMBER, hang_up_after=7)
        record = await the_record(tmp_path, lambda r: r.outcome != "unfinished")
        assert [(s.step, s.outcome) for s in record.steps][:2] == [
            ("opening-hours", "closed"),
            ("night", "done"),
        ]
        assert await line.run_aside("override", PROJECT, "--clear", "--site", line.site) == 0
        since = clock.now() - timedelta(milliseconds=100)
        await line.lab.street.place_call(NUMBER, hang_up_after=0.3)
        again = await the_record(tmp_path, lambda r: r.entered.moment() > since and r.outcome != "unfinished")
    assert again.steps[0].outcome == "open"


FORGED = {
    "an end in the year 2100": "+7\r\n\r\nEvent: Hangup\r\nTimestamp: 4102444800.000001\r\nCause: 16",
    "a queue joined": "+7\r\n\r\nEvent: QueueCallerJoin\r\nTimestamp: 1.5\r\nQueue: a.b",
    "a line of queue_log": "+7\n1|x|NONE|NONE|CCTEND|a|b|c|d|16",
}


@pytest.mark.parametrize("forged", FORGED)
async def test_a_caller_writes_no_events_and_no_lines(line, tmp_path, forged):
    """A number with line breaks, which SIP lets through escaped, reaches neither AMI nor queue_log: the record is whole."""
    from cctoolkit.lab.session import Caller

    async with capturing(line, tmp_path):
        async with line.lab.street.session() as session:
            await session.place_call(NUMBER, Caller(FORGED[forged]), keys=[(0.5, "1")])
        record = await the_record(tmp_path, lambda r: r.outcome != "unfinished")
    assert record.caller == ""
    assert [s.outcome for s in record.steps] == ["open", "key-1", "queue-no-agents", "done", "hangup"]
    wire = b"".join(chunk.data for chunk in read(journal_path(tmp_path, "n1")))
    for part in (b"Timestamp: 4102444800", b"Queue: a.b", b"CCTEND|a|b"):
        assert part not in wire
    assert "|CCTEND|a|b" not in line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8", errors="replace")
