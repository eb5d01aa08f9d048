"""A project over several files, libraries, sites, and the names people and hooks give to validate."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from cctoolkit import resources
from cctoolkit.__main__ import run
from cctoolkit.workflow import specs, validating

INFO = "project: {id: %s, title: T, client: C, language: en, time_zone: Europe/Warsaw}\n"
NUMBERS = '- {number: "22 123 45 67", country: PL, entry: open}\n'
FLOW = "open: {type: hours, calendar: office, next: {open: bye, closed: bye}}\nbye: {type: hangup}\n"
CALENDARS = 'office: {hours: {mon-fri: ["09:00-18:00"]}}\n'
LIBRARY = """\
calendars:
  office: {hours: {mon-fri: ["09:00-18:00"]}}
flow:
  closed: {type: play, prompts: [closed], next: {done: bye}}
  bye: {type: hangup}
  shop: {type: queue, queue: shop, next: {timeout: bye}}
pauses:
  lunch: {code: "1"}
"""
SITE = """\
site: {id: near, title: Near}
nodes:
  - id: node-1
    address: 10.0.0.1
    folder: /etc/asterisk
    ami: {host: 10.0.0.1, accounts: {deploy: &a {user: d, secret: "env:A"}, test: *a, capture: *a}}
projects: [one, two]
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch):
    """Files below projects/ by their names, and the command run beside it."""
    monkeypatch.chdir(tmp_path)

    def put(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = tmp_path / "projects" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return put


def split(name: str = "one") -> dict[str, str]:
    texts = {"project": INFO % name, "numbers": NUMBERS, "flow": FLOW, "calendars": CALENDARS}
    return {f"{name}/{part}.yaml": text for part, text in texts.items()}


def found(*names: str) -> list[tuple[str, int, int, str]]:
    problems = validating.validate(names).problems
    return [(p.file.removeprefix("projects/"), p.mark.line, p.mark.column, p.code) for p in problems]


def test_split(write):
    """Sections in files of their own make the project that one file makes."""
    write(split())
    whole = "numbers:\n" + NUMBERS + "".join(
        f"{name}:\n" + "".join(f"  {line}\n" for line in text.splitlines())
        for name, text in (("flow", FLOW), ("calendars", CALENDARS))
    )  # fmt: skip
    assert found("one") == []
    one = specs.load_project("one")
    write({"two/project.yaml": INFO % "two" + whole})
    assert specs.load_project("two").project.flow == one.project.flow
    assert one.document.where(("flow", "bye"), key=True) == "projects/one/flow.yaml:2"
    assert set(one.document.files) == {f"projects/{name}" for name in split()}


def test_problems_name_their_file(write):
    """Each problem names the file it is in; a file that is no YAML hides none of another, and none is made up."""
    write(
        split()
        | {"one/flow.yaml": FLOW.replace("hangup}", "hangup"), "one/numbers.yaml": NUMBERS.replace(" 45 67", "")}
    )
    assert found("one") == [("one/flow.yaml", 2, 6, "yaml-syntax"), ("one/numbers.yaml", 1, 12, "impossible-number")]


def test_the_rest_of_a_broken_file(write):
    """Around a syntax error every section, and every step, is checked by its schema; nothing follows from the gap."""
    text = FLOW.replace("hangup}", "hangup") + "ask: {type: menu}\n"
    write(split() | {"one/flow.yaml": text, "one/calendars.yaml": "office:\n  hours: {mon: 1}\n"})
    missing = ("one/flow.yaml", 3, 1, "schema-required")  # its prompts, keys and next
    assert found("one") == [
        ("one/calendars.yaml", 2, 16, "schema-type"), ("one/flow.yaml", 2, 6, "yaml-syntax"), *[missing] * 3,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "expected", "cure"),
    [
        ("flwo.yaml", "", ("unknown-file", 1), 'did you mean "flow.yaml"?'),
        ("flow.yml", "", ("unknown-file", 1), 'did you mean "flow.yaml"?'),
        ("queues.yaml", "", ("schema-type", 1), ""),
        ("queues.yaml", "- a\n", ("schema-type", 1), ""),
        ("pauses.yaml", "lunch: {code: 1}\n", ("schema-type", 1), 'write it in quotes: "1"'),
    ],
)
def test_a_file_beside(write, name, text, expected, cure):
    """A file beside project.yaml is a section or a mistake."""
    write(split() | {f"one/{name}": text})
    (problem,) = validating.validate(["one"]).problems
    assert (problem.file, problem.code, problem.mark.line) == (f"projects/one/{name}", *expected)
    assert cure in problem.hint


def test_other_files_are_left_alone(write):
    """Notes, scripts and hidden files beside project.yaml are nobody's business."""
    write(split() | {"one/README.md": "", "one/.draft.yaml": "a: [", "one/scripts/x.yaml": "a: [", "one/x.yml": ""})
    assert found("one") == []


