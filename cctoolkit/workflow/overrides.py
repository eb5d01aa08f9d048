"""Overrides: a line opened, closed or in an emergency by hand for a while, kept in each node's database.

The value is <what>/<until, epoch seconds>/<who>; hours steps read it, phones of supervisors write it too
(templates/asterisk/override.j2). What is over counts as nothing there and here, and whoever meets it deletes it.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec

from cctoolkit import clock, marks
from cctoolkit.ami.client import Client
from cctoolkit.capture import lines
from cctoolkit.errors import OperatorError, SwitchError, SwitchUnreachable, UsageError
from cctoolkit.flow.call import NO_OVERRIDE
from cctoolkit.model.guard import OVERRIDES, Override
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node
from cctoolkit.model.words import seconds
from cctoolkit.spec.problem import did_you_mean, one_of
from cctoolkit.workflow import specs, switch
from cctoolkit.workflow.nodes import each
from cctoolkit.workflow.reach import queue_log, transport

LONGEST = timedelta(days=31)
"""What lasts longer is a change of the calendar, and belongs into the spec."""

_MAX_EPOCH_DIGITS = 10  # to the year 2286; ours are a month away at most


class Held(msgspec.Struct, frozen=True):
    """What a node holds: until when (UTC), and who said it."""

    what: str
    until: datetime
    who: str


def word(text: str) -> Override:
    """Return what a supervisor says; raise UsageError for any other word."""
    for known in OVERRIDES:
        if text == known:
            return known
    raise UsageError(f"{text!r} is no override", expected=one_of(OVERRIDES), next_step=did_you_mean(text, OVERRIDES))


def end(project: Project, until: str) -> datetime:
    """Return when an override ends: a duration from now or a local time of the project; else raise UsageError."""
    if not until:
        raise UsageError(
            "an override has an end",
            expected='--until with a duration or a time, such as 2h or "2026-11-23 09:00"',
        )
    now = clock.now()
    try:
        found = now + timedelta(seconds=seconds(until))
    except ValueError:
        found = specs.moment(project, until)
    except OverflowError:
        found = now + 2 * LONGEST
    if found <= now:
        raise UsageError(f"{until} is over", expected="a time to come")
    if found - now > LONGEST:
        raise UsageError(f"{until} is more than {LONGEST.days} days from now", expected="a shorter one",
                         next_step="write what lasts into the calendar: dates, hours")  # fmt: skip
    return found


async def set_override(loaded: specs.LoadedSite, project: Project, what: Override, until: datetime) -> None:
    """Tell every node, read it back, and write it into each node's history."""
    held = Held(what, until, switch.user())

    async def put(client: Client) -> None:
        value = f"{what}/{int(until.timestamp())}/{_plain(held.who)}"
        await client.action("DBPut", {"Family": marks.OVERRIDE, "Key": project.id, "Val": value})
        if await _text(client, project) != value:
            raise SwitchError("the override was not kept", expected=value)

    await _everywhere(loaded, put, {"override": project.id, "what": what, "until": until.isoformat()})


async def clear(loaded: specs.LoadedSite, project: Project) -> None:
    """Go back to the calendars on every node; harmless where nothing was overridden."""

    async def delete(client: Client) -> None:
        await _delete(client, project)

    await _everywhere(loaded, delete, {"override": project.id, "what": NO_OVERRIDE, "until": ""})


async def shown(loaded: specs.LoadedSite, project: Project) -> dict[str, Held | OperatorError | SwitchError | None]:
    """Return what each node holds now, or why it is away, which of one alone is raised. What is over is deleted."""

    async def one(node: Node) -> Held | None:
        async with switch.deploy_client(node) as client:
            text = await _text(client, project)
            held = _read(text)
            if text and held is None and await _text(client, project) == text:
                await _delete(client, project)
            return held

    return await each(loaded.site.nodes, one)


def by_phone(node: Node) -> list[dict[str, str]]:
    """Return what phones said on a node, as the node's history has what commands said: from queue_log, as far back as
    it and its newest rotated sibling reach.
    """
    try:
        text = queue_log(node)
    except (OSError, EOFError) as error:
        return [{"unreadable": f"{node.queue_log}: {error}"}]
    said = ((line.at, marks.from_queue_log(line.fields)) for line in lines.parse(text))
    return [_said(at, mark) for at, mark in said if mark and mark.kind == "override"]


def _said(at: int, mark: marks.Mark) -> dict[str, str]:
    held = _held(mark.detail)
    return {
        "when": datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(),
        "who": mark.step,
        "by": "phone",
        "override": mark.project,
        "what": held.what if held else NO_OVERRIDE,
        "until": held.until.isoformat() if held else "",
    }


def _read(text: str) -> Held | None:
    """Return what a value says, None when it is over, or nothing of ours: then hours steps do not honour it either."""
    held = _held(text)
    return held if held and held.until > clock.now() else None


def _held(text: str) -> Held | None:
    what, _, rest = text.partition("/")
    until, _, who = rest.partition("/")
    number = until if until.isascii() and until.isdecimal() and len(until) <= _MAX_EPOCH_DIGITS else "0"
    moment = datetime.fromtimestamp(int(number), UTC)
    return Held(what, moment, _plain(who)) if what in OVERRIDES else None


async def _text(client: Client, project: Project) -> str:
    query = {"Family": marks.OVERRIDE, "Key": project.id}
    said = await client.listing("DBGet", query, empty_ok="not found")
    return said[0].get("Val") if said else ""


async def _delete(client: Client, project: Project) -> None:
    if await _text(client, project):
        await client.action("DBDel", {"Family": marks.OVERRIDE, "Key": project.id})


async def _everywhere(
    loaded: specs.LoadedSite, act: Callable[[Client], Awaitable[None]], entry: dict[str, str]
) -> None:
    """Act on every node, whatever keeps another from it; say which did not do it, or could not write it down."""

    async def one(node: Node) -> SwitchError | OperatorError | None:
        try:
            async with switch.deploy_client(node) as client:
                await act(client)
            await _note(node, entry)
        except (SwitchError, OperatorError) as error:
            return error
        return None

    found = await each(loaded.site.nodes, one)
    failed = {node: error for node, error in found.items() if error}
    if failed:
        done = [node for node in found if node not in failed]
        kind = SwitchUnreachable if all(isinstance(e, SwitchUnreachable) for e in failed.values()) else SwitchError
        raise kind("; ".join(f"{error.where}: {error.what}" for error in failed.values()),
                   where=f"node {', '.join(failed)}", expected="every node of the site",
                   next_step="say it again when that is mended" + (f"; {', '.join(done)} did it" if done else ""),
                   )  # fmt: skip


async def _note(node: Node, entry: dict[str, str]) -> None:
    line = {"when": clock.now().isoformat(), "who": switch.user(), **entry}
    async with transport(node) as there:
        await there.record(msgspec.json.encode(line).decode())


def _plain(name: str) -> str:
    """Return a name as the dialplan may hold it: no slash parts the value, nothing is evaluated."""
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_.")) or "unknown"
