"""A day audited: clean when every source tells the same, and exactly what was spoiled when one does not."""

import json
import sqlite3
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cctoolkit.__main__ import run
from cctoolkit.capture.feeder import BACKFILL, Feeder
from cctoolkit.capture.following import select
from cctoolkit.capture.journal import Journal
from cctoolkit.capture.keeper import Keeper
from cctoolkit.capture.replay import drain
from cctoolkit.capture.tracker import Tracker
from cctoolkit.cdr.records import Edge
from cctoolkit.cdr.store import FILE_NAME, Store
from tests.unit.capture.made_calls import EPOCH, SECOND, STORIES, Moment, day, event
from tests.unit.capture.plain_floor import Floor
from tests.unit.capture.test_capture_channels import ATTENDED
from tests.unit.capture.test_capture_gaps import days, lines

DAY = f"{datetime.fromtimestamp(EPOCH / SECOND, UTC):%Y-%m-%d}"
ALL = [(story, 700 * story) for story in range(len(STORIES))]


def captured(folder, moments, gap=(0, 0), *, filled=True):
    """Make a store and a journal whose events have a gap, and the queue_log."""
    (folder / "queue_log").write_text(lines(moments))
    feeder = Feeder(Tracker("n1"))
    begin, end = gap
    chunks = [(EPOCH, b""), (EPOCH, BACKFILL)]
    chunks += [(moment.at, moment.event) for moment in moments[:begin] if moment.event]
    if end > begin:
        at = moments[end - 1].at
        since = max((moment.at for moment in moments[:begin] if moment.event), default=0)
        told = select(lines(moments[:end]), since, only_live=since == 0) if filled else ""
        chunks += [(at, b""), (at, BACKFILL + told.encode())]
    chunks += [(moment.at, moment.event) for moment in moments[end:] if moment.event]
    with Journal(folder / "journal" / "n1") as journal, Store.open(folder / FILE_NAME) as store:
        for at, data in chunks:
            journal.append(data, at)
            feeder.take(data)
        drain(feeder, store, last=True)


def audit(folder, capsys, *more):
    capsys.readouterr()
    code = run(
        ["capture", "audit", "--store", str(folder), "--day", DAY, "--log", str(folder / "queue_log"), "--format", "json", *more]
    )  # fmt: skip
    (found,) = json.loads(capsys.readouterr().out)
    assert code == (2 if found["findings"] else 0)
    return found


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days, st.data())
def test_a_filled_gap_is_clean(tmp_path_factory, capsys, stories, data):
    """Whatever part of the events is missing, a day whose gap was filled has no finding, and names the gap."""
    folder, moments = tmp_path_factory.mktemp("day"), day(stories)
    gap = sorted(data.draw(st.lists(st.integers(1, len(moments)), min_size=2, max_size=2)))
    captured(folder, moments, gap)
    found = audit(folder, capsys)
    assert found["findings"] == []
    assert sum(count["store"] for count in found["counts"]) == len(stories)
    assert all(count["store"] == count["queue_log"] == count["events"] for count in found["counts"])


def test_each_thing_spoiled_is_found(tmp_path, capsys):
    """A record removed, an outcome, an agent, a moment, a pause changed in the store: the audit finds exactly that."""
    captured(tmp_path, day(ALL))
    assert audit(tmp_path, capsys)["findings"] == []
    with Store.open(tmp_path / FILE_NAME) as store:
        kept = {call.call: call for call in store.calls()}
    spoiled = {
        "DELETE FROM calls WHERE call = 'n1-0.1'": [
            ("missing", "n1-0.1", "events"),
            ("missing", "n1-0.1", "queue_log"),
        ],
        "UPDATE calls SET outcome = 'answered' WHERE call = 'n1-4.1'": [("outcome", "n1-4.1", "")] * 2,
        "UPDATE legs SET agent = 'petrov' WHERE call = 'n1-1.1'": [("agent", "n1-1.1", "")] * 2,
        "UPDATE calls SET ended_us = ended_us + 3500000 WHERE call = 'n1-2.1'": [("edge", "n1-2.1", "ended")] * 2,
        "UPDATE calls SET ended_us = ended_us + 5 WHERE call = 'n1-2.1'": [("edge", "n1-2.1", "events")],
        "DELETE FROM agent_states WHERE agent = 'agent-5' AND state = 'paused'": [("state", "agent-5", "lunch")],
        "UPDATE agent_states SET reason = 'tea' WHERE agent = 'agent-5' AND state = 'paused'": [
            ("state", "agent-5", "tea")
        ],
    }
    assert kept["n1-4.1"].outcome == "abandoned"
    for statement, expected in spoiled.items():
        with sqlite3.connect(tmp_path / FILE_NAME) as database:
            whole = list(database.iterdump())
            assert database.execute(statement).rowcount >= 1
        database.close()
        found = audit(tmp_path, capsys)["findings"]
        # Told by each source that tells otherwise; of a record that is gone once.
        assert {(one["kind"], one["of"]) for one in found} == {(kind, of) for kind, of, _ in expected}, statement
        assert len(found) <= len(expected), (statement, found)
        assert all(any(word in one["text"] for _, _, word in expected) for one in found), found
        restore(tmp_path / FILE_NAME, whole)


