"""A supervisor's word on the real switch: by command and by phone, over a restart, until it is over."""

import asyncio
import copy
import json
import time
from pathlib import Path

import pytest
import yaml

from tests.live.test_agents import dial, until

pytestmark = pytest.mark.live

PROJECT = "northwind-hotline"
NUMBER = "+78001002030"
FIRST = "opening-hours"


@pytest.fixture(autouse=True)
def by_its_calendars(line):
    """Every test begins and ends with nothing said."""
    assert line.run("override", PROJECT, "--clear", "--site", line.site) == 0
    yield
    assert line.run("override", PROJECT, "--clear", "--site", line.site) == 0


def held(line) -> str:
    """Return what the node's database holds, "" when nothing."""
    text = line.lab.nodes["n1"].cli(f"database get cct-override {PROJECT}")
    return text.partition("Value: ")[2].strip()


def put(line, value: str) -> None:
    line.lab.nodes["n1"].cli(f"database put cct-override {PROJECT} {value}")


def ways(line) -> list[str]:
    """Return how calls left the first step, in order, as queue_log has it."""
    rows = [row.split("|") for row in line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8").splitlines()]
    return [row[9] for row in rows if row[4] == "CCTOUT" and row[8] == FIRST]


async def way(line) -> str:
    """Place a call and return how it left the first step."""
    before = len(ways(line))
    call = await line.lab.street.place_call(NUMBER, hang_up_after=0.5)
    await until(lambda: len(ways(line)), before + 1)
    await line.lab.street.wait_for(lambda e: e.kind == "HANGUP" and e.uniqueid == call)
    return ways(line)[-1]


@pytest.mark.parametrize(("said", "goes"), [("open", "open"), ("closed", "closed"), ("emergency", "override")])
async def test_what_is_said_is_done(line, capsys, said, goes):
    """Each word leads callers its own way, is shown with its end and author, and stands in the history."""
    assert await line.run_aside("override", PROJECT, said, "--until", "10m", "--site", line.site) == 0
    assert f"{PROJECT}: {said} until " in capsys.readouterr().out
    assert await way(line) == goes
    assert await line.run_aside("override", PROJECT, "--show", "--site", line.site) == 0
    assert f"{said} until" in capsys.readouterr().out
    assert await line.run_aside("override", PROJECT, "--clear", "--site", line.site) == 0
    assert await way(line) == "open"
    capsys.readouterr()
    assert await line.run_aside("history", "--site", line.site) == 0
    assert f"override {PROJECT} {said} until" in capsys.readouterr().out


async def test_over_a_restart(line, capsys):
    """What was said holds after the switch has been stopped and started."""
    assert await line.run_aside("override", PROJECT, "emergency", "--until", "10m", "--site", line.site) == 0
    node = line.lab.nodes["n1"]
    await asyncio.to_thread(node.stop)
    await asyncio.to_thread(node.start)
    assert await way(line) == "override"
    assert await line.run_aside("override", PROJECT, "--show", "--site", line.site) == 0
    assert "emergency until" in capsys.readouterr().out
    await line.lab.street.wait_registered(["morozova", "ivanova"])


async def test_what_is_over_cleans_itself(line, capsys):
    """A call, and --show, pass by what is over and delete it."""
    for look in (lambda: way(line), lambda: line.run_aside("override", PROJECT, "--show", "--site", line.site)):
        put(line, f"closed/{int(time.time()) - 1}/root")
        assert await look() in ("open", 0)
        assert held(line) == ""
    assert "by its calendars" in capsys.readouterr().out


@pytest.mark.parametrize(
    "value", ["party/9999999999/root", "closed", "closed/soon/root", "/9999999999/", "closed/-5/x"]
)
async def test_what_is_no_override_sends_nobody_away(line, capsys, value):
    """A value that nobody of ours wrote is passed by: the calendar answers."""
    put(line, value)
    assert await way(line) == "open"
    assert await line.run_aside("override", PROJECT, "--show", "--site", line.site) == 0
    assert "by its calendars" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shut", "--until", "1h"], "'shut' is no override"),
        (["open"], "an override has an end"),
        (["open", "--until", "5m2h"], "'5m2h' is no time"),
        (["open", "--until", "0s"], "0s is over"),
        (["open", "--until", "2020-01-01 00:00"], "is over"),
        (["open", "--until", "99999h"], "more than 31 days"),
        (["open", "--until", "9" * 30 + "h"], "more than 31 days"),
        (["--until", "1h"], "say one thing"),
        (["open", "--clear"], "say one thing"),
        (["--show", "--clear"], "say one thing"),
        (["--clear", "--until", "1h"], "say one thing"),
    ],
)
def test_wrong_input_changes_nothing(line, capsys, arguments, said):
    """What cannot be meant is wrong usage, in words, and nothing is written."""
    assert line.run("override", PROJECT, *arguments, "--site", line.site) == 3
    assert said in capsys.readouterr().err
    assert held(line) == ""


