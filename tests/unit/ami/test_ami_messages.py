"""A message is looked up in any case, keeps duplicates, and trusts only its first line for what it is."""

import pytest

from cctoolkit.ami.messages import Message


def message(*lines):
    return Message.of(*lines)


def test_headers_keep_order_duplicates_and_colons():
    """Headers come out as sent, values with ": " whole."""
    m = message("Event: VarSet", "Variable: a=1", "Variable: b=two: c", "Empty: ", "Bare:", "noise")
    assert m.headers == (
        ("Event", "VarSet"),
        ("Variable", "a=1"),
        ("Variable", "b=two: c"),
        ("Empty", ""),
        ("Bare", ""),
        ("", "noise"),
    )
    assert m.all("variable") == ("a=1", "b=two: c")
    assert (m.get("EMPTY", "x"), m.get("bare", "x"), m.get("absent", "x")) == ("", "", "x")


def test_the_first_of_two_equal_names_wins():
    """What a hostile value appended cannot replace the header before it."""
    assert message("Event: UserEvent", "Step: menu", "step: FAKE").get("STEP") == "menu"


def test_a_response_header_inside_an_event_makes_no_response():
    """OriginateResponse says Response: Success and is an event."""
    m = message("Event: OriginateResponse", "ActionID: 1", "Response: Success")
    assert (m.event, m.response, m.action_id) == ("OriginateResponse", "", "1")
    assert m.get("Response") == "Success"


def test_a_message_of_nothing_answers_empty():
    """No property raises on a message without lines."""
    m = message()
    assert (m.event, m.response, m.action_id, m.headers, m.timestamp) == ("", "", "", (), None)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("1795366707.982654", 1795366707982654),
        ("1795366707", 1795366707000000),
        ("1795366707.5", 1795366707500000),
        ("", None),
        ("soon", None),
        ("-1.5", None),
        ("1.2.3", None),
        (".5", None),
    ],
)
def test_timestamps_are_exact_or_none(text, microseconds):
    """Microseconds are read without going through a float."""
    m = message("Event: X", f"Timestamp: {text}")
    assert m.timestamp_us == microseconds
    assert m.timestamp == (None if microseconds is None else microseconds / 1e6)


def test_a_message_is_a_value():
    """Equal messages are equal, hash alike, print readably and cannot be changed."""
    m = message("Event: X", "A: б")
    m.get("A")
    assert m == message("Event: X", "A: б")
    assert hash(m) == hash(message("Event: X", "A: б"))
    assert repr(m) == "<Message Event: 'X', A: 'б'>"
    with pytest.raises(AttributeError):
        m.text = ""
