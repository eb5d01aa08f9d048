"""All that can become of a call on the line: a plan and a spec by which it does, and what there is to see at the end."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from cctoolkit.cdr.records import CallRecord
from cctoolkit.flow.graph import compile_flow
from cctoolkit.lab.node import Node
from cctoolkit.lab.session import Caller, Session
from cctoolkit.lab.traffic import Codes
from cctoolkit.lab.traffic_plan import Plan, PlannedCall, plan
from cctoolkit.lab.turns import Colleague, Transfers
from cctoolkit.model.project import Project
from tests.live.conftest import PROJECT, Line
from tests.soak.conftest import AGENTS
from tests.soak.test_traffic_seeds import mix

_SPEC = (
    ("entry: dealers-hours\n    capacity: 0", "entry: dealers-hours\n    capacity: 6"),
    ("ring: 20s", "ring: 2s"),
    ("wait: 2m", "wait: 4s"),
    ("wait: 1m", "wait: 3s"),
    ("maxlen: 20", "maxlen: 5"),
    ("maxlen: 30", "maxlen: 3"),
    ("    weight: 10\n", "    weight: 10\n    maxlen: 2\n"),
    ("target_ratio: 0.7}\n", "target_ratio: 0.7}\n    maxlen: 2\n"),
)
"""Queues and a number that are full at times, a PBX that is given up in time."""

_HEAD_OFFICE = """
[carrier]
exten => 1000,1,Set(WHO=${CALLERID(num)})
 same => n,Goto(head-office,${IF($["${WHO}" = ""]?0:${WHO:-1})},1)

[head-office]
exten => _[0-3],1,Answer()
 same => n,StartMusicOnHold()
 same => n,Wait(3)
 same => n,Hangup(16)
exten => _[45],1,Hangup(17)
exten => _[67],1,Ringing()
 same => n,Wait(60)
exten => _[89],1,Hangup(34)
"""
"""The client's PBX, by the last digit of the caller's number: somebody talks, is busy, does not answer; no line."""

COLLEAGUES = (
    Colleague("21", "novikov"),
    Colleague("22", "egorova"),
    Colleague("23", "mikhailova", "never"),
    Colleague("24", "volkova", "busy"),
)
_KEYS = (("1", 6), ("2", 4), ("0", 2), ("", 1), ("9", 2), ("*", 1))
_MESSAGES = 4
"""Callers who leave a message on purpose, in a twentieth of the night."""
_AWAY_SECONDS = 3

_AT_ONCE_SECONDS = 2
"""Callers who leave a queue sooner are short abandons of this night, in which nobody waits 15 s."""

NEVER = {
    ("queue", "withdrawn"),
    ("opening-hours", "holiday"),
    ("dealers-hours", "holiday"),
}
"""Only an AMI action of others takes a caller out of a queue (QueueWithdrawCaller), and holidays are when they are."""


def planned(seed: int, rate: float, seconds: float, twentieths: int) -> Plan:
    """Return callers who press every key and agents who send some of them on, and callers who leave a message."""
    usual = mix(seed, rate, seconds)
    callers = replace(usual.callers, keys=_KEYS, presses=3)
    made = plan(replace(usual, callers=callers, transfers=Transfers(COLLEAGUES)))
    random = Random(f"{seed}/messages")
    messages = [_message(random, i, seconds) for i in range(_MESSAGES * twentieths)]
    return replace(made, calls=tuple(sorted((*made.calls, *messages), key=lambda call: call.at)))


def _message(random: Random, index: int, seconds: float) -> PlannedCall:
    """The queue's key leads to the recording, which a key ends, soon or later, or not at all."""
    at, ends = random.uniform(0, seconds), random.uniform(4, 14)
    keys = (0.5, "1"), (1.5, "0"), (round(ends, 3), "#")
    caller = Caller(f"+7917{index:07d}")
    return PlannedCall(round(at, 3), "+78001002030", caller, keys, 12, 0, "message")


