"""Each message is mailed once to each address, whatever the relay does, and nothing else is."""

import email
import email.policy
import io
import shutil
import ssl
import subprocess
import time
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from cctoolkit.errors import OperatorError
from cctoolkit.messages import attempts, letter
from cctoolkit.messages.notes import Again, Note, Outbox
from cctoolkit.messages.relay import Refused, Relay
from cctoolkit.messages.sender import Context, Sender
from cctoolkit.node import durable
from cctoolkit.secret import Secret
from cctoolkit.state.messages import MessageSettings, RelaySettings, Rule
from tests.unit.messages.left import LINE, NAME, Post, attached, leave

TITLE = "Горячая линия «Северный ветер»"
TO = "hotline@centre.example"


class Desk:
    """A sender with its spool and outbox; `says` is what it told."""

    def __init__(self, folder, port, *mail, keep_days=30):
        self.spool, self.outbox, self.says = folder, Outbox(folder / "outbox"), []
        rule = Rule(mail, keep_days, "ru", "Europe/Moscow")
        relay = RelaySettings("messages@centre.example", "127.0.0.1", port, "none")
        settings = MessageSettings(relay, {"northwind-hotline.leave-message": rule})
        countries = {"northwind-hotline": {"78001002030": "RU"}}
        self.context = Context(settings, Relay(relay, None), {"northwind-hotline": TITLE}, countries)
        self.again()

    def again(self):
        """A new process: nothing is remembered but what is on the disk."""
        self.sender = Sender("n1", self.spool, self.outbox, self.says.append)

    def round(self, later=0.0):
        return self.sender.round(self.context, time.time() + later)


@pytest.fixture
def desk(tmp_path, post):
    return Desk(tmp_path, post.port, TO)


def test_one_message_is_one_letter(desk, post):
    """The letter says in the project's language who called when for how long, and has the recording."""
    leave(desk.spool)
    assert desk.round() == 0
    desk.again()
    assert desk.round() == 0
    [found] = post.letters()
    assert found["Subject"] == f"{TITLE}: сообщение, +7 916 123-45-67, 0:05"
    assert (found["From"], found["To"], found["Message-ID"]) == (
        "messages@centre.example",
        TO,
        f"<{NAME}@centre.example>",
    )
    text = found.get_body().get_content()
    for part in (
        "Абонент: +7 916 123-45-67",
        "Набранный номер: +7 800 100-20-30",
        "22.11.2025 11:26:40 (Europe/Moscow)",
        "n1-1763800000.7",
        "Запись приложена",
    ):
        assert part in text
    with wave.open(io.BytesIO(attached(found))) as sound:
        assert sound.getnframes() == round(5.5 * 16000) // 256 * 128


@pytest.mark.parametrize(
    ("name", "line", "seconds"),
    [
        (NAME, LINE.replace("message-left", "message-too-short"), 1.5), (NAME, LINE.replace("message-left", "voicemail-too-short"), 1.5),
        (NAME, LINE, 0), (NAME, LINE, 0.5), (NAME, LINE[:-1] + "1\n", 5), ("cct-test-0123456789abcdef2-1", LINE, 5), (NAME, None, 5),
    ],
)  # fmt: skip
def test_what_is_not_mailed(desk, post, name, line, seconds):
    """Too short, empty, a test call's, or still being recorded."""
    leave(desk.spool, name=name, line=line, seconds=seconds)
    assert desk.round() == 0
    assert post.letters() == []


def test_a_recording_that_was_cut_off_is_mailed(desk, post):
    """The switch died: what there is goes out, and the letter says so; nobody is named."""
    leave(desk.spool, line=None, closed=False, age=61)
    desk.round()
    [found] = post.letters()
    assert "станция остановилась" in found.get_body().get_content()
    assert found["Subject"] == f"{TITLE}: сообщение, неизвестен, 0:05"


def test_a_relay_that_is_down_loses_nothing(desk, post):
    """Messages wait, with the reason told once a try, and go out when it is up; not before their back-off is over."""
    post.down()
    leave(desk.spool)
    leave(desk.spool, name="n1-1763800009.8-1")
    assert desk.round() == 2
    assert desk.round() == 2
    assert len(desk.says) == 1
    assert "refused" in desk.says[0]
    post.up()
    assert desk.round(later=3) == 0
    assert sorted(found["Message-ID"] for found in post.letters()) == [
        f"<{NAME}@centre.example>",
        "<n1-1763800009.8-1@centre.example>",
    ]


