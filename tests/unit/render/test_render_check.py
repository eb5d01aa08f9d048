import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from cctoolkit import marks, resources
from cctoolkit.errors import ToolkitBug
from cctoolkit.flow.graph import compile_flow
from cctoolkit.model import build
from cctoolkit.model.calendar import Calendar
from cctoolkit.model.trunk import Trunk
from cctoolkit.render import check, check_objects, dialplan, queues
from cctoolkit.render.configset import render, render_nodes
from cctoolkit.state import conf
from cctoolkit.workflow import specs

END = {"otherwise": "end"}
MORE = {
    name: build.step(raw)
    for name, raw in {
        "far": {"type": "transfer", "trunk": "far", "number": "+78001002030", "next": {"busy": "end"}},
        "set": {"type": "set", "language": "en", "next": {"done": "end"}},
        "switch": {"type": "switch", "by": "caller", "cases": {"a": {"values": ["+7"], "next": "end"}}, "next": END},
        "chance": {"type": "switch", "by": "share", "cases": {"a": {"percent": 1, "next": "end"}}, "next": END},
        "collect": {
            "type": "collect",
            "prompts": ["a"],
            "longest": 2,
            "check": "luhn",
            "next": {"done": "end", "timeout": "end"},
        },
    }.items()
}
GOLDEN = Path("tests/golden/site.yaml")
TEMPLATES = sorted(str(path.relative_to(resources.templates())) for path in resources.templates().rglob("*.j2"))


@pytest.fixture(scope="module")
def loaded():
    """The site of the golden files with its project, and in that a step of every type that is rendered."""
    site = specs.load_site(str(GOLDEN))
    (project,) = site.projects
    trunks = {**project.trunks, "far": Trunk(node="n2")}
    nodes = (*site.site.nodes, replace(site.site.nodes[0], id="n2", address="10.20.0.12"))
    made = replace(project, flow={**MORE, **project.flow}, trunks=trunks)
    return replace(site, site=replace(site.site, nodes=nodes), projects=(made,))


@pytest.fixture
def templates(tmp_path, monkeypatch):
    """A copy of the templates that may be spoilt."""
    copy = tmp_path / "asterisk"
    shutil.copytree(resources.templates(), copy)
    monkeypatch.setattr(resources, "templates", lambda: copy)
    return copy


def rendered(loaded):
    return render(loaded.site, loaded.site.nodes[0], loaded.projects)


def test_the_templates_as_they_are_pass(loaded, templates):
    """What the checks ask for is what the templates give."""
    assert rendered(loaded).files


@pytest.mark.parametrize("hours", [{"mon-sun": ("08:00-22:00",)}, {"mon-sun": ("00:00-24:00",)}, {}])
def test_a_calendar_without_holidays(loaded, templates, hours):
    """A calendar that never says holiday, closed or open needs no date for it; one with a holiday must lead there."""
    (project,) = loaded.projects
    bare = replace(loaded, projects=(replace(project, calendars={"office": Calendar(hours=hours)}),))
    assert rendered(bare).files
    step = templates / "steps/hours.conf.j2"
    step.write_text(step.read_text().replace('"holiday" if day.holiday else "closed"', '"closed"'))
    assert rendered(bare).files
    with pytest.raises(ToolkitBug, match="nothing goes to holiday"):
        rendered(loaded)


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_emptied_template_is_caught(loaded, templates, template):
    """No template can be empty without rendering failing, and the error says so to the developers."""
    (templates / template).write_text("")
    with pytest.raises(ToolkitBug):
        rendered(loaded)


