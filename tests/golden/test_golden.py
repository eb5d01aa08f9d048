"""The files of the projects, byte by byte: what a change of a template or a spec does is read
in a diff.

After a change that is meant, write them anew and read the diff:

    python -m pytest tests/golden --snapshot-update
"""

import re
from pathlib import Path

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from cctoolkit.state.described import KEYS_FILE
from cctoolkit.workflow import specs

SITE = Path(__file__).parent / "site.yaml"
POLISH = Path(__file__).parent / "zorza.yaml"
FILES = ("extensions", "generation", "keys", "messages", "pjsip", "queues", "runtime")


class Conf(SingleFileSnapshotExtension):
    """One golden file a .conf, in __snapshots__/test_golden/."""

    file_extension = "conf"
    _write_mode = WriteMode.TEXT


def files_of(site: Path) -> dict[str, str]:
    """The files by the stem of their name; the one generation and its one set of keys are called so."""
    (config,) = specs.render_site(specs.load_site(str(site))).values()
    return {stem(path): text for path, text in config.files.items()}


def stem(path: str) -> str:
    """Return what a file's golden one is called."""
    if path.startswith("generations/"):
        return "keys" if KEYS_FILE.fullmatch(path) else "generation"
    return path.removesuffix(".conf")


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    """The files of the Russian project."""
    return files_of(SITE)


@pytest.mark.parametrize("file", FILES)
def test_northwind(rendered, file, snapshot):
    """The rendered file is the golden one."""
    assert rendered[file] == snapshot(extension_class=Conf)


@pytest.mark.parametrize("file", ["generation", "queues"])
def test_zorza(file, snapshot):
    """What is the project's own: its dialplan and queues."""
    assert files_of(POLISH)[file] == snapshot(extension_class=Conf)


def test_every_file_has_its_golden_one(rendered):
    """A new .conf asks for a golden file."""
    assert sorted(rendered) == sorted(FILES)


def test_two_runs_are_the_same_bytes(rendered):
    """Nothing of a rendered file depends on the time, the run or the order of a set."""
    (again,) = specs.render_site(specs.load_site(str(SITE))).values()
    assert sorted(again.files.values()) == sorted(rendered.values())


def test_secrets_are_references(rendered):
    """A phone's or a trunk's password is where it will be read, in one line of one file."""
    names = ["carrier", *(entry.agent for entry in specs.load_site(str(SITE)).site.roster)]
    assert re.findall(r"password = (.+)", rendered["pjsip"]) == [f"<<secret env:GOLDEN_{n.upper()}>>" for n in names]
