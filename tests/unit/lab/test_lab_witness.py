from datetime import UTC, datetime

import pytest

from cctoolkit.errors import ToolkitBug
from cctoolkit.lab.street_config import COLUMNS
from cctoolkit.lab.witness import USER_EVENT, Witness, parse

PLAIN = {
    "at": "1795366977.000004",
    "kind": "ANSWER",
    "uniqueid": "street-1",
    "linkedid": "street-1",
    "channel": "PJSIP/carrier-n1-0000000a",
    "caller_number": "+79161234567",
    "context": "callers",
    "exten": "talk",
    "dialled": "+78001002030",
}


def line(**fields: str) -> str:
    """A line as CSV_QUOTE writes it."""
    values = PLAIN | fields
    return ",".join('"{}"'.format(values.get(column, "").replace('"', '""')) for column in COLUMNS) + "\n"


def test_times_are_utc_and_exact_to_the_microsecond():
    [event] = parse(line())
    assert event.at == datetime(2026, 11, 22, 17, 2, 57, 4, tzinfo=UTC)


@pytest.mark.parametrize("name", ['x,"Step: FAKE", o\'y\\', '","', '"', "Иванова; | Анна", "a\\", ",,,"])
def test_a_hostile_name_stays_in_its_field(name):
    [event] = parse(line(caller_name=name))
    assert (event.caller_name, event.context, event.exten) == (name, "callers", "talk")


def test_a_line_break_in_a_name_does_not_start_an_event():
    [event] = parse(line(caller_name="a\nb"))
    assert event.caller_name == "a\nb"


@pytest.mark.parametrize("kind", ["pressed", "USER_DEFINED"])
def test_our_own_events_come_out_the_same_whatever_the_backend_calls_them(kind):
    [event] = parse(line(kind=kind, name="pressed", extra='{"extra":"2#"}'))
    assert (event.kind, event.name, event.extra) == (USER_EVENT, "pressed", "2#")


def test_a_hangup_has_its_cause_and_others_have_none():
    answer, hangup = parse(line() + line(kind="HANGUP", extra='{"hangupcause":17,"hangupsource":"x"}'))
    assert (answer.cause, hangup.cause) == (None, 17)


def test_the_endpoint_may_have_hyphens():
    [event] = parse(line(channel="PJSIP/phone-de-la-cruz-00000003"))
    assert event.endpoint == "phone-de-la-cruz"


def test_a_line_of_another_shape_is_a_bug_not_an_event():
    with pytest.raises(ToolkitBug):
        parse('"1.0","ANSWER"\n')


def test_a_half_written_line_waits_for_its_end(tmp_path):
    log = tmp_path / "witness.csv"
    witness = Witness(log)
    assert witness.read() == []
    whole, second = line(), line(uniqueid="street-2")
    log.write_text(whole + second[:20])
    assert [e.uniqueid for e in witness.read()] == ["street-1"]
    with log.open("a") as file:
        file.write(second[20:])
    assert [e.uniqueid for e in witness.read()] == ["street-2"]
    assert [e.uniqueid for e in witness.events] == ["street-1", "street-2"]
