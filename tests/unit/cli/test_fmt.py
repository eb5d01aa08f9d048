"""fmt: one form, the same meaning, every comment, and nothing written that is not understood."""

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.__main__ import run
from cctoolkit.errors import ToolkitBug
from cctoolkit.flow.graph import compile_flow
from cctoolkit.model import form
from cctoolkit.spec import emit, source
from cctoolkit.workflow import fmt, specs

NORTHWIND = "northwind-hotline"
SPEC = """\
# yaml-language-server: $schema=x
# The file's own words.

# About the numbers.
numbers:
    - entry: menu   # first
      number: '88001002030'
      country: RU


project: {title: "On & off", id: sample, client: 'He said "no"', language: "en", time_zone: Europe/Moscow}
flow:
  # The only menu.
  menu:
    keys: {"1": end, '*': menu,   "0": end}
    prompts:
    - "vm-press"
    # second prompt
    - digits/1
    type: menu
    wait: 90s
    next: {
      invalid: end,  # both
      timeout: end
    }
    # the menu's last word
  end: {type: hangup}
# The last word.
"""
TIDY = """\
# yaml-language-server: $schema=x
# The file's own words.

project: {id: sample, title: "On & off", client: 'He said "no"', language: en, time_zone: Europe/Moscow}

# About the numbers.
numbers:
  - number: "8 (800) 100-20-30"
    country: RU
    entry: menu   # first

flow:
  # The only menu.
  menu:
    type: menu
    prompts:
      - vm-press
      # second prompt
      - digits/1
    keys: {"1": end, "*": menu, "0": end}
    wait: 1m30s
    next: {
      invalid: end,  # both
      timeout: end
    }
    # the menu's last word
  end: {type: hangup}
# The last word.
"""


def tidy(text: str) -> str:
    document, problems = source.parse(text, "f")
    assert document is not None
    assert problems == []
    return fmt.tidied(text, "f")


def test_form():
    """Keys, numbers, durations, quotes and indentation get their form; comments go with what they are about."""
    assert tidy(SPEC) == TIDY
    assert tidy(TIDY) == TIDY
    assert tidy(SPEC.replace("\n", "\r\n")) == TIDY
    assert tidy(SPEC.replace("\n", "\r")) == TIDY


@pytest.mark.parametrize("unseen", ["\x85", "\u2028", "\u2029", "\r"])
def test_line_ends_that_no_editor_shows(unseen):
    """What YAML takes for the end of a line is one: a word pasted from elsewhere moves no data."""
    assert tidy(SPEC.replace("# second prompt", f"# second{unseen}# prompt")) == TIDY.replace(
        "# second prompt\n", "# second\n      # prompt\n"
    )


@pytest.mark.parametrize(
    ("written", "tidied"),
    [
        ("09:00", '"09:00"'), ("on", '"on"'), ("010", '"010"'), ("2026-12-31", '"2026-12-31"'), ("+78001002030", '"+78001002030"'),
        ("0x1F", '"0x1F"'), ("1_000", '"1_000"'), ("y", '"y"'), ("NO", '"NO"'), ("'true'", '"true"'), ('"5"', '"5"'),
        ("'orders'", "orders"), ('"null"', '"null"'), ("Orders and more", "Orders and more"), ("'a: b'", '"a: b"'),
        (r"'C:\new'", r"'C:\new'"), ('"\\u0416"', '"Ж"'), ("'it''s'", '"it\'s"'), ("Заказы", "Заказы"),
    ],
)  # fmt: skip
def test_text_stays_text(written, tidied):
    """What is text here is text for every reader of YAML afterwards, and the same text."""
    text = SPEC.replace('"On & off"', written)
    after = tidy(text)
    assert f"title: {tidied}," in after
    assert source.parse(after, "f")[0].data["project"]["title"] == source.parse(text, "f")[0].data["project"]["title"]


@pytest.mark.parametrize(
    ("written", "tidied"),
    [("90s", "1m30s"), ("60m", "1h"), ("1h0m5s", "1h5s"), ('"5s"', "5s"), ("0h05m", "5m"), ("3600s", "1h")],
)
def test_durations(written, tidied):
    """A duration is written in the largest units."""
    assert f"wait: {tidied}\n" in tidy(SPEC.replace("90s", written))


