"""A call that nodes passed on is one, whatever of it there is, in whatever order it came, sealed or not."""

from datetime import timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace

from cctoolkit.cdr.forgetting import Rule
from cctoolkit.cdr.passed import whole
from cctoolkit.cdr.retention import forget
from cctoolkit.cdr.sealing import seal
from cctoolkit.cdr.store import Store, micros
from cctoolkit.cdr.wanted import Wanted
from cctoolkit.kpi.contacts import call_ids, calls, visits
from cctoolkit.kpi.interval import Window
from cctoolkit.kpi.legs import legs
from cctoolkit.kpi.query import figures
from cctoolkit.kpi.sources import Question
from tests.unit.cdr.passed_calls import START, at, chain, part, waits

WINDOW = Window(START - timedelta(hours=1), START + timedelta(hours=1), "UTC")


def values(place, *by, project="hotline", window=WINDOW):
    found = figures(place, Question(project, window, by))
    return {
        (row.queue or row.number or row.agent or "", row.metric, row.variant): row.value for row in found if row.value
    }


def test_the_whole_of_a_chain():
    """It entered as the first says, ended as the last does, and has everybody's queues and legs in between."""
    one = whole(chain())
    assert (one.call, one.number, one.node, one.continues, one.hop) == ("n1-1.1", "+78001002030", "n1", "", 0)
    assert (one.entered, one.ended, one.outcome, one.hung_up_by) == (at(0), at(99), "answered", "agent")
    assert [visit.queue for visit in one.visits] == ["orders", "support", "orders"]
    assert sum(visit.wait_seconds for visit in one.visits) == 35
    assert [step.step for step in one.steps] == ["line", "on", "there", "back"]
    assert one.passed_to == "n2 n1"


def test_parts_that_are_missing():
    """Without the last part the call is where it was passed to; without the one between, its end is still known; without
    the first the next is the call; who refused the call has no say in how it ended.
    """
    first, tried, second, third = chain()
    assert (whole([first]).outcome, whole([first]).passed_to) == ("transferred", "n2")
    assert (whole([first, tried, second]).outcome, whole([first, second]).passed_to) == ("transferred", "n2 n1")
    assert (whole([first, third]).ended, whole([first, third]).outcome) == (third.ended, "answered")
    assert (whole([second, third]).call, whole([second, third]).continues) == ("n2-9.1", "n1-1.1")
    assert (whole([tried, second]).outcome, whole([tried, second, third]).outcome) == ("transferred", "answered")
    stayed = replace(first, passed_to="", outcome="abandoned", hung_up_by="caller")
    assert (whole([stayed, tried]).outcome, whole([stayed, tried]).hung_up_by) == ("abandoned", "caller")
    assert whole([stayed, tried]).ended == stayed.ended


def test_any_order_of_arrival(tmp_path):
    """However the parts come, and twice, there is one call; figures by project and number count it once, those by queue
    each visit, under the number first dialled.
    """
    expected = None
    for number, order in enumerate(permutations(chain())):
        place = tmp_path / f"{number}.sqlite"
        with Store.open(place) as store:
            for one in (*order, *order):
                store.put([one])
            found = list(store.calls())
            assert found == [whole(chain())]
            assert call_ids(store, "hotline", WINDOW) == ("n1-1.1",)
            expected = expected or found
            assert found == expected
    whole_project, by_queue = values(place, "project"), values(place, "queue")
    assert whole_project["", "offered", "default"] == whole_project["", "answered", "default"] == 1
    assert whole_project["", "average_wait", "answered"] == 35
    assert values(place, "number")["+78001002030", "handled", "default"] == 1
    assert {key[0] for key in values(place, "number")} == {"+78001002030"}
    assert {key[0] for key in values(place, "queue", "number")} == {"orders", "support"}
    assert (by_queue["orders", "offered", "default"], by_queue["support", "offered", "default"]) == (2, 1)


def test_filters_see_the_whole(tmp_path):
    """A call is found by what happened on any node, and is told whole; parts by themselves are not in a list."""
    with Store.open(tmp_path / "calls.sqlite") as store:
        store.put([*chain(), part("n1-7.1", 5, 6)])
        one = whole(chain())
        for wanted in (
            {"queue": "support"},
            {"agent": "anna"},
            {"outcome": "answered"},
            {"number": "30", "node": "n1"},
        ):
            assert one in store.search(Wanted("hotline", **wanted))
        for wanted in (
            {"outcome": "transferred"},
            {"outcome": "busy"},
            {"queue": "vip"},
            {"number": "31"},
            {"node": "n2"},
        ):
            assert list(store.search(Wanted(**wanted))) == []
        assert list(store.search(Wanted(since=at(-1).moment(), until=at(1).moment()))) == [one]
        assert {two.call for two in store.search(Wanted(apart=True))} == {*(p.call for p in chain()), "n1-7.1"}
        assert store.get("n2-9.1") == chain()[2]