def test_an_address_that_is_refused_waits_alone(tmp_path, post):
    """The other address has the letter and does not get it again; the refused one is asked again in an hour."""
    desk = Desk(tmp_path, post.port, TO, "gone@centre.example")
    post.refuses["gone@centre.example"] = "550 5.1.1 no such user\x1b[31m"
    leave(desk.spool)
    assert [desk.round(), desk.round(later=3000)] == [1, 1]
    assert [found["X-Envelope-To"] for found in post.letters()] == [TO]
    note = desk.outbox.read(NAME)
    assert (set(note.mailed), note.waiting, note.tries) == ({TO}, ("gone@centre.example",), 1)
    assert note.error == "gone@centre.example: 550 5.1.1 no such user [31m"
    post.refuses.clear()
    desk.again()
    assert desk.round(later=3601) == 0
    assert [found["X-Envelope-To"] for found in post.letters()] == [TO, "gone@centre.example"]


def test_a_letter_the_relay_does_not_take(desk, post):
    """After 452 it is tried again in a minute or two, and goes."""
    post.answer = "452 4.2.2 mailbox full"
    leave(desk.spool)
    assert desk.round() == 1
    post.answer = ""
    assert [desk.round(later=30), desk.round(later=130)] == [1, 0]
    assert len(post.letters()) == 1


def test_a_new_address_gets_no_old_messages(tmp_path, post):
    """Whom a message goes to is settled when it is taken up."""
    desk = Desk(tmp_path, post.port)
    leave(desk.spool)
    assert desk.round() == 0
    desk = Desk(tmp_path, post.port, TO)
    assert desk.round() == 0
    assert post.letters() == []


def test_two_senders_at_once(desk):
    """The second is refused, and says what to do."""
    with desk.outbox.alone(), pytest.raises(OperatorError, match="another process sends"), desk.outbox.alone():
        pass
    with desk.outbox.alone():
        pass


OTHER = "n1-1763800009.8-1"


@pytest.mark.parametrize("fault", ["a damaged note", "a link", "a folder", "a line that is a folder"])
def test_one_message_that_cannot_be_read_stops_no_other(desk, post, fault):
    """It waits and is told of once: guessing would mail it again. The others go."""
    path = leave(desk.spool, name="n1-1763800000.6-1")
    leave(desk.spool, name=OTHER)
    if fault == "a damaged note":
        desk.outbox.folder.mkdir()
        (desk.outbox.folder / "n1-1763800000.6-1.json").write_text("{")
    elif fault == "a link":
        path.rename(desk.spool / "elsewhere")
        path.symlink_to(desk.spool / "elsewhere")
    else:
        path = path.with_suffix(".txt") if "line" in fault else path
        path.unlink()
        path.mkdir()
    handles = len(list(Path("/proc/self/fd").iterdir()))
    assert [desk.round(), desk.round(), desk.round(later=61)] == [1, 1, 1]
    assert [found["Message-ID"] for found in post.letters()] == [f"<{OTHER}@centre.example>"]
    assert ["n1-1763800000.6-1 waits: " in said for said in desk.says].count(True) == 1
    assert len(list(Path("/proc/self/fd").iterdir())) == handles


def test_a_disk_that_takes_the_attempt_and_not_its_end(desk, post, monkeypatch):
    """The letter is not mailed again and again: what became of it is written first of all."""
    written = []

    def write(path, content, mode):
        written.append(path)
        if 3 <= len(written) <= 5:
            raise OSError(28, "No space left on device")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    monkeypatch.setattr(durable, "write", write)
    leave(desk.spool)
    assert [desk.round(), desk.round(), desk.round(), desk.round()] == [1, 1, 1, 0]
    assert len(post.letters()) == 1
    assert list(desk.outbox.read(NAME).mailed) == [TO]


def test_a_relay_that_goes_while_it_is_asked_has_no_letter(tmp_path, post):
    """It answers 250 for one address and 421 for the next: no letter was told, and nobody counts as having it."""
    desk = Desk(tmp_path, post.port, TO, "second@centre.example", "third@centre.example")
    post.refuses["second@centre.example"] = "421 4.3.2 shutting down"
    leave(desk.spool)
    assert desk.round() == 1
    assert post.letters() == []
    assert desk.outbox.read(NAME).mailed == {}
    post.refuses.clear()
    assert desk.round(later=121) == 0
    [found] = post.letters()
    assert found["X-Envelope-To"] == f"{TO}, second@centre.example, third@centre.example"


def test_a_letter_the_relay_cannot_bear_stops_no_other(desk, post):
    """The relay ends the connection in one letter, each time: that one backs off, the others go."""
    leave(desk.spool, name="n1-1763800000.6-1")
    leave(desk.spool, name=OTHER)
    post.cuts_off = b"<n1-1763800000.6-1@"
    assert desk.round() == 1
    assert [found["Message-ID"] for found in post.letters()] == [f"<{OTHER}@centre.example>"]
    note = desk.outbox.read("n1-1763800000.6-1")
    assert (note.tries, note.drops) == (0, 1)
    desk.again()
    assert [desk.round(later=30), desk.round(later=61), desk.round(later=100)] == [1, 1, 1]
    assert desk.outbox.read("n1-1763800000.6-1").drops == 2
    post.cuts_off = b""
    assert desk.round(later=200) == 0
    assert desk.outbox.read("n1-1763800000.6-1").tries == 1