def test_a_switch_that_is_away(line, capsys):
    """Nodes that cannot be told are named; exit code 4."""
    node = line.lab.nodes["n1"]
    node.stop()
    try:
        assert line.run("override", PROJECT, "open", "--until", "1h", "--site", line.site) == 4
        assert "node n1" in capsys.readouterr().err
    finally:
        node.start()
    asyncio.run(line.lab.street.wait_registered(["morozova", "ivanova"]))


@pytest.mark.parametrize(("broken", "code"), [("port", 4), ("secret", 1)])
def test_a_node_that_fails_keeps_no_other_from_it(line, capsys, tmp_path, broken, code):
    """The first of two nodes is away, or its secret is: it is named, and the second is told all the same, and shown."""
    two = beside_one_that_is_away(line, tmp_path, "" if broken == "port" else "env:CCTOOLKIT_NOWHERE")
    history = line.lab.nodes["n1"].config / "cctoolkit/history.jsonl"
    before = len(history.read_text(encoding="utf-8").splitlines())
    assert line.run("override", PROJECT, "closed", "--until", "1h", "--site", two) == code
    said = capsys.readouterr()
    assert "node n0: " in said.err
    assert "n1 did it" in said.err
    for shown in (said.out, show(line, two, capsys)):
        away, held_there = shown.splitlines()
        assert away.startswith("n0  away: ")
        assert held_there.startswith(f"n1  {PROJECT}: closed until ")
    assert held(line).startswith("closed/")
    assert len(history.read_text(encoding="utf-8").splitlines()) == before + 1
    assert line.run("override", PROJECT, "--clear", "--site", two, "--format", "json") == code
    away, calendars = json.loads(capsys.readouterr().out).items()
    assert away[1].keys() == {"away", "next_step"}
    assert calendars == ("n1", None)


def show(line, site: str, capsys) -> str:
    """Return what is held on each node of a site with one away."""
    assert line.run("override", PROJECT, "--show", "--site", site) == 4
    return capsys.readouterr().out


def beside_one_that_is_away(line, folder: Path, secret: str = "") -> str:
    """Return a site whose first node, n0, is away, or lacks its secret; the second is the line's."""
    site = yaml.safe_load(Path(line.site).read_text(encoding="utf-8"))
    first = copy.deepcopy(site["nodes"][0]) | {"id": "n0", "folder": str(folder)}
    first["ami"]["port"] = 1
    if secret:
        first["ami"]["accounts"]["deploy"]["secret"] = secret
    site["nodes"].insert(0, first)
    two = Path(line.site).with_name("two.yaml")
    two.write_text(yaml.safe_dump(site, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return str(two)


async def by_phone(line, agent: str, code: str, key: str) -> None:
    """Dial a code and press a key when all of it has been spoken."""
    call = await line.lab.street.agent_dials(agent, code, keys=[(at, key) for at in (13.0,)] if key else ())
    await line.lab.street.wait_for(lambda e: e.kind == "HANGUP" and e.uniqueid == call, 40)


async def test_by_phone(line, capsys):
    """The supervisor's phone says emergency for two hours after a 1, and takes it back; both are logged with who it was."""
    await line.lab.street.wait_registered(["morozova"])
    await by_phone(line, "morozova", "*1532", "1")
    what, end, who = held(line).split("/")
    assert (what, who) == ("emergency", "morozova")
    assert int(end) - time.time() == pytest.approx(7200, abs=30)
    assert await way(line) == "override"
    capsys.readouterr()
    assert await line.run_aside("override", PROJECT, "--show", "--site", line.site) == 0
    assert "said by morozova by phone" in capsys.readouterr().out
    await by_phone(line, "morozova", "*150", "1")
    assert held(line) == ""
    assert await line.run_aside("history", "--site", line.site) == 0
    told = [row for row in capsys.readouterr().out.splitlines() if row.endswith("morozova by phone")]
    assert [row.split("Z  ", 1)[1].split(" until")[0] for row in told] == [
        f"override {PROJECT} emergency", f"override {PROJECT} none  morozova by phone",
    ]  # fmt: skip
    rows = [row.split("|") for row in line.lab.nodes["n1"].queue_log.read_text(encoding="utf-8").splitlines()]
    found = [(row[5], row[8], row[9]) for row in rows if row[4] == "CCTOVERRIDE"]
    assert found == [(PROJECT, "morozova", f"emergency/{end}"), (PROJECT, "morozova", "none")]


async def test_unconfirmed(line):
    """Another key, or none, changes nothing."""
    await line.lab.street.wait_registered(["morozova"])
    await by_phone(line, "morozova", "*152", "2")
    assert held(line) == ""


async def test_not_from_every_phone(line):
    """An agent without the role is refused."""
    await line.lab.street.wait_registered(["ivanova"])
    await dial(line, "ivanova", "*152")
    assert held(line) == ""