def test_filters_see_a_part_that_is_all_there_is(tmp_path):
    """A part whose others are another project's, or were captured nowhere, is found by what happened in it, and by no more."""
    first, _, second, third = chain()
    second = replace(second, project="other", passed_to="", outcome="abandoned", hung_up_by="caller")
    with Store.open(tmp_path / "calls.sqlite") as store:
        store.put([first, second, replace(third, continues="n1-0.1")])
        for project, found, missed in (
            ("hotline", [{"queue": "orders", "outcome": "transferred"}, {"agent": "anna"}], [{"outcome": "abandoned"}, {"queue": "support"}]),
            ("other", [{"queue": "support"}], [{"queue": "vip"}, {"agent": "anna"}]),
        ):  # fmt: skip
            assert [len(list(store.search(Wanted(project, **one)))) for one in found] == [1] * len(found)
            assert [list(store.search(Wanted(project, **one))) for one in missed] == [[]] * len(missed)


def test_no_call_is_hidden(tmp_path):
    """Calls said to go on with themselves, with each other, or with a part are told by themselves, in lists and figures."""
    said = {"n1-6.1": "n1-7.1", "n1-7.1": "n1-6.1", "n1-8.1": "n2-9.1", "n1-9.1": "n1-9.1"}
    with Store.open(tmp_path / "calls.sqlite") as store:
        store.put([*chain(), *(part(call, 1, 2, continues=other, hop=1) for call, other in said.items())])
        assert {one.call for one in store.calls("hotline")} == {one.call for one in store.calls()} == {"n1-1.1", *said}
        assert set(call_ids(store, "hotline", WINDOW)) == {"n1-1.1", *said}
        assert whole(chain()) in store.calls()


def test_a_call_that_is_part_of_another_hides_none(tmp_path):
    """A first part that turned out to be part of another call is in no list; what another node told of it is."""
    first, _, second, third = chain()
    with Store.open(tmp_path / "calls.sqlite") as store:
        store.put([replace(first, joined="n1-5.1"), second, third, part("n1-5.1", 0, 100)])
        rest = whole([second, third])
        for project in (None, "hotline"):
            assert list(store.calls(project)) == [rest, part("n1-5.1", 0, 100)]
            assert list(store.search(Wanted(project, agent="anna"))) == [rest]
            assert whole([replace(first, joined="n1-5.1"), second, third]) in store.search(Wanted(project, joined=True))
            assert rest not in store.search(Wanted(project, joined=True))
        store.put([replace(second, call="n2-8.1", joined="n2-5.1", continues="n1-0.1", passed_to="n1", hop=1),
                   replace(third, call="n1-3.1", continues="n1-0.1")])  # fmt: skip
        assert [one.call for one in store.calls() if one.continues == "n1-0.1"] == ["n1-3.1"]


class Beside:
    """A store in which a capture puts a part of a call between the first question and the second."""

    def __init__(self, path, there, late):
        self._store, self._late = Store.open(path), late
        self._store.put([there])

    def select(self, query, values):
        found = list(self._store.select(query, values))
        self._store.put([self._late])
        return iter(found)


def test_a_part_that_comes_while_figures_are_read(tmp_path):
    """The call is counted once, by one number or the other but not by both."""
    first, _, _, third = chain()
    asks = (calls, visits, legs)
    for number, ask in enumerate(asks):
        found = [one.number for one in ask(Beside(tmp_path / f"{number}", third, first), "hotline", WINDOW)]
        assert found == ["+78001002030"], ask.__name__
    assert call_ids(Beside(tmp_path / "ids", third, first), "hotline", WINDOW) == ("n1-1.1",)


def test_each_project_has_its_own_part(tmp_path):
    """A call that comes to another project's number is one call, and each project's figures and list have its own part:
    for the first it was transferred, for the other it entered by its own number.
    """
    first, _, second, third = chain()
    second = replace(second, project="other", passed_to="", outcome="abandoned", hung_up_by="caller")
    place = tmp_path / "calls.sqlite"
    with Store.open(place) as store:
        store.put([second, first])
        (one,) = store.calls()
        assert (one.project, one.outcome, [visit.queue for visit in one.visits]) == (
            "hotline", "abandoned", ["orders", "support"],
        )  # fmt: skip
        assert list(store.calls("hotline")) == [first]
        assert list(store.calls("other")) == [second]
        assert (call_ids(store, "hotline", WINDOW), call_ids(store, "other", WINDOW)) == (("n1-1.1",), ("n2-9.1",))
    ours, theirs = values(place, "number"), values(place, "number", project="other")
    assert {key[0] for key in ours} == {"+78001002030"}
    assert {key[0] for key in theirs} == {"+78001002032"}
    assert ours["+78001002030", "offered", "default"] == theirs["+78001002032", "offered", "default"] == 1
    # It came back: the first project's parts are one call of its own, around the other's.
    with Store.open(place) as store:
        store.put(
            [replace(second, passed_to="n1", outcome="transferred", hung_up_by="", ended=at(40), cause=16), third]
        )
        assert [one.outcome for one in store.calls("hotline")] == ["answered"]
        assert [len(one.visits) for one in store.calls()] == [3]
    assert values(place, "project")["", "average_wait", "answered"] == 15


