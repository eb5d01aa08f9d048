"""What every store does with call records, whatever keeps them: a class that inherits this has a `place`."""

import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from cctoolkit.cdr import schema
from cctoolkit.cdr.columns import columns, flatten
from cctoolkit.cdr.forgetting import Rule
from cctoolkit.cdr.passed import whole
from cctoolkit.cdr.records import (
    AgentInterval,
    AgentLeg,
    CallRecord,
    Edge,
    Hold,
    Party,
    QueueVisit,
    StepTaken,
    Transfer,
)
from cctoolkit.cdr.retention import forget
from cctoolkit.cdr.rows import parts
from cctoolkit.cdr.store import Store, micros
from cctoolkit.cdr.wanted import Wanted
from cctoolkit.errors import OperatorError
from cctoolkit.kpi.contacts import call_ids, releases
from cctoolkit.kpi.interval import Window
from cctoolkit.kpi.query import figures
from cctoolkit.kpi.sources import Question
from tests.unit.cdr.passed_calls import START, at, chain

OLD = Path(__file__).parent / "store-version-1.sql"


def record(call: str = "n1-1.1", **changes: object) -> CallRecord:
    leg = AgentLeg("agent-1", at(2), "answered", at(9), at(60), "caller", at(60))
    whole = CallRecord(
        call=call,
        node="n1",
        project="hotline",
        generation="0a1b2c3d",
        release="r7",
        number="+78001002030",
        caller="+79161234567",
        entered=at(0),
        ended=at(60),
        outcome="answered",
        steps=(StepTaken("welcome", at(0), "done", at(1)), StepTaken("line", at(1))),
        visits=(QueueVisit("orders", at(1), "answered", at(9), (leg,)),),
    )
    return msgspec.structs.replace(whole, **changes)


