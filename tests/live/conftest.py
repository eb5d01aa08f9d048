import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cctoolkit.__main__ import run
from cctoolkit.lab import install
from cctoolkit.lab.lab import Lab
from tests.live.exchange import Exchange

PROJECT = "northwind-hotline"
BOTH = "projects: [northwind-hotline, zorza-infolinia]"
OTHERS = "  zorza-infolinia.zorza-pbx: 127.0.0.1\n"

ROSTER = """
site: {id: lab, title: Lab of the tests}
roster:
  - {agent: ivanova, name: Anna Ivanova}
  - {agent: petrov, name: Petr Petrov}
feature_codes: {}
projects: []
"""


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """The lab's Asterisk is built before the first test: what has a limit of time does not wait for that."""
    install.ensure(print)


@pytest.fixture(scope="session")
def lab_template(tmp_path_factory) -> Path:
    """A site template with two agents and no projects."""
    path = tmp_path_factory.mktemp("template") / "lab.yaml"
    path.write_text(ROSTER, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory, lab_template):
    """A fresh lab of one node for each module; its node must not have logged a warning or error of ours."""
    with Lab(tmp_path_factory.mktemp("lab"), lab_template, owned=True) as lab:
        yield lab
        problems = [line for node in lab.nodes.values() for line in node.problems()]
    assert problems == []


class Line:
    """A lab with the northwind project applied, its folder of specs, and the command line to use it with."""

    def __init__(self, lab: Lab, root: Path) -> None:
        self.lab = lab
        self.root = root
        self.site = str(lab.site_file)
        self.project = root / "projects" / PROJECT / "project.yaml"
        self.forgiven: tuple[str, ...] = ()
        """What the node may warn of besides."""

    def run(self, *arguments: str) -> int:
        """Run one cctoolkit command and return its exit code."""
        return run(list(arguments))

    async def run_aside(self, *arguments: str) -> int:
        """Run one command while this test's own loop goes on."""
        return await asyncio.to_thread(run, list(arguments))

    def edit(self, old: str, new: str) -> None:
        """Change the project's text in one place."""
        text = self.project.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        self.project.write_text(text.replace(old, new), encoding="utf-8")

    def wait_for_keys(self) -> None:
        """Let the spec's menus wait for a key as long as an apply may take on a busy machine."""
        text = self.project.read_text(encoding="utf-8")
        self.project.write_text(text.replace("    wait: 1s\n", "    wait: 60s\n"), encoding="utf-8")


def specs_for_tests(root: Path) -> Path:
    """Copy projects/ to `root`, the northwind line alone on the lab, open at every hour and its times short; return the lab's template there."""
    shutil.copytree(Path("projects").resolve(), root / "projects")
    project = root / "projects" / PROJECT / "project.yaml"
    text = project.read_text(encoding="utf-8")
    for old, new in (
        ('mon-fri: ["09:00-18:00"]', 'mon-sun: ["00:00-24:00"]'),
        ('      sat: ["10:00-16:00"]\n', ""),
        ("limit: 30s", "limit: 3s"),
        ("wait: 5s", "wait: 1s"),
    ):
        assert old in text, f"the project no longer says {old!r}"
        text = text.replace(old, new)
    project.write_text(text, encoding="utf-8")
    site = root / "projects" / "sites" / "lab.yaml"
    text = site.read_text(encoding="utf-8")
    assert text.count(BOTH) == 1
    assert text.count(OTHERS) == 1
    site.write_text(text.replace(BOTH, f"projects: [{PROJECT}]").replace(OTHERS, ""), encoding="utf-8")
    return site


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """A fresh lab with the project applied and its phones registered; the commands run in the folder of its specs."""
    root = tmp_path_factory.mktemp("line")
    template = specs_for_tests(root)
    before = Path.cwd()
    with Lab(root / "lab", template, owned=True) as lab:
        os.chdir(root)
        try:
            found = Line(lab, root)
            assert found.run("apply", "--site", found.site) == 0
            asyncio.run(lab.street.wait_registered(["ivanova", "petrov"]))
            yield found
        finally:
            os.chdir(before)
        problems = [text for node in lab.nodes.values() for text in node.problems() if not expected(text)]
    assert [text for text in problems if not any(one in text for one in found.forgiven)] == []


@contextmanager
def on_nodes(
    count: int, root: Path, edit: Callable[[Line], None] = lambda _line: None, kind: type[Line] = Line
) -> Iterator[Line]:
    """A fresh lab of so many nodes with the line, edited, on them; the commands run in the folder of its specs."""
    template, before = specs_for_tests(root), Path.cwd()
    lab = Lab(root / "lab", template, owned=True)
    try:
        lab.up(count)
        os.chdir(root)
        found = kind(lab, root)
        edit(found)
        assert found.run("apply", "--site", found.site) == 0
        yield found
    finally:
        os.chdir(before)
        lab.down()


@pytest.fixture(scope="module")
def exchange(tmp_path_factory, lab_template):
    """An office's switch, its phones not there yet. That a phone and it hang up in the same moment is no error of ours."""
    with Lab(tmp_path_factory.mktemp("exchange"), lab_template, owned=True) as lab:
        found = Exchange(lab)
        found.configure()
        yield found
        problems = [text for text in lab.nodes["n1"].problems() if "Session already DISCONNECTED" not in text]
    assert problems == []


def expected(problem: str) -> bool:
    """Say whether Asterisk itself warns of what a full or empty queue, a second log-in, or a pause after a log-out is meant to do,
    or of a caller who hung up amid the music, or at the moment a prompt began: of a prompt that is not there it says more.
    """
    known = (
        "Unable to join queue", "Already there", "Attempt to pause interface", "Attempt to unpause interface",
        "ast_streamfile failed on", "res_musiconhold.c: Failed to write frame",
    )  # fmt: skip
    return any(text in problem for text in known)
