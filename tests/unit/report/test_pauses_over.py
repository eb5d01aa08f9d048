"""Pauses over the limit in the report, in three languages."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from cctoolkit.cdr.records import AgentInterval, Edge
from cctoolkit.cdr.store import Store, micros
from cctoolkit.kpi.figure import Targets
from cctoolkit.kpi.interval import window
from cctoolkit.report.build import build
from cctoolkit.report.material import Subject, gather

START = datetime(2026, 11, 2, 6, tzinfo=UTC)
DAY = window(date(2026, 11, 2), date(2026, 11, 2), "Europe/Moscow")
SUBJECT = Subject("hotline", "Hotline", "Client", Targets(), agents=("anna",), agent_names={"anna": "Анна <b>"})


def at(seconds: float) -> Edge:
    return Edge(micros(START + timedelta(seconds=seconds)))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A store in which Anna has lunch for fifty minutes, and a break that has not ended."""
    found = tmp_path_factory.mktemp("report") / "calls.sqlite"
    with Store.open(found) as store:
        store.put_states([
            AgentInterval("n1", "anna", "logged_in", at(0), None),
            AgentInterval("n1", "anna", "paused", at(3600), at(6600), "lunch"),
            AgentInterval("n1", "anna", "paused", at(9000), None, "break"),
        ])  # fmt: skip
    return found


def text(path, language: str, **limits: float) -> str:
    made = START + timedelta(seconds=9700)
    subject = Subject(**{name: getattr(SUBJECT, name) for name in SUBJECT.__struct_fields__} | {"pause_limits": limits})
    return " ".join(re.sub("<[^>]+>", " ", build(gather(path, subject, DAY, made), language, made)).split())


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("ru", "Паузы сверх лимита Оператор Причина Лимит Раз Сверх лимита Самая долгая Анна &lt;b&gt; lunch 45 мин 1 5 мин 50 мин"),
        ("pl", "Przerwy ponad limit Konsultant Powód Limit Ile razy Ponad limit Najdłuższa Anna"),
        ("en", "Pauses over the limit Operator Reason Limit Times Over the limit Longest Анна &lt;b&gt; lunch 45 mins 1 5 mins 50 mins"),
    ],
)  # fmt: skip
def test_the_table_says_who_and_how_much(path, language, says):
    """Each language has its words; a lunch of fifty minutes is five over, a break that goes on counts until now."""
    found = text(path, language, lunch=2700, **{"break": 600})
    assert says.replace("Anna", "Анна") in found
    assert "break" in found.partition("Najdłuższa" if language == "pl" else says[:20])[2][:400]


def test_nothing_over_is_no_table(path):
    """With limits nobody reached there is no such table, nor with none."""
    assert "Pauses over" not in text(path, "en", lunch=3000)
    assert "Pauses over" not in text(path, "en")
