import contextlib

import pytest
from msgspec.structs import replace

from cctoolkit.errors import ToolkitBug
from cctoolkit.render import dialplan
from cctoolkit.render.configset import render
from cctoolkit.render.quote import finalize, sip_host
from cctoolkit.workflow import specs


@pytest.fixture(scope="module")
def loaded():
    """The thin project of the tests on the site of documentation addresses."""
    with contextlib.chdir("tests/thin"):
        return specs.load_site("site.yaml")


@pytest.mark.parametrize("value", ["a;b", "a\nb", "a\rb", "a\0b", None])
def test_what_ends_a_line_is_refused(value):
    """A value that could end its line, open a comment, or was never given, is written by no template."""
    with pytest.raises(ToolkitBug):
        finalize(value)


@pytest.mark.parametrize("hostile", ["${SHELL(id)}", "a;--", 'a"b', "a\nb", "a\\b", "}"])
def test_a_hostile_value_is_refused_wherever_it_stands(loaded, hostile):
    """Should the schema ever let one through, no value of a spec becomes dialplan."""
    project = loaded.projects[0]
    step = project.flow["night"]
    prompts = replace(project, flow={**project.flow, "night": replace(step, prompts=(hostile,))})
    zone = replace(project, project=replace(project.project, time_zone=hostile))
    named = replace(project, flow={**project.flow, hostile: step})
    for spoilt in (prompts, zone, named):
        with pytest.raises(ToolkitBug):
            dialplan.generation(spoilt)
    site = replace(loaded.site, feature_codes=replace(loaded.site.feature_codes, login=hostile))
    with pytest.raises(ToolkitBug):
        render(site, site.nodes[0], loaded.projects)


def test_free_text_may_hold_anything_and_reaches_no_file(loaded):
    """A title is for people: `;` and `$` in it are no fault, and no file has it."""
    project = loaded.projects[0]
    titled = replace(project, project=replace(project.project, title="${A};--", client='"x"'))
    files = render(loaded.site, loaded.site.nodes[0], (titled,)).files
    assert not any("${A}" in text for text in files.values())


def test_an_ipv6_carrier_is_written_as_a_uri_has_it():
    """RFC 3261 wants brackets."""
    assert [sip_host("192.0.2.1"), sip_host("2001:db8::1")] == ["192.0.2.1", "[2001:db8::1]"]
