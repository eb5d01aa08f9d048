"""Names on the wire read back as what was written."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cctoolkit import marks

IDS = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9}){0,2}", fullmatch=True)
DIGESTS = st.from_regex(r"[0-9a-f]{8}", fullmatch=True)
FIELDS = {"UserEvent": "CCT", "Kind": "out", "Call": "n-1.2", "Project": "p", "Generation": "0a0a0a0a", "Release": "r", "Step": "s", "Detail": "done", "Test": "1"}  # fmt: skip


@given(IDS, DIGESTS, IDS)
def test_context(project, digest, step):
    """A context names its project and generation, whatever the step is called."""
    assume(not any(len(part) == 8 and set(part) <= set("0123456789abcdef") for part in project.split("-")[1:]))
    assert marks.generation_of(marks.context(project, digest, step)) == (project, digest)


def test_step_like_a_digest():
    """A step with a date in its name does not hide the generation."""
    assert marks.generation_of("cct-north-deadbeef-promo-20261231-menu") == ("north", "deadbeef")


@pytest.mark.parametrize(
    "name", ["cct-entry", "cct-mark", "default", "", "cct--deadbeef-x", "cct-a-deadbee-x", "xcct-a-deadbeef-x"]
)
def test_other_contexts(name):
    """The runtime's and foreign contexts belong to no generation."""
    assert marks.generation_of(name) is None


@given(IDS, IDS, st.booleans())
def test_queue(project, queue, shadow):
    """A queue's name gives project, queue and whether it is the shadow."""
    name = marks.queue_name(project, queue) + (marks.SHADOW if shadow else "")
    assert marks.queue_ids(name) == (project, queue, shadow)


@pytest.mark.parametrize("name", ["sales", "", ".", "a.", ".b", "Sales.EU", "a.b.c", "a b.c", marks.CANARY_QUEUE])
def test_foreign_queues(name):
    """A name that no project can have is not ours."""
    assert marks.queue_ids(name) is None


def test_user_event_and_queue_log_agree():
    """The two ways a mark travels read as the same, but for the test mark."""
    event = marks.from_user_event(lambda name: FIELDS.get(name, ""))
    line = marks.from_queue_log(["1795000000", "n-1.2", "NONE", "NONE", "CCTOUT", "p", "0a0a0a0a", "r", "s", "done"])
    assert event == marks.Mark("out", "n-1.2", "p", "0a0a0a0a", "r", "s", "done", test=True)
    assert line == marks.Mark("out", "n-1.2", "p", "0a0a0a0a", "r", "s", "done")


@pytest.mark.parametrize("change", [{"UserEvent": "Other"}, {"Kind": "else"}, {"Kind": ""}])
def test_foreign_events(change):
    """Another's UserEvent, or a kind of a later version, is not a mark."""
    assert marks.from_user_event(lambda name: {**FIELDS, **change}.get(name, "")) is None


@pytest.mark.parametrize(
    "fields",
    [
        [],
        ["1", "2", "NONE", "NONE", "CCTOUT"],
        ["1", "2", "q", "a", "CONNECT", *"12345"],
        ["1", "2", "q", "a", "CCTELSE", *"12345"],
    ],
)
def test_foreign_lines(fields):
    """A short line, another's event and an unknown kind are not marks."""
    assert marks.from_queue_log(fields) is None
