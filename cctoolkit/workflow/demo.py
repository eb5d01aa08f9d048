"""The demonstration: a project's whole way on a private real Asterisk, and the record held against the street's log."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cctoolkit import clock, resources
from cctoolkit.cdr.records import CallRecord
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.errors import CctoolkitError
from cctoolkit.lab.compare import Row, compare
from cctoolkit.lab.lab import Lab
from cctoolkit.lab.street import Street
from cctoolkit.plan.explain import explain
from cctoolkit.workflow import demo_message, fleet, overrides, records, specs, switch
from cctoolkit.workflow.demo_traffic import traffic
from cctoolkit.workflow.prove import prove
from cctoolkit.workflow.trace import trace
from cctoolkit.workflow.verify import verify_site

PROJECT = "northwind-hotline"
NUMBER = "+78001002030"
AGENTS = ("ivanova", "petrov")
_WAIT_SECONDS = 30.0


class DemoFailed(CctoolkitError):
    """What was captured is not what happened."""


async def demo(folder: Path, say: Callable[[str], None], traffic_seconds: float, apart_ms: float) -> None:
    """Run everything below `folder`, with so much traffic; raise DemoFailed when a record is not what happened, or
    lies further than `apart_ms` from the street's own log.
    """
    # A demonstration begins with a new lab: nothing of an earlier one is a part of it.
    Lab(folder / "lab", resources.projects() / "sites" / "lab.yaml", owned=True).down()
    for name in ("records", "lab"):
        shutil.rmtree(folder / name, ignore_errors=True)
    with Lab(folder / "lab", resources.projects() / "sites" / "lab.yaml", owned=True, progress=say) as lab:
        say("\n== The spec: checked")
        loaded = specs.load_site(str(lab.site_file), [PROJECT])
        project = loaded.projects[0]
        say(
            f"{PROJECT}: {len(project.numbers)} numbers, {len(project.flow)} steps, {len(project.agents)} agents, valid"
        )
        _prove(say)
        await _release(loaded, say)
        await _verify(loaded, say)
        await _call(lab, loaded, folder / "records", say, apart_ms)
        say("\n== A message: left after the tone by a caller nobody could answer")
        await demo_message.mailed(lab, loaded, say)
        if traffic_seconds:
            say("\n== Traffic: street's notes, records and queue_log, call by call")
            await traffic(lab, loaded, folder / "records", traffic_seconds, say, apart_ms)
        say("\n== Figures")
        _figures(folder, say)
    say("\nThe lab is down again; nothing is left running.")


def _prove(say: Callable[[str], None]) -> None:
    """Say what is proved of the flow; a project with findings is not applied."""
    proof = prove([PROJECT])[0].proof
    if proof.findings:
        raise DemoFailed(f"the proof found {len(proof.findings)}", next_step=f"cctoolkit prove {PROJECT}")
    say(f"proved over 13 months: {proof.walks} walks in {proof.classes} classes of time, every one ends")


async def _release(loaded: specs.LoadedSite, say: Callable[[str], None]) -> None:
    say("\n== The plan, and its apply")
    planned = await switch.plan_site(loaded)
    for one in planned:
        say(explain(one.plan))
    changed = await fleet.apply_site(planned, overwrite_edits=False, progress=say)
    say(f"applied and read back: {', '.join(changed) or 'nothing to do'}")


async def _verify(loaded: specs.LoadedSite, say: Callable[[str], None]) -> None:
    say("\n== verify: a test call for every way through the flow, each at its own hour")
    project = specs.load_project(loaded.projects[0].id)
    for findings in (await verify_site(loaded, project, lambda _said: None)).values():
        if isinstance(findings, CctoolkitError):
            raise findings
        for one in findings:
            say(f"{'ok  ' if one.good else 'FAIL'} {one.subject}: {one.text}")
        if not all(one.good for one in findings):
            raise DemoFailed("the switch does not do what the spec says")


async def _call(lab: Lab, loaded: specs.LoadedSite, folder: Path, say: Callable[[str], None], apart_ms: float) -> None:
    say("\n== A real call: over SIP from the carrier, through the menu, to an agent's phone")
    project, street = loaded.projects[0], lab.street
    if trace(project, NUMBER, "", "1", {}).end != "answered":
        until = clock.now() + timedelta(minutes=5)
        await overrides.set_override(loaded, project, "open", until)
        local = clock.now().astimezone(ZoneInfo(project.project.time_zone))
        say(f"it is {local:%A %H:%M} in {project.project.time_zone}, the line is closed: override open for 5 minutes")
    stop, reading = asyncio.Event(), asyncio.Event()
    capturing = asyncio.create_task(records.capture(loaded, folder, stop, say, reading))
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            await asyncio.wait([capturing, asyncio.create_task(reading.wait())], return_when=asyncio.FIRST_COMPLETED)
            # Nobody serves the dealers' number yet: its caller leaves a message meanwhile.
            await demo_message.leave(lab)
            record, call = await _one_call(street, folder, say)
    finally:
        stop.set()
        await capturing
    for line in told(record):
        say(line)
    say("\n== The record against the street's own log")
    rows = compare(record, call, street.witness())
    for row in rows:
        say(f"{row.edge:<20} {row.record:%H:%M:%S.%f}  {_apart(row)}")
    if any(row.apart_seconds is None or row.apart_seconds * 1000 > apart_ms for row in rows):
        raise DemoFailed(f"the record and the street's log differ by more than {apart_ms:g} ms")
    say(f"{len(rows)} edges agree to {apart_ms:g} ms")


async def _one_call(street: Street, folder: Path, say: Callable[[str], None]) -> tuple[CallRecord, str]:
    """Log the agents in, place the call, let the agent wrap up, and return the record and the street's id."""
    await street.wait_registered(AGENTS)
    for agent in AGENTS:
        await street.set_phone(agent, answer_after=1, talk=3)
        await street.agent_dials(agent, "*11")
        say(f"{agent} dials *11: logged in")
    since = clock.now()
    call = await street.place_call(NUMBER, keys=[(1.0, "1")])
    say(f"a caller dials {NUMBER} and presses 1")
    record = await _wait(folder, since, lambda r: any(leg.wrap_up_started for v in r.visits for leg in v.legs))
    agent = record.visits[-1].legs[-1].agent
    say(f"{agent} answered, talked, and is in wrap-up; {agent} dials *13: ready")
    await street.agent_dials(agent, "*13")
    return await _wait(folder, since, lambda r: any(leg.wrap_up_ended for v in r.visits for leg in v.legs)), call