def prepare(line: Line) -> None:
    """Make the line one on which everything happens."""
    for old, new in _SPEC:
        line.edit(old, new)
    assert line.run("apply", "--site", line.site) == 0
    _add(line.lab.street.node, _HEAD_OFFICE)


def _add(node: Node, dialplan: str) -> None:
    path = node.config / "extensions.conf"
    path.write_text(path.read_text(encoding="utf-8") + dialplan, encoding="utf-8")
    node.cli("dialplan reload")


@dataclass
class Supervisor:
    """Closes the line for some seconds, says emergency, and sends everybody out of all queues; again and again."""

    line: Line

    async def run(self, seconds: float, twentieths: int) -> None:
        """Do so evenly over the time."""
        acts = (self._closed, self._emergency, self._nobody) * max(1, twentieths // 3)
        for act in acts:
            await asyncio.sleep(seconds / (len(acts) + 1))
            await act()

    async def _closed(self) -> None:
        await self._override("closed")

    async def _emergency(self) -> None:
        await self._override("emergency")

    async def _override(self, what: str) -> None:
        await self._command(what, "--until", "10m")
        await asyncio.sleep(_AWAY_SECONDS)
        await self._command("--clear")

    async def _command(self, *arguments: str) -> None:
        while await self.line.run_aside("override", PROJECT, *arguments, "--site", self.line.site):
            await asyncio.sleep(0.5)  # the switch is being restarted

    async def _nobody(self) -> None:
        street = self.line.lab.street
        async with street.session() as session:
            await self._all_dial(session, Codes().logout)
            await asyncio.sleep(_AWAY_SECONDS)
            await self._all_dial(session, Codes().login)

    async def _all_dial(self, session: Session, code: str) -> None:
        """Let all dial, and again whom the switch did not hear."""
        left = set(AGENTS)
        while left:
            dialled = {await session.agent_dials(agent, code): agent for agent in sorted(left)}
            await asyncio.sleep(1)
            left -= {
                dialled[e.uniqueid]
                for e in self.line.lab.street.witness()
                if e.kind == "ANSWER" and e.uniqueid in dialled
            }


def possible(project: Project) -> set[tuple[str, str]]:
    """Return every (step, outcome) of the flow, and what can become of a visit and of a call."""
    found = {("call", how) for how in ("answered", "abandoned", "transferred", "message", "busy", "ended_in_flow")}
    found |= {("queue", how) for how in ("answered", "abandoned", "timeout", "full", "no_agents", "exit_key")}
    found |= {("abandoned", "at once"), ("abandoned", "later"), ("queue", "withdrawn")}
    found |= {("transfer", how) for how in ("blind", "blind, nobody answered", "attended", "consultation alone")}
    for name, vertex in compile_flow(project).vertices.items():
        found |= {(name, edge.guard.label) for edge in vertex.edges}
        found |= {(name, end) for end in vertex.ends if end != "abandoned"}
    return found - NEVER


def stand(records: Iterable[CallRecord]) -> set[tuple[str, str]]:
    """Return which of them stand among the records."""
    return {kind for record in records for kind in _kinds(record)}


def _kinds(record: CallRecord) -> Iterator[tuple[str, str]]:
    yield "call", record.outcome
    for step, after in zip(record.steps, (*record.steps[1:], None), strict=False):
        yield step.step, step.outcome
        if step.outcome == "answered" and after:
            yield step.step, "queue-continued"
    for visit in record.visits:
        yield "queue", visit.outcome
        if visit.outcome == "abandoned":
            yield "abandoned", "at once" if (visit.wait_seconds or 0) < _AT_ONCE_SECONDS else "later"
    for transfer in record.transfers:
        nobody = transfer.kind == "blind" and not transfer.taken_by
        yield "transfer", f"{transfer.kind}{', nobody answered' if nobody else ''}"
    if any(party.how == "consult" for party in record.parties):
        yield "transfer", "consultation alone"
