"""The generated schemas are valid, current, and hold together for any other validator."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from cctoolkit import resources
from cctoolkit.model.schemas import generate
from cctoolkit.spec.source import load
from cctoolkit.workflow import schemas

SCHEMAS = generate()


def retrieve(uri: str) -> Resource:
    path = Path(uri.removeprefix("file://"))
    return Resource.from_contents(json.loads(path.read_text(encoding="utf-8")))


def whole(kind: str) -> Draft202012Validator:
    uri = (resources.schemas() / f"{kind}.schema.json").as_uri()
    return Draft202012Validator({"$ref": uri}, registry=Registry(retrieve=retrieve))


def nodes(schema):
    """Yield every mapping inside a schema."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    if isinstance(schema, dict):
        yield schema
    for value in inner:
        yield from nodes(value)


def test_current():
    """What is committed is what the structs say."""
    assert schemas.stale() == []


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_valid(name):
    """Each file is a JSON Schema of 2020-12."""
    Draft202012Validator.check_schema(json.loads(SCHEMAS[name]))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_examples(name):
    """Each example and each default satisfies the pattern beside it."""
    for node in nodes(json.loads(SCHEMAS[name])):
        if isinstance(pattern := node.get("pattern"), str):
            values = [*node.get("examples", ()), *([node["default"]] if isinstance(node.get("default"), str) else [])]
            assert all(re.search(pattern, value) for value in values), (pattern, values)
            assert "x-expected" in node or values == [], pattern


@pytest.mark.parametrize("path", sorted(resources.projects().glob("*/project.yaml")), ids=lambda p: p.parent.name)
def test_whole_document(path):
    """Another validator, following the references from file to file, accepts the projects that come with us."""
    document, _ = load(path)
    assert list(whole("project").iter_errors(document.data)) == []


def test_whole_document_refuses():
    """Followed from the top, a mistake deep inside a step is found."""
    document, _ = load(resources.projects() / "northwind-hotline" / "project.yaml")
    document.data["flow"]["subject"]["attempts"] = 0
    assert [list(e.absolute_path) for e in whole("project").iter_errors(document.data)] == [
        ["flow", "subject", "attempts"]
    ]


def test_stale(tmp_path, monkeypatch):
    """A changed, a missing and a left-over file are stale; writing mends all three."""
    for name, text in SCHEMAS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(resources, "schemas", lambda: tmp_path)
    (tmp_path / "site.schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / "steps/menu.schema.json").unlink()
    (tmp_path / "steps/old.schema.json").write_text("{}", encoding="utf-8")
    changed = ["site.schema.json", "steps/menu.schema.json", "steps/old.schema.json"]
    assert schemas.stale() == changed
    assert schemas.write() == changed
    assert schemas.stale() == []
