"""Steps that tell calls apart, collect digits and set what calls carry, on the real switch."""

import asyncio
import json

import pytest

from tests.live.test_line import capturing, the_record

pytestmark = pytest.mark.live

PROJECT = "northwind-hotline"
NUMBER = "+78001002030"
FLOW = """\
flow:
  who:
    type: switch
    by: caller
    cases:
      withheld: {values: [anonymous], next: goodbye}
      germany: {values: ["+49"], next: goodbye}
      moscow: {values: ["+7495", "+7499"], next: english}
      petersburg: {values: ["+7812"], next: chance}
    next: {otherwise: which}
  which:
    type: switch
    by: number
    cases: {hotline: {values: ["8 800 100-20-30"], next: account}}
    next: {otherwise: dealers-hours}
  chance: {type: switch, by: share, cases: {new: {percent: 50, next: card-number}}, next: {otherwise: heard}}
  english: {type: set, language: en, priority: 10, card: {topic: "order, [urgent] (1) | 'x'"}, next: {done: heard}}
  heard:
    type: switch
    by: language
    cases: {english: {values: [en], next: orders}}
    next: {otherwise: opening-hours}
  account:
    type: collect
    prompts: [vm-press]
    wrong: [vm-goodbye]
    shortest: 3
    longest: 5
    wait: 5s
    attempts: 2
    next: {done: opening-hours, timeout: opening-hours, invalid: goodbye}
  card-number:
    type: collect
    prompts: [vm-press]
    shortest: 11
    longest: 11
    check: luhn
    wait: 1s
    attempts: 1
    next: {done: opening-hours, timeout: goodbye}

"""
CRM = """\
crm:
  kind: rest
  base_url: http://127.0.0.1:8089/
  secret: env:CRM
  card: {topic: {}}

queues:
"""


@pytest.fixture(scope="module")
def told(line):
    """The line with such steps before its own."""
    line.edit("\nflow:\n", f"\n{FLOW}")
    line.edit("\nqueues:\n", f"\n{CRM}")
    line.edit("    entry: opening-hours\n", "    entry: who\n")
    line.edit("    entry: dealers-hours\n", "    entry: which\n")
    assert line.run("apply", "--site", line.site) == 0
    return line


def test_test_calls_walk_every_way(told, capsys):
    """Verify calls every case, every way out of a collect step and both ways of chance, which it says it forced."""
    code = told.run("verify", PROJECT, "--site", told.site, "--format", "json")
    findings = json.loads(capsys.readouterr().out)["n1"]
    assert [f for f in findings if not f["good"]] == []
    assert code == 0
    called = " / ".join(f["subject"] for f in findings if f["check"] == "routes")
    for way in (
        "who: case-withheld", "who: case-germany", "who: case-moscow", "who: case-petersburg", "who: otherwise", "which: case-hotline",
        "which: otherwise", "chance: case-new", "chance: otherwise", "english: done", "heard: case-english",
        "heard: otherwise", "account: done", "account: timeout", "account: invalid", "card-number: done",
        "card-number: timeout", "card-number: invalid",
    ):  # fmt: skip
        assert way in called, way
    assert any("went there, forced at chance" in f["text"] for f in findings)


async def steps_of(line, folder, caller, keys=()):
    """Place a call over SIP and return its first two steps, as the record has them."""
    async with capturing(line, folder):
        await line.lab.street.place_call(NUMBER, caller=caller, keys=keys, hang_up_after=14)
        record = await the_record(folder, lambda r: r.outcome != "unfinished")
    return [(s.step, s.outcome) for s in record.steps]


