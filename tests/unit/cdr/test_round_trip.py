"""What the store keeps is what it was given: any record whatever."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.cdr.records import (
    AgentInterval,
    AgentLeg,
    CallOutcome,
    CallRecord,
    Edge,
    Hold,
    LegOutcome,
    Parking,
    Party,
    PartyHow,
    PartyOutcome,
    QueueVisit,
    Recording,
    Source,
    StepTaken,
    Transfer,
    TransferKind,
    VisitOutcome,
)
from cctoolkit.cdr.store import Store

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
EDGES = st.builds(Edge, st.integers(-(2**40), 2**53), st.sampled_from(get_args(Source)))
MAYBE = st.none() | EDGES
STEPS = st.builds(StepTaken, TEXT, EDGES, TEXT, MAYBE)
HOLDS = st.builds(Hold, EDGES, MAYBE, st.booleans())
LEGS = st.builds(
    AgentLeg,
    TEXT,
    EDGES,
    st.sampled_from(get_args(LegOutcome)),
    MAYBE,
    MAYBE,
    st.sampled_from(["agent", "caller", ""]),
    MAYBE,
    MAYBE,
    st.lists(HOLDS, max_size=2).map(tuple),
)
VISITS = st.builds(
    QueueVisit,
    TEXT,
    EDGES,
    st.sampled_from(get_args(VisitOutcome)),
    MAYBE,
    st.lists(LEGS, max_size=3).map(tuple),
)
PARTIES = st.builds(
    Party,
    TEXT,
    TEXT,
    TEXT,
    st.sampled_from(get_args(PartyHow)),
    EDGES,
    MAYBE,
    MAYBE,
    st.sampled_from(get_args(PartyOutcome)),
    st.lists(HOLDS, max_size=2).map(tuple),
)
TRANSFERS = st.builds(Transfer, st.sampled_from(get_args(TransferKind)), EDGES, TEXT, TEXT, TEXT)
PARKINGS = st.builds(
    Parking, TEXT, EDGES, TEXT, MAYBE, st.sampled_from(["retrieved", "timed_out", "gave_up", "unfinished"]), TEXT
)
RECORDS = st.builds(
    CallRecord,
    call=TEXT,
    node=TEXT,
    project=TEXT,
    generation=TEXT,
    release=TEXT,
    number=TEXT,
    caller=TEXT,
    entered=EDGES,
    test=st.booleans(),
    answered=MAYBE,
    ended=MAYBE,
    outcome=st.sampled_from(get_args(CallOutcome)),
    hung_up_by=st.sampled_from(["caller", "flow", "agent", ""]),
    cause=st.integers(0, 127),
    steps=st.lists(STEPS, max_size=3).map(tuple),
    visits=st.lists(VISITS, max_size=3).map(tuple),
    parties=st.lists(PARTIES, max_size=3).map(tuple),
    transfers=st.lists(TRANSFERS, max_size=2).map(tuple),
    recordings=st.lists(st.builds(Recording, EDGES, MAYBE, TEXT), max_size=2).map(tuple),
    parkings=st.lists(PARKINGS, max_size=2).map(tuple),
    score=st.none() | st.integers(0, 9999),
    origin=TEXT,
)
STATES = st.builds(AgentInterval, TEXT, TEXT, st.sampled_from(["logged_in", "paused", "wrap-up"]), EDGES, MAYBE, TEXT)


@settings(max_examples=40, deadline=None)
@given(st.lists(RECORDS, max_size=4, unique_by=lambda one: one.call), st.lists(STATES, max_size=4))
def test_round_trip(records, states):
    """What is put comes back equal, edge for edge, and putting it again writes nothing."""
    with TemporaryDirectory() as folder, Store.open(Path(folder) / "calls.sqlite") as store:
        assert store.put(records) == len(records)
        assert {one.call: one for one in store.calls()} == {one.call: one for one in records if not one.joined}
        assert [store.get(one.call) for one in records] == records
        store.put_states(states)
        before = list(store.database.connection.iterdump())
        assert store.put(records) == 0
        assert list(store.database.connection.iterdump()) == before
