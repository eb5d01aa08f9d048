import contextlib
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from cctoolkit.deploy import reload
from cctoolkit.node.transports.local import LocalTransport
from cctoolkit.plan.classes import Accepted, Class
from cctoolkit.render.configset import ConfigSet
from cctoolkit.workflow import specs, switch
from tests.unit.deploy.fake_switch import FakeSwitch, prepare

SECRET = "hunter2-of-"


class Node:
    """A prepared folder, a switch that loads it, and the use cases of `workflow.switch` on both."""

    def __init__(self, folder: Path, loaded: specs.LoadedSite, monkeypatch) -> None:
        prepare(folder)
        node = replace(loaded.site.nodes[0], folder=str(folder), group=os.getgid())
        self.loaded = replace(loaded, site=replace(loaded.site, nodes=(node,)))
        self.root = folder / "cctoolkit"
        self.transport = LocalTransport(node.id, folder, node.group)
        self.switch = FakeSwitch(self.transport)
        self.said: list[str] = []
        monkeypatch.setattr(switch, "deploy_client", self.switch.connect)
        # Rendering is tested elsewhere; here a spec is rendered once.
        self._rendered: list[tuple[specs.LoadedSite, dict[str, ConfigSet]]] = []
        monkeypatch.setattr(switch, "render_site", self._render)

    def _render(self, loaded):
        for known, configs in self._rendered:
            if known is loaded:
                return configs
        self._rendered.append((loaded, specs.render_site(loaded)))
        return self._rendered[-1][1]

    @property
    def project(self):
        """The site's one project."""
        return self.loaded.projects[0]

    def change(self, **sections) -> None:
        """Change the project's spec."""
        self.loaded = replace(self.loaded, projects=(replace(self.project, **sections),))

    def change_flow(self) -> None:
        """Change the spec so that its generation is another."""
        night = replace(self.project.flow["night"], prompts=(*self.project.flow["night"].prompts, "vm-goodbye"))
        self.change(flow={**self.project.flow, "night": night})

    async def plan(self):
        """Return the node's plan."""
        return (await self.planned())[0].plan

    async def planned(self):
        """Plan the site."""
        return await switch.plan_site(self.loaded)

    async def apply(self, *, overwrite_edits=False, accept=()):
        """Plan and apply."""
        return await self.perform(await self.planned(), overwrite_edits=overwrite_edits, accept=accept)

    async def perform(self, planned, *, overwrite_edits=False, accept=()):
        """Apply what was planned, with these dangers."""
        accepted = Accepted(frozenset(map(Class, accept)))
        return await switch.apply_site(
            planned, overwrite_edits=overwrite_edits, progress=self.said.append, accepted=accepted
        )

    @property
    def current(self) -> Path:
        """The folder of the release in force."""
        return self.root / "current"

    async def assert_clean(self) -> None:
        """Nothing of an apply is left half done."""
        assert await self.transport.intent() is None
        assert not [p for p in self.root.rglob("*") if p.name.endswith(".new")]
        assert await self.transport.current() == (await self.transport.releases() or ["empty"])[-1]


@pytest.fixture(scope="session")
def loaded() -> specs.LoadedSite:
    """The thin project of the tests on the site of documentation addresses."""
    with contextlib.chdir("tests/thin"):
        return specs.load_site("site.yaml")


@pytest.fixture
def node(tmp_path, loaded, monkeypatch):
    """A node before its first apply."""
    for agent in ("IVANOVA", "PETROV"):
        monkeypatch.setenv(f"GOLDEN_{agent}", SECRET + agent)
    monkeypatch.setattr(reload, "_READ_BACK_SECONDS", 0)
    monkeypatch.setattr(reload, "_PAUSE_SECONDS", 0)
    monkeypatch.setattr(os, "fsync", lambda _handle: None)
    monkeypatch.setattr(switch, "commit", lambda: "0123456789ab")
    return Node(tmp_path / "asterisk", loaded, monkeypatch)


@pytest.fixture
async def applied(node):
    """A node with one release, and a spec that has changed since."""
    await node.apply()
    node.change_flow()
    return node
