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
from cctoolkit.model import form
from cctoolkit.spec import emit, source
from cctoolkit.workflow import fmt

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
    return fmt.tidied(text, document)


def test_form():
    """Keys, numbers, durations, quotes and indentation get their form; comments go with what they are about."""
    assert tidy(SPEC) == TIDY
    assert tidy(TIDY) == TIDY
    assert tidy(SPEC.replace("\n", "\r\n")) == TIDY


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
    after = fmt.tidied(text, document)
    again = source.parse(after, "f")[0]
    assert form.meaning(again.data) == form.meaning(data)
    assert again.data["project"]["title"] == title
    assert sorted(re.findall("# note [0-9]+$", after, re.MULTILINE)) == sorted(notes)
    assert fmt.tidied(after, again) == after


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
    monkeypatch.setattr(emit, "emit", lambda layout: spoil(right(layout)))
    assert run(["fmt"]) == ToolkitBug.exit_code
    assert "the file was left as it is" in capsys.readouterr().err
    assert place.read_text(encoding="utf-8") == SPEC


def test_every_project_here_is_tidy():
    """The projects of this repository are in their form."""
    assert run(["fmt", "--check"]) == 0