class StoreContract:
    """The suite; `place` is a new one for each test, `do` runs a statement in it, whatever is there."""

    def connect(self, place):
        raise NotImplementedError

    def old_statements(self, text):
        """Return the statements of a dump, but for its transaction."""
        return [one for one in text.split(";\n") if one.startswith(("CREATE", "INSERT"))]

    def do(self, place, statement):
        with closing(self.connect(place)) as database:
            database.do(statement)

    @pytest.fixture
    def store(self, place):
        with Store.open(place) as opened:
            yield opened

    @pytest.fixture
    def old(self, place):
        """A store as the version before holds wrote it: one answered call, one agent's state."""
        with closing(self.connect(place)) as database:
            for statement in self.old_statements(OLD.read_text(encoding="utf-8")):
                database.do(statement)
        return place

    def test_newer_version_replaces_older(self, store):
        """A record whose wrap-up end arrived later takes the place of the earlier one, whichever is put last."""
        early = record()
        leg = msgspec.structs.replace(early.visits[0].legs[0], wrap_up_ended=at(75))
        visit = msgspec.structs.replace(early.visits[0], legs=(leg,))
        late = msgspec.structs.replace(early, visits=(visit,))
        assert store.put([early, late]) == 2
        assert store.put([early]) == 0
        assert list(store.calls()) == [late]

    def test_correction_of_equal_knowledge_replaces(self, store):
        """A record that knows as many moments as the one kept, but other ones, replaces it."""
        store.put([record()])
        moved = record(ended=Edge(at(61).at, "queue_log"))
        assert store.put([moved]) == 1
        assert store.get(moved.call) == moved

    def test_state_gains_its_end_once(self, store):
        """An agent's state put again with its end is one row; put again without the end it keeps it."""
        begun = AgentInterval("n1", "agent-1", "paused", at(0), None, "lunch")
        ended = msgspec.structs.replace(begun, end=at(600))
        assert [store.put_states([one]) for one in (begun, ended, ended, begun)] == [1, 1, 0, 0]
        assert list(store.states()) == [ended]
        assert list(store.states(since=START + timedelta(seconds=600))) == []

    def test_filters(self, store):
        """calls() yields by project, by time of entry (start in, end out) and by the test mark, in order of
        entry.
        """
        one = record("n1-1", entered=at(10))
        two = record("n1-2", entered=at(5), test=True)
        three = record("n1-3", entered=at(20), project="other")
        store.put([one, two, three])
        assert list(store.calls()) == [two, one, three]
        assert list(store.calls(test=False)) == [one, three]
        assert list(store.calls("hotline", test=True)) == [two]
        inside = store.calls(since=START + timedelta(seconds=10), until=START + timedelta(seconds=20))
        assert list(inside) == [one]
        assert store.get("n1-9") is None

    def test_many_calls_come_in_chunks(self, store):
        """More calls than are read at a time come back complete and in order."""
        records = [record(f"n1-{i:04}", entered=at(i)) for i in range(1203)]
        assert store.put(records) == len(records)
        assert list(store.calls()) == records

    def test_failed_batch_leaves_nothing(self, store):
        """An exception inside a batch undoes all of it."""

        def cut_off():
            with store.batch():
                store.put([record()])
                raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            cut_off()
        assert list(store.calls()) == []

    def test_reader_sees_commits_of_the_writer(self, store):
        """A reader opened while the writer works sees each commit."""
        with Store.read(store.place) as reader:
            assert list(reader.calls()) == []
            store.put([record()])
            assert list(reader.calls()) == [record()]

    def test_column_added_later_is_added_on_opening(self, place):
        """A file written before a field existed gains its column on opening, and reads as the field's default."""
        with Store.open(place) as store:
            store.put([record(cause=16)])
            store.database.do("ALTER TABLE calls DROP COLUMN cause")
        with pytest.raises(OperatorError, match="older cctoolkit"):
            Store.read(place)
        with Store.open(place) as store:
            assert list(store.calls()) == [record(cause=0)]

    @pytest.mark.parametrize(
        "change", ["UPDATE schema_version SET version = 99", "ALTER TABLE legs ADD COLUMN mood TEXT"]
    )
    def test_newer_file(self, place, change):
        """A file of a later schema, or with a column unknown here, is refused, not read halfway."""
        with Store.open(place) as store:
            store.database.do(change)
        for opened in (Store.open, Store.read):
            with pytest.raises(OperatorError, match="newer cctoolkit"):
                opened(place)

    def test_damaged_row(self, store):
        """A row that no record can be made from names the file instead of a traceback."""
        store.put([record()])
        store.database.do("UPDATE calls SET outcome = 'lost'")
        with pytest.raises(OperatorError, match="no call record") as caught:
            list(store.calls())
        assert caught.value.where == store.database.where

    def test_a_store_of_before_holds_opens(self, old):
        """Its calls and states are there, without holds; a later version of a call, with a hold, replaces it; read again
        it is whole. Until it has been opened to write, a reader is told what to do.
        """
        with pytest.raises(OperatorError, match="older cctoolkit"):
            Store.read(old)
        with Store.open(old) as store:
            (kept,) = store.calls()
            assert [leg.holds for leg in kept.visits[0].legs] == [(), ()]
            assert (kept.parties, kept.transfers, kept.recordings, kept.joined) == ((), (), (), "")
            assert kept.visits[0].legs[1].talk_seconds == 51
            assert len(list(store.states())) == 1
            leg = msgspec.structs.replace(
                kept.visits[0].legs[1], holds=(Hold(at(20), at(25)), Hold(at(30), at(60), False))
            )
            visit = msgspec.structs.replace(kept.visits[0], legs=(kept.visits[0].legs[0], leg))
            party = Party(
                "n1-2.1", "PJSIP/petrov", "202", "transfer", at(60), at(61), at(70), "answered", (Hold(at(62)),)
            )
            moved = Transfer("attended", at(60), "PJSIP/agent-1", "202", "PJSIP/petrov")
            held = msgspec.structs.replace(kept, visits=(visit,), parties=(party,), transfers=(moved,), score=5)
            assert store.put([held]) == 1
            assert store.put([kept]) == 0
        with Store.read(old) as store:
            assert list(store.calls()) == [held]
            assert [row["version"] for row in store.database.rows("SELECT version FROM schema_version")] == [5]

    def test_what_fails_in_an_upgrade_leaves_the_old_store(self, old, monkeypatch):
        """An upgrade is whole or not there: after one that failed, the file is of the old version and opens later."""
        monkeypatch.setattr(
            schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE x (y INTEGER) STRICT", "nonsense"))
        )
        with pytest.raises(OperatorError):
            Store.open(old)
        monkeypatch.undo()
        with Store.open(old) as store:
            assert len(list(store.calls())) == 1

    def test_somebody_elses_database(self, place):
        """A database with tables but without our schema version is refused and not touched."""
        self.do(place, "CREATE TABLE notes (text TEXT)")
        for opened in (Store.open, Store.read):
            with pytest.raises(OperatorError, match="not a store of call records"):
                opened(place)

    def test_two_writers_at_once(self, store, place):
        """Two captures that put the same calls and states at once, in other orders, leave each once, and the newest
        version of each."""
        early = [record(f"n1-{i:04}", entered=at(i), ended=None) for i in range(600)]
        late = [msgspec.structs.replace(one, ended=at(90)) for one in early]
        begun = [AgentInterval("n1", f"a-{i}", "paused", at(i), None, "lunch") for i in range(50)]
        ended = [msgspec.structs.replace(one, end=at(600)) for one in begun]
        failed = []

        def put(pieces, states):
            try:
                with Store.open(place) as other:
                    for piece in pieces:
                        other.put(piece)
                        other.put_states(states)
            except Exception as error:  # noqa: BLE001 - told below, in the test's own thread
                failed.append(error)

        pieces = [early[i : i + 50] for i in range(0, 600, 50)] + [late[i : i + 50] for i in range(0, 600, 50)]
        writers = [
            threading.Thread(target=put, args=(pieces, begun)),
            threading.Thread(target=put, args=(pieces[::-1], ended)),
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert failed == []
        assert list(store.calls()) == late
        assert list(store.states()) == ended
        assert store.put(early) + store.put(late) + store.put_states(begun) + store.put_states(ended) == 0

    def test_search(self, store):
        """Each filter finds what it says: node, outcome, number, caller whole or by its last digits, queue, agent."""
        other_visit = QueueVisit("support", at(31), "abandoned", at(40))
        one = record("n1-1")
        two = record("n2-1", node="n2", entered=at(30), outcome="abandoned", number="+74950001122", caller="",
                     visits=(other_visit,))  # fmt: skip
        part = record("n1-2", entered=at(50), joined="n1-1")
        store.put([one, two, part])
        for wanted, found in (
            (Wanted(), [one, two]), (Wanted(joined=True), [one, two, part]), (Wanted(node="n2"), [two]),
            (Wanted(outcome="answered"), [one]), (Wanted(number="+74950001122"), [two]), (Wanted(number="1122"), [two]),
            (Wanted(caller="+79161234567"), [one]), (Wanted(caller="9161234567"), [one]), (Wanted(caller="999"), []), (Wanted(calls=()), []),
            (Wanted(queue="orders"), [one]), (Wanted(queue="support", agent="agent-1"), []), (Wanted(agent="agent-1"), [one]),
            (Wanted(since=START + timedelta(seconds=30)), [two]), (Wanted(calls=("n1-2", "n2-1"), joined=True), [two, part]),
        ):  # fmt: skip
            assert list(store.search(wanted)) == found, wanted
            assert self.takes(store, wanted) == found, wanted

    def takes(self, store, wanted):
        """Return what the same filter takes of rows one by one, as it does of sealed ones."""
        every = [(one, dict(_named(one)), _below(one)) for one in store.search(Wanted(joined=True))]
        return [one for one, row, below in every if wanted.takes(row, below)]

    def test_hostile_text(self, store):
        """What a caller may send is kept as text: quotes, percent signs, a backslash, a NUL, a line's end."""
        texts = ("'; DROP TABLE calls; --", "100%s", "a\\N\tb\n", "x\0y", "\N{BULLET}")
        store.put([record(f"n1-{i}", entered=at(i), number=text) for i, text in enumerate(texts)])
        assert [one.number.replace("\N{REPLACEMENT CHARACTER}", "\0") for one in store.calls()] == list(texts)
        assert [one.call for one in store.search(Wanted(number="+'; DROP TABLE calls; --"))] == []

    @pytest.mark.parametrize(("how", "shown"), [("mask", "+7916•••••67"), ("drop", "")])
    def test_forgetting(self, store, how, shown):
        """Numbers of persons in calls before the day are masked or dropped, once for ever: again changes nothing, a
        replay of what was captured brings none back, and what is newer or of another project stays."""
        party = Party("c", "PJSIP/carrier", "+79031112233", "transfer", at(5))
        mate = Party("d", "PJSIP/petrov", "202", "dial", at(6))
        moved = Transfer("blind", at(5), "PJSIP/a", "89031112233")
        old = record("n1-1", parties=(party, mate), transfers=(moved,))
        young = record("n1-2", entered=at(86_400))
        other = record("n1-3", project="other", entered=at(1))
        store.put([old, young, other])
        rule = Rule("hotline", how, micros(START) + 60_000_000)
        assert forget(store, rule).numbers == 1
        assert forget(store, rule).numbers == 0
        kept = store.get("n1-1")
        assert (kept.caller, kept.parties[1].number, kept.number) == (shown, "202", old.number)
        assert "1112233" not in repr(kept)
        assert store.put([old, young, other]) == 0
        assert store.put([msgspec.structs.replace(old, answered=at(1))]) == 1
        assert store.get("n1-1").caller == shown
        assert (store.get("n1-2"), store.get("n1-3")) == (young, other)
        assert forget(store, Rule("hotline", "drop", rule.before)).numbers == (how == "mask")
        assert store.get("n1-1").caller == ""

    def test_records_are_forgotten_whole(self, store):
        """Calls kept too long are gone with all their rows, and a replay does not bring them back."""
        old, young = record("n1-1"), record("n1-2", entered=at(86_400))
        store.put([old, young])
        rule = Rule("hotline", "keep", records_before=micros(START) + 60_000_000)
        assert forget(store, rule).records == 1
        assert store.put([old, young]) == 0
        assert list(store.calls()) == [young]
        assert [row["call"] for row in store.database.rows("SELECT DISTINCT call FROM legs")] == ["n1-2"]

    def test_a_call_that_nodes_passed_on(self, store, place, tmp_path):
        """It is one whatever keeps it: found by what happened anywhere, once in figures, its parts still there."""
        window = Window(START - timedelta(hours=1), START + timedelta(hours=1), "UTC")
        with Store.open(tmp_path / "calls.sqlite") as other:
            for one in (store, other):
                one.put(reversed(chain()))
        asked = (*({"queue": queue} for queue in ("orders", "support", "vip")), {"agent": "anna"}, {"node": "n2"}, {})
        found = {"n1-1.1": whole(chain())}
        for wanted, calls in zip(asked, (found, found, {}, found, {}, found), strict=True):
            assert {one.call: one for one in store.search(Wanted("hotline", caller="+79161234567", **wanted))} == calls
        assert {one.call for one in store.search(Wanted(apart=True))} == {one.call for one in chain()}
        assert call_ids(store, "hotline", window) == ("n1-1.1",)
        for by in ("project", "number", "queue", "agent"):
            asked_of = Question("hotline", window, (by,))
            assert figures(place, asked_of) == figures(tmp_path / "calls.sqlite", asked_of)

    def test_figures_are_those_of_sqlite(self, store, place, tmp_path):
        """Every figure, by every group, is what it is of the same records in SQLite."""
        found = made(120)
        other = tmp_path / "other" / "calls.sqlite"
        with Store.open(other) as plain:
            for one in (store, plain):
                one.put(found[0])
                one.put_states(found[1])
        assert_same_figures(place, other)


def made(count, days=1):
    """Return calls over some days, answered by three agents or not, with holds, and the agents' states."""
    calls = []
    for i in range(count):
        start = i * days * 86_400 / count
        agent, answered = f"agent-{i % 3}", i % 4 > 0
        hold = (Hold(at(start + 40), at(start + 47.5)),) if i % 5 == 0 else ()
        leg = AgentLeg(agent, at(start + 3), "answered", at(start + 9.25 + i % 30), at(start + 60), "caller", at(start + 60),
                       at(start + 75), holds=hold)  # fmt: skip
        missed = AgentLeg("agent-2", at(start + 2), "no_answer", None, at(start + 3))
        visit = QueueVisit("orders" if i % 2 else "support", at(start + 1), "answered" if answered else "abandoned",
                           at(start + 9.25 + i % 30), (missed, leg) if answered else ())  # fmt: skip
        calls.append(
            record(f"n1-{i:05}", entered=at(start), ended=at(start + 60), release=f"r{i // 50}",
                   outcome="answered" if answered else "abandoned", visits=(visit,) if i % 7 else ())
        )  # fmt: skip
    states = []
    for day in range(days):
        for i in range(3):
            start = day * 86_400 + i * 60
            states.append(
                AgentInterval("n1", f"agent-{i}", "logged_in", at(start), at(start + 80_000 + 40_000 * (i == 2)))
            )
            states.append(AgentInterval("n1", f"agent-{i}", "paused", at(start + 5000), at(start + 5600), "lunch"))
    return calls, states


def assert_same_figures(place, other, days=1):
    """Hold all figures of two stores together, of each day and of all of them."""
    day = timedelta(days=1)
    start = START.replace(hour=0)
    windows = [Window(start, start + day * (days + 1), "Europe/Moscow")]
    windows += [Window(start + day * i, start + day * (i + 1), "Europe/Moscow") for i in range(min(days, 2))]
    for window in windows:
        for by in (
            ("queue", "1h"),
            ("project",),
            ("number", "1d"),
            ("agent",),
            ("agent", "reason"),
            ("queue", "agent"),
        ):
            asked = Question("hotline", window, by)
            found = figures(place, asked)
            assert any(figure.value for figure in found), (window, by)
            assert found == figures(other, asked), (window, by)
    with Store.read(place) as store, Store.read(other) as plain:
        for window in windows:
            assert call_ids(store, "hotline", window) == call_ids(plain, "hotline", window) != ()
            assert releases(store, "hotline", window) == releases(plain, "hotline", window)


def _named(one):
    return dict(zip([c.name for c in columns(type(one))], flatten(one), strict=True))


def _below(one):
    return {
        table: [dict(zip(schema.names(table), row, strict=True)) for row in rows] for table, rows in parts(one).items()
    }