def test_section_twice(write):
    """A section in project.yaml and in a file is an error, and both are checked."""
    write(split() | {"one/project.yaml": INFO % "one" + "calendars: {office: {hours: {}}}\n", "one/calendars.yaml": "a: 1\n"})  # fmt: skip
    assert found("one") == [("one/calendars.yaml", 1, 4, "schema-type"), ("one/project.yaml", 2, 1, "section-twice")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("queues", "queues:\n  orders: {}\n"),
        ("pauses", 'pauses:\n  lunch: {code: "1", limit: 45m}\n'),
        ("after_call", "after_call:\n  limit: 5s\n"),
        ("agents", "agents:\n  - {agent: anna}\n"),
        ("trunks", "trunks:\n  out: {address: 10.0.0.1}\n"),
    ],
)
def test_a_file_that_repeats_its_section(write, name, text):
    """The section's name inside its file is one problem, and what follows it is read."""
    write(split() | {f"one/{name}.yaml": text})
    assert found("one") == [(f"one/{name}.yaml", 1, 1, "section-repeated")]


TEAMS = "teams:\n  row-a: {senior: anna}\n"
QUEUES = "queues:\n  sales: {title: Sales}\n  help: {title: Help}\n"
MISPLACED = ("section-misplaced", "teams.yaml")
REPEATED = ("section-repeated", "to the left")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (QUEUES + TEAMS, [(1, *REPEATED), (4, *MISPLACED)]),
        (TEAMS + QUEUES, [(1, *MISPLACED), (3, *REPEATED)]),
        ("sales: {title: Sales}\nhelp: {}\n" + TEAMS, [(3, *MISPLACED)]),
        (TEAMS, [(1, *MISPLACED)]),
    ],
)
def test_a_file_with_another_section(write, text, expected):
    """A section in another one's file is told, and read as what it is: nobody is said to lack a team or a queue."""
    flow = "open: {type: queue, queue: sales, next: {timeout: more}}\nmore: {type: queue, queue: help, next: {timeout: bye}}"
    agents = "- {agent: anna, team: row-a, certified: 2026-01-31}\n"
    write(
        split()
        | {"one/flow.yaml": flow + "\nbye: {type: hangup}\n", "one/queues.yaml": text, "one/agents.yaml": agents}
    )
    (Path("projects/one/calendars.yaml")).unlink()
    problems = validating.validate(["one"]).problems
    assert [(p.file, p.mark.line, p.mark.column, p.code) for p in problems] == [
        ("projects/one/queues.yaml", line, 1, code) for line, code, _ in expected
    ]
    assert all(cure in p.hint for p, (_, _, cure) in zip(problems, expected, strict=True))


def test_a_queue_called_teams(write):
    """A queue that has a section's name is one, with or without a mistake of its own."""
    write(split() | {"one/queues.yaml": "teams: {maxlen: x}\nreports: {title: Reports}\n"})
    assert found("one") == [("one/queues.yaml", 1, 17, "schema-type")]


def test_a_queue_called_queues(write):
    """A thing that has its section's name is one, with or without a mistake of its own."""
    write(split() | {"one/queues.yaml": "queues: {maxlen: x}\n"})
    assert found("one") == [("one/queues.yaml", 1, 18, "schema-type")]


def library(name: str = "one") -> dict[str, str]:
    flow = "flow: {open: {type: hours, calendar: office, next: {open: bye, closed: closed}}}\n"
    return {f"{name}/project.yaml": INFO % name + "library: [common]\nnumbers:\n" + NUMBERS + flow,
            "library/common.yaml": LIBRARY}  # fmt: skip


def test_library(write):
    """A library's calendars, pauses and the steps led to are the project's; others are not there, nor reported."""
    write(library())
    assert found() == []
    project = specs.load_project("one").project
    assert (set(project.flow), set(project.pauses), set(project.calendars)) == (
        {"open", "closed", "bye"}, {"lunch"}, {"office"})  # fmt: skip


def test_library_mistakes(write):
    """A mistake of a library is reported once, in its file, however many use it; a list has no names to join."""
    write(library() | library("two") | {"library/common.yaml": LIBRARY.replace('"1"', "1") + "agents: []\n"})
    assert found() == [("library/common.yaml", 8, 17, "schema-type"),
                       ("library/common.yaml", 9, 1, "schema-unknown-section")]  # fmt: skip


