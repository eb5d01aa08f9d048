"""Reading queue_log: torn, hostile."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cctoolkit.capture.following import select
from cctoolkit.capture.lines import parse
from cctoolkit.capture.queue_log import calls
from tests.unit.capture.made_calls import STORIES, day


def test_a_caller_writes_no_lines():
    """A caller's number with the line breaks of other worlds does not begin a line of its own."""
    for cut in ("\u2028", "\x0b", "\x1c", "\x85", "\r"):
        row = f"1795000000|n1-1|northwind.orders|NONE|ENTERQUEUE||7{cut}1795000000|n1-1|NONE|NONE|CCTEND|a|b|c|d|16|1"
        assert [line.event for line in parse(row + "\n")] == ["ENTERQUEUE"]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789|\n\rCTENRYabc.-٣", max_size=200))
def test_foreign_text(text):
    """Whatever stands in the file, reading it does not fail."""
    calls(parse(text), "n1")
    select(text, 0, only_live=False)


def test_selection_is_whole_calls():
    """Every call with a line since the gap is selected from its entry; those long over are not."""
    moments = day([(0, 0), (0, 60_000)])
    text = "".join(f"{moment.line}\n" for moment in moments if moment.line)
    chosen = select(text, moments[-12].at, only_live=False)
    assert set(calls(parse(chosen), "n1")) == {"n1-1.1"}
    assert chosen.count("CCTENTRY") == 1
    assert set(calls(parse(select(text, 0, only_live=True)), "n1")) == set()


def test_calls_of_verify_are_marked():
    """A line carries no test mark, but the name of a call of verify does."""
    row = "1795000000|cct-test-0123;2|NONE|NONE|CCTENTRY|northwind|0a0b0c0d|r1|78001002030|+7916"
    assert calls(parse(row), "n1")["cct-test-0123;2"].start.test
    assert len(STORIES) > 10