async def _wait(folder: Path, since: datetime, done: Callable[[CallRecord], bool]) -> CallRecord:
    """Wait until the store has the call since then, as it should be."""
    while True:
        if (folder / FILE_NAME).exists():
            with Store.read(folder / FILE_NAME) as store:
                for record in store.calls(PROJECT, since=since - timedelta(seconds=1), test=False):
                    if done(record):
                        return record
        await asyncio.sleep(0.1)


def told(record: CallRecord) -> Iterator[str]:
    """Yield a record in lines a person reads."""
    yield f"call {record.call}: {record.caller} -> {record.number}, {record.outcome}, ended by the {record.hung_up_by}"
    for step in record.steps:
        yield f"  {step.entered.moment():%H:%M:%S.%f} {step.step}: {step.outcome}"
    for visit in record.visits:
        yield f"  queue {visit.queue}: {visit.outcome} after {visit.wait_seconds or 0:.3f} s"
        for leg in visit.legs:
            talk, wrap = leg.talk_seconds or 0, leg.wrap_up_seconds or 0
            yield f"    agent {leg.agent}: talked {talk:.3f} s, wrap-up {wrap:.3f} s"


def _apart(row: Row) -> str:
    return "the street saw nothing" if row.apart_seconds is None else f"{row.apart_seconds * 1000:5.1f} ms apart"


def _figures(folder: Path, say: Callable[[str], None]) -> None:
    project = specs.load_project(PROJECT).project
    today = records.span(project, "", "")
    for figure in records.kpi(project, folder / "records", today, ["queue"]):
        if (figure.metric, figure.variant) in (("service_level", "default"), ("average_wait", "answered")):
            value = "-" if figure.value is None else f"{figure.value:.3f}"
            say(f"{figure.queue}: {figure.metric} ({figure.variant}) {value} {figure.unit}")
    for language in ("ru", "en"):
        page = folder / f"report-{language}.html"
        page.write_text(
            records.report(project, folder / "records", today, language, datetime.now(UTC)), encoding="utf-8"
        )
        say(f"report: {page}")
