"""Calls without marks: whose they are, who took part, and what streams of other systems leave out."""

import json
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from cctoolkit.ami.protocol import Parser
from cctoolkit.capture import board, draft, transcript
from cctoolkit.capture import replay as replay_module
from cctoolkit.capture import tracker as tracker_module
from cctoolkit.capture.feeder import Feeder
from cctoolkit.capture.journal import Journal
from cctoolkit.capture.keeper import Keeper
from cctoolkit.capture.replay import replay
from cctoolkit.capture.tracker import LOST_US, Tracker
from cctoolkit.cdr import sqlite
from cctoolkit.cdr.records import CallRecord, Edge
from cctoolkit.cdr.store import Store
from cctoolkit.workflow import records
from tests.unit.capture.made_calls import EPOCH, SECOND, Call, event

STORIES = sorted((Path(__file__).parents[2] / "replay/exchange").iterdir())
ATTENDED = next(story for story in STORIES if story.name == "phone-asks-another-and-joins-both")


class Stream:
    """Events of a switch, a millisecond apart."""

    def __init__(self) -> None:
        self.at, self.data = EPOCH, b""

    def say(self, name: str, **headers: object) -> "Stream":
        self.at += 1000
        self.data += event(name, self.at, **headers)
        return self

    def channel(self, id_: str, name: str, linked: str = "", exten: str = "s", **more: object) -> "Stream":
        named = {"Linkedid": linked or id_} if linked != "none" else {}
        return self.say("Newchannel", Uniqueid=id_, Channel=name, Exten=exten, Context="office", **named, **more)

    def dial(self, source: str, dest: str, dialled: str = "", **more: object) -> "Stream":
        return self.say("DialBegin", Uniqueid=source, DestUniqueid=dest, DialString=dialled, **more)

    def bridge(self, *ids: str, name: str = "b") -> "Stream":
        for id_ in ids:
            self.say("BridgeEnter", Uniqueid=id_, BridgeUniqueid=name)
        return self

    def hangup(self, *ids: str) -> "Stream":
        for id_ in ids:
            self.say("Hangup", Uniqueid=id_, Cause=16)
        return self

    def records(self, tracker: Tracker | None = None, *, last: bool = True):
        return feed(tracker or Tracker("n1"), self.data).take(last=last)[0]


def feed(tracker: Tracker, data: bytes, received: int = 0) -> Tracker:
    for message in Parser(banner=False).feed(data):
        tracker.feed(message, received)
    return tracker


def talk(stream: Stream) -> Stream:
    stream.channel("1.1", "SIP/trunk-1", exten="100", CallerIDNum="4912345").channel("1.2", "SIP/100-2", "1.1")
    return stream.dial("1.1", "1.2", "100", DestCallerIDNum="100").bridge("1.2", "1.1")


def messages(story: Path):
    found = Parser(banner=False).feed((story / "stream.ami").read_bytes().partition(b"\r\n")[2])
    return [message for message in found if message.event]


def test_a_plain_call():
    """Its record has no project, the number dialled and the caller, and is told when it has ended, not before."""
    tracker = Tracker("n1")
    stream = talk(Stream())
    assert stream.records(tracker, last=False) == []
    rest = Stream()
    rest.at = stream.at
    (record,) = rest.hangup("1.2", "1.1").records(tracker, last=False)
    assert (record.call, record.project, record.number, record.caller) == ("n1-1.1", "", "100", "4912345")
    assert (record.outcome, record.hung_up_by) == ("answered", "agent")
    (party,) = record.parties
    assert (party.endpoint, party.number, party.outcome, party.talk_seconds) == ("SIP/100", "100", "answered", 0.001)


def test_two_calls_of_one_trunk_stay_two():
    """A customer on hold at a trunk is no phone: the trunk's next call is another customer's, and its own record."""
    stream = talk(Stream()).say("Hold", Uniqueid="1.1", Channel="SIP/trunk-1")
    stream.channel("2.1", "SIP/trunk-3", exten="200", CallerIDNum="4912346").hangup("2.1", "1.2", "1.1")
    assert {record.caller for record in stream.records()} == {"4912345", "4912346"}