@pytest.mark.parametrize(
    ("number", "country", "tidied"),
    [
        ("8 800 100 20 30", "RU", "8 (800) 100-20-30"), ("+78001002030", "RU", "+7 800 100-20-30"),
        ("221234567", "PL", "22 123 45 67"), ("+48221234567", "PL", "+48 22 123 45 67"), ("(4712) 55-20-30", "RU", "8 (471) 255-20-30"),
    ],
)  # fmt: skip
def test_numbers(number, country, tidied):
    """A number is written as people of its country do, with the country's code if it was written with it."""
    after = tidy(SPEC.replace("88001002030", number).replace("country: RU", f"country: {country}"))
    assert f'number: "{tidied}"' in after


def messy(data: object, rng: random.Random, indent: int, notes: list[str]) -> list[str]:
    """Write data as untidy people do: any order, indentation, quotes, comments, gaps."""
    pad, lines = " " * indent, []
    if isinstance(data, dict):
        entries = [(f"{scalar(key, rng)}:", value) for key, value in data.items()]
    else:
        entries = [("-", value) for value in data]
    for head, value in entries:
        if rng.random() < 0.3:
            lines += rng.choice([[""], ["", ""], [pad + note(rng, notes)], ["", pad + note(rng, notes), ""]])
        block = isinstance(value, dict | list) and bool(value) and rng.random() < 0.7
        beside = rng.choice(["", "", " "])
        if rng.random() < 0.2 and not (block and head == "-"):
            beside = "  " + note(rng, notes)
        if block:
            deeper = indent + rng.choice([1, 2, 4])
            if head != "-" and isinstance(value, list) and rng.random() < 0.3:
                deeper = indent
            lines += [pad + head + beside, *messy(value, rng, deeper, notes)]
        else:
            lines.append(f"{pad}{head} {inline(value, rng)}{beside}")
    if rng.random() < 0.2:
        lines.append(pad + note(rng, notes))
    return lines


def note(rng: random.Random, notes: list[str]) -> str:
    notes.append(f"# note {len(notes)}")
    return notes[-1]


def inline(value: object, rng: random.Random) -> str:
    gap = rng.choice(["", " ", "  "])
    if isinstance(value, dict):
        return (
            f"{{{gap}"
            + f",{gap or ' '}".join(f"{scalar(k, rng)}: {inline(v, rng)}" for k, v in value.items())
            + f"{gap}}}"
        )
    if isinstance(value, list):
        return f"[{gap}" + f",{gap}".join(inline(v, rng) for v in value) + f"{gap}]"
    return scalar(value, rng)


def scalar(value: object, rng: random.Random) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    plain = value.isascii() and value.replace("-", "").replace("/", "").isalnum() and not value.isdecimal()
    plain = plain and value not in {"true", "false", "null"}
    return rng.choice(
        [json.dumps(value, ensure_ascii=False), "'" + value.replace("'", "''") + "'", *([value] * 3 if plain else [])]
    )


def shuffled(data: object, rng: random.Random, *, fields: bool = True) -> object:
    if isinstance(data, list):
        return [shuffled(value, rng) for value in data]
    if not isinstance(data, dict):
        return data
    keys = list(data)
    rng.shuffle(keys)
    return {key: shuffled(data[key], rng) for key in keys}


