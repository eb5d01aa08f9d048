"""The report says what its calls say, in three languages."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache

import msgspec
import pytest

from cctoolkit.cdr.records import AgentInterval, AgentLeg, CallRecord, Edge, QueueVisit, StepTaken
from cctoolkit.cdr.store import Store, micros
from cctoolkit.errors import SpecError, ToolkitBug
from cctoolkit.kpi.figure import Limits, Target, Targets
from cctoolkit.kpi.interval import window
from cctoolkit.report import material as material_module
from cctoolkit.report.build import build
from cctoolkit.report.calls import masked
from cctoolkit.report.material import Subject, gather

START = datetime(2026, 11, 2, 6, tzinfo=UTC)
MADE = datetime(2026, 11, 3, 6, tzinfo=UTC)
DAY = window(date(2026, 11, 2), date(2026, 11, 2), "Europe/Moscow")
SUBJECT = Subject(
    "hotline", "Hotline <b>", "Client & Co",
    Targets(
        (Target("orders", 20, 0.8), Target("vip", 10, 0.9)),
        limits={("lost_call_rate", ""): Limits(at_most=0.1), ("average_talk", ""): Limits(at_most=60)},
    ),
    queue_titles={"orders": "Заказы"}, agents=("anna", "boris"),
    agent_names={"anna": "Анна <Петрова>", "boris": "Борис"},
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


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    with Store.open(folder / "calls.sqlite") as store:
        store.put([call(0, 5), call(1, 20), call(2, 40), call(3, 30, "abandoned"), call(4, 5, "abandoned")])
        store.put([call(5, 500, test=True), call(6, 500, project="other", release="r1")])
        store.put([call(7, 0, "ended_in_flow", visits=(), release="r8", caller="")])
        store.put_states([state("logged_in", 0, 3600), state("paused", 1800, 2400, "lunch")])
    return folder / "calls.sqlite"


def state(kind: str, start: int, end: int, reason: str = "") -> AgentInterval:
    edges = [Edge(micros(START + timedelta(seconds=at))) for at in (start, end)]
    return AgentInterval("n1", "anna", kind, *edges, reason)


@pytest.fixture(scope="module")
def material(path):
    return gather(path, SUBJECT, DAY)


@pytest.fixture(scope="module")
def page(material):
    """The report by its language, made once."""
    return cache(lambda speech: build(material, speech, MADE))


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
def test_figures_with_their_targets(page, speech, said):
    """The card of a queue shows 2 of 4 in time (a short abandon left out), its target, and the mean of 5,
    20, 40.
    """
    text = text_of(page(speech))
    for phrase in said:
        assert phrase in text


def test_heading(page):
    """Title, client, period, time zone and the releases the calls came in by stand on top, escaped."""
    html = page("en")
    text = text_of(html)
    assert "Hotline &lt;b&gt;" in text
    assert "Client &amp; Co" in text
    assert "2 November 2026" in text
    assert "Releases r7, r8" in text
    assert "3 Nov 2026, 09:00" in text


def test_outcomes_add_up(page):
    """The tables end in the calls offered: six calls, five visits; the other project and the test are in
    neither.
    """
    text = text_of(page("en"))
    assert "Answered 3 50% Abandoned 2 33.3% Ended in the menu or a message 1 16.7% Offered 6 100%" in text
    assert "Заказы 3 2 5 vip 0 0 0 Total 3 2 5" in text


def test_outcomes_that_do_not_add_up_are_no_report(material):
    """A report whose outcomes are not the calls offered is refused."""
    fewer = tuple(one for one in material.figures if one.metric != "offered")
    offered = [one for one in material.figures if one.metric == "offered"]
    wrong = tuple(msgspec.structs.replace(one, value=one.value + 1) for one in offered)
    with pytest.raises(ToolkitBug, match="do not add up"):
        build(msgspec.structs.replace(material, figures=fewer + wrong), "en", MADE)


def test_call_list(page):
    """A call's row has time, number, masked caller, steps, wait, talk, wrap-up and outcome; no full number
    is shown.
    """
    text = text_of(page("en"))
    row = "09:00:00 +7 800 100-20-30 •••4567 menu (1) → orders 5 secs 1 min 1 sec – 9 secs Answered"
    assert row in text
    assert "withheld" in text
    assert "9161234567" not in text


def test_long_list_is_left_out(path, monkeypatch):
    """With more calls than the limit the list is replaced by their number."""
    monkeypatch.setattr(material_module, "CALL_LIST_LIMIT", 5)
    material = gather(path, SUBJECT, DAY)
    assert material.calls == ()
    assert "The list is left out: 6 calls" in text_of(build(material, "en", MADE))


@pytest.mark.parametrize(("caller", "shown"), [("+79161234567", "•••4567"), ("101", "•••"), ("123456", "•••")])
def test_masked(caller, shown):
    """At most the last four digits show, and none of a number so short that they would be most of it."""
    assert masked(caller) == shown


def agreeing(**changes):
    """Return the subject with other targets or formulas."""
    return msgspec.structs.replace(SUBJECT, targets=msgspec.structs.replace(SUBJECT.targets, **changes))


LIMITS = {
    ("service_level", ""): Limits(at_least=0.45), ("lost_call_rate", ""): Limits(at_most=0.05),
    ("average_wait", ""): Limits(at_most=30), ("average_wait", "orders"): Limits(at_most=20),
}  # fmt: skip


@pytest.mark.parametrize(
    ("speech", "said"),
    [
        ("en", ["50% at least 45% on target, +5 pp", "25% at most 5% off target, +20 pp",
                "21.7 secs at most 30 secs on target, −8.3 secs", "Заказы Average wait 21.7 secs at most 20 secs off target, +1.7 secs"]),
        ("ru", ["50 % не менее 45 % цель достигнута, +5 п. п.", "25 % не более 5 % цель не достигнута, +20 п. п.",
                "Заказы Среднее ожидание 21,7 с не более 20 с цель не достигнута, +1,7 с"]),
        ("pl", ["50% co najmniej 45% cel osiągnięty, +5 p.p.", "25% najwyżej 5% cel nieosiągnięty, +20 p.p."]),
    ],
)  # fmt: skip
def test_targets_and_deviations(path, speech, said):
    """Beside each figure agreed stand its target and how far it is off, in words and by colour; queues' own follow."""
    html = build(gather(path, agreeing(limits=LIMITS), DAY), speech, MADE)
    for phrase in said:
        assert phrase in text_of(html), phrase
    assert html.count('<span class="verdict missed">') >= 2
    assert '<span class="verdict met">' in html


