"""The proof finds what placing every call finds, no less and no more."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.errors import SpecError
from cctoolkit.flow.graph import FlowGraph, compile_flow
from cctoolkit.flow.prove import Finding, Proof, prove
from cctoolkit.flow.prove_facts import Facts, facts
from cctoolkit.flow.simulate import simulate
from cctoolkit.model.project import Project
from cctoolkit.model.steps import step_types
from tests.unit.flow.exhaustive import Found, call_of, month
from tests.unit.flow.made_projects import MAKERS, projects

STARTS = st.integers(0, 330).map(lambda day: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day))


def hold(project: Project, since: datetime) -> Found:
    """Hold the proof of a project against every call of a month."""
    graph, known = compile_flow(project), facts(project)
    proof = prove(graph, known, since, timedelta(days=30))
    found = month(graph, known, since)
    nothing_missed(proof, found)
    for finding in proof.findings:
        no_false_alarm(graph, known, proof, finding)
        within = finding.override or finding.call.at < since + timedelta(days=30)
        if within and finding.kind in ("toll-path", "no-agent"):
            assert (finding.kind, finding.steps[0]) in found.steps
    unreached = {note.about for note in proof.notes if "reached" in note.what}
    assert not unreached & found.reached
    return found


def nothing_missed(proof: Proof, found: Found) -> None:
    for kind, step in found.steps:
        if kind != "dead-end":
            assert any(f.kind == kind and step in f.steps for f in proof.findings), (kind, step)
    lost = {step for kind, step in found.steps if kind == "dead-end"}
    dead = [set(f.steps) for f in proof.findings if f.kind == "dead-end"]
    assert not lost or any(steps <= lost for steps in dead)
    loops = [set(f.steps) for f in proof.findings if f.kind in ("dead-end", "endless-loop")]
    for ring in found.rings:
        assert any(ring <= loop for loop in loops), ring


def no_false_alarm(graph: FlowGraph, known: Facts, proof: Proof, finding: Finding) -> None:
    """What a finding says happens to its call."""
    call = call_of(finding.call)
    try:
        path = simulate(graph, call).path
    except SpecError as error:
        ring = set(error.what.partition(": ")[2].split(" -> "))
        loops = [set(f.steps) for f in proof.findings if f.kind in ("dead-end", "endless-loop")]
        assert any(ring & steps for steps in loops)
        # A way round that a mixture of outcomes keeps going is left when the last of them stays.
        patient = set(call.keys) <= {"-"} and all(len(set(one)) == 1 for one in (call.queue, call.transfer, call.crm))
        assert ring & set(finding.steps) or not patient or finding.kind not in ("dead-end", "endless-loop")
        return
    assert path[: len(finding.call.path)] == finding.call.path
    last = finding.call.path[-1][0]
    assert last in finding.steps or finding.kind == "too-long"
    if finding.kind == "no-agent":
        staff = known.staff[last]
        assert (
            staff.since is None
            if finding.override
            else not staff.there(finding.call.at.astimezone(ZoneInfo(graph.time_zone)).date())
        )
    if finding.kind == "toll-path":
        assert known.tolls[last]


@settings(deadline=None, max_examples=12)
@given(project=projects(), since=STARTS)
def test_the_proof_and_every_call_agree(project, since):
    """Random projects, each minute of a month, every walk of every number: nothing missed, no false alarm."""
    hold(project, since)


def test_every_step_type_is_made():
    """Random flows have steps of every type there is."""
    assert MAKERS.keys() == step_types().keys()
