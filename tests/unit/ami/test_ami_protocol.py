"""The parser gives the same messages however the bytes are cut, and survives whatever the bytes are."""

import json
from itertools import chain, pairwise, repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctoolkit.ami.protocol import MAX_EVENT_BYTES, MAX_HEADERS, MAX_LINE_BYTES, Parser, ProtocolError, encode_action
from cctoolkit.errors import ToolkitBug

HERE = Path(__file__).parent
BANNER = b"Asterisk Call Manager/11.0.0\r\n"
CALL = (HERE / "queued_call.ami").read_bytes()
REPLIES = json.loads((HERE / "asterisk_22_10_1.json").read_text(encoding="utf-8"))
LEGACY = (
    b"Response: Follows\r\nPrivilege: Command\r\nActionID: 7\r\nName: Port\nvoice: 5060\n\r\n\r\nlast\n"
    b"--END COMMAND--\r\n\r\n"
)
STREAM = BANNER + CALL[:6000] + LEGACY + REPLIES["PJSIPShowEndpoints"].encode() + b"\r\n" + CALL[6000:9000]

positions = st.lists(st.integers(0, len(STREAM)), max_size=40)


def parse(chunks, **options):
    parser = Parser(**options)
    messages = []
    for chunk in chunks:
        messages += parser.feed(chunk)
    return messages, parser


