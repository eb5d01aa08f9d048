"""The report says what its calls say, in three languages."""

import re
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from cctoolkit.cdr.records import AgentLeg, CallRecord, Edge, QueueVisit, StepTaken
from cctoolkit.cdr.store import Store, micros
from cctoolkit.errors import SpecError, ToolkitBug
from cctoolkit.kpi.figure import Target, Targets
from cctoolkit.kpi.interval import window
from cctoolkit.report import material as material_module
from cctoolkit.report.build import build
from cctoolkit.report.calls import masked
from cctoolkit.report.material import Subject, gather

START = datetime(2026, 11, 2, 6, tzinfo=UTC)
MADE = datetime(2026, 11, 3, 6, tzinfo=UTC)
DAY = window(date(2026, 11, 2), date(2026, 11, 2), "Europe/Moscow")
SUBJECT = Subject(
    "hotline", "Hotline <b>", "Client & Co", Targets((Target("orders", 20, 0.8), Target("vip", 10, 0.9))),
    queue_titles={"orders": "Заказы"},
)  # fmt: skip


def call(place: int, wait: float, outcome: str = "answered", **changes: object) -> CallRecord:
    def at(seconds: float) -> Edge:
        return Edge(micros(START + timedelta(minutes=place, seconds=seconds)))

    end = 2 + wait
    leg = AgentLeg("anna", at(3), "answered", at(end), at(end + 61), "caller", at(end + 61), at(end + 70))
    steps = (StepTaken("menu", at(0), "1", at(2)), StepTaken("orders", at(2), outcome, at(end)))
    visit = QueueVisit("orders", at(2), outcome, at(end), (leg,) if outcome == "answered" else ())
    base = CallRecord(
        f"n1-{place}", "n1", "hotline", "g", "r7", "+78001002030", "+79161234567", at(0),
        ended=at(end + 61), outcome=outcome, steps=steps, visits=(visit,),
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


@pytest.fixture
def path(tmp_path):
    with Store.open(tmp_path / "calls.sqlite") as store:
        store.put([call(0, 5), call(1, 20), call(2, 40), call(3, 30, "abandoned"), call(4, 5, "abandoned")])
        store.put([call(5, 500, test=True), call(6, 500, project="other", release="r1")])
        store.put([call(7, 0, "ended_in_flow", visits=(), release="r8", caller="")])
    return tmp_path / "calls.sqlite"


def text_of(html: str) -> str:
    spaced = html.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NON-BREAKING HYPHEN}", "-")
    body = spaced.split("</style>")[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize(
    ("speech", "said"),
    [
        ("en", ["Service level 50%", "below target", "target 80% within 20 secs", "Average wait 21.7 secs"]),
        ("ru", ["Уровень обслуживания 50 %", "ниже цели", "цель 80 % за 20 с", "Среднее ожидание 21,7 с"]),
        ("pl", ["Poziom obsługi 50%", "poniżej celu", "cel 80% w 20 sek.", "Średnie oczekiwanie 21,7 sek."]),
    ],
)
def test_figures_with_their_targets(path, speech, said):
    """The card of a queue shows 2 of 4 in time (a short abandon left out), its target, and the mean of 5,
    20, 40.
    """
    text = text_of(build(gather(path, SUBJECT, DAY), speech, MADE))
    for phrase in said:
        assert phrase in text


def test_heading(path):
    """Title, client, period, time zone and the releases the calls came in by stand on top, escaped."""
    html = build(gather(path, SUBJECT, DAY), "en", MADE)
    text = text_of(html)
    assert "Hotline &lt;b&gt;" in text
    assert "Client &amp; Co" in text
    assert "2 November 2026" in text
    assert "Releases r7, r8" in text
    assert "3 Nov 2026, 09:00" in text


def test_outcomes_add_up(path):
    """The tables end in the calls offered: six calls, five visits; the other project and the test are in
    neither.
    """
    text = text_of(build(gather(path, SUBJECT, DAY), "en", MADE))
    assert "Answered 3 50% Abandoned 2 33.3% Ended in the menu or a message 1 16.7% Offered 6 100%" in text
    assert "Заказы 3 2 5 vip 0 0 0 Total 3 2 5" in text


def test_outcomes_that_do_not_add_up_are_no_report(path):
    """A report whose outcomes are not the calls offered is refused."""
    material = gather(path, SUBJECT, DAY)
    fewer = tuple(one for one in material.figures if one.metric != "offered")
    offered = [one for one in material.figures if one.metric == "offered"]
    wrong = tuple(msgspec.structs.replace(one, value=one.value + 1) for one in offered)
    with pytest.raises(ToolkitBug, match="do not add up"):
        build(msgspec.structs.replace(material, figures=fewer + wrong), "en", MADE)


def test_call_list(path):
    """A call's row has time, number, masked caller, steps, wait, talk, wrap-up and outcome; no full number
    is shown.
    """
    text = text_of(build(gather(path, SUBJECT, DAY), "en", MADE))
    row = "09:00:00 +7 800 100-20-30 •••4567 menu (1) → orders 5 secs 1 min 1 sec 9 secs Answered"
    assert row in text
    assert "withheld" in text
    assert "9161234567" not in text


def test_long_list_is_left_out(path, monkeypatch):
    """With more calls than the limit the list is replaced by their number."""
    monkeypatch.setattr(material_module, "CALL_LIST_LIMIT", 5)
    material = gather(path, SUBJECT, DAY)
    assert material.calls == ()
    assert "The list is left out: 6 calls" in text_of(build(material, "en", MADE))


@pytest.mark.parametrize(
    ("caller", "shown"), [("+79161234567", "•••4567"), ("101", "•••"), ("123456", "•••")]
)
def test_masked(caller, shown):
    """At most the last four digits show, and none of a number so short that they would be most of it."""
    assert masked(caller) == shown


def test_formula_used_is_printed(path):
    """The variant the project chose is computed and named, and an unknown one is the spec's mistake."""
    chosen = msgspec.structs.replace(
        SUBJECT, formulas={"service_level": "of_answered", "average_wait": "all"}
    )
    text = text_of(build(gather(path, chosen, DAY), "en", MADE))
    assert "Service level 66.7%" in text
    assert "(service_level.of_answered) answered within the target ÷ answered" in text
    assert "Average wait 20 secs" in text
    wrong = msgspec.structs.replace(SUBJECT, formulas={"service_level": "best"})
    with pytest.raises(SpecError, match="'best'"):
        build(gather(path, wrong, DAY), "en", MADE)


def test_precision_note(tmp_path):
    """Calls that whole seconds cannot place on either side of the target are counted in a note."""
    near = call(0, 20)
    (visit,) = near.visits
    rough = msgspec.structs.replace(visit, left=Edge(visit.left.at, "queue_log"))
    with Store.open(tmp_path / "s.sqlite") as store:
        store.put([msgspec.structs.replace(near, visits=(rough,)), call(1, 19.5)])
    text = text_of(build(gather(tmp_path / "s.sqlite", SUBJECT, DAY), "en", MADE))
    assert "precision of measurement could decide: 1." in text


def test_a_target_just_missed_does_not_read_as_met(tmp_path):
    """66.667 % against 66.67 % is printed with the digits that show it."""
    target = Targets((Target("orders", 20, 0.6667),))
    with Store.open(tmp_path / "s.sqlite") as store:
        store.put([call(0, 5), call(1, 5), call(2, 50)])
    subject = msgspec.structs.replace(SUBJECT, targets=target)
    assert "66.667%" in text_of(build(gather(tmp_path / "s.sqlite", subject, DAY), "en", MADE))


@pytest.mark.parametrize("speech", ["ru", "pl", "en"])
def test_no_calls(tmp_path, speech):
    """A period without calls gives a report with dashes, not with 0 or 100 %."""
    Store.open(tmp_path / "s.sqlite").close()
    text = text_of(build(gather(tmp_path / "s.sqlite", SUBJECT, DAY), speech, MADE))
    assert not re.search(r"[^\d](0|100) ?%", text.split("80", 1)[0])
    assert "–" in text


def test_project_without_queues(tmp_path):
    """A project without queues and targets has a report of its calls, without charts."""
    ended = call(0, 0, "ended_in_flow", visits=())
    with Store.open(tmp_path / "s.sqlite") as store:
        store.put([ended])
    subject = msgspec.structs.replace(SUBJECT, targets=Targets())
    html = build(gather(tmp_path / "s.sqlite", subject, DAY), "en", MADE)
    assert "<svg" not in html
    assert "Ended in the menu or a message 1 100%" in text_of(html)