def test_a_relay_that_bears_no_letter_is_left_alone(desk, post):
    """After three in a row it is the relay: the others are not tried now."""
    for n in range(5):
        leave(desk.spool, name=f"n1-1763800000.{n}-1")
    post.cuts_off = b"Message-ID"
    assert desk.round() == 5
    assert [desk.outbox.read(f"n1-1763800000.{n}-1").drops for n in range(5)] == [1, 1, 1, 0, 0]
    post.cuts_off = b""
    assert desk.round(later=3) == 3


@pytest.mark.parametrize("seconds", [0.5, 4])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_caller_who_was_silent_for_long_and_went_on(desk, post, seconds, restarted):
    """Nothing was written for a minute: it was settled as empty or cut off. With its line it is taken up anew."""
    leave(desk.spool, line=None, closed=False, seconds=seconds, age=61)
    assert desk.round() == 0
    before = len(post.letters())
    assert before == (seconds > 1)
    leave(desk.spool, seconds=30)
    if restarted:
        desk.again()
    assert desk.round(later=61) == 0
    assert desk.round(later=200) == 0
    [whole] = post.letters()[before:]
    assert whole["Subject"].endswith("+7 916 123-45-67, 0:30")
    # By the same Message-ID mail systems would hide it behind the one that was cut off.
    assert whole["Message-ID"] == f"<{NAME}.2@centre.example>"


def test_a_silent_caller_whose_message_was_too_short(desk, post):
    """Its line comes late and says so: nothing is mailed, no note stays."""
    post.down()
    leave(desk.spool, line=None, closed=False, seconds=1.5, age=61)
    assert desk.round() == 1
    leave(desk.spool, seconds=1.5, line=LINE.replace("message-left", "message-too-short"))
    assert desk.round(later=61) == 0
    assert desk.outbox.read(NAME) is None


def test_an_address_that_is_refused_for_a_day_is_given_up(tmp_path, post):
    """Not before; then nobody waits, it is told of, and the message goes when its days are over."""
    desk = Desk(tmp_path, post.port, TO, "gone@centre.example", keep_days=2)
    post.refuses["gone@centre.example"] = "550 5.1.1 no such user"
    path = leave(desk.spool)
    assert [desk.round(later=hours * 3601) for hours in range(24)] == [1] * 24
    assert desk.round(later=24 * 3601) == 0
    note = desk.outbox.read(NAME)
    assert (list(note.mailed), list(note.failed), note.waiting) == ([TO], ["gone@centre.example"], ())
    assert desk.says[-1].endswith("550 5.1.1 no such user; given up")
    assert desk.round(later=3 * 86400) == 0
    assert not path.exists()


def test_an_address_that_is_refused_for_now_is_never_given_up(desk, post):
    """A full mailbox may be emptied; the day begins anew with each answer that is not for good."""
    leave(desk.spool)
    for hours in range(60):
        post.refuses[TO] = "452 4.2.2 full" if hours % 20 == 10 else "550 5.1.1 no such user"
        assert desk.round(later=hours * 3601) == 1


@pytest.mark.parametrize(("to", "gets"), [((TO,), TO), (("new@centre.example",), "new@centre.example")])
def test_a_wish_is_fulfilled_once(desk, post, to, gets):
    """The sender, running or new, mails the message again, as a letter of its own."""
    leave(desk.spool)
    assert desk.round() == 0
    wish = Again(to, time.time())
    desk.outbox.wish(NAME, wish)
    assert [desk.round(), desk.round()] == [0, 0]
    desk.again()
    assert desk.round() == 0
    assert [found["X-Envelope-To"] for found in post.letters()] == [TO, gets]
    assert post.letters()[1]["Message-ID"] == f"<{NAME}.2@centre.example>"
    assert desk.outbox.wishes() == []
    # The process ended after the note was written and before the wish was removed.
    desk.outbox.wish(NAME, wish)
    assert desk.round() == 0
    assert len(post.letters()) == 2


def test_a_wish_that_cannot_be_read(desk, post):
    """It is told of once, and nothing else waits for it."""
    leave(desk.spool)
    desk.outbox.folder.mkdir()
    (desk.outbox.folder / f"{NAME}.again").write_text("{")
    assert [desk.round(), desk.round(), desk.round(later=61), desk.round(later=122)] == [0, 0, 0, 0]
    assert len(post.letters()) == 1
    assert [said for said in desk.says if f"{NAME}.again: " in said] == desk.says[:1]