def test_a_shared_bridge_joins_no_calls():
    """Two callers in one bridge, without a transfer, are two customers."""
    stream = talk(Stream()).channel("3.1", "SIP/trunk-4", exten="300", CallerIDNum="4912347")
    assert len(stream.bridge("3.1").hangup("3.1", "1.2", "1.1").records()) == 2


def test_a_call_told_before_it_was_joined(tmp_path):
    """Of a call that had been told and turned out to be a part of another the store keeps which, and lists it no more."""
    tracker, stream = Tracker("n1"), talk(Stream())
    stream.channel("1.3", "SIP/100-5", exten="200").channel("1.4", "SIP/200-6", "1.3").dial("1.3", "1.4", "200")
    (first, second) = stream.records(tracker)
    more = Stream()
    more.at = stream.at
    more.bridge("1.3", "1.4", name="c").say(
        "AttendedTransfer", Result="Success", OrigTransfererUniqueid="1.2", OrigTransfererChannel="SIP/100-2",
        SecondTransfererUniqueid="1.3", SecondTransfererExten="200", DestType="Bridge", TransfereeUniqueid="1.1",
    )  # fmt: skip
    found = {record.call: record for record in more.hangup("1.3", "1.2", "1.4", "1.1").records(tracker)}
    assert found["n1-1.3"].joined == "n1-1.1"
    assert [(t.kind, t.taken_by) for t in found["n1-1.1"].transfers] == [("attended", "SIP/200")]
    with Store.open(tmp_path / "calls.sqlite") as store:
        store.put([first, second])
        store.put(found.values())
        assert [record.call for record in store.calls()] == ["n1-1.1"]


def test_recording_and_message():
    """Variables, where a stream has them, name the recording's file and say that a message was left."""
    stream = Stream().channel("1.1", "SIP/trunk-1", exten="100").say("MixMonitorStart", Uniqueid="1.1")
    stream.say("VarSet", Uniqueid="1.1", Variable="MIXMONITOR_FILENAME", Value="/spool/a.wav")
    stream.say("MixMonitorStop", Uniqueid="1.1").say("VarSet", Uniqueid="1.1", Variable="VMSTATUS", Value="SUCCESS")
    (record,) = stream.hangup("1.1").records()
    (recording,) = record.recordings
    assert (recording.file, recording.end.at - recording.start.at, record.outcome) == ("/spool/a.wav", 2000, "message")


def test_score_and_origin():
    """What a survey's caller said, and which call a callback returns, are marks of our dialplan; hostile ones are none."""
    call = Call("n1-1.1", EPOCH).enter().mark("origin", "later", "n1-0.7").mark("score", "how", "x" * 9)
    (record,) = feed(Tracker("n1"), b"".join(m.event for m in call.mark("score", "how", "5").ended().moments)).take()[0]
    assert (record.origin, record.score) == ("n1-0.7", 5)
    text = "".join(f"{moment.line}\n" for moment in call.moments if moment.line)
    tracker = Tracker("n1")
    tracker.backfill(text)
    (logged,) = tracker.take()[0]
    assert (logged.origin, logged.score) == ("n1-0.7", 5)


def test_asterisk_11():
    """Dial, Bridge, Transfer and channels that take each other's place: an attended transfer is one record."""
    stream = Stream()
    for id_, name, exten in (("1.1", "SIP/trunk-1", "100"), ("1.2", "SIP/100-2", "")):
        stream.channel(id_, name, "none", exten, CallerIDNum="4912345")
    stream.say(
        "Dial", SubEvent="Begin", UniqueID="1.1", DestUniqueID="1.2", Channel="SIP/trunk-1", Destination="SIP/100-2"
    )
    stream.say("Bridge", Bridgestate="Link", Uniqueid1="1.1", Uniqueid2="1.2")
    for id_, name, exten in (("1.3", "SIP/100-3", "200"), ("1.4", "SIP/200-4", "")):
        stream.channel(id_, name, "none", exten)
    stream.say(
        "Dial", SubEvent="Begin", UniqueID="1.3", DestUniqueID="1.4", Channel="SIP/100-3", Destination="SIP/200-4"
    )
    stream.say("Bridge", Bridgestate="Link", Uniqueid1="1.3", Uniqueid2="1.4")
    stream.say("Transfer", TransferType="Attended", Uniqueid="1.2", Channel="SIP/100-2", TargetUniqueid="1.3")
    stream.say("Masquerade", Clone="SIP/trunk-1", Original="SIP/100-3")
    # The caller goes on under the id of the phone's second channel.
    stream.hangup("1.1", "1.2").say("Bridge", Bridgestate="Unlink", Uniqueid1="1.3", Uniqueid2="1.4")
    (record,) = stream.hangup("1.4", "1.3").records()
    assert (record.call, record.outcome) == ("n1-1.1", "answered")
    assert [(p.how, p.endpoint, p.outcome) for p in record.parties] == [
        ("dial", "SIP/100", "answered"),
        ("transfer", "SIP/200", "answered"),
    ]
    assert [(t.kind, t.made_by, t.taken_by) for t in record.transfers] == [("attended", "SIP/100", "SIP/200")]


