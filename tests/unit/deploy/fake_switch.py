"""A switch for the steps no real one can be made to fail at: it loads what is on the disk and answers as AMI
does.

It is scripted: `before` runs ahead of an action ("Reload app_queue.so"), `spoil` changes what a reload loads.
"""

from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path

from cctoolkit.ami.client import Account
from cctoolkit.ami.messages import Message
from cctoolkit.deploy import release
from cctoolkit.deploy.reload import MODULES
from cctoolkit.errors import SwitchUnreachable
from cctoolkit.node.facts import GENERATION_VARIABLES
from cctoolkit.node.transports.local import LocalTransport
from cctoolkit.secret import Secret
from cctoolkit.state.described import OBSERVED_ENDPOINT, OBSERVED_QUEUE, OBSERVED_REGISTRATION
from cctoolkit.state.settings import NodeState

KINDS = dict(MODULES)


def event(name, **headers):
    """Return an AMI event."""
    return Message.of(f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items()))


class FakeSwitch:
    """Memory that follows the disk, as far as it is let."""

    def __init__(self, transport: LocalTransport) -> None:
        self.account = Account("192.0.2.11", 5038, "cct-deploy", Secret("x"))
        self.transport = transport
        self.memory = NodeState.of([])
        self.members: dict[tuple[str, str], dict[str, str]] = {}
        self.waiting: dict[str, int] = {}
        self.calls: list[tuple[str, str]] = []
        self.shown = ""
        self.version = "22.10.1~dfsg"
        self.dead = False
        self.log: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.spoil: Callable[[NodeState], NodeState] = lambda state: state

    @asynccontextmanager
    async def connect(self, _node):
        """Stand in for `deploy_client`."""
        self._alive()
        yield self

    def _alive(self):
        if self.dead:
            raise SwitchUnreachable("the connection was closed", where=self.account.where)

    def die(self):
        """Answer nothing from now on."""
        self.dead = True
        self._alive()

    async def action(self, name, headers=(), *, timeout=10.0):  # noqa: ASYNC109 - the client\'s own
        """Perform an action."""
        headers = dict(headers)
        told = f"{name} {headers.get('Module') or headers.get('Queue', '')}".strip()
        self.log.append(told)
        self.before.get(told, lambda: None)()
        self._alive()
        if name == "Reload":
            await self._load(KINDS[headers["Module"]])
        else:
            self._member(name, headers)
        return Message.of("Response: Success")

    async def _load(self, kinds):
        disk = (await release.read(self.transport)).observable()
        others = (s for s in self.memory if s.kind not in kinds)
        self.memory = NodeState.of([*others, *self.spoil(disk.only(kinds))])
        if "queue" in kinds:
            there = {s.name for s in self.memory if s.kind == "queue"}
            self.members = {key: value for key, value in self.members.items() if key[0] in there}

    def _member(self, name, headers):
        key = (headers["Queue"], headers["Interface"])
        if name == "QueueRemove":
            del self.members[key]
        elif name == "QueueAdd":
            assert key not in self.members
            self.members[key] = {"Penalty": headers["Penalty"], "Paused": str(int(headers.get("Paused") == "true"))}
            self.members[key] |= {"PausedReason": headers["Reason"]} if "Reason" in headers else {}
        elif name == "QueuePenalty":
            self.members[key]["Penalty"] = headers["Penalty"]

    async def command(self, text):
        """Show what the console shows."""
        return f"Asterisk {self.version} built by somebody" if text == "core show version" else self.shown

    async def listing(self, name, headers=(), *, timeout=10.0, empty_ok=None):  # noqa: ASYNC109 - the client\'s own
        """Answer with a list."""
        self._alive()
        return list(getattr(self, f"_{name.lower()}")())

    def _showdialplan(self):
        for s in self.memory.only(["dialplan"]):
            extension, _, priority = s.option.rpartition(",")
            label, _, rest = s.value[1:].partition(")") if s.value.startswith("(") else ("", "", s.value)
            application, _, data = rest.partition("(")
            yield event("ListDialplan", Context=s.name, Extension=extension, Priority=priority, ExtensionLabel=label,
                        Application=application, AppData=data[:-1])  # fmt: skip

    def _queuestatus(self):
        queues = {}
        for s in self.memory.only(["queue"]):
            queues.setdefault(s.name, {})[OBSERVED_QUEUE[s.option]] = s.value
        for name, params in queues.items():
            yield event("QueueParams", Queue=name, Calls=self.waiting.get(name, 0), **params)
        for (queue, interface), member in self.members.items():
            yield event("QueueMember", Queue=queue, Location=interface, **member)

    def _pjsipshowendpoints(self):
        yield from self._objects("endpoint", "EndpointList", OBSERVED_ENDPOINT)

    def _pjsipshowregistrationsoutbound(self):
        yield from self._objects("registration", "OutboundRegistrationDetail", OBSERVED_REGISTRATION)

    def _objects(self, kind, shown_as, observed):
        objects = {}
        for s in self.memory.only([kind]):
            objects.setdefault(s.name, {})[observed[s.option]] = s.value
        for name, values in objects.items():
            yield event(shown_as, ObjectName=name, **values)

    def _status(self):
        for call in self.calls:
            said = (f"Variable: {name}={value}" for name, value in zip(GENERATION_VARIABLES, call, strict=True))
            yield Message.of("Event: Status", "Context: cct-mark", *said)


def prepare(folder: Path) -> None:
    """Prepare a node's configuration folder as an engineer does once."""
    root = folder / "cctoolkit"
    (root / "releases/empty").mkdir(parents=True)
    (root / "current").symlink_to("releases/empty")