NAMES = Path("projects", NORTHWIND, "project.yaml"), Path("tests/specs/valid/every-section.yaml")
TITLES = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp", "Co"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=20,
)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(NAMES), st.integers(0, 10**9), TITLES, st.integers(1, 359_999))
def test_any_hand(path, seed, title, waits):
    """However a spec is written: tidied it means the same, has every comment once, and tidied again it stays so."""
    rng = random.Random(seed)
    data = shuffled(source.load(path)[0].data, rng)
    data["project"]["title"] = title
    data["kpi"]["short_abandon"] = f"{waits % 99_999}s"
    text = "\n".join(messy(data, rng, 0, []))
    notes = re.findall("# note [0-9]+", text)
    document, problems = source.parse(text, "f")
    assert document is not None and not problems, (problems, text)  # noqa: PT018
    after = fmt.tidied(text, "f")
    again = source.parse(after, "f")[0]
    assert form.meaning(again.data) == form.meaning(data)
    assert again.data["project"]["title"] == title
    assert sorted(re.findall("# note [0-9]+$", after, re.MULTILINE)) == sorted(notes)
    assert fmt.tidied(after, "f") == after


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with one untidy project."""
    file = tmp_path / "projects/sample/project.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return file


def test_command(place, capsys):
    """--check and --diff find and write nothing; then the file is written, keeps its mode, and is tidy."""
    place.chmod(0o640)
    assert run(["fmt", "--check"]) == 2
    assert "projects/sample/project.yaml: not tidy" in capsys.readouterr().out
    assert run(["fmt", "sample", "--diff"]) == 2
    assert "+    wait: 1m30s" in capsys.readouterr().out
    assert place.read_text(encoding="utf-8") == SPEC
    assert run(["fmt"]) == 0
    assert place.read_text(encoding="utf-8") == TIDY
    assert place.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in place.parent.iterdir()] == ["project.yaml"]
    assert run(["fmt", "--check"]) == 0


@pytest.mark.parametrize(
    "broken", [SPEC + "\tx", SPEC.replace("type: menu", "type: meny"), SPEC + "flow: {}\n", "", "- a\n"]
)
def test_what_is_not_understood_is_left(place, capsys, broken):
    """A file with a mistake is shown as validate shows it, and left byte by byte; so are the others named with it."""
    place.write_text(broken, encoding="utf-8")
    other = place.parent.parent / "other" / "project.yaml"
    other.parent.mkdir()
    other.write_text(SPEC.replace("id: sample", "id: other"), encoding="utf-8")
    assert run(["fmt"]) == 3
    assert "projects/sample/project.yaml:" in capsys.readouterr().err
    assert place.read_text(encoding="utf-8") == broken
    assert other.read_text(encoding="utf-8") != TIDY.replace("id: sample", "id: other")


@pytest.mark.parametrize(
    "spoil", [lambda t: t.replace("1m30s", "1m31s"), lambda t: t.replace("# second prompt\n", "\n"), lambda t: t + "x"]
)
def test_another_meaning_is_refused(place, capsys, monkeypatch, spoil):
    """Were the writer wrong, nothing would be written."""
    right = emit.emit
    monkeypatch.setattr(emit, "emit", lambda layout, **how: spoil(right(layout, **how)))
    assert run(["fmt"]) == ToolkitBug.exit_code
    assert "the file was left as it is" in capsys.readouterr().err
    assert place.read_text(encoding="utf-8") == SPEC


PARTS = {
    "project": re.search("project: {.*\n", TIDY)[0] + "\nlibrary: [common]\n",
    "numbers": "# Ours.\n\n# The only one.\n- {class: toll-free, entry: menu, country: RU, number: '88001002030'}  # free\n",
    "queues": "# All in brackets.\n{help: {timeout: 90s}}\n",
    "flow": "# Steps.\n\nmenu:\n    next: {invalid: bye, timeout: help}\n    keys: {'1': help}\n    prompts: [a]\n    type: menu\n"
    "# Waits.\nhelp: {queue: help, type: queue, wait: 60s, next: {timeout: 'bye'}}\n",
}  # fmt: skip
LIBRARY = "flow:\n  bye: {type: hangup, cause: 17}\n  # loud\n  sorry: {next: {done: bye}, prompts: [a], type: play}\n"
SITE = """\
projects: []
nodes:
- ami: {accounts: {deploy: &a {secret: "env:A", user: d}, test: *a, capture: *a}, host: 10.0.0.1}
  folder: /etc/asterisk
  id: node-1  # the only one
  address: 10.0.0.1
site: {id: 'near', title: Near}
"""


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A project over several files, a library it uses and a site; all untidy."""
    monkeypatch.chdir(tmp_path)
    files = {Path("projects/sample", f"{name}.yaml"): text for name, text in PARTS.items()}
    files |= {Path("projects/library/common.yaml"): LIBRARY, Path("projects/sites/near.yaml"): SITE}
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return files


