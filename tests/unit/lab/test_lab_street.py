import pytest

from cctoolkit.errors import UsageError
from cctoolkit.lab import session, street_config
from cctoolkit.lab.hostile import KINDS, caller


def test_keys_are_pressed_in_the_order_of_their_times():
    assert session.schedule([(2.5, "2#"), (1, "1")]) == "1:1&2.5:2#"
    assert session.schedule([]) == ""


@pytest.mark.parametrize("pressed", ["", "1&5:2", "x", "1,System(rm)", "1 "])
def test_what_is_no_key_never_reaches_the_dialplan(pressed):
    with pytest.raises(UsageError, match="is no key"):
        session.schedule([(1, pressed)])


@pytest.mark.parametrize("number", ["", "100@carrier", "100/200", "1\r\nAction: Logoff", "ivanova"])
def test_what_is_no_number_is_not_dialled(number):
    with pytest.raises(UsageError, match="cannot be dialled"):
        session.dialled(number)
    assert session.dialled("*11") == "*11"


def test_a_name_cannot_leave_its_quotes():
    assert session.quoted('a" <+7> \\') == 'a\\" <+7> \\\\'


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_hostile_caller_says_fits_into_lines_of_ami(kind):
    lines = session._encoded(caller(kind, "+79160000001"))
    assert all(len(line) < 900 and line.isascii() and line.isprintable() and "," not in line for line in lines)
    assert ("DIGITS=" if kind.startswith("number") else "DIGITS=+79160000001") in lines


def test_only_plain_text_goes_the_short_way():
    assert session._plain("Иванова, Анна")
    assert not any(session._plain(text) for text in ("a\nb", "x" * 500, "a <b>"))


def test_what_the_carrier_cannot_send_is_refused():
    for name in ("a\r\nEvent: x", "x" * (street_config.NAME_PIECES * street_config.PIECE_BYTES + 1)):
        with pytest.raises(UsageError):
            session._encoded(session.Caller("+79160000001", name))
    with pytest.raises(UsageError, match="is no header"):
        session._encoded(session.Caller(headers=(("X y", "1"),)))
