import pytest

from cctoolkit.errors import UsageError
from cctoolkit.lab import street


def test_keys_are_pressed_in_the_order_of_their_times():
    assert street._schedule([(2.5, "2#"), (1, "1")]) == "1:1&2.5:2#"
    assert street._schedule([]) == ""


@pytest.mark.parametrize("pressed", ["", "1&5:2", "x", "1,System(rm)", "1 "])
def test_what_is_no_key_never_reaches_the_dialplan(pressed):
    with pytest.raises(UsageError, match="is no key"):
        street._schedule([(1, pressed)])


@pytest.mark.parametrize("number", ["", "100@carrier", "100/200", "1\r\nAction: Logoff", "ivanova"])
def test_what_is_no_number_is_not_dialled(number):
    with pytest.raises(UsageError, match="cannot be dialled"):
        street._dialled(number)
    assert street._dialled("*11") == "*11"


def test_a_name_cannot_leave_its_quotes():
    assert street._quoted('a" <+7> \\') == 'a\\" <+7> \\\\'
