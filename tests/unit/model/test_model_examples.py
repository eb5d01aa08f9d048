"""What the schemas show as examples is true: it validates, alone and together."""

import json

import msgspec
import pytest

from cctoolkit.model import build, lint, lint_site, words
from cctoolkit.model.examples import EXAMPLES
from cctoolkit.model.project import Project
from cctoolkit.model.schemas import generate
from cctoolkit.model.site import Site
from cctoolkit.model.steps import step_types
from cctoolkit.spec import schema
from cctoolkit.spec.problem import Mark
from cctoolkit.spec.source import Document

SCHEMAS = {name.removesuffix(".schema.json"): json.loads(text) for name, text in generate().items()}
SECTIONS = [
    (kind, name) for kind, struct in (("project", Project), ("site", Site)) for name in struct.__struct_fields__
]
GENERIC = {word.__metadata__[0].description for word in (words.Identifier, words.Title, words.Duration)}
COLLECT = "account-number"


def properties(part, path=""):
    """Yield every property of a schema, with where it stands."""
    if isinstance(part, dict):
        for name, value in part.get("properties", {}).items() if isinstance(part.get("properties"), dict) else ():
            yield f"{path}/{name}", value
        for key, value in part.items():
            yield from properties(value, f"{path}/{key}")
    elif isinstance(part, list):
        for value in part:
            yield from properties(value, path)


def problems(flow: dict) -> list[str]:
    """Check the example project with this flow."""
    document = Document("f", {**EXAMPLES["project"], "flow": flow}, {(): Mark()}, {(): Mark()})
    found = schema.check(document, "project")
    return [str(p) for p in found + lint.project_problems(build.parts(document), document)]


def around(name: str, step: dict) -> dict:
    """Return a flow in which everything a step names is there."""
    targets = [str(target) for _, target in lint._targets(step)] + ["opening-hours", "subject"]
    return {**{t: {"type": "hangup"} for t in targets}, COLLECT: step_types()["collect"].example, **{
        t: {"type": "hangup"} for _, t in lint._targets(step_types()["collect"].example)}, name: step}  # fmt: skip


@pytest.mark.parametrize("name", sorted(step_types()))
def test_a_step_has_a_whole_example(name):
    """It has its type, names every field, passes its schema and the rules, and stands in the schema."""
    example = step_types()[name].example
    assert example["type"] == name
    assert SCHEMAS[f"steps/{name}"]["examples"] == [example]
    assert problems(around("example", example)) == []
    assert build.step(example).edges() or build.step(example).ends()


def test_the_examples_of_sections_are_one_project():
    """Together they pass their schemas and every rule."""
    assert problems(around("opening-hours", step_types()["hours"].example)) == []


def test_the_examples_of_a_site_are_one_site():
    """Together they pass their schemas and the rules of a site."""
    document = Document("f", EXAMPLES["site"], {(): Mark()}, {(): Mark()})
    assert schema.check(document, "site") == []
    assert lint_site.site_problems(build.site(document), document, []) == []


@pytest.mark.parametrize(("kind", "name"), [s for s in SECTIONS if s != ("project", "flow")])
def test_a_section_has_an_example(kind, name):
    """Every section's schema has one, which its validator accepts; there are no others."""
    assert SCHEMAS[f"{kind}/{name}"]["examples"] == [EXAMPLES[kind][name]]
    assert list(schema.validator(f"{kind}/{name}").iter_errors(EXAMPLES[kind][name])) == []
    assert set(EXAMPLES[kind]) <= {section for of, section in SECTIONS if of == kind}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_property_says_what_it_means(name):
    """A property has a description, its own or its struct's; what every name, text or time span is does not count."""
    for path, value in properties(SCHEMAS[name]):
        said = value.get("description", value.get("$ref", value.get("const")))
        assert said, path
        assert said not in GENERIC, path


def test_every_field_left_out_has_a_default():
    """What a spec need not say, its struct says."""
    for step in step_types().values():
        for field in msgspec.structs.fields(step):
            assert field.required or field.default is not msgspec.NODEFAULT or field.default_factory