def test_every_file(parts, capsys):
    """Each file of a project, a library and a site has its own order, and the project is what it was."""
    before = specs.load_project("sample")
    assert run(["fmt", "--check"]) == 2
    untidy = {line.partition(":")[0] for line in capsys.readouterr().out.splitlines() if "not tidy" in line}
    assert untidy == {str(file) for file in parts if file.stem not in ("project", "queues")}
    assert run(["fmt"]) == 0
    after = specs.load_project("sample")
    assert form.meaning(after.document.data) == form.meaning(before.document.data)
    assert compile_flow(after.project) == compile_flow(before.project)
    said = {file.stem: file.read_text(encoding="utf-8") for file in parts}
    assert said["numbers"] == (
        '# Ours.\n\n# The only one.\n- {number: "8 (800) 100-20-30", country: RU, class: toll-free, entry: menu}  # free\n'
    )
    assert said["flow"] == (
        '# Steps.\n\nmenu:\n  type: menu\n  prompts: [a]\n  keys: {"1": help}\n  next: {timeout: help, invalid: bye}\n'
        "# Waits.\nhelp: {type: queue, queue: help, wait: 1m, next: {timeout: bye}}\n"
    )
    assert said["common"].endswith("  # loud\n  sorry: {type: play, prompts: [a], next: {done: bye}}\n")
    assert "id: near" in said["near"]
    assert said["near"].index("nodes") > said["near"].index("projects")  # an alias comes after its anchor
    assert run(["fmt", "--check"]) == 0


@pytest.mark.parametrize(
    ("name", "touched"),
    [
        ("projects/sample/flow.yaml", {"flow"}), ("projects/sample/numbers.yaml", {"numbers"}), ("sample", {"flow", "numbers"}),
        ("projects/library/common.yaml", {"common"}), ("near", {"near"}), ("projects/sample", {"flow", "numbers"}),
    ],
)  # fmt: skip
def test_what_is_named(parts, name, touched):
    """A file means that file; a project means its own files, and no library that others use too."""
    assert run(["fmt", name]) == 0
    assert {file.stem for file, text in parts.items() if file.read_text(encoding="utf-8") != text} == touched


def test_a_site_without_anchors_is_in_order(parts):
    """A site has its own order; a trunk begins with what says which one it is."""
    file = Path("projects/sites/near.yaml")
    trunk = "trunks: [{codecs: [alaw], address: 10.0.0.2, id: carrier, qualify: 90s}]\n"
    account = '{secret: "env:A", user: d}'
    text = SITE.replace(f"&a {account}", account).replace("*a", account)
    file.write_text(trunk + text, encoding="utf-8")
    assert run(["fmt", "near"]) == 0
    after = file.read_text(encoding="utf-8")
    assert re.findall("^[a-z]+", after, re.MULTILINE) == ["site", "nodes", "trunks", "projects"]
    assert "{id: carrier, address: 10.0.0.2, codecs: [alaw], qualify: 1m30s}" in after


@pytest.mark.parametrize(
    ("file", "broken"),
    [
        ("projects/library/common.yaml", LIBRARY + "pauses: 1\n"), ("projects/sites/near.yaml", SITE + "x: 1\n"),
        ("projects/sample/numbers.yaml", "- {}\n"),
    ],
)  # fmt: skip
def test_a_broken_file_of_many(parts, file, broken, capsys):
    """A mistake in any of them is shown at its place, and none is written."""
    Path(file).write_text(broken, encoding="utf-8")
    assert run(["fmt"]) == 3
    assert f"{file}:" in capsys.readouterr().err
    assert all(one.read_text(encoding="utf-8") == text for one, text in parts.items() if str(one) != file)


def test_a_file_of_nothing(parts, capsys):
    """A file in a project's folder that is no part of it is no other file's stand-in."""
    notes = Path("projects/sample/scripts/notes.yaml")
    notes.parent.mkdir()
    notes.write_text("a:   1\n", encoding="utf-8")
    assert run(["fmt", str(notes)]) == 3
    assert "is no part of the project it stands in" in capsys.readouterr().err
    assert Path("projects/sample/flow.yaml").read_text(encoding="utf-8") == PARTS["flow"]


def test_every_spec_here_is_tidy():
    """The projects, libraries and sites of this repository are in their form, and so are the templates of `new`."""
    assert run(["fmt", "--check"]) == 0
    assert run(["fmt", "--check", *map(str, Path("templates/projects").glob("*.yaml"))]) == 0