@pytest.mark.parametrize(
    ("template", "old", "new", "says"),
    [
        ("leave.j2", "ctx(edge.target)", 'ctx("night")', "goes to"),
        ("leave.j2", '{{ mark("out", vertex.name, edge.guard.label) }}', "NoOp()", "is not reported"),
        ("enter.j2", '{{ mark("step", vertex.name, step | said) }}', "NoOp()", "is not reported"),
        ("enter.j2", "Answer()", "NoOp()", "does not answer"),
        ("steps/play.conf.j2", " same => n,Goto(done,1)\n", "", "nothing goes to done"),
        ("steps/menu.conf.j2", "Goto({{ key | key_label }},1)", "Goto(timeout,1)", "nothing goes to key-0"),
        ("steps/hangup.conf.j2", "Hangup(", "NoOp(", "has no end"),
        ("extensions.conf.j2", "Gosub(cct-clear,s,1)", "NoOp()", "begins with"),
        ("extensions.conf.j2", "Set(__CCT_TEST=1)", "Goto(default,s,1)", "goes to"),
        ("extensions.conf.j2", '#include "cctoolkit/current/kept.conf"\n', "", "kept.conf is not included"),
        ("extensions.conf.j2", "cct-end,s,1", "cct-ended,s,1", "cct-ended, which is nowhere"),
        ("extensions.conf.j2", "[cct-entry]", "[cct-entry]\nnonsense", "would not read"),
        ("extensions.conf.j2", " same => n,Set(__CCT_RELEASE={{ release }})\n", "", "is entered without"),
        ("extensions.conf.j2", "Gosub({{ calling_context", "Gosub(x{{ calling_context", "is entered without"),
        ("runtime.conf.j2", "QueueLog(", "NoOp(", "has no QueueLog"),
        ("runtime.conf.j2", "[cct-wrap]", "[cct-other]", "there is no [cct-wrap]"),
        ("runtime.conf.j2", "exten => {{ code }},1,", "exten => 1{{ code }},1,", "has no *11"),
        ("queues.conf.j2", "{{ option }} = {{ value }}\n", "", "lacks"),
        ("queues.conf.j2", "servicelevel = CANARY", "weight = 0", "the canary says nothing"),
        ("queues.conf.j2", "[general](+)", "; [general](+)", "would not read"),
        ("pjsip.conf.j2", "context = {{ trunk.context }}", "context = cct-agent", "has context = cct-agent"),
        ("pjsip.conf.j2", "{{ sip.media_encryption }}", "no", "has media_encryption = no"),
        ("pjsip.conf.j2", "transport = {{ trunk.listener }}\n", "", "has transport = nothing"),
        ("pjsip.conf.j2", "outbound_auth = {{ trunk.name }}\n{% endif %}", "{% endif %}", "has outbound_auth = nothing"),
        ("pjsip.conf.j2", "\\;transport={{ sip.transport }}", "", "has contact = "),
        ("pjsip.conf.j2", "match = {{ trunk.comes_from }}", "match = 0.0.0.0/0", "has match = "),
        ("pjsip.conf.j2", "identify_by = {{ trunk.identified_by }}\n", "", "has identify_by = nothing"),
        ("pjsip.conf.j2", "identify_by = username\n", "", "has identify_by = nothing"),
        ("pjsip.conf.j2", "password = {{ passwords[trunk.name] }}\n", "", "has no password"),
        ("pjsip.conf.j2", "auth = {{ agent.agent }}\naors", "aors", "has auth = nothing"),
        ("pjsip.conf.j2", "set_var = CCT_THERE={{ trunk.node }}\n", "", "has set_var = nothing"),
        ("extensions.conf.j2", "Gosub(cct-clear,s,1)\n same => n,Goto", "Gosub(cct-clear,s,1)\n"
         " same => n,Gosub(cct-continued,s,1)\n same => n,Goto", "[cct-trunk] believes whose call"),
        ("extensions.conf.j2", "[cct-node]", "[cct-nodes]", "there is no [cct-node]"),
        ("steps/transfer.conf.j2", '{{ "b(cct-passing^s^1)" if node }}', "b(cct-passing^s^1)", "for nobody else"),
        ("steps/transfer.conf.j2", '{{ "b(cct-passing^s^1)" if node }}', "", "for nobody else"),
        ("macros.j2", "Gosub(cct-mark", "Gosub(cct-marked", "is not reported"),
        ("steps/play.conf.j2", "step.prompts", "step.prompt", "template is broken"),
        ("steps/play.conf.j2", "{{", "{% if %}{{", "template is broken"),
    ],
)  # fmt: skip
def test_a_misdirected_template_is_caught(loaded, templates, template, old, new, says):
    """One wrong word in a template is found by what it would do, and named."""
    path = templates / template
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ToolkitBug) as caught:
        rendered(loaded)
    assert says in str(caught.value)