def cut(data, where):
    edges = [0, *sorted(where), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def outcome(chunks, **options):
    """What a run comes to, also when it ends in the one error it may end in."""
    parser = Parser(**options)
    messages = []
    try:
        for chunk in chunks:
            messages += parser.feed(chunk)
    except ProtocolError as error:
        return messages + error.before, "error"
    return messages, parser.greeting


def test_a_recorded_call_is_read_whole():
    """Every block of a recorded queued call becomes a message with all its lines, and none is odd."""
    messages, parser = parse([BANNER + CALL])
    assert parser.greeting == "Asterisk Call Manager/11.0.0"
    assert (len(messages), parser.anomalies, parser.pending_bytes) == (CALL.count(b"\r\n\r\n"), 0, 0)
    assert [m.event for m in messages].count("AgentConnect") == 1
    rebuilt = "".join("\r\n".join(m.lines) + "\r\n\r\n" for m in messages)
    assert rebuilt.encode() == CALL
    assert "Агент 1" in {m.get("MemberName") for m in messages}
    assert all(name for m in messages for name, _ in m.headers)


def test_one_byte_at_a_time_is_the_same_as_at_once():
    """UTF-8 characters and separators cut anywhere change nothing."""
    whole, _ = parse([STREAM])
    assert parse([STREAM[i : i + 1] for i in range(len(STREAM))])[0] == whole


@given(positions)
def test_any_cutting_gives_the_same_messages(where):
    """The messages depend on the bytes, not on the chunks."""
    assert parse(cut(STREAM, where))[0] == parse([STREAM])[0]


_TOKENS = (
    *(b"\r\n", b"\r\n\r\n", b"\r", b"\n", b": ", b":", b"\xd0", b"\xb6", b"\xff", b"\0", b"a"),
    *(b"Event: X", b"Response: Error", b"Response: Follows", b"--END COMMAND--", b"Output: "),
)


@given(st.lists(st.sampled_from(_TOKENS), max_size=60).map(b"".join), positions)
def test_nonsense_is_cut_alike_too(data, where):
    """Streams made of the protocol's own fragments come out the same for every cutting."""
    cuts = [w % (len(data) + 1) for w in where]
    assert outcome(cut(data, cuts), banner=False) == outcome([data], banner=False)


@given(st.binary(max_size=400), st.integers(0, 8000), st.integers(0, 400), positions)
def test_mutated_streams_raise_nothing_but_protocol_errors(noise, at, drop, where):
    """Bytes replaced, inserted or lost make other messages or ProtocolError, and nothing else."""
    data = STREAM[:at] + noise + STREAM[at + drop :]
    messages, end = outcome(cut(data, [w % (len(data) + 1) for w in where]), max_block_bytes=4096)
    assert (messages, end) == outcome([data], max_block_bytes=4096)
    for message in messages:
        assert message.lines[0].startswith(("Event: ", "Response: "))
        assert message.timestamp is None or message.timestamp >= 0
        repr(message).encode()


def test_a_block_without_an_end_is_given_up():
    """Memory stays bounded: the error comes at the limit, is counted, and gives up what came before it."""
    parser = Parser(banner=False, max_block_bytes=1000)
    for _ in range(9):
        parser.feed(b"x" * 100)
    with pytest.raises(ProtocolError, match="without an end"):
        parser.feed(b"x" * 200)
    assert (parser.anomalies, parser.pending_bytes) == (1, 0)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_messages_before_a_block_too_long_are_not_lost(size):
    """What was complete before the block too long is handed out, however the stream is cut."""
    data = b"Event: A\r\n\r\n" + b"Event: " + b"B" * 1000 + b"\r\n\r\nEvent: C\r\n\r\n"
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    messages, end = outcome(chunks, banner=False, max_block_bytes=500)
    assert ([m.event for m in messages], end) == (["A"], "error")


def test_a_legacy_output_without_an_end_is_given_up():
    """Output before Asterisk 14 may hold empty lines, but not for ever."""
    start = [b"Response: Follows\r\nPrivilege: Command\r\nx\r\n\r\n"]
    with pytest.raises(ProtocolError):
        parse(chain(start, repeat(b"Event: X\r\nName: value\r\n\r\n")), banner=False, max_block_bytes=1000)


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400\r\n", b"\r\n", b"A" * 200])
def test_another_greeting_is_refused_at_once(greeting):
    """A port that serves something else is told from a switch by its first bytes."""
    with pytest.raises(ProtocolError, match="does not greet"):
        parse([greeting])


@pytest.mark.parametrize("version", ["5.0.6", "7.0.3", "9.0.0", "11.0.0", "13.0.0"])
def test_every_version_of_the_banner_is_taken(version):
    """The number is the protocol's and moves with Asterisk: 5 in 16 and 18, 11 in 22."""
    assert parse([f"Asterisk Call Manager/{version}\r\n".encode()])[1].greeting.endswith(version)


def test_empty_and_repeated_headers():
    """A trailing empty header, with or without its blank, survives."""
    (m,), _ = parse([b"Event: E\r\nV: 1\r\nV: 2: 3\r\nPausedReason: \r\nNone:\r\n\r\n"], banner=False)
    assert m.headers[1:] == (("V", "1"), ("V", "2: 3"), ("PausedReason", ""), ("None", ""))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_empty_lines_between_blocks_are_nothing(size):
    """However many there are and wherever they are cut, they are neither blocks nor anomalies."""
    data = b"\r\nEvent: A\r\n\r\n\r\nEvent: B\r\n\r\n\r\n\r\n\r\nEvent: C\r\n\r\n\r\n"
    messages, parser = parse([data[i : i + size] for i in range(0, len(data), size)], banner=False)
    assert [m.lines for m in messages] == [("Event: A",), ("Event: B",), ("Event: C",)]
    assert parser.anomalies == 0


def test_output_of_commands_reads_alike_in_both_forms():
    """Lines of output stand under Output, whether the switch wrote them so or before --END COMMAND--."""
    (new,), _ = parse([REPLIES["Command"].encode()], banner=False)
    assert new.all("Output") == ("System uptime: 1 minute, 42 seconds", "Last reload: 1 minute, 42 seconds")
    (old,), parser = parse([LEGACY], banner=False)
    assert (old.response, old.action_id, parser.anomalies) == ("Follows", "7", 0)
    assert old.all("Output") == ("Name: Port", "voice: 5060", "", "", "last")


def test_bytes_that_are_no_utf8_are_replaced():
    """A message never holds what cannot be stored as UTF-8."""
    (m,), _ = parse([b"Event: X\r\nCallerIDName: \xc6\xee\r\n\r\n"], banner=False)
    assert m.get("CallerIDName") == "\ufffd\ufffd"


def test_blocks_that_are_neither_event_nor_response_are_counted():
    """Noise between messages is passed over and counted."""
    messages, parser = parse([b"noise\r\n\r\nEvent: X\r\n\r\n"], banner=False)
    assert ([m.event for m in messages], parser.anomalies) == (["X"], 1)


@pytest.mark.parametrize("more", [0, 1])
def test_an_event_too_long_to_be_one_is_counted(more):
    """What no switch says is dropped by name, its neighbours stay; an answer may hold a command's whole output."""
    line = "Event: X\r\nV: "
    long = (line + "x" * (MAX_EVENT_BYTES - len(line) + more)).encode()
    answer = b"Response: Success\r\nOutput: " + b"x" * MAX_EVENT_BYTES
    messages, parser = parse([b"\r\n\r\n".join([b"Event: A", long, answer, b"Event: B", b""])], banner=False)
    assert [m.event or m.response for m in messages] == ["A", *["X"] * (not more), "Success", "B"]
    assert parser.odd == ({"long_event": 1} if more else {})


def test_an_action_is_written_in_order_with_repeated_headers():
    """Action and ActionID lead; a list repeats its header."""
    data = encode_action("Originate", {"Channel": "Local/1@c", "Variable": ["a=1", "b=ж: 2"]}, "id/1")
    lines = ["Action: Originate", "ActionID: id/1", "Channel: Local/1@c", "Variable: a=1", "Variable: b=ж: 2"]
    assert data.decode().split("\r\n") == [*lines, "", ""]


@pytest.mark.parametrize("bad", ["a\r\nAction: Reload", "a\nb", "a\rb", "a\0b", "\udcff"])
def test_a_value_cannot_begin_another_header(bad):
    """Header injection is refused before a byte is written, and the value is not shown."""
    for headers in ({"Variable": bad}, {"Variable": ["ok", bad]}):
        with pytest.raises(ToolkitBug) as caught:
            encode_action("Setvar", headers, "1")
        assert bad not in str(caught.value)
    with pytest.raises(ToolkitBug):
        encode_action(bad, {}, "1")
    with pytest.raises(ToolkitBug):
        encode_action("Ping", {}, bad)


@pytest.mark.parametrize("bad", ["", "A: B", "A\r\nB", " A", "A\0", "Action", "actionid"])
def test_a_name_cannot_begin_another_header(bad):
    """Names are words; Action and ActionID are given once."""
    with pytest.raises(ToolkitBug):
        encode_action("Setvar", {bad: "x"}, "1")


@given(st.text(), st.text(), st.text())
def test_what_is_not_refused_arrives_as_sent(name, header, value):
    """An action read back has exactly the headers that were given."""
    try:
        data = encode_action(name, {header: value}, "1")
    except ToolkitBug:
        return
    lines = data.decode().split("\r\n")
    assert lines == [f"Action: {name}", "ActionID: 1", f"{header}: {value}", "", ""]


def test_the_switch_limits_are_kept():
    """128 headers with Action and ActionID, and 1,022 bytes a line, are the most the switch reads."""
    encode_action("Setvar", {"Variable": ["x"] * (MAX_HEADERS - 2)}, "1")
    with pytest.raises(ToolkitBug, match="129 headers"):
        encode_action("Setvar", {"Variable": ["x"] * (MAX_HEADERS - 1)}, "1")
    encode_action("Setvar", {"Value": "v" * (MAX_LINE_BYTES - 7)}, "1")
    with pytest.raises(ToolkitBug, match="1023 bytes"):
        encode_action("Setvar", {"Value": "v" * (MAX_LINE_BYTES - 6)}, "1")
