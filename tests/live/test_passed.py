"""Two nodes: a call that one passes to the other is one record, from events, from queue_log, in one folder or one database."""

import asyncio
import re
from collections import defaultdict

import pytest

from cctoolkit.cdr.wanted import Wanted
from cctoolkit.lab.session import Caller
from cctoolkit.workflow import records, specs
from cctoolkit.workflow.records import Manner
from tests.live.capturing import PROJECT, capturing, legs, log_in
from tests.live.conftest import expected, on_nodes
from tests.postgres import Postgres

pytestmark = pytest.mark.live

NUMBER, DEALERS = "+78001002030", "+78126402030"
HOSTILE = (
    "n1-1.1/1",
    "n2-7777777777.1/2",
    "x" * 900,
    "n1-1.1/1\r\nX-CCT-Call: n1-2.2/1",
    "${CCT_CALL}/1",
    'n1-1.1"/1',
    "/",
)
BETWEEN = (("n2-5.5/9", "n2-5.5", 9), ("n2-5.5/10", "", 0), ("n2-5.5x/1", "", 0))
EDITS = (
    ("  client-pbx: {address: 10.40.0.5, channels: 8}\n",
     "  client-pbx: {address: 10.40.0.5, channels: 8}\n  main: {node: n1}\n  second: {node: n2}\n"),
    ('    trunk: client-pbx\n    number: "1000"\n', f'    trunk: main\n    number: "{DEALERS}"\n'),
    ("  dealers:\n    type: queue\n    queue: vip\n    wait: 2m\n",
     '  dealers:\n    type: queue\n    queue: orders\n    keys: {"0": back}\n    wait: 2m\n'),
    ("  night:\n    type: play\n",
     f'  back: {{type: transfer, trunk: second, number: "{NUMBER}", ring: 20s, next: {{busy: goodbye}}}}\n'
     '  pbx: {type: transfer, trunk: client-pbx, number: "1000", ring: 20s, next: {busy: goodbye}}\n'
     "  night:\n    type: play\n"),
    ('"1": orders, "2": support-topic, "0": head-office', '"1": orders, "2": support-topic, "0": head-office, "9": pbx'),
)  # fmt: skip


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A lab of two nodes; n1 has the agents, and the line's menu passes who wants the head office there."""

    def edit(line):
        for old, new in EDITS:
            line.edit(old, new)
        line.wait_for_keys()

    with on_nodes(2, tmp_path_factory.mktemp("passed"), edit) as line:
        assert line.run("plan", "--site", line.site) == 0
        asyncio.run(line.lab.street.wait_registered(["ivanova", "petrov"]))
        yield line
        problems = [text for node in line.lab.nodes.values() for text in node.problems() if not expected(text)]
        assert problems == []


def calls(where, **wanted):
    """Return the calls by who called."""
    return {one.caller: one for one in records.records(where, Wanted(PROJECT, test=False, **wanted))}


async def until(done, seconds=20):
    async with asyncio.timeout(seconds):
        while not (found := await asyncio.to_thread(done)):
            await asyncio.sleep(0.05)
    return found


def seen(where, caller, done):
    """Say whether the call of this caller, as parts or whole, is as `done` wants it."""
    return lambda: (one := calls(where).get(caller)) and done(one) and one


def told(one):
    """What is the same of a call whoever told it, but for moments."""
    visits = [(v.queue, v.outcome, [(leg.agent, leg.outcome, leg.hung_up_by) for leg in v.legs]) for v in one.visits]
    steps = [(step.step, step.outcome) for step in one.steps]
    return one.call, one.node, one.number, one.caller, one.outcome, one.hung_up_by, one.passed_to, steps, visits


def offered(line, where):
    project = specs.load_project(PROJECT).project
    found = records.kpi(project, where, records.span(project, "", ""), ["number"], ["offered", "answered"])
    return {(one.number, one.metric): one.value for one in found if one.value}


