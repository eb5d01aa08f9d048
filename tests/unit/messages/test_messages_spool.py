"""What the switch left is read strictly, and nothing else in its folder is believed."""

import io
import os
import time
import wave

import pytest

from cctoolkit.messages import sound, spool
from tests.unit.messages.left import LINE, NAME, leave


def test_a_message(tmp_path):
    """A recording and its line make a message with its call, its caller and its times."""
    path = leave(tmp_path)
    [found] = spool.messages(tmp_path)
    assert (found.id, found.call, found.project, found.step) == (
        NAME,
        "n1-1763800000.7",
        "northwind-hotline",
        "leave-message",
    )
    assert found.said == spool.Said("message-left", "+79161234567", "78001002030", 1763800000.0, 1763800005.5, False)
    assert found.recording == path
    assert (found.test, found.too_short, found.going_on(time.time())) == (False, False, False)


@pytest.mark.parametrize("caller", ["7+495", "+7+495", "+", "+" * 32, ""])
def test_a_stray_plus_of_a_caller_undoes_no_line(tmp_path, caller):
    """The dialplan lets digits and pluses through, wherever they stand."""
    leave(tmp_path, line=LINE.replace("+79161234567", caller))
    [found] = spool.messages(tmp_path)
    assert found.said.caller == caller


@pytest.mark.parametrize(
    "line",
    [
        "", LINE.rstrip("\n"), LINE * 2, LINE.replace("+79161234567", "+7916\r\nBcc: x@y.example"),
        LINE.replace("+79161234567", "%0D%0A"), LINE.replace("+79161234567", '"; rm -rf /'),
        LINE.replace("+79161234567", "1" * 5000), LINE.replace("message-left", "kept"), LINE.replace("|", ","), "\0" * 80,
        LINE.replace("7", "٧"),
    ],
)  # fmt: skip
def test_what_is_no_line_of_ours_says_nothing(tmp_path, line):
    """A line that is torn, doubled or holds what our dialplan never writes is as if it were not there."""
    leave(tmp_path, line=line, age=spool.QUIET_SECONDS + 1)
    [found] = spool.messages(tmp_path)
    assert found.said is None
    assert not found.going_on(time.time())


@pytest.mark.parametrize(
    "name", ["../x-1", "n1-1763800000.7", "n1-1.7-1;id", "n1-1.7-1\n", "a" * 200 + ".7-1", "-1", "cct-test-xyz-1"]
)
def test_names_that_are_not_ours(tmp_path, name):
    """Other names, those of recordings made before messages were mailed too, are nobody's business."""
    leave(tmp_path)
    folder = tmp_path / "cctoolkit/voicemail/northwind-hotline/leave-message"
    (folder / (name.replace("/", "_") + ".wav")).write_bytes(b"")
    assert [m.id for m in spool.messages(tmp_path)] == [NAME]


def test_links_lead_nowhere(tmp_path):
    """A folder that is a link is passed over; a recording that is one cannot be read."""
    path = leave(tmp_path)
    elsewhere = tmp_path / "secret"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    path.parent.with_name("linked").symlink_to(path.parent)
    [found] = spool.messages(tmp_path)
    assert found.step == "leave-message"
    with pytest.raises(OSError, match="symbolic"):
        sound.read(found.recording)


def test_it_goes_on_until_it_is_quiet(tmp_path):
    """Without a line a recording goes on while it grows, and was cut off when it has not for a minute."""
    leave(tmp_path, line=None)
    [found] = spool.messages(tmp_path)
    assert found.going_on(time.time())
    assert not found.going_on(time.time() + spool.QUIET_SECONDS + 1)


@pytest.mark.parametrize(("name", "line"), [("cct-test-0123456789abcdef2-1", LINE), (NAME, LINE[:-1] + "1\n")])
def test_test_calls_are_told_apart(tmp_path, name, line):
    """By the call's id, and by what the switch says."""
    leave(tmp_path, name=name, line=line)
    assert [m.test for m in spool.messages(tmp_path)] == [True]


@pytest.mark.parametrize("closed", [True, False])
def test_sound(tmp_path, closed):
    """All samples are found, also behind a header that a dying switch left empty, and the copy's header is right."""
    path = leave(tmp_path, seconds=4, closed=closed)
    with wave.open(io.BytesIO(sound.read(path).wav())) as copy:
        assert (copy.getnframes(), copy.getframerate(), copy.getsampwidth(), copy.getnchannels()) == (32000, 8000, 2, 1)
        assert copy.readframes(128) == bytes(range(256))
    assert sound.seconds(path) == 4


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt ", os.urandom(500), b"RIFF\0\0\0\0WAVEdata\xff\xff\xff\xff\0\0"]
)
def test_what_is_no_sound(tmp_path, data):
    """Anything else has no sound, and no recording has none."""
    (tmp_path / "x.wav").write_bytes(data)
    assert (sound.seconds(tmp_path / "x.wav"), sound.read(tmp_path / "x.wav").samples) == (0, b"")
    assert sound.seconds(tmp_path / "none.wav") == 0
