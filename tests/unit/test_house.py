"""The house itself: drawers that must agree, help that must be quick, a wheel that works outside the checkout."""

import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from cctoolkit.__main__ import run
from cctoolkit.flow.words import pl, ru
from cctoolkit.model.steps import step_types
from tests.conftest import LONGEST

ROOT = Path(__file__).parents[2]


def test_a_step_type_has_its_three_drawers():
    """model/steps and tests/unit/model/steps hold the same stems, and templates/asterisk/steps those that are rendered."""
    types = set(step_types())
    rendered = {name for name, step in step_types().items() if step.rendered}
    assert {p.name.removesuffix(".conf.j2") for p in (ROOT / "templates/asterisk/steps").iterdir()} == rendered
    assert {
        p.stem.removeprefix("test_step_") for p in (ROOT / "tests/unit/model/steps").glob("test_step_*.py")
    } == types


def told(capsys, *words: str) -> str:
    """Return what a command prints about itself; in this process, as starting one takes longer than all else here."""
    assert run([*words, "--help"]) == 0
    return capsys.readouterr().out


def test_every_command_explains_itself_with_an_example(capsys):
    """Each command's help shows an example, and the list of commands is the files of cli/."""
    stems = {p.stem for p in (ROOT / "cctoolkit/cli").glob("*.py")} - {"__init__", "options", "outcomes", "demo"}
    files = {stem.removesuffix("_") for stem in stems}  # import_: a word of the language
    shown = subprocess.run(
        [sys.executable, "-m", "cctoolkit", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    listed = {
        line.split()[0]
        for line in shown.stdout.split("Commands:")[1].splitlines()
        if line.startswith("  ") and line[2] != " "
    }
    assert listed == files
    for command in sorted(files - {"lab"}):
        assert "Example: cctoolkit" in " ".join(told(capsys, command).split()), command


def test_help_loads_nothing_heavy():
    """`--help` imports no library that only a command needs."""
    code = "import sys, cctoolkit.cli; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    heavy = {
        "ibis",
        "duckdb",
        "altair",
        "jsonschema",
        "jinja2",
        "networkx",
        "panoramisk",
        "phonenumbers",
        "yaml",
        "requests",
    }
    assert heavy.isdisjoint(loaded)


def test_readme_commands_exist(capsys):
    """Every cctoolkit command of the README and CONTRIBUTING parses: it is known, and so are its options."""
    for file in ("README.md", "CONTRIBUTING.md"):
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            if not line.startswith("    .venv/bin/cctoolkit"):
                continue
            words = line.split("#")[0].replace('"', "").split()[1:]
            options = [word for word in words if word.startswith("-")]
            command = [word for word in words[:2] if not word.startswith("-")] if words[0] == "lab" else words[:1]
            shown = told(capsys, *command)
            assert all(option in shown for option in options), line


def test_readme_shows_what_the_project_says():
    """The part of a spec in the README stands in the project, letter by letter, and its pictures are there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```yaml\n")[1].split("```")[0]
    assert shown in (ROOT / "projects/northwind-hotline/project.yaml").read_text(encoding="utf-8")
    for picture in ("docs/flow.svg", "docs/report.png"):
        assert picture in readme
        assert (ROOT / picture).is_file()


@pytest.mark.soak
def test_the_wheel_works_outside_the_checkout(tmp_path):
    """The installed wheel has its schemas, templates and projects, and every word: in an empty folder a project of each
    template is made, validated, proved, tidy and drawn in its language, and the wheel's own project is walked.
    """
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("*.whl"))
    venv.create(tmp_path / "venv", with_pip=True)
    subprocess.run([tmp_path / "venv/bin/pip", "install", "-q", str(wheel)], check=True, capture_output=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def cctoolkit(*words: str) -> str:
        command = [tmp_path / "venv/bin/cctoolkit", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=empty, env=clean)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    assert json.loads(cctoolkit("trace", "northwind-hotline", "--to", "88001002030", "--format", "json"))["steps"]
    templates = sorted(path.stem for path in (ROOT / "templates/projects").glob("*.yaml"))
    assert templates
    for template in templates:
        cctoolkit("new", template, "--template", template)
        cctoolkit("graph", template, "-o", f"{template}.mmd")
        table = ru.WORDS if "language: ru" in (empty / f"projects/{template}/project.yaml").read_text() else pl.WORDS
        assert table["kind.queue"] in (empty / f"{template}.mmd").read_text(encoding="utf-8")
    assert f"{len(templates)} of {len(templates)} valid" in cctoolkit("validate")
    assert f"{len(templates)} of {len(templates)} were tidy" in cctoolkit("fmt", "--check")
    assert cctoolkit("prove").count("proved: every call comes to an end") == len(templates)


def test_the_longest_modules_are_there():
    """None of those that are to begin first has gone by another name."""
    assert [name for name in LONGEST if not (ROOT / "tests" / name).is_file()] == []


def test_every_live_module_says_that_it_is_one():
    """Without its mark a module would run among the unit tests, beside which it has neither time nor quiet."""
    marks = {"live": "pytest.mark.live", "soak": "pytest.mark.soak"}
    modules = [(kind, path) for kind in marks for path in (ROOT / "tests" / kind).glob("test_*.py")]
    assert [path.name for kind, path in modules if marks[kind] not in path.read_text(encoding="utf-8")] == []


def test_no_address_of_a_mirror_stands_anywhere():
    """No file names a registry's or mirror's host."""
    listed = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.splitlines()
    for name in listed:
        if name.endswith((".py", ".md", ".toml", ".j2", ".yaml", "Makefile", "run")) and "test_house" not in name:
            text = (ROOT / name).read_text(encoding="utf-8")
            assert "deb.debian" not in text, name
            assert "pypi.org/simple" not in text, name


def test_versions_agree():
    """The package's version is the project's."""
    import cctoolkit

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == cctoolkit.__version__