def headers(node) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return our header in the INVITEs a node has sent, by where to, and received, by where from; "" in those without."""
    found = {"Sent to": defaultdict(set), "Received from": defaultdict(set)}
    for number in re.findall(r"^(\d{5}) .*INVITE", node.cli("pjsip show history"), re.MULTILINE):
        text = node.cli(f"pjsip show history entry {number}")
        way, where = re.match(r"<--- History Entry \d+ (Sent to|Received from) ([\d.]+):", text).groups()
        found[way][where].update(re.findall(r"^X-CCT-Call: *(.*?)\r?$", text, re.MULTILINE) or [""])
    return found["Sent to"], found["Received from"]


async def live(line, folder, url, journals):
    street, n1, n2 = line.lab.street, line.lab.nodes["n1"], line.lab.nodes["n2"]
    for node in (n1, n2):
        node.cli("pjsip set history on")
    async with capturing(line, url, manner=Manner(nodes=("n1",), journals=journals)):
        pass
    async with (
        capturing(line, folder, manner=Manner(nodes=("n1", "n2"))),
        capturing(line, url, manner=Manner(nodes=("n2",), journals=journals)),
    ):
        # A carrier that sends the header changes nothing, whatever stands in it.
        async with street.session() as session:
            for number, text in enumerate(HOSTILE):
                who = Caller(f"+7916000010{number}", headers=(("X-CCT-Call", text),))
                call = await session.place_call(DEALERS, who, node="n2")
                await until(seen(folder, who.number, lambda one: one.steps))
                await session.hang_up(call)
        await log_in(line, "ivanova")
        await street.set_phone("ivanova", answer_after=0.2, talk=1)
        first = await street.place_call(NUMBER, caller="+79160000001", node="n2")
        await until(seen(folder, "+79160000001", lambda one: len(one.steps) == 2))
        await street.press(first, "0")
        await until(seen(folder, "+79160000001", lambda one: one.ended))
        await street.agent_dials("ivanova", "*12")
        await until(lambda: "PJSIP/ivanova" not in n1.cli(f"queue show {PROJECT}.orders"))
        await street.set_phone("petrov", answers=False)
        await log_in(line, "petrov")
        chain = await street.place_call(NUMBER, caller="+79160000002", node="n2")
        await until(seen(folder, "+79160000002", lambda one: len(one.steps) == 2))
        await street.press(chain, "0")
        await until(seen(folder, "+79160000002", lambda one: len(one.visits) == 1))
        await street.press(chain, "0")
        await until(seen(folder, "+79160000002", lambda one: one.steps[-1].step == "subject" and len(one.steps) > 4))
        await street.press(chain, "9")
        await until(seen(folder, "+79160000002", lambda one: one.outcome == "transferred" or one.steps[-1].outcome))
        await street.hang_up(chain)
        await until(seen(folder, "+79160000002", lambda one: one.ended))
        # What was passed over nine nodes is passed no more; what is no call's id is none, a node may say what it likes.
        for number, (text, _, _) in enumerate(BETWEEN):
            going = [f"1,Set(PJSIP_HEADER(add,X-CCT-Call)={text})", "2,Return()"]
            dial = f"1,Dial(PJSIP/{DEALERS}@{PROJECT}.main,20,b(test{number}^s^1))"
            for line_ in [f"s,{one}" for one in going] + [
                f"go,1,Set(CALLERID(num)=+7916000020{number})",
                "go,2" + dial[1:],
            ]:
                extension, priority, what = line_.split(",", 2)
                n2.cli(f"dialplan add extension {extension},{priority},{what} into test{number}")
            n2.cli(f"channel originate Local/go@test{number}/n application SendDTMF w0w")
            await until(seen(folder, f"+7916000020{number}", lambda one: one.ended))
        # At the node itself there is nobody to pass it to.
        stays = await street.place_call(NUMBER, caller="+79160000003", node="n1")
        await until(seen(folder, "+79160000003", lambda one: len(one.steps) == 2))
        await street.press(stays, "0")
        await until(seen(folder, "+79160000003", lambda one: one.visits))
        await street.hang_up(stays)
        await until(lambda: all(one.ended for one in calls(folder).values()))


def call_by_call(found):
    """What became of each, as the caller knows it."""
    one, chain, stays = (found[f"+7916000000{number}"] for number in (1, 2, 3))
    assert (one.node, one.number, one.outcome, one.hung_up_by) == ("n2", NUMBER, "answered", "agent")
    assert [(visit.queue, visit.outcome) for visit in one.visits] == [("orders", "answered")]
    assert ([leg.agent for leg in legs(one)], one.passed_to) == (["ivanova"], "n1")
    assert (chain.node, chain.outcome, chain.passed_to) == ("n2", "transferred", "n1 n2")
    assert [visit.outcome for visit in chain.visits] == ["exit_key"]
    assert [step.step for step in chain.steps][-3:] == ["opening-hours", "subject", "pbx"]
    assert (stays.node, stays.passed_to, stays.outcome) == ("n1", "", "abandoned")
    assert ("head-office", "transfer-failed") in [(step.step, step.outcome) for step in stays.steps]
    for number in range(len(HOSTILE)):
        assert (found[f"+7916000010{number}"].continues, found[f"+7916000010{number}"].passed_to) == ("", "")
    for number, (_, whole, hop) in enumerate(BETWEEN):
        alone = found[f"+7916000020{number}"]
        assert (alone.continues, alone.hop, alone.node) == (whole, hop, "n1")
        assert ("back", "transfer-failed" if hop else "transferred") in [
            (step.step, step.outcome) for step in alone.steps
        ]
    assert len(found) == 3 + len(HOSTILE) + len(BETWEEN)
    return one, chain


def header_is_sent(line, to_n1, to_n2):
    """It went to the nodes, and to nobody else, though the carrier had sent it too."""
    sent, heard = zip(*map(headers, line.lab.nodes.values()), strict=True)
    n1, n2 = (node.address for node in line.lab.nodes.values())
    assert (sent[1].pop(n1), sent[0].pop(n2)) == (to_n1, to_n2)
    assert set.union(*sent[0].values(), *sent[1].values()) == {""}
    assert HOSTILE[0] in set.union(*heard[1].values())


def test_one_call(two, tmp_path, capsys):
    """From n2 to n1's queue; from n2 to n1 and back and out to the client's PBX; and at n1 itself. Captured by events of
    both nodes, by events of one and the log of the other, or from both logs: the same calls, each once. The header goes
    to nodes alone, and a carrier's is thrown away.
    """
    folder, journals, again = tmp_path / "store", tmp_path / "journals", tmp_path / "again"
    logs = {name: str(node.folder / "log/queue_log") for name, node in two.lab.nodes.items()}
    with Postgres(tmp_path / "server") as server:
        url = server.url()
        asyncio.run(live(two, folder, url, journals))
        found = calls(folder)
        one, chain = call_by_call(found)
        parts = {(p.continues, p.node, p.hop) for p in records.records(folder, Wanted(PROJECT, apart=True))}
        assert parts > {(one.call, "n1", 1), (chain.call, "n1", 1), (chain.call, "n2", 2)}
        # The database knows of n1 up to before these calls; the rest its log tells when it is captured again.
        assert told(calls(url)[one.caller]) != told(one)

        async def later():
            async with capturing(two, url, manner=Manner(nodes=("n1",), journals=journals)):
                await until(lambda: len(calls(url)) == len(found) and all(c.ended for c in calls(url).values()))

        asyncio.run(later())
        for name, log in logs.items():
            assert two.run("import", "queue_log", log, "--store", str(again), "--node", name) == 0
        for where in (url, again):
            assert {who: told(each) for who, each in calls(where).items()} == {
                who: told(each) for who, each in found.items()
            }
        counts = offered(two, folder)
        assert (counts[NUMBER, "offered"], counts[NUMBER, "answered"]) == (3, 1)
        assert counts[DEALERS, "offered"] == len(HOSTILE) + len(BETWEEN)
        assert offered(two, url) == offered(two, again) == counts
    for name, log in logs.items():
        assert two.run("capture", "--replay", str(folder / "journal" / name), "--store", str(folder)) == 0
        assert two.run("import", "queue_log", log, "--store", str(folder), "--node", name) == 0
    assert calls(folder) == found
    capsys.readouterr()
    assert two.run("cdr", PROJECT, "--store", str(folder), "--caller", chain.caller, "--queue", "orders") == 0
    assert capsys.readouterr().out.rstrip().endswith("passed to n1, then n2")
    day = f"{one.entered.moment():%Y-%m-%d}"
    assert two.run("capture", "audit", "--site", two.site, "--store", str(folder), "--day", day, "--node", "n1") == 0
    to_n1 = {f"{one.call}/1", f"{chain.call}/1", *(text for text, _, _ in BETWEEN)}
    strangers = (found[f"+7916000020{number}"] for number, (_, whole, _) in enumerate(BETWEEN) if not whole)
    header_is_sent(two, to_n1, {f"{chain.call}/2", *(f"{each.call}/1" for each in strangers)})
