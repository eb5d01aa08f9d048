"""Overrides: a line opened or closed by hand for a while, kept in each node's database."""

import getpass
import re
from datetime import datetime, timedelta

import msgspec

from cctoolkit import clock, marks
from cctoolkit.errors import UsageError
from cctoolkit.model.project import Project
from cctoolkit.model.words import seconds
from cctoolkit.workflow import specs, switch

CHOICES = ("open", "closed", "none")


def end(project: Project, what: str, until: str) -> datetime | None:
    """Return when the override ends: a duration from now or a local time of the project; None for `none`."""
    if what not in CHOICES:
        raise UsageError(f"{what!r} is no override", expected="one of " + ", ".join(CHOICES))
    if what == "none":
        return None
    if not until:
        raise UsageError(
            "an override has an end",
            expected='--until with a duration or a time, such as 2h or "2026-11-23 09:00"',
        )
    found = (
        clock.now() + timedelta(seconds=seconds(until))
        if re.fullmatch(r"([0-9]+[hms])+", until)
        else specs.moment(project, until)
    )
    if found <= clock.now():
        raise UsageError(f"{until} is over", expected="a time to come")
    return found


async def override(loaded: specs.LoadedSite, project: Project, what: str, until: datetime | None) -> None:
    """Tell every node, and write it into each node's history."""
    for node in loaded.site.nodes:
        async with switch.deploy_client(node) as client:
            if until is None:
                await client.action("DBDel", {"Family": marks.OVERRIDE, "Key": project.id})
            else:
                value = f"{what}/{int(until.timestamp())}"
                await client.action("DBPut", {"Family": marks.OVERRIDE, "Key": project.id, "Val": value})
        entry = {"when": clock.now().isoformat(), "who": getpass.getuser(), "override": project.id, "what": what,
                 "until": until.isoformat() if until else ""}  # fmt: skip
        switch.transport(node).record(msgspec.json.encode(entry).decode())