def test_library_twice(write):
    """A name in project and library is an error at the project's place, which says where the library's is."""
    write(library())
    text = Path("projects/one/project.yaml").read_text(encoding="utf-8")
    write({"one/project.yaml": text + "calendars:\n  office: {hours: {}}\n"})
    (problem,) = validating.validate(["one"]).problems
    assert (problem.code, problem.mark.line, problem.mark.column) == ("library-twice", 7, 3)
    assert "projects/library/common.yaml:2" in problem.hint
    write({"one/project.yaml": text.replace("[common]", "[common, other]"), "library/other.yaml": "pauses: {lunch: {code: '2'}}\n"})  # fmt: skip
    (problem,) = validating.validate(["one"]).problems
    assert (problem.code, problem.mark.line) == ("library-twice", 2)
    assert "common.yaml:8" in problem.hint
    assert "other.yaml:1" in problem.hint


def test_library_of_no_list(write):
    """A library is checked, and its projects are, where one of these names something else than a list."""
    write(library() | library("two"))
    text = Path("projects/two/project.yaml").read_text(encoding="utf-8")
    for wrong in ("5", "acommonb"):
        write({"two/project.yaml": text.replace("[common]", wrong)})
        assert ("two/project.yaml", 2, 10, "schema-type") in found()
        assert "projects/two/project.yaml" not in validating.validate(["projects/library/common.yaml"]).specs


def test_unknown_library(write):
    """A library that is not there is one error: nothing it might hold is missed."""
    write(library() | {"one/library.yaml": "[comon]\n"})
    text = Path("projects/one/project.yaml").read_text(encoding="utf-8").replace("library: [common]\n", "")
    write({"one/project.yaml": text})
    (problem,) = validating.validate(["one"]).problems
    assert (problem.file, problem.code, problem.hint) == (
        "projects/one/library.yaml", "unknown-library", 'did you mean "common"?')  # fmt: skip


def test_sites(write, capsys):
    """A site is checked with its projects, by path and among all; the lab's template is not."""
    write(split() | split("two") | {"sites/near.yaml": SITE, "sites/lab.yaml": "site: {id: lab}\n"})
    claimed = [("two/numbers.yaml", 1, 12, "number-claimed")]
    assert found() == found("projects/sites/near.yaml") == found("projects") == found("near") == claimed
    assert found("two") == []
    write({"sites/near.yaml": SITE.replace("host: 10.0.0.1", "host: 10.0.0.300").replace("two]", "tow]")})
    assert sorted(found("projects/sites/near.yaml")) == [
        ("sites/near.yaml", 6, 17, "impossible-address"), ("sites/near.yaml", 7, 17, "unknown-project")]  # fmt: skip
    assert run(["validate"]) == 3
    assert "2 of 3 valid, 2 problems" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "checked"),
    [
        ("projects/two/flow.yaml", ["two/project.yaml"]),
        ("projects/one/scripts/hello.md", ["one/project.yaml"]),
        ("projects/library/common.yaml", ["library/common.yaml", "one/project.yaml"]),
        ("projects/one", ["one/project.yaml"]),
        ("projects", ["one/project.yaml", "two/project.yaml", "library/common.yaml"]),
    ],
)
def test_a_name_means(write, name, checked):
    """A file of a project stands for it, one of a library for the projects that use it."""
    write(library() | split("two") | {"one/scripts/hello.md": "Hello"})
    assert [file.removeprefix("projects/") for file in validating.validate([name]).specs] == checked


@pytest.mark.parametrize(
    ("name", "taken"),
    [("one/flow.yaml", True), ("one/flow.yml", True), ("sites/near.yaml", True), ("sites/lab.yaml", False)],
)
def test_the_hook_takes(name, taken):
    """The hook hands over every file that validate has a word about, with .yml too: that ending is the mistake."""
    (hook,) = yaml.safe_load((resources.checkout() / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    path = f"projects/{name}"
    assert bool(re.search(hook["files"], path) and not re.search(hook["exclude"], path)) is taken


@pytest.mark.parametrize("kind", ["fifo", "device", "loop", "folder"])
def test_no_file(write, kind):
    """What is no file is one error at once: nobody waits for a pipe, or reads a device to its end."""
    write({"one/README.md": ""})
    path = Path("projects/one/project.yaml")
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else "project.yaml")
    assert [problem[3] for problem in found("one")] in (["file-unreadable"], ["no-such-project"])


def test_formats(write, capsys):
    """Every format tells every problem."""
    write(split() | {"one/flow.yaml": FLOW.replace("hangup", "hang up")})
    for name in ("text", "json", "sarif", "junit", "github"):
        assert run(["validate", "--format", name]) == 3
        assert "projects/one/flow.yaml" in (told := capsys.readouterr().out)
        assert "schema-choice" in told
    assert run(["validate", "one", "--format", "json"]) == 3
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem == {
        "code": "schema-choice", "message": '"hang up" is not a choice of "type"', "file": "projects/one/flow.yaml",
        "level": "error", "line": 2, "column": 13, "hint": 'did you mean "hangup"?', "expected": problem["expected"],
    }  # fmt: skip