def test_messages_are_swept_when_their_days_are_over(tmp_path, post):
    """Mailed ones go with their notes, one not mailed yet stays, one of today stays."""
    desk = Desk(tmp_path, post.port, TO, keep_days=2)
    old = leave(desk.spool, age=3 * 86400)
    today = leave(desk.spool, name="n1-1763800009.8-1")
    post.down()
    assert desk.round() == 2
    assert old.is_file()
    post.up()
    assert desk.round(later=100) == 0
    assert [old.is_file(), today.is_file()] == [False, True]
    assert (desk.outbox.read(NAME), old.with_suffix(".txt").exists()) == (None, False)
    assert len(post.letters()) == 2


@pytest.mark.parametrize("language", ["ru", "pl", "en"])
def test_no_header_is_injected(language):
    """Of a title with line breaks, which no spec holds, one line is written."""
    content = letter.Content(
        "n1-1.2-1", "n1-1.2", TITLE * 4, "5" * 32, "", datetime(2026, 11, 22, tzinfo=UTC), 61, True, language, "UTC"
    )
    sent = letter.compose(content, "a@b.example", (TO,), b"", datetime.now(UTC))
    assert all(len(row) <= 78 for row in sent.partition(b"\r\n\r\n")[0].split(b"\r\n"))
    for end in ("\r\n", "\x85", "\u2028", "\u2029", "\x0b"):
        hostile = replace(content, title=f"x{end}Bcc: y@z.example")
        sent = letter.compose(hostile, "a@b.example", (TO,), b"", datetime.now(UTC))
        found = email.message_from_bytes(sent, policy=email.policy.default)
        assert found["Bcc"] is None
        assert found["Subject"].startswith("x Bcc: y@z.example: ")
        assert found.get_body().get_content().splitlines()[0] == "x Bcc: y@z.example"


@pytest.mark.parametrize(
    ("caller", "country", "shown"),
    [
        ("84951234567", "RU", "+7 495 123-45-67"), ("4951234567", "RU", "+7 495 123-45-67"), ("48221234567", "PL", "+48 22 123 45 67"),
        ("+84951234567", "RU", "+84 951 234 567"), ("380441234567", "RU", "380441234567"), ("84951234567", None, "84951234567"),
        ("7+495", "RU", "7+495"), ("+7+495", "RU", "+7+495"), ("101", "RU", "101"),
    ],
)  # fmt: skip
def test_a_number_is_of_the_project_s_country_or_bare(caller, country, shown):
    """Without a plus it is one of the country of the number that was dialled, or only digits: never of another."""
    content = letter.Content("n1-1.2-1", "n1-1.2", "x", caller, "", datetime.now(UTC), 61, True, "en", "UTC", country)
    sent = email.message_from_bytes(
        letter.compose(content, "a@b.example", (TO,), b"", datetime.now(UTC)), policy=email.policy.default
    )
    assert sent["Subject"].split(", ")[1] == shown


@pytest.mark.parametrize(
    ("tls", "user", "why"), [("starttls", "", "STARTTLS"), ("tls", "", "SSL"), ("none", "messages", "AUTH")]
)
def test_nothing_leaves_in_clear_text_or_unknown(desk, post, tls, user, why):
    """A relay that offers no TLS, or lets nobody log in, gets no letter and no password."""
    settings = replace(desk.context.relay.settings, tls=tls, user=user)
    desk.context = replace(desk.context, relay=Relay(settings, Secret("hush-hush")))
    leave(desk.spool)
    assert desk.round() == 1
    assert post.letters() == []
    assert why in desk.says[0]
    assert "hush" not in desk.says[0]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate")
def test_over_tls_to_a_relay_that_is_known(desk, tmp_path, monkeypatch):
    """With a certificate the machine trusts the letter leaves over TLS; with any other it does not."""
    certificate, key = tmp_path / "relay.pem", tmp_path / "relay.key"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    post = Post(tmp_path / "tls")
    post.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    post.tls.load_cert_chain(certificate, key)
    post.up()
    settings = replace(desk.context.relay.settings, tls="tls", host="localhost", port=post.port)
    desk.context = replace(desk.context, relay=Relay(settings, None))
    leave(desk.spool)
    try:
        assert desk.round() == 1
        assert "certificate verify failed" in desk.says[0]
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert desk.round(later=3) == 0
        assert len(post.letters()) == 1
    finally:
        post.end()


def test_how_long_an_address_that_is_refused_waits():
    """For now: a minute, then twice as long each time, an hour at most. For good: an hour."""
    note = Note((TO,), 0.0)
    waits = []
    for tries in range(1, 9):
        refused = {TO: Refused("450 later", for_good=False)}
        waits.append(attempts.answered(replace(note, tries=tries), refused, 0.0).next_at)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert attempts.answered(replace(note, tries=1), {TO: Refused("550 no", for_good=True)}, 0.0).next_at == 3600