def test_a_context_too_many_or_missing_is_caught(loaded):
    """The text holds the steps of the graph, no more and no fewer."""
    project = loaded.projects[0]
    built = dialplan.generation(project)
    extra = built.text + f"[{marks.context(project.id, built.digest, 'ghost')}]\nexten => s,1,Hangup(16)\n"
    for text in (extra, built.text.partition("; northwind")[0]):
        with pytest.raises(ToolkitBug, match="contexts"):
            check.generation(compile_flow(project), built.digest, text)


def test_a_priority_that_is_there_twice_is_caught():
    """Asterisk keeps the first of two equal priorities and skips the other."""
    with pytest.raises(ToolkitBug, match="is there twice"):
        check.read_lines("[c]\nexten => s,1,NoOp()\nexten => s,1,Hangup()\n", "x.conf")


def test_a_name_asterisk_would_cut_is_caught():
    """Contexts and extensions hold 79 characters."""
    with pytest.raises(ToolkitBug, match="too long"):
        check.read_lines(f"[{'c' * 80}]\nexten => s,1,NoOp()\n", "x.conf")


def test_a_queue_behind_the_canary_is_caught(loaded):
    """The canary is last, or a reload that stopped before the end would pass."""
    text = queues.render(loaded.projects) + "[p.late]\nmaxlen = 1\n"
    with pytest.raises(ToolkitBug, match="the last queue is not the canary"):
        check_objects.queues(text, queues.sections(loaded.projects))


def test_calls_are_passed_to_other_nodes(loaded):
    """Each node lets the others in by their addresses, calls them, and is at no address for itself; where nobody passes
    calls there is nothing of it.
    """
    configs = render_nodes(loaded.site, loaded.site.nodes, loaded.projects)
    for name, (other, address) in {"n1": ("n2", "10.20.0.12"), "n2": ("n1", loaded.site.nodes[0].address)}.items():
        text = configs[name].files["pjsip.conf"]
        found = {(s.name, dict(s.lines)["type"]): dict(s.lines) for s in conf.parse(text, "pjsip.conf")}
        assert found[f"cct-node-{other}", "identify"]["match"] == address
        assert found[f"cct-node-{other}", "endpoint"]["context"] == marks.NODE
        assert (f"cct-node-{name}", "endpoint") not in found
        far = f"{loaded.projects[0].id}.far"
        contact = found[far, "aor"].get("contact")
        assert contact == (f"sip:{address}:5060" if name == "n1" else None)
        assert (far, "identify") not in found
    without = (replace(loaded.projects[0], trunks=trunks_without_nodes(loaded), flow=flow_without_nodes(loaded)),)
    files = render_nodes(loaded.site, loaded.site.nodes, without)["n1"].files
    assert "cct-node" not in files["pjsip.conf"] + files["extensions.conf"]


def trunks_without_nodes(loaded):
    return {name: trunk for name, trunk in loaded.projects[0].trunks.items() if not trunk.node}


def flow_without_nodes(loaded):
    return {name: step for name, step in loaded.projects[0].flow.items() if name != "far"}


def test_a_site_without_numbers_or_agents_renders(loaded):
    """A fresh site has nothing to enter and nobody to log in, and is no bug."""
    bare = replace(loaded.site, roster=(), trunks=(), projects=())
    assert render(bare, bare.nodes[0], ()).generations == {}
