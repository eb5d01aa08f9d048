"""docs/spec.md: every section and step with every option, and examples that are true."""

import re
from pathlib import Path

import pytest

from cctoolkit.model.project import Project
from cctoolkit.model.schemas import schemas
from cctoolkit.model.site import Site
from cctoolkit.model.steps import step_types
from cctoolkit.spec import schema
from cctoolkit.spec.source import parse

TEXT = Path("docs/spec.md").read_text(encoding="utf-8")
PARTS = {found[1]: found[2] for found in re.finditer(r'<a id="([\w-]+)"></a>\n(.*?)(?=<a id=|\Z)', TEXT, re.DOTALL)}
SECTIONS = [
    f"{kind}-{name}" for kind, struct in (("project", Project), ("site", Site)) for name in struct.__struct_fields__
]
STEPS = [f"step-{name}" for name in step_types()]


def options(part):
    """Yield the name of every option of a schema, however deep."""
    if isinstance(part, dict):
        yield from part["properties"] if isinstance(part.get("properties"), dict) else ()
        for value in part.values():
            yield from options(value)


def test_everything_has_its_place():
    """Sections and steps, and nothing else; each is linked to from the top."""
    assert set(PARTS) == {*SECTIONS, *STEPS}
    assert set(re.findall(r"\(#([\w-]+)\)", TEXT)) == set(PARTS)


@pytest.mark.parametrize("name", sorted({*SECTIONS, *STEPS} - {"project-flow"}))
def test_every_option_is_told(name):
    """Each option of the schema stands in a table with a meaning."""
    kind, _, what = name.partition("-")
    found = schemas()[f"{'steps' if kind == 'step' else kind}/{what}"]
    told = dict(re.findall(r"^\| `([\w-]+)` \|.*\| ([^|]*) \|$", PARTS[name], re.MULTILINE))
    assert set(options(found)) - {"type"} <= {*told, "type"}
    assert all(told.values())
    assert "see below" not in PARTS[name] or "Options of" in PARTS[name] or "Ways out" in PARTS[name]


@pytest.mark.parametrize("name", sorted({*SECTIONS, *STEPS} - {"project-flow"}))
def test_every_example_is_true(name):
    """It is read by our own reader without a problem, and its schema takes it."""
    kind, _, what = name.partition("-")
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PARTS[name], re.MULTILINE | re.DOTALL)
    document, problems = parse(text, "spec.md")
    assert problems == []
    data = document.data if kind == "step" else document.data[what]
    checker = schema.validator(f"steps/{what}" if kind == "step" else f"{kind}/{what}")
    assert list(checker.iter_errors(data)) == []
