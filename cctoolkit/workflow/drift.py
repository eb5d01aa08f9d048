"""drift: what somebody changed by hand on the nodes, on disk or in memory."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from cctoolkit import clock
from cctoolkit.capture import lines
from cctoolkit.deploy import journal
from cctoolkit.deploy.originals import originals
from cctoolkit.deploy.release import NOTHING, Disk, read
from cctoolkit.deploy.rollback import config_of
from cctoolkit.errors import CctoolkitError, SpecError
from cctoolkit.model.site import Node
from cctoolkit.node import snapshot
from cctoolkit.node.transports import KEPT, MANIFEST, Touched, Transport
from cctoolkit.plan import drift
from cctoolkit.plan.allowed import misplaced
from cctoolkit.plan.drift import Drifted, Edited
from cctoolkit.secret import reveal_files
from cctoolkit.workflow import fleet
from cctoolkit.workflow.nodes import chosen, each, load_nodes
from cctoolkit.workflow.reach import queue_log, transport
from cctoolkit.workflow.specs import LoadedSite, load_site, render_site
from cctoolkit.workflow.switch import deploy_client

_LOGGED = {"ADDMEMBER": "added", "REMOVEMEMBER": "removed", "PENALTY": "given its penalty"}
_SOURCES = {"MANAGER": " over AMI", "CLI": " on Asterisk's console"}


class Found(Struct, frozen=True):
    """What was found on a node, whose `release` is the measure; `notes` say what could not be seen, or waits;
    `away` why nobody could look.
    """

    release: str
    findings: tuple[Drifted, ...]
    notes: tuple[str, ...] = ()
    away: str = ""


class _Spec(Struct, frozen=True):
    """Today's spec, for where sections stand, and what it renders to; without projects where they do not validate."""

    name: str
    loaded: LoadedSite
    note: str = ""

    def where(self, project: str, route: tuple[str, ...]) -> str:
        """Return where a section stands, with its line where the project is there."""
        told = ".".join(route)
        for found, document in zip(self.loaded.projects, self.loaded.documents, strict=False):
            if found.id == project:
                return f"{told} ({document.where(route)})"
        return f"{told} of project {project}" if project else f"{told} of site {self.loaded.site.id}"

    def rendered(self, node: Node) -> tuple[str, dict[str, str]]:
        """Return release and files the spec has for a node; nothing where it cannot be rendered."""
        if not self.loaded.projects:
            return "", {}
        config = render_site(self.loaded)[node.id]
        return config.release, reveal_files(config.files)


def _spec(name: str) -> _Spec:
    try:
        return _Spec(name, load_site(name))
    except SpecError as error:
        return _Spec(name, load_nodes(name), f"the spec does not validate, what it says is not looked at: {error.what}")


async def drift_site(name: str, only: Sequence[str] = ()) -> dict[str, Found]:
    """Return what drifted on every node of a site, or on `only` some; of one alone that is away the error is raised."""
    spec = _spec(name)
    found = await each(chosen(spec.loaded, only), lambda node: _drift(node, spec))
    return {node: one if isinstance(one, Found) else Found("", (), away=fleet.line(one)) for node, one in found.items()}


async def _drift(node: Node, spec: _Spec) -> Found:
    async with transport(node) as there:
        disk, key, intent = await read(there), await there.key(), await there.intent()
        notes = [spec.note] if spec.note else []
        notes += [journal.told(intent, clock.now())] if intent else []
        if disk.manifest.release == NOTHING:
            return Found(NOTHING, (), (*notes, "nothing applied yet"))
        try:
            release, texts = spec.rendered(node)
        except CctoolkitError as error:
            release, texts = "", {}
            notes.append(f"the spec cannot be rendered: {error.what}")
        edited = await _edited(there, disk, texts)
    async with deploy_client(node) as client:
        memory, members = await snapshot.memory(client), await snapshot.members(client)
        names, busy = await snapshot.names(client), await snapshot.ring_while_busy(client)
    overwrite = f"cctoolkit apply --overwrite-edits --site {spec.name}"
    if release != disk.manifest.release:
        overwrite += ", which also brings what the spec says since then"
    load = f"cctoolkit apply --site {spec.name}"
    found = list(drift.files(edited, memory, key, spec.where, overwrite))
    try:
        found += drift.in_memory(memory, {**disk.files, **disk.kept}, edited, spec.where, load)
    except SpecError as error:
        notes.append(f"memory is not compared: {error.where}: {error.what}")
    config = config_of(disk)
    if config.members is None:
        notes.append("the release does not say who may be in which queue: the next apply writes it down")
    changes = misplaced(config, members, clock.now())
    by = await asyncio.to_thread(_by_whom, node, names) if changes else {}
    found += drift.of_members(changes, by, spec.where, load)
    found += drift.busy_members(busy, f"cctoolkit apply --reload --site {spec.name}")
    return Found(disk.manifest.release, tuple(found), tuple(notes))


async def _edited(there: Transport, disk: Disk, rendered: Mapping[str, str]) -> list[Edited]:
    if not disk.edited:
        return []
    raw, touched = await there.read(disk.folder), await there.touched(disk.folder)
    was = await originals(there, disk, rendered)
    return [
        Edited(
            path, was.get(path), raw[path].decode("utf-8", "replace") if path in raw else None,
            path in disk.manifest.digests or path in (KEPT, MANIFEST), _by(touched.get(path), touched.get("")),
        )
        for path in disk.edited
    ]  # fmt: skip


def _by(file: Touched | None, folder: Touched | None) -> str:
    """Say who wrote a file, as far as the disk tells: its owner; of one that is gone, when its folder changed."""
    if file:
        return f"last written {file.when[:19]}Z, owner {file.owner}"
    return f"folder last changed {folder.when[:19]}Z" if folder else ""


def _by_whom(node: Node, names: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Return what queue_log says last of each (queue, agent): what was done, when, and from where."""
    try:
        text = queue_log(node)
    except (OSError, EOFError):
        return {}
    logged = dict(_logged(text))
    named = {(queue, agent): (queue, name) for (queue, agent), name in names.items()}
    return logged | {here: logged[there] for here, there in named.items() if there in logged}


def _logged(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    for line in lines.parse(text):
        if line.event in _LOGGED:
            when = datetime.fromtimestamp(line.at / lines.SECOND, UTC)
            told = f"{_LOGGED[line.event]} {when:%Y-%m-%dT%H:%M:%S}Z{_SOURCES.get(line.call, '')}"
            yield (line.queue, line.agent.removeprefix("PJSIP/")), told