@pytest.mark.parametrize("named", [False, True])
def test_agents_of_plain_queues(tmp_path, capsys, named):
    """Their states are held against the lines too, whatever those call them; who never logs in, and what the switch keeps
    a member from calls for, is in no line and no finding. What is spoiled is found.
    """
    floor = Floor(named)
    for queue, who in (("sales", "PJSIP/201"), ("support", "PJSIP/201"), ("sales", "PJSIP/202")):
        floor.adds(queue, who)
        floor.at += 5 * SECOND
    there = {"Membership": "static", "LoginTime": floor.at // SECOND, "Interface": "PJSIP/204", "Wrapuptime": 9}
    for name, more in (("QueueMemberStatus", there), ("AgentComplete", {"Reason": "agent"})):
        floor.moments.append(Moment(floor.at, event(name, floor.at, Queue="sales", MemberName="Dora", **more)))
        floor.at += SECOND
    for reason in ("lunch", None, "tea"):
        floor.at += 9 * SECOND
        floor.pauses("", "PJSIP/201", reason)
    floor.removes("sales", "PJSIP/201")
    floor.removes("support", "PJSIP/201")
    captured(tmp_path, floor.moments, (5, 7))
    assert audit(tmp_path, capsys)["findings"] == []
    with Store.read(tmp_path / FILE_NAME) as store:
        kept = [(one.agent, one.state, one.reason) for one in store.states()]
    assert sorted(kept) == [
        ("Anna", "logged_in", ""), ("Anna", "paused", "lunch"), ("Anna", "paused", "tea"), ("Dora", "logged_in", ""),
        ("Dora", "wrap-up", "wrapuptime"), ("PJSIP/202", "logged_in", ""),
    ]  # fmt: skip
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("DELETE FROM agent_states WHERE agent = 'PJSIP/202' OR reason = 'tea'")
        database.execute("UPDATE agent_states SET end_us = end_us + 90000000 WHERE reason = 'lunch'")
    database.close()
    found = [(one["kind"], one["of"], one["text"]) for one in audit(tmp_path, capsys)["findings"]]
    assert found[0][:2] == ("state", "PJSIP/202")
    assert {agent for _, agent, _ in found[1:]} == {"Anna"}
    assert "paused (lunch)" in found[1][2]


def test_lines_of_an_agents_own_phone(tmp_path, capsys):
    """A wrap-up that *13 ends long after its call, or after the switch began anew, is no call whose beginning is missing."""
    captured(tmp_path, day([(0, 0)]))
    with (tmp_path / "queue_log").open("a") as file:
        mark = "|NONE|NONE|CCTREADY|northwind|0a0b0c0d|r1|ivanova|\n"
        file.write(f"{EPOCH // SECOND + 90}|NONE|NONE|NONE|QUEUESTART|\n{EPOCH // SECOND + 99}|n1-0.1{mark}")
        file.write(f"{EPOCH // SECOND + 99}|n1-17.1{mark}")
    found = audit(tmp_path, capsys)
    assert (found["odd"], found["findings"]) == ({}, [])


def test_test_calls_are_in_no_audit(tmp_path, capsys):
    """What verify called while nobody captured is missing nowhere."""
    captured(tmp_path, day(ALL))
    log = tmp_path / "queue_log"
    test_call = [row.replace("n1-0.1", "cct-test-0f;2") for row in log.read_text().splitlines() if "n1-0.1|" in row]
    assert len(test_call) > 3
    with log.open("a") as file:
        file.writelines(f"{row}\n" for row in test_call)
    found = audit(tmp_path, capsys)
    assert found["findings"] == []
    assert sum(count["queue_log"] for count in found["counts"]) == len(ALL)


def restore(path, whole):
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    with sqlite3.connect(path) as database:
        database.executescript("\n".join(whole))
    database.close()


def test_a_gap_that_was_not_filled(tmp_path, capsys):
    """Calls of the gap are missing, and the gap is told as not filled; an import heals the calls."""
    moments = day(ALL)
    captured(tmp_path, moments, (40, 160), filled=False)
    found = audit(tmp_path, capsys)
    kinds = {one["kind"] for one in found["findings"]}
    assert "gap" in kinds
    assert [gap["filled"] for gap in found["gaps"]] == [False]
    assert run(["import", "queue_log", str(tmp_path / "queue_log"), "--store", str(tmp_path), "--node", "n1"]) == 0
    capsys.readouterr()
    healed = audit(tmp_path, capsys)
    told = [one for one in healed["findings"] if "events" not in one["text"] and one["kind"] != "gap"]
    assert told == []


def test_a_record_without_an_end(tmp_path, capsys):
    """A record that the store left open though the sources know its end is found; one that goes on is none."""
    moments = day([(0, 0), (4, 2000)])
    captured(tmp_path, moments)
    with Store.open(tmp_path / FILE_NAME) as store:
        call = store.get("n1-1.1")
        other = replace(call, call="n1-9.1", entered=Edge(call.entered.at), ended=None, outcome="unfinished")
        store.put([other])
    found = audit(tmp_path, capsys)["findings"]
    assert {(one["kind"], one["of"]) for one in found} == {("missing", "n1-9.1")}


def test_a_foreign_call_that_goes_on(tmp_path, capsys):
    """A call of a foreign dialplan that has not ended is told nowhere yet, and nothing is missing."""
    whole = (ATTENDED / "stream.ami").read_bytes()
    at = 1_795_957_454 * SECOND
    with Journal(tmp_path / "journal/n1") as journal, Store.open(tmp_path / FILE_NAME) as store:
        keeper = Keeper(journal, store, pytest.fail)
        keeper.recall()
        journal.append(whole[: len(whole) // 2], at)
        keeper.feeder.take(whole[: len(whole) // 2])
        assert keeper.feeder.tracker.going_on
        keeper.drain()
    assert run(["capture", "audit", "--store", str(tmp_path), "--day", "2026-11-29"]) == 0
    assert capsys.readouterr().out.endswith("n1: 0 findings\n")


def test_wrong_questions(tmp_path, capsys):
    """No day, no store and no node are usage errors that say what is expected."""
    for arguments, said in (
        (["--day", "yesterday", "--node", "n1"], "no day"), (["--day", DAY, "--time-zone", "Mars"], "no time zone"),
        (["--day", DAY], "no node is known"),
    ):  # fmt: skip
        Store.open(tmp_path / FILE_NAME).close()
        assert run(["capture", "audit", "--store", str(tmp_path), *arguments]) == 3
        assert said in capsys.readouterr().err
    assert run(["capture"]) == 3
    assert "nowhere to keep what is captured" in capsys.readouterr().err


def test_a_node_that_is_none(tmp_path, capsys):
    """Of a node nobody knows it is not said that everything fits."""
    captured(tmp_path, day([(0, 0)]))
    assert run(["capture", "audit", "--store", str(tmp_path), "--day", DAY, "--node", "n2"]) == 3
    assert "there is no node 'n2'; expected one of n1" in capsys.readouterr().err


def test_the_beginning_of_a_segment_is_damaged(tmp_path, capsys):
    """What a damaged segment held is missing from the events; the rest of the day is told, and which one it was."""
    captured(tmp_path, day([(0, 0)]))
    segment = max((tmp_path / "journal/n1").glob("*.cctj"), key=lambda path: path.stat().st_size)
    segment.write_bytes(b"damaged " + segment.read_bytes()[8:])
    assert run(["capture", "audit", "--store", str(tmp_path), "--day", DAY]) == 2
    said = capsys.readouterr()
    assert f"{segment}: this is no journal; nothing of it was read" in said.err
    assert "in store, not in events" in said.out


@pytest.mark.parametrize("node", ["", "n1"])
def test_text(tmp_path, capsys, node):
    """For people: a line a kind of call, the gaps, the findings, and how many."""
    captured(tmp_path, day([(0, 0), (4, 2000)]), (10, 30))
    more = ["--node", node] if node else []
    assert (
        run(["capture", "audit", "--store", str(tmp_path), "--day", DAY, "--log", str(tmp_path / "queue_log"), *more])
        == 0
    )
    said = capsys.readouterr().out
    assert "northwind orders abandoned" in said
    assert "filled" in said
    assert said.endswith("n1: 0 findings\n")
