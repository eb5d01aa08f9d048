"""What projects share: each library of the toolkit joins a project as its words say."""

from pathlib import Path

import pytest

from cctoolkit import resources
from cctoolkit.__main__ import run
from cctoolkit.flow.call import Call
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.simulate import simulate
from cctoolkit.spec.problem import errors
from cctoolkit.workflow import specs

LIBRARIES = sorted((resources.projects() / "library").glob("*.yaml"))
PROJECT = """\
project: {{id: one, title: T, client: C, language: en, time_zone: Europe/Warsaw}}
library: [{libraries}]
numbers:
  - {{number: "22 123 45 67", country: PL, entry: {entry}}}
flow:
  {flow}
"""
USES = {
    "ending": ("hello", "hello: {type: play, prompts: [a], next: {done: goodbye}}"),
    "zakonczenie": ("hello", "hello: {type: play, prompts: [a], next: {done: pozegnanie}}"),
    "anonymous": ("caller", "known-caller: {type: hangup}"),
    "ru-office": ("asked", "asked: {type: hours, calendar: ru-office, next: {open: end, closed: end}}\n  end: {type: hangup}"),
    "pl-office": (
        "asked",
        "asked: {type: hours, calendar: pl-office, next: {open: shops, closed: shops}}\n"
        "  shops: {type: hours, calendar: pl-shops, next: {open: end, closed: end}}\n  end: {type: hangup}",
    ),
}  # fmt: skip


@pytest.fixture
def used(tmp_path, monkeypatch):
    """A project that uses one library of the toolkit."""
    monkeypatch.chdir(tmp_path)

    def put(name: str) -> specs.LoadedProject:
        entry, flow = USES[name]
        (library := Path("projects/library")).mkdir(parents=True)
        text = (resources.projects() / "library" / f"{name}.yaml").read_text(encoding="utf-8")
        (library / f"{name}.yaml").write_text(text, encoding="utf-8")
        (file := Path("projects/one/project.yaml")).parent.mkdir()
        file.write_text(PROJECT.format(libraries=name, entry=entry, flow=flow), encoding="utf-8")
        loaded, problems = specs.check_project(file)
        assert errors(problems) == []
        return loaded

    return put


@pytest.mark.parametrize("name", [path.stem for path in LIBRARIES])
def test_each_library_joins_a_project(used, name):
    """A project with a library validates, and every call in it comes to an end."""
    loaded = used(name)
    assert any(file.endswith(f"library/{name}.yaml") for file in loaded.document.shared)
    assert run(["prove", "one"]) == 0


@pytest.mark.parametrize(("caller", "end"), [("", "refused"), ("+48600700800", "known-caller")])
def test_withheld_numbers(used, caller, end):
    """Who withholds the number is refused; everybody else comes to the project's own step."""
    loaded = used("anonymous")
    at = specs.moment(loaded.project, "2026-11-23 12:00")
    walk = simulate(compile_flow(loaded.project), Call("+48221234567", at, caller=caller))
    assert walk.path[-1] == (end, "hangup")