def test_formula_used_is_printed(path):
    """The variant the project chose is computed and named, and an unknown one is the spec's mistake."""
    chosen = agreeing(formulas={"service_level": "of_answered", "average_wait": "all"})
    text = text_of(build(gather(path, chosen, DAY), "en", MADE))
    assert "Service level 66.7%" in text
    assert "(service_level.of_answered) answered within the target ÷ answered" in text
    assert "Average wait 20 secs" in text
    wrong = agreeing(formulas={"service_level": "best"})
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
    """A project without queues and targets has a report of its calls, and no service level over time."""
    ended = call(0, 0, "ended_in_flow", visits=())
    with Store.open(tmp_path / "s.sqlite") as store:
        store.put([ended])
    subject = msgspec.structs.replace(SUBJECT, targets=Targets())
    html = build(gather(tmp_path / "s.sqlite", subject, DAY), "en", MADE)
    assert html.count("<svg") == 1
    assert 'aria-label="Calls by half hour"' in html
    assert "Ended in the menu or a message 1 100%" in text_of(html)


@pytest.mark.parametrize(
    ("speech", "rows"),
    [
        (
            "en",
            [
                "Service level 50% by queue, below answered within the target ÷",
                "Lost calls 25% at most 10% off target, +15 pp abandoned, without short abandons ÷",
                "Average talk 1 min 1 sec at most 1 min off target, +1 sec talk time without hold ÷ conversations",
                "After-call work 9 secs wrap-up time ÷ conversations",
                "Handled per operator 3.0 conversations ÷ operators",
                "Operators&#39; working time 1:00 from log-in to log-out",
                "Average wait 21.7 secs waiting time of answered calls ÷ answered calls",
                "Gave up in under 15 secs 1 number of callers",
            ],
        ),
        ("ru", ["Доля потерянных звонков 25 % не более 10 %", "Ушли раньше чем через 15 с 1 число абонентов"]),
        ("pl", ["Połączenia utracone 25% najwyżej 10%", "Zrezygnowali wcześniej niż po 15 sek. 1 liczba"]),
    ],
)
def test_the_figures_agreed_come_first(page, speech, rows):
    """The eight figures stand before all others, each with value, target (or none) and formula, in their order."""
    text = text_of(page(speech))
    places = [text.index(row) for row in rows]
    assert places == sorted(places)
    assert places[-1] < text.index(
        {"en": "All calls Service", "ru": "Все звонки Уровень", "pl": "Wszystkie połączenia Poziom"}[speech]
    )


def test_one_target_of_all_queues_is_the_projects(path):
    """When all queues share a target the table names it."""
    subject = msgspec.structs.replace(SUBJECT, targets=Targets((Target("orders", 20, 0.8), Target("vip", 20, 0.8))))
    assert "Service level 50% 80% within 20 secs off target, −30 pp" in text_of(
        build(gather(path, subject, DAY), "en", MADE)
    )


def test_operators(page):
    """Anna handled 3 calls, and a fourth of another project fills her hour too; 10 min were lunch. Boris was away."""
    html = page("en")
    text = text_of(html)
    # Busy from 00:03 to 03:43 with calls that overlap, and 499 + 61 s with the other project's: 780 of 3000 s.
    row = "Анна &lt;Петрова&gt; 3 4.0 1 min 1 sec 9 secs 1:00 0:37 0:10 26%"
    assert row in text[text.index("Per hour") :][:400]
    assert "Total 3 1 min 1 sec 9 secs 1:00 0:37 0:10" in text
    assert "lunch Total Анна &lt;Петрова&gt; 0:10 0:10" in text
    assert "Not logged in: Борис." in text
    assert 'aria-label="Working time of operators"' in html


def test_over_time(page):
    """The chart of calls begins with the first half hour that had one and ends with the last."""
    html = page("en")
    chart = html.split('aria-label="Calls by half hour"')[1].split("</svg>")[0]
    assert re.findall(r">(\d\d:\d\d)<", chart) == ["09:00"]
    assert all(f">{name}<" in chart for name in ("Answered", "Abandoned", "Ended otherwise"))
    assert "Service level by half hour" in html


def test_a_longer_period_is_by_days(path):
    """A chart of more than a day has a column a day, labelled with its date."""
    span = window(date(2026, 11, 1), date(2026, 11, 3), "Europe/Moscow")
    html = build(gather(path, SUBJECT, span), "ru", MADE)
    chart = html.split('aria-label="Звонки: по дням"')[1].split("</svg>")[0]
    assert re.findall(r">(\d\d\.\d\d)<", chart) == ["02.11"]


def test_operators_time_goes_on_until_the_report_is_made(path):
    """An agent still logged in has worked until now, not until the period's end."""
    now = START + timedelta(minutes=20)
    assert "Operators&#39; working time 0:20" in text_of(build(gather(path, SUBJECT, DAY, now), "en", MADE))
