"""What `kpi` and `cdr` print."""

import csv
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cctoolkit import clock
from cctoolkit.cdr.records import AgentInterval, AgentLeg, CallRecord, Edge, QueueVisit, StepTaken
from cctoolkit.cdr.store import FILE_NAME, Store, micros
from cctoolkit.cli import app
from cctoolkit.errors import OperatorError, UsageError

HOTLINE = str(Path(__file__).parent / "hotline")
START = datetime(2026, 11, 2, 6, tzinfo=UTC)


def at(seconds):
    return Edge(micros(START + timedelta(seconds=seconds)))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    leg = AgentLeg("ivanova", at(3), "answered", at(7), at(127), "caller", at(127), at(137))
    answered = QueueVisit("orders", at(2), "answered", at(7), (leg,))
    gone = QueueVisit("orders", at(10), "abandoned", at(70))
    base = ("n1", "hotline", "g", "r1", "+78001002030")
    calls = [
        CallRecord("n1-1", *base, "+79161234567", at(0), outcome="answered", visits=(answered,)),
        CallRecord(
            "n1-2", *base, "=1+1", at(8), outcome="abandoned", steps=(StepTaken("orders", at(10)),), visits=(gone,)
        ),
    ]
    with Store.open(folder / FILE_NAME) as kept:
        kept.put(calls)
        kept.put_states([AgentInterval("n1", "ivanova", "logged_in", at(0), at(3600))])
    return str(folder)