@pytest.mark.parametrize(
    ("caller", "first"),
    [
        ("+74951234567", [("who", "case-moscow"), ("english", "done"), ("heard", "case-english")]),
        ("74991234567", [("who", "case-moscow"), ("english", "done"), ("heard", "case-english")]),
        ("84951234567", [("who", "case-moscow"), ("english", "done"), ("heard", "case-english")]),
        ("4951234567", [("who", "case-moscow"), ("english", "done"), ("heard", "case-english")]),
        ("+4951234567", [("who", "case-germany"), ("goodbye", "done")]),
        ("8104951234567", [("who", "case-germany"), ("goodbye", "done")]),
        ("+78121234567", [("who", "case-petersburg"), ("chance", "?")]),
        ("", [("who", "case-withheld"), ("goodbye", "done")]),
    ],
)
async def test_who_calls(told, tmp_path, capsys, caller, first):
    """A real call goes the way of its caller's number, with and without its plus, as dialled in the country of the number
    called, or of one withheld; where `trace` says it goes.
    """
    if caller:
        keys = ("--keys", "-")
        assert await told.run_aside("trace", PROJECT, "--to", NUMBER, "--from", caller, *keys, "--format", "json") == 0
        assert f'"{first[0][1]}"' in capsys.readouterr().out
    taken = await steps_of(told, tmp_path, caller)
    assert [step for step, _ in taken[: len(first)]] == [step for step, _ in first]
    assert all(label == wanted for (_, label), (_, wanted) in zip(taken, first, strict=False) if wanted != "?")


@pytest.mark.parametrize(
    ("keys", "label"),
    [([(0.6, "1"), (0.9, "2"), (1.2, "3"), (1.5, "#")], "done"), ([(0.6, "1"), (0.9, "#"), (5.5, "*"), (5.8, "#")], "invalid")],
)  # fmt: skip
async def test_digits_from_a_phone(told, tmp_path, keys, label):
    """Digits pressed on a phone are collected; too few of them and a star are two mistakes."""
    taken = await steps_of(told, tmp_path, "+79161234567", keys)
    assert taken[:3] == [("who", "otherwise"), ("which", "case-hotline"), ("account", label)]


async def test_priority(told):
    """A caller with a priority of 10 waits with it."""
    street, node = told.lab.street, told.lab.nodes["n1"]
    await street.agent_dials("ivanova", "*11")
    async with asyncio.timeout(10):
        while "PJSIP/ivanova" not in node.cli(f"queue show {PROJECT}.orders"):
            await asyncio.sleep(0.05)
    node.cli(f"queue pause member PJSIP/ivanova queue {PROJECT}.orders reason lunch")
    call = asyncio.create_task(street.place_call(NUMBER, caller="+74951234567", hang_up_after=4))
    async with asyncio.timeout(10):
        while "prio: 10" not in (shown := node.cli(f"queue show {PROJECT}.orders")):
            assert "prio: 0" not in shown
            await asyncio.sleep(0.05)
    await call
    await street.agent_dials("ivanova", "*12")


def test_plan_says_what_is_not_applied(told, capsys):
    """The card is the agents' and the CRM's: the plan says that the switch is not told of it."""
    assert told.run("plan", "--site", told.site) == 0
    assert "crm is not applied yet" in capsys.readouterr().out


def test_a_step_without_a_dialplan_is_refused(told, capsys):
    """A lookup is proved and traced, and refused by plan, render, apply and verify by name and line."""
    before = told.project.read_text(encoding="utf-8")
    told.edit("    next: {otherwise: which}\n", "    next: {otherwise: ask-crm}\n"
              "  ask-crm: {type: lookup, next: {found: which, not_found: which}}\n")  # fmt: skip
    try:
        assert told.run("validate", PROJECT) == 0
        assert told.run("trace", PROJECT, "--to", NUMBER, "--crm", "not_found", "--keys", "123") == 0
        capsys.readouterr()
        for command in (["plan"], ["apply"], ["render", "-o", "out"], ["verify", PROJECT]):
            assert told.run(*command, "--site", told.site) == 3
            assert 'step "ask-crm" (lookup) is not rendered yet' in (shown := capsys.readouterr()).err + shown.out
    finally:
        told.project.write_text(before, encoding="utf-8")