def test_a_call_belongs_to_when_it_joined_its_first_queue(tmp_path):
    """A call over midnight is counted on the day it joined its first queue, with how it ended on the next."""
    first, _, second, third = (replace(one, visits=()) for one in chain())
    late = 15 * 3600 - 40
    first = replace(first, entered=at(late), visits=waits("orders", late + 1, 10))
    third = replace(third, entered=at(late + 60), visits=waits("orders", late + 61, 5, "answered"))
    midnight = START + timedelta(hours=15)
    days = [Window(start, start + timedelta(days=1), "UTC") for start in (midnight - timedelta(days=1), midnight)]
    place = tmp_path / "calls.sqlite"
    with Store.open(place) as store:
        store.put([third, second, first])
        assert [call_ids(store, "hotline", day) for day in days] == [("n1-1.1",), ()]
    today, tomorrow = (values(place, "project", window=day) for day in days)
    assert (today["", "answered", "default"], today["", "average_wait", "answered"]) == (1, 15)
    assert ("", "offered", "default") not in tomorrow


def test_sealing_leaves_it_where_all_nodes_can_tell_it(tmp_path):
    """Parts are in no sealed day, and a first part that was sealed when another node tells its part, a week late, comes
    back; whatever is sealed, the figures are the same.
    """
    first, tried, *rest = chain()
    place = tmp_path / "calls.sqlite"
    stayed = replace(first, passed_to="", outcome="abandoned", hung_up_by="caller")
    others = [part(f"n1-7.{n}", n, n + 1, visits=waits("orders", n, 0.5)) for n in range(3)]
    tomorrow = START.date() + timedelta(days=1)
    with Store.open(place) as store:
        store.put([stayed, *others])
        assert [day.calls for day in seal(store, tomorrow)] == [4]
        store.put([tried])
        assert next(one for one in store.calls() if one.call == "n1-1.1") == whole([stayed, tried])
        before = values(place, "project"), values(place, "number"), values(place, "queue")
        assert before[0]["", "offered", "default"] == 4
        assert seal(store, tomorrow) == []
        assert sum(1 for _ in store.database.rows("SELECT call FROM calls")) == 2
        assert (values(place, "project"), values(place, "number"), values(place, "queue")) == before
        store.put([first, *rest])
        assert len(list(store.calls())) == 4
        assert whole(chain()) in store.search(Wanted(agent="anna"))


def test_a_first_part_of_the_next_day_comes_back(tmp_path):
    """The second node's clock is a minute behind, and it is midnight."""
    late = 15 * 3600 + 5
    first = part("n1-1.1", late, late + 9, outcome="abandoned", hung_up_by="caller")
    with Store.open(tmp_path / "calls.sqlite") as store:
        store.put([first])
        assert [day.calls for day in seal(store, START.date() + timedelta(days=3))] == [1]
        store.put([part("n2-9.1", late - 55, late - 50, continues="n1-1.1", hop=1, outcome="busy")])
        assert [one.call for one in store.calls()] == ["n1-1.1"]


@pytest.mark.parametrize("how", ["mask", "drop"])
def test_forgetting_holds_for_every_part(tmp_path, how):
    """Numbers are masked in all parts; when the first part is to be kept no longer the rest is the call."""
    with Store.open(tmp_path / "calls.sqlite") as store:
        store.put(chain())
        forget(store, Rule("hotline", how, before=micros(START) + 10**9))
        (one,) = store.calls()
        assert "+79161234567" not in repr(list(store.search(Wanted(apart=True))))
        assert len(one.visits) == 3
        store.put(chain())
        assert list(store.calls()) == [one]
        forget(store, Rule("hotline", how, before=micros(START) + 10**9, records_before=micros(START) + 20 * 10**6))
        (rest,) = store.calls()
        assert (rest.call, rest.continues, rest.outcome) == ("n1-2.1", "n1-1.1", "answered")
