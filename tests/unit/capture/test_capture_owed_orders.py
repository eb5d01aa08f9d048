"""Calls that gaps left up, with events, lists and rows in any order: a random walk, the same every time."""

import random

import pytest

from cctoolkit.capture.feeder import Feeder
from cctoolkit.capture.snapshot import State, decoded, encoded
from cctoolkit.capture.tracker import Tracker
from tests.unit.capture.made_calls import EPOCH, SECOND
from tests.unit.capture.test_capture_own_told import BEFORE, entry, lines, listed, row, told

WALKS = 2000
IDS = [f"n1-{EPOCH // SECOND + number}.{number}" for number in range(1, 6)]
NAMES = {id_: f"PJSIP/20{number}-{number}" for number, id_ in enumerate(IDS)}


class Walk:
    """Chunks as chance wants them: of five channels, whatever may be said of one."""

    def __init__(self, seed):
        self.dice, self.at = random.Random(seed), 10.0

    def chunks(self):
        steps = [self.gap, self.hangup, self.rows, self.begins, self.dials, self.transfer, self.enters]
        yield BEFORE
        for _ in range(self.dice.randint(3, 10)):
            self.at += self.dice.random() * 5
            yield from self.dice.choice(steps)()

    def one(self):
        return self.dice.choice(IDS)

    def says(self, name, id_, **more):
        return [told([(self.at, name, {"Uniqueid": id_, "Channel": NAMES[id_], "Context": "office", **more})])]

    def gap(self):
        there = [id_ for id_ in IDS if self.dice.random() < 0.6]
        entries = [
            entry(id_, self.dice.choice([id_, IDS[0], self.one()]), NAMES[id_],
                  self.dice.choice(["Dial", "AppDial", "Queue"]), self.dice.choice(["", "b", "c"]))
            for id_ in there
        ]  # fmt: skip
        return [b"", *(self.rows() if self.dice.random() < 0.5 else [lines()]), listed(*entries)]

    def hangup(self):
        return self.says("Hangup", self.one(), Linkedid=self.one(), Cause="16")

    def begins(self):
        return self.says("Newchannel", self.one(), Linkedid=self.one(), Exten="2")

    def dials(self):
        id_, other = self.dice.sample(IDS, 2)
        dest = {"DestUniqueid": other, "DestChannel": NAMES[other], "DialString": NAMES[other][6:9]}
        return self.says("DialBegin", id_, Linkedid=id_, **dest)

    def enters(self):
        id_ = self.one()
        return self.says("BridgeEnter", id_, Linkedid=id_, BridgeUniqueid=self.dice.choice("bc"))

    def transfer(self):
        first, second, away, target = self.dice.sample(IDS, 4)
        by = {
            "OrigTransfererUniqueid": first,
            "OrigTransfererChannel": NAMES[first],
            "SecondTransfererUniqueid": second,
        }
        ends = {"TransfereeUniqueid": away, "TransferTargetUniqueid": target, "TransferTargetChannel": NAMES[target]}
        return [told([(self.at, "AttendedTransfer", {"Result": "Success", "DestType": "Bridge", **by, **ends})])]

    def rows(self):
        found = []
        for _ in range(self.dice.randint(1, 4)):
            id_, other = self.dice.sample(IDS, 2)
            ids = {"channel": NAMES[id_], "uniqueid": id_, "linkedid": self.dice.choice([id_, IDS[0]])}
            answer = 0 if self.dice.random() < 0.3 else 9
            found.append(row(9, answer, self.at, NAMES[other], "ANSWERED", **ids))
        return [lines(*found)]


def take(calls, feeder, *, last=False):
    """Take the calls that changed, as a store does."""
    calls |= {record.call: record for record in feeder.tracker.take(last=last)[0]}


def whole(calls):
    """Return the calls that are no parts of others."""
    return {call: record for call, record in calls.items() if not record.joined}


@pytest.mark.parametrize("first", range(0, WALKS, WALKS // 10))
def test_any_order(first):
    """Whatever comes in whatever order ends no capture; a restart from a snapshot at every chunk, and a replay of the whole
    journal, tell the same.
    """
    for seed in range(first, first + WALKS // 10):
        went_on, restarted, replayed = (Feeder(Tracker("n1")) for _ in range(3))
        calls, again, anew = {}, {}, {}
        for chunk in Walk(seed).chunks():
            for feeder in (went_on, restarted, replayed):
                feeder.take(chunk)
            restarted = decoded(encoded(State(0, 0, restarted))).feeder
            take(calls, went_on)
            take(again, restarted)
        for records, feeder in ((calls, went_on), (again, restarted), (anew, replayed)):
            take(records, feeder, last=True)
        assert again == calls, seed
        # What was told before it turned out to be a part of another call is told so; a replay need not tell it at all.
        assert whole(anew) == whole(calls), seed