def _untimed(data: bytes) -> bytes:
    return b"\r\n".join(row for row in data.split(b"\r\n") if not row.startswith(b"Timestamp: "))


@pytest.mark.parametrize("received", [0, (EPOCH // SECOND + 9) * SECOND])
def test_events_without_timestamps(received):
    """A stream without moments gives the same records; its edges are in order, and say what they are."""
    data = (ATTENDED / "stream.ami").read_bytes().partition(b"\r\n")[2]
    timed, untimed = feed(Tracker("n1"), data), feed(Tracker("n1"), _untimed(data), received)
    (one,), (other,) = timed.take(last=True)[0], untimed.take(last=True)[0]
    source = "received" if received else "sequence"
    edges = [other.entered, other.answered, other.parties[0].answered, other.transfers[0].at, other.ended]
    assert {edge.source for edge in edges} == {source}
    assert [edge.at for edge in edges] == sorted({edge.at for edge in edges})
    assert untimed.untimed
    assert not timed.untimed
    assert [(p.how, p.endpoint, p.outcome) for p in other.parties] == [
        (p.how, p.endpoint, p.outcome) for p in one.parties
    ]


def _json(data: bytes) -> bytes:
    blocks = data.decode().split("\r\n\r\n")
    rows = [dict(sorted(row.split(": ", 1) for row in block.split("\r\n") if ": " in row)) for block in blocks]
    return json.dumps([row for row in rows if "Event" in row]).encode()


FORMS = {
    "as it was sent": lambda data: data,
    "line feeds": lambda data: data.replace(b"\r\n", b"\n"),
    "a line of the tool's before each": lambda data: data.replace(b"\r\nEvent:", b"\r\n<-- an event -->\r\nEvent:"),
    "json, headers sorted": _json,
    "json lines": lambda data: b"\n".join(map(msgspec.json.encode, json.loads(_json(data)))),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_transcripts_in_other_forms(tmp_path, form):
    """What other tools keep of a session is read in the forms they keep it, and twice adds nothing."""
    file = tmp_path / "session"
    file.write_bytes(form((ATTENDED / "stream.ami").read_bytes()))
    with Store.open(tmp_path / "calls.sqlite") as store:
        put = replay(file, "n1", store)
        assert replay(file, "n1", store) == 0
        (record,) = store.calls()
        assert put == 1 + len(list(store.states())) > 1
    assert json.loads(msgspec.json.encode(record)) == json.loads((ATTENDED / "records.json").read_text())["calls"][0]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_transcript_cut_anywhere(size):
    """Pieces of a transcript are put together again; a torn last line names no channel."""
    data = (ATTENDED / "stream.ami").read_bytes()[:20_000]
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    assert b"".join(transcript.lines(pieces)) == b"".join(transcript.lines([data]))
    assert b"".join(transcript.lines([b"Event: Hangup\r\nUniqueid: 1.2"])) == b""


def test_a_value_in_json_begins_no_header():
    """A line break inside a value of a JSON transcript does not become a header of its own."""
    (row,) = transcript.lines([b'[{"CallerIDName": "x\\r\\nUniqueid: 6", "Event": "Newchannel"}]'])
    assert row == b"Event: Newchannel\r\nCallerIDName: x  Uniqueid: 6\r\n\r\n"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_gap_anywhere(story):
    """Whatever stretch of a stream is missing: no call is told by two records, none but an entry's is told, nobody is left
    over when all channels have gone, and where the caller's beginning was heard the caller has a record.
    """
    heard = messages(story)
    entries = {m.get("Uniqueid") for m in heard if m.get("Linkedid") == m.get("Uniqueid")}
    caller = next(m.get("Uniqueid") for m in heard if m.event == "Newchannel")
    for start in range(0, len(heard), 5):
        for length in (1, 12, len(heard) // 4):
            tracker = Tracker("n1")
            for message in heard[:start]:
                tracker.feed(message)
            tracker.gap()
            for message in heard[start + length :]:
                tracker.feed(message)
            calls = [record.call for record in tracker.take(last=True)[0]]
            assert len(calls) == len(set(calls))
            assert set(calls) <= entries
            if start > next(i for i, m in enumerate(heard) if m.event == "Newchannel"):
                assert caller in calls


def test_all_that_is_known_can_be_kept():
    """What is so at any moment is plain data: kept and read again it goes on alike."""
    heard = messages(ATTENDED)
    for cut in range(0, len(heard), 9):
        whole, kept = Tracker("n1"), Tracker("n1")
        for message in heard[:cut]:
            whole.feed(message)
            kept.feed(message)
        kept._board = msgspec.msgpack.decode(msgspec.msgpack.encode(kept._board), type=board.Board)
        for message in heard[cut:]:
            whole.feed(message)
            kept.feed(message)
        assert kept.take(last=True)[0] == whole.take(last=True)[0]


def test_a_call_that_is_a_part_of_a_part(monkeypatch):
    """The name of each of them means the whole, until that is over; no more of them are remembered than of channels."""
    monkeypatch.setattr(board, "MOST", 4)
    known, names = board.Board(), "abcde"
    lives = [known.lives.setdefault(name, board.Live(name, name, name, foreign=True)) for name in names]
    for part, whole in pairwise(lives):
        known.absorb(part, whole)
    known.sweep(0)
    assert {name: known.whole(name) for name in names} == dict.fromkeys(names, lives[-1])
    known.absorb(board.Live("f", "f", "f", foreign=True), lives[-1])
    assert (known.whole("a"), known.whole("f")) == (None, lives[-1])
    del known.lives["e"]
    known.sweep(0)
    assert known.wholes == {}


class Counted(dict[str, board.Channel]):
    """Channels; how often one of them was looked up."""

    looked = 0

    def get(self, id_, default=None):
        self.looked += 1
        return super().get(id_, default)


def test_a_crowded_bridge_is_not_searched_for_what_one_of_it_tells():
    """The ends of diallings, the caller's leaving and coming, and who hangs up when all have left."""
    stream = Stream().channel("1.0", "SIP/trunk-1", exten="100")
    phones = [f"1.{number}" for number in range(1, 201)]
    for id_ in phones:
        stream.channel(id_, f"SIP/{id_}-1", "1.0").dial("1.0", id_, id_)
    tracker = feed(Tracker("n1"), stream.bridge("1.0", *phones).data)
    channels = tracker._board.channels = Counted(tracker._board.channels)
    stream.data = b""
    for id_ in phones:
        stream.say("DialEnd", Uniqueid="1.0", DestUniqueid=id_, DialStatus="ANSWER")
        stream.say("BridgeLeave", Uniqueid="1.0", BridgeUniqueid="b").bridge("1.0")
    for id_ in reversed(phones):
        stream.say("BridgeLeave", Uniqueid=id_, BridgeUniqueid="b")
    for id_ in phones:
        stream.say("HangupRequest", Uniqueid=id_)
    feed(tracker, stream.data)
    assert channels.looked < 30 * len(phones)


def test_hostile_streams_are_bounded(monkeypatch):
    """Channels that never hang up, bridges, rooms and one call's endless talk are all kept within limits, and swept."""
    monkeypatch.setattr(board, "MOST", 50)
    monkeypatch.setattr(draft, "MOST", 50)
    monkeypatch.setattr(tracker_module, "MOST", 50)
    stream = Stream()
    for number in range(300):
        stream.channel(f"1.{number}", f"Local/x@y-{number};1", "1.0")
        stream.bridge(f"1.{number}", name=f"b{number}").say(
            "ConfbridgeJoin", Uniqueid=f"1.{number}", Conference=f"r{number}"
        )
        stream.dial("1.299", f"1.{number}").channel(f"2.{number}", "SIP/x-1", exten="5")
    tracker = feed(Tracker("n1"), stream.data)
    known = tracker._board
    assert max(map(len, (known.channels, known.bridges, known.halves, known.rooms, known.lives))) <= 50
    assert len(tracker._calls) <= 50
    assert all(len(one.heard) <= 50 for one in tracker._calls.values())
    later = Stream()
    later.at = stream.at + 2 * LOST_US
    feed(tracker, later.channel("9.9", "SIP/x-1").data)
    assert set(known.channels) == {"9.9"}


def test_the_feeder_hands_on_when_it_came():
    """A journal's chunk brings the moment it was received to events that say none."""
    feeder = Feeder(Tracker("n1"))
    feeder.take(_untimed(talk(Stream()).hangup("1.2", "1.1").data), EPOCH)
    (record,) = feeder.tracker.take()[0]
    assert (record.entered.at, record.entered.source) == (EPOCH, "received")


def _listed(stream: Stream, *channels: tuple[str, str, str]) -> Stream:
    for id_, name, linked in channels:
        stream.say("CoreShowChannel", Uniqueid=id_, Channel=name, Linkedid=linked, BridgeId="b")
    return stream.say("CoreShowChannelsComplete")


def test_the_listing_after_a_gap():
    """A call whose channels the switch still lists goes on, under ids without a systemname too, and a phone that came in
    the gap belongs to it; one that is not listed any more is told as it was, unfinished.
    """
    tracker = feed(Tracker("n1"), talk(Stream()).channel("5.1", "SIP/trunk-8", exten="5").data)
    tracker.gap()
    after = Stream()
    after.at = EPOCH + 60 * SECOND
    _listed(after, ("1.1", "SIP/trunk-1", "1.1"), ("1.2", "SIP/100-2", "1.1"), ("1.9", "SIP/300-9", "1.1"))
    (gone,) = after.records(tracker, last=False)
    assert (gone.call, gone.outcome, tracker.lost_calls) == ("n1-5.1", "unfinished", 1)
    rest = Stream()
    rest.at = after.at
    rest.say("BlindTransfer", Result="Success", TransfererUniqueid="1.9", TransfererChannel="SIP/300-9", Extension="7")
    (record,) = rest.hangup("1.9", "1.2", "1.1").records(tracker, last=False)
    assert (record.call, [(t.made_by, t.number) for t in record.transfers]) == ("n1-1.1", [("SIP/300", "7")])


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_replay_beside_the_capture(tmp_path, story):
    """A journal that goes on may be replayed into the store of its capture at any time: what may yet turn out to be a
    part of another call does not become one of its own.
    """
    with Store.open(tmp_path / "calls.sqlite") as store, Journal(tmp_path / "n1") as journal:
        keeper = Keeper(journal, store, pytest.fail)
        keeper.recall()
        for number, block in enumerate((story / "stream.ami").read_bytes().split(b"\r\n\r\n")):
            keeper.keep(block + b"\r\n\r\n")
            if number % 5 == 0:
                keeper.drain()
                replay(tmp_path / "n1", "n1", store)
        keeper.drain()
        told = {record.call for record in store.calls()}
    assert told == {call["call"] for call in json.loads((story / "records.json").read_text())["calls"]}


def test_a_replay_lets_others_write(tmp_path, monkeypatch):
    """A long replay is no one commit: a capture puts its records into the same store meanwhile."""
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.01)
    real, place = replay_module.drain, tmp_path / "calls.sqlite"

    def drain(feeder, store, **how):
        with Store.open(place) as other:
            other.put([CallRecord("n2-1.1", "n2", "", "", "", "", "", Edge(EPOCH))])
        return real(feeder, store, **how)

    monkeypatch.setattr(replay_module, "drain", drain)
    assert records.replay(ATTENDED / "stream.ami", "n1", tmp_path) == 3
    with Store.read(place) as store:
        assert len(list(store.calls())) == len(list(store.states())) == 2