def run(command, store, *more, project=HOTLINE):
    day = [project, "--store", store, "--from", "2026-11-02"]
    done = CliRunner().invoke(app, [command, *day, *more], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def table(text):
    """Return the rows below the line, each as its cells."""
    return [line.split() for line in text.splitlines()[2:] if line.strip()]


def test_one_row_a_group(store):
    """A queue's row has each figure's default; seconds, shares and counts are written so that they read."""
    text = run("kpi", store, "--metrics", "offered,service_level,average_wait,average_talk")
    assert text.splitlines()[0].split() == [
        "queue",
        "offered",
        "service",
        "level",
        "average",
        "wait",
        "answered",
        "average",
        "talk",
    ]
    assert table(text) == [["orders", "2", "50.0", "%", "5.0", "2:00"]]


AGREED = """
kpi:
  short_abandon: 10s
  formulas: {lost_call_rate: of_offered, average_wait: all}
  targets: {lost_call_rate: {at_most: 0.05}, average_wait: {at_most: 1m}}
  by_queue: {orders: {average_wait: {at_most: 30s}}}
"""


@pytest.fixture
def agreed(tmp_path):
    """The hotline with formulas and targets of its own."""
    path = tmp_path / "hotline" / "project.yaml"
    path.parent.mkdir()
    path.write_text((Path(HOTLINE) / "project.yaml").read_text(encoding="utf-8") + AGREED, encoding="utf-8")
    return str(path.parent)


def test_the_projects_own_readings(store, agreed):
    """The table has the reading the spec chose, and its title says which."""
    text = run("kpi", store, "--metrics", "lost_call_rate,average_wait", project=agreed)
    assert text.splitlines()[0].split() == ["queue", "lost", "call", "rate", "of", "offered", "average", "wait", "all"]
    assert table(text) == [["orders", "50.0", "%", "32.5"]]


def test_json_has_targets(store, agreed):
    """For machines the chosen reading has its target and whether it is met, a queue's own first; the others have none."""
    args = ("--format", "json", "--metrics", "average_wait,service_level")
    for by, at_most, met in (("queue", 30, False), ("project", 60, True)):
        found = {one["variant"]: one for one in json.loads(run("kpi", store, *args, "--by", by, project=agreed))
                 if one["metric"] == "average_wait"}  # fmt: skip
        assert (found["all"]["target"], found["all"]["met"]) == ({"at_least": None, "at_most": at_most}, met)
        assert (found["answered"]["chosen"], found["answered"]["target"], found["answered"]["met"]) == (
            False,
            None,
            None,
        )


def test_the_report_says_which_reading(store, agreed, tmp_path):
    """The page has the spec's reading, its formula, its target and its deviation."""
    page = tmp_path / "report.html"
    args = ["report", agreed, "--store", store, "--period", "2026-11-02", "-o", str(page)]
    assert CliRunner().invoke(app, args, catch_exceptions=False).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "abandoned ÷ (answered + abandoned)" in text
    assert '<span class="verdict missed">off target, +45\N{NO-BREAK SPACE}pp</span>' in text


def test_all_variants(store):
    """Asked for, every reading of a figure has its column."""
    text = run("kpi", store, "--metrics", "lost_call_rate", "--all-variants")
    assert "lost call rate of_offered" in text.replace("of offered", "of_offered")
    assert table(text) == [["orders", "50.0", "%", "50.0", "%"]]


def test_agents(store):
    """By agent everyone who serves the project has a row; nothing to measure is a dash."""
    rows = {row[0]: row[1:] for row in table(run("kpi", store, "--by", "agent"))}
    assert rows["ivanova"][:2] == ["1", "1.0"]
    assert {"1:00:00", "57:56", "2:00"} <= set(rows["ivanova"])
    assert rows["petrov"][0] == "0"
    assert "volkova" not in rows
    assert set(rows["petrov"][1:]) == {"-"}


def test_queue_agent_and_interval(store):
    """Groups and an interval stand in front, the interval by the clock of the project."""
    rows = table(run("kpi", store, "--by", "queue,agent,1h", "--metrics", "handled"))
    assert ["orders", "ivanova", "2026-11-02", "09:00", "1"] in rows
    assert len(rows) == 24


def test_details_are_shown_when_they_are_asked_for(store):
    """The outcomes, which explain other figures, have columns by name only: those that occurred."""
    assert "abandoned" not in run("kpi", store)
    text = run("kpi", store, "--metrics", "outcomes")
    assert text.splitlines()[0].split() == ["queue", "outcomes", "answered", "abandoned"]


def test_days_have_no_clock(store):
    """By day an interval is its date."""
    rows = table(run("kpi", store, "--by", "1d", "--metrics", "offered", "--to", "2026-11-03"))
    assert rows == [["2026-11-02", "2"], ["2026-11-03", "0"]]


def test_json_has_every_variant(store):
    """For machines every variant is there with its unit, exact, and null where nothing was measured."""
    found = json.loads(run("kpi", store, "--format", "json", "--metrics", "average_wait"))
    assert {one["variant"]: one["value"] for one in found} == {"answered": 5, "all": 32.5, "abandoned": 60}
    assert {one["unit"] for one in found} == {"seconds"}


def test_csv(store):
    """One row a call, readable phone numbers, and a caller that is a formula is text."""
    rows = list(csv.DictReader(run("cdr", store, "--format", "csv").splitlines()))
    assert [row["caller"] for row in rows] == ["+79161234567", "'=1+1"]
    assert (rows[0]["talk_seconds"], rows[0]["agents"], rows[1]["talk_seconds"]) == ("120.000", "ivanova", "")


def test_text_and_jsonl(store):
    """A line a call for people, a whole record a line for machines."""
    assert run("cdr", store).splitlines()[0].startswith("2026-11-02 06:00:00Z n1-1 +79161234567 answered")
    assert [json.loads(line)["call"] for line in run("cdr", store, "--format", "jsonl").splitlines()] == [
        "n1-1",
        "n1-2",
    ]


def test_filters(store, tmp_path):
    """cdr finds by queue, agent, outcome, number, caller, node and time; --limit is the first ones."""

    def found(*options, project=HOTLINE):
        return [
            json.loads(line)["call"]
            for line in run("cdr", store, "--format", "jsonl", *options, project=project).splitlines()
        ]

    assert found("--agent", "ivanova") == found("--caller", "9161234567") == found("--outcome", "answered") == ["n1-1"]
    assert found("--queue", "orders", "--number", "+78001002030", "--node", "n1") == ["n1-1", "n1-2"]
    assert found("--limit", "1") == ["n1-1"]
    assert found("--node", "n2") == []
    # 06:00:00 in UTC is 09:00 in the project's zone.
    assert found("--from", "2026-11-02T09:00:05") == ["n1-2"]
    assert found("--to", "2026-11-02T09:00:05") == ["n1-1"]
    for options in (["--outcome", "lost"], ["--caller", "x"], ["--format", "parquet"], ["--from", "soon"],
                    ["--from", "2026-11-03", "--to", "2026-11-02"]):  # fmt: skip
        with pytest.raises(UsageError):
            run("cdr", store, *options)


def test_exports_to_files(store, tmp_path):
    """-o writes any format to a file; Parquet has types, the same cells as CSV, and is not left half written."""
    text, whole = tmp_path / "calls.csv", tmp_path / "calls.parquet"
    run("cdr", store, "--format", "csv", "-o", str(text))
    assert "2 calls" in run("cdr", store, "--format", "parquet", "-o", str(whole))
    table = pq.read_table(whole)
    assert (table["entered"].to_pylist()[0], table["wait_seconds"].to_pylist()) == (START, [5.0, 60.0])
    assert [row["call"] for row in csv.DictReader(text.read_text().splitlines())] == table["call"].to_pylist()
    assert sorted(tmp_path.iterdir()) == [text, whole]
    with pytest.raises(OperatorError, match="cannot be written"):
        run("cdr", store, "--format", "parquet", "-o", str(tmp_path / "none" / "x.parquet"))


def test_seal_and_forget(store, tmp_path, monkeypatch):
    """store seal and forget work on a folder, and every command reads what they leave."""
    folder = tmp_path / "records"
    shutil.copytree(store, folder)
    before = run("cdr", str(folder)), run("kpi", str(folder), "--format", "json")
    # The calls have no end, and keep their day until nobody will tell it.
    assert "0 days" in invoke("store", "seal", "--store", str(folder), "--before", "2026-11-10")
    assert "2026-11-02: 2 calls" in invoke("store", "seal", "--store", str(folder), "--before", "2026-12-25")
    assert (run("cdr", str(folder)), run("kpi", str(folder), "--format", "json")) == before
    spec = tmp_path / "hotline"
    shutil.copytree(HOTLINE, spec)
    with (spec / "project.yaml").open("a") as file:
        file.write("privacy: {numbers: mask, numbers_days: 1}\n")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 10, tzinfo=UTC))
    said = invoke("store", "forget", str(spec), "--store", str(folder))
    assert said == "hotline: numbers of 1 calls forgotten, 0 calls removed\n"
    assert "its spec keeps numbers" in invoke("store", "forget", str(HOTLINE), "--store", str(folder))
    for command in (("forget", str(spec)), ("seal",)):
        with pytest.raises(OperatorError, match="there is no store"):
            invoke("store", *command, "--store", str(tmp_path / "recrods"))
    assert not (tmp_path / "recrods").exists()
    assert invoke("store", "forget", str(spec), "--store", str(folder)).startswith("hotline: numbers of 0 calls")
    assert "+7916•••••67" in run("cdr", str(folder), "--format", "csv")


def invoke(*command):
    done = CliRunner().invoke(app, list(command), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output
