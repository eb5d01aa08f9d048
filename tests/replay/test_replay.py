"""Recorded streams of Asterisk 22.10.1: the tracker makes of each exactly the records that a person has read."""

import json
from pathlib import Path

import msgspec
import pytest

from cctoolkit.ami.protocol import Parser
from cctoolkit.capture.tracker import Tracker

HERE = Path(__file__).parent
STORIES = sorted(str(path.parent.relative_to(HERE)) for path in HERE.rglob("stream.ami"))


def fold(data: bytes, size: int):
    """Feed a stream in pieces of `size` bytes; return the last version of each call and interval."""
    tracker, parser = Tracker("n1"), Parser()
    calls, states = {}, {}
    for start in range(0, len(data), size):
        for message in parser.feed(data[start : start + size]):
            tracker.feed(message)
        changed, intervals = tracker.take()
        calls |= {record.call: record for record in changed}
        states |= {(i.agent, i.state, i.start.at): i for i in intervals}
    found = {
        "calls": sorted(calls.values(), key=lambda r: r.entered.at),
        "states": sorted(states.values(), key=lambda i: i.start.at),
    }
    return json.loads(json.dumps(msgspec.to_builtins(found)))


def test_there_are_stories():
    """The folder is not empty: a renamed file must not make this tier pass by testing nothing."""
    assert len(STORIES) >= 5


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("size", [1, 1000, 10_000_000])
def test_a_story(story, size):
    """However a stream is cut, its calls and agents' states are those of records.json."""
    data = (HERE / story / "stream.ami").read_bytes()
    expected = json.loads((HERE / story / "records.json").read_text(encoding="utf-8"))
    if size == 1:
        data = data[:200_000]
    assert fold(data, size) == expected


@pytest.mark.parametrize("story", STORIES)
def test_hearing_a_story_twice_changes_nothing(story):
    """A stream folded twice by the same tracker gives the same calls: a replay over a gap adds nothing."""
    data = (HERE / story / "stream.ami").read_bytes()
    tracker = Tracker("n1")
    latest = {}
    for _ in range(2):
        for message in Parser().feed(data):
            tracker.feed(message)
        latest |= {record.call: record for record in tracker.take()[0]}
    expected = json.loads((HERE / story / "records.json").read_text(encoding="utf-8"))
    assert [json.loads(json.dumps(msgspec.to_builtins(r))) for r in latest.values()] == expected["calls"]


def test_the_end_of_a_talk_whose_callers_channel_went_first():
    """AgentComplete without the caller's channel, as it comes when that is gone already, still ends the agent's leg."""
    story = "queue/answered-agent-hangs-up-then-ready"
    blocks = (HERE / story / "stream.ami").read_bytes().split(b"\r\n\r\n")
    cut = [i for i, block in enumerate(blocks) if block.startswith(b"Event: AgentComplete")]
    assert len(cut) == 1
    lines = blocks[cut[0]].split(b"\r\n")
    gone = (b"Channel", b"Uniqueid", b"Linkedid", b"CallerID", b"ConnectedLine", b"Language", b"Context", b"Exten")
    blocks[cut[0]] = b"\r\n".join(line for line in lines if not line.startswith(gone))
    expected = json.loads((HERE / story / "records.json").read_text(encoding="utf-8"))
    assert fold(b"\r\n\r\n".join(blocks), 10_000_000)["calls"] == expected["calls"]
