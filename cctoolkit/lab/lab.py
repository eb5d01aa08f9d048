"""A lab: its nodes and its street, brought up and taken down together, known by the folder they live in."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from cctoolkit.errors import OperatorError
from cctoolkit.lab import address, files, install, node_config, site_file, street_config
from cctoolkit.lab.address import Block
from cctoolkit.lab.debian import Progress
from cctoolkit.lab.install import Installation
from cctoolkit.lab.node import Node
from cctoolkit.lab.sink import Sink, Status
from cctoolkit.lab.street import Street
from cctoolkit.secret import Secret

_STREET = "street"


class _State(msgspec.Struct, frozen=True):
    """What lab.json keeps, so that another command finds the same lab."""

    block: int
    nodes: int
    installation: Installation

    @property
    def addresses(self) -> Block:
        return Block(self.block, -1)


class Lab:
    """The lab in `folder` (`.lab/` of a checkout). `owned`: everything in it dies with this Python process.

    As a context manager it comes up with one node and goes down at the end, whoever brought it up.
    """

    def __init__(
        self, folder: Path, template: Path, *, owned: bool = False, progress: Progress = lambda _line: None
    ) -> None:
        self.folder = folder.resolve()
        self.template = template
        self.owned = owned
        self.progress = progress
        self._block: Block | None = None
        self._made: dict[str, Node] = {}
        self._mail: Sink | None = None

    @property
    def site_file(self) -> Path:
        """The site file that `up` writes."""
        return self.folder / "site.yaml"

    @property
    def nodes(self) -> dict[str, Node]:
        """The nodes by id; raises OperatorError when the lab was never up."""
        state = self._known()
        names = [f"n{i}" for i in range(1, state.nodes + 1)]
        return {name: self._asterisk(name, state.addresses.node(i)) for i, name in enumerate(names, start=1)}

    @property
    def mail(self) -> Path:
        """The folder of letters that left the lab's site, a file each."""
        return self._sink().mail

    @property
    def street(self) -> Street:
        """The street; raises OperatorError when the lab was never up."""
        return Street(self._street_node(), self._secret(_STREET))

    def up(self, nodes: int = 1) -> None:
        """Bring up `nodes` nodes and the street, whatever of them is not up yet, and write the site file.

        Raises OperatorError when this machine cannot run a lab, SwitchUnreachable when an Asterisk does not
        come up, SpecError for a template that is no site.
        """
        template = site_file.Template(self.template)
        agents = template.agents()
        installation = install.ensure(self.progress)
        with self._alone():
            self._claim(nodes, installation)
            for node in self.nodes.values():
                self._bring_up(node)
            self._bring_up_street(agents)
            if template.mails() and self._sink().start(self._block.fd if self._block else -1):
                self.progress(f"mail to {self._known().addresses.mail} comes to {self._sink().mail}")
            phones = {agent: f"file:secrets/{site_file.phone_secret_name(agent)}" for agent in agents}
            carrier = self._known().addresses.carrier
            files.write(
                self.site_file, template.fill(list(self.nodes.values()), carrier, phones, self._known().addresses.mail)
            )
        self.progress(f"site file: {self.site_file}")

    def down(self) -> None:
        """Stop everything and free the addresses; files stay as they are. Harmless when it is down."""
        if self._state() is not None:
            with self._alone():
                self._sink().stop()
                for node in (self._street_node(), *self.nodes.values()):
                    if node.alive():
                        node.stop()
                        self.progress(f"{node.name} stopped")
        if self._block:
            self._block.release()
            self._block = None

    def status(self) -> list[Status]:
        """Say of each Asterisk of the lab whether it runs; empty when the lab was never up."""
        if self._state() is None:
            return []
        sink = [self._sink().status()] if self.mail.is_dir() else []
        return [*(_status(node) for node in (*self.nodes.values(), self._street_node())), *sink]

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:  # whatever it is, also Ctrl-C: half a lab must not stay up
            self.down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def _state(self) -> _State | None:
        try:
            text = (self.folder / "lab.json").read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(text, type=_State, dec_hook=lambda kind, value: kind(value))
        except msgspec.DecodeError as error:
            raise OperatorError(
                f"is not what this version writes: {error}",
                where=str(self.folder / "lab.json"),
                next_step=f"end what `ps` shows of {self.folder}, remove that folder, then lab up",
            ) from error

    def _known(self) -> _State:
        state = self._state()
        if state is None:
            raise OperatorError("there is no lab", where=str(self.folder), next_step="cctoolkit lab up")
        return state

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one command at a time change this lab."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _claim(self, nodes: int, installation: Installation) -> None:
        known = self._state()
        if self._block is None:
            preferred = known.block if known else None
            self._block = address.claim(address.LOCKS, str(self.folder), preferred)
        running = [i for i, node in enumerate(self.nodes.values(), start=1) if node.alive()] if known else []
        state = _State(self._block.number, max([nodes, *running]), installation)
        files.write(self.folder / "lab.json", msgspec.json.encode(state, enc_hook=str).decode())

    def _asterisk(self, name: str, at: str) -> Node:
        """Return the one object that stands for this Asterisk here: it remembers the process it started."""
        node = self._made.get(name)
        if node is None or node.address != at:
            node = Node(name, self.folder / name, at, self._known().installation, owned=self.owned)
            self._made[name] = node
        node.keep_fds = [self._block.fd] if self._block else []
        return node

    def _sink(self) -> Sink:
        at = self._known().addresses.mail
        if self._mail is None or self._mail.address != at:
            self._mail = Sink(self.folder, at, owned=self.owned)
        return self._mail

    def _street_node(self) -> Node:
        return self._asterisk(_STREET, self._known().addresses.street)

    def _secret(self, name: str) -> Secret:
        return Secret(files.keep_secret(self.folder / "secrets" / name))

    def _bring_up(self, node: Node) -> None:
        if node.alive():
            self.progress(f"{node.name} is up at {node.address}")
            return
        accounts = node_config.ACCOUNTS
        secrets = {account: self._secret(site_file.secret_name(node.name, account)) for account in accounts}
        node.prepare(node_config.node_files(node.name, node.address, secrets))
        current = node.config / "cctoolkit/current"
        if not current.is_symlink():
            current.symlink_to("releases/empty")
        node.start()
        self.progress(f"{node.name} started at {node.address}")

    def _bring_up_street(self, agents: Sequence[str]) -> None:
        node = self._street_node()
        phones = {agent: self._secret(site_file.phone_secret_name(agent)) for agent in agents}
        nodes = {name: n.address for name, n in self.nodes.items()}
        texts = street_config.street_files(self._known().addresses, nodes, phones, self._secret(_STREET))
        changed = node.prepare(texts)
        if node.alive() and not changed:
            self.progress(f"the street is up at {node.address}, {len(agents)} phones")
            return
        node.stop()
        for place in (self._known().addresses.carrier, self._known().addresses.phones):
            address.check_free(place, ami=False)
        # Phones begin with their default behaviour.
        (node.folder / "db/astdb.sqlite3").unlink(missing_ok=True)
        node.start()
        self.progress(f"the street started at {node.address}, {len(agents)} phones")


def _status(node: Node) -> Status:
    running = node.running()
    return Status(node.name, node.address, running.pid if running else None, bool(running) and node.ready())
