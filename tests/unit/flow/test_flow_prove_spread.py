"""Cases that decide twice decide alike: a finding is a call of somebody who can be."""

from datetime import UTC, datetime

import pytest

from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.prove import prove
from cctoolkit.flow.prove_facts import facts
from cctoolkit.flow.prove_spread import spread
from cctoolkit.flow.simulate import simulate
from tests.unit.flow.exhaustive import call_of
from tests.unit.flow.flows import project

SINCE = datetime(2026, 11, 22, 12, tzinfo=UTC)


def switch(by: str, value: str, yes: str, no: str, **more: str) -> dict:
    return {"type": "switch", "by": by, "cases": {"one": {"values": [value], "next": yes}}, "next": {"otherwise": no}, **more}  # fmt: skip


def flow(first: dict, second: dict, **others: dict) -> dict:
    """The second switch leads to a number that costs."""
    abroad = {"type": "transfer", "trunk": "pbx", "number": "+4930123456", "next": {"busy": "end"}}
    return {"first": first, "second": second, "abroad": abroad, **others, "end": {"type": "hangup"}}


@pytest.mark.parametrize(
    ("steps", "possible"),
    [
        (flow(switch("caller", "+48", "second", "end"), switch("caller", "+49", "abroad", "end")), False),
        (flow(switch("caller", "+48", "second", "end"), switch("caller", "+4822", "abroad", "end")), True),
        (flow(switch("caller", "+48", "second", "end"), switch("caller", "+48", "end", "abroad")), False),
        (flow(switch("language", "pl", "end", "second"), switch("language", "pl", "abroad", "end")), False),
        (flow({"type": "set", "language": "pl", "next": {"done": "second"}}, switch("language", "pl", "abroad", "end")), True),
        (flow({"type": "set", "language": "pl", "next": {"done": "second"}}, switch("language", "en", "abroad", "end")), False),
        (flow({"type": "lookup", "next": {"found": "second", "not_found": "end"}}, switch("field", "gold", "abroad", "end", field="status")), True),
        (flow({"type": "lookup", "next": {"found": "end", "not_found": "second"}}, switch("field", "gold", "abroad", "end", field="status")), False),
        (flow(switch("number", "+48 22 123 45 60", "end", "second"), switch("number", "+48 22 123 45 60", "abroad", "end")), False),
    ],
)  # fmt: skip
def test_a_case_decides_alike(steps, possible):
    """What nobody can come to is not found; what somebody can is, with a call of that caller and CRM record."""
    one = project(steps)
    graph = compile_flow(one)
    found = [finding for finding in prove(graph, facts(one), SINCE).findings if finding.kind == "toll-path"]
    assert bool(found) == possible
    for finding in found:
        assert simulate(graph, call_of(finding.call)).path == finding.call.path


def test_a_loop_by_a_case():
    """Whom a case sends back goes round for ever, and the call is theirs; a step keeps its name."""
    one = project({"first": switch("caller", "+48", "again", "end"), "again": {"type": "play", "prompts": ["a"], "next": {"done": "first"}}, "end": {"type": "hangup"}})  # fmt: skip
    (finding,) = prove(compile_flow(one), facts(one), SINCE).findings
    assert (finding.kind, finding.steps) == ("dead-end", ("again", "first"))
    assert finding.call.caller.startswith("+48")


def test_nothing_to_spread():
    """A flow without cases is as it was."""
    graph = compile_flow(project({"end": {"type": "hangup"}}))
    assert spread(graph) is graph
