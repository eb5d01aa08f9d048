"""Whatever an author writes is reported, never a crash."""

import copy
import functools
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit import resources
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import parse
from cctoolkit.workflow import specs

SAMPLE = resources.projects() / "northwind-hotline" / "project.yaml"
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["0s", "20", "orders", "оrders", "fri-mon", "24:00-00:00", "2026-02-30", "2027-02-29", "+7", "*", "a\n"]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


@functools.cache
def sample() -> dict:
    return parse(SAMPLE.read_text(encoding="utf-8"), "f")[0].data


def places(value, path=()):
    """Return the path of everything inside a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, inner in items:
        found += [(*path, key), *places(inner, (*path, key))]
    return found


def check(path: Path, text: str) -> list[Problem]:
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    loaded, problems = specs.check_project(path)
    assert (loaded is None) <= bool(problems)
    for problem in problems:
        assert problem.mark.line >= 1
        assert str(problem)
    return problems


@settings(deadline=None, max_examples=150)
@given(text=st.text(st.characters(codec="utf-8"), max_size=60) | st.text("ab:-[]{}*&!|>'\"#,? \n\t%@`~1.", max_size=60))
def test_any_text(tmp_path_factory, text):
    """Any text at all is read or reported."""
    check(tmp_path_factory.getbasetemp() / "any.yaml", text)


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_mutations(tmp_path_factory, data):
    """A valid spec with anything deleted, replaced or renamed is valid or reported."""
    spec = copy.deepcopy(sample())
    for _ in range(data.draw(st.integers(1, 3))):
        known = places(spec)
        *way, last = data.draw(st.sampled_from(known))
        parent = functools.reduce(lambda value, key: value[key], way, spec)
        action = data.draw(st.sampled_from(["delete", "replace", "rename"]))
        if action == "replace":
            parent[last] = data.draw(VALUES)
        elif action == "delete" or isinstance(parent, list):
            del parent[last]
        else:
            parent[data.draw(st.text(max_size=6))] = parent.pop(last)
        if not places(spec):
            break
    text = yaml.dump(spec, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    check(tmp_path_factory.getbasetemp() / "mutant.yaml", text)


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_cut_and_pasted_text(tmp_path_factory, data):
    """A valid file with lines lost, doubled or moved in is valid or reported."""
    lines = SAMPLE.read_text(encoding="utf-8").split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(lines) - 1))
        lines[where : where + data.draw(st.integers(0, 2))] = data.draw(st.lists(st.sampled_from(lines), max_size=2))
        lines = lines or [""]
    check(tmp_path_factory.getbasetemp() / "cut.yaml", "\n".join(lines))
