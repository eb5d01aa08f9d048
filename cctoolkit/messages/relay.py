"""The relay: one letter over SMTP, and who of its readers has got it. Source: RFC 5321; smtplib."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import ClassVar

from msgspec import Struct

from cctoolkit.errors import OperatorError
from cctoolkit.secret import Secret
from cctoolkit.state.messages import RelaySettings

SECONDS = 30.0
"""How long a relay may take for one answer."""

_SHOWN = 200
_NOT_ASKED = (421, b"not asked, the relay had ended the session")


class RelayDown(OperatorError):
    """The relay cannot be reached, or does not let us in: no letter would leave."""


class Dropped(RelayDown):
    """The connection ended after the relay had let us in: it may be this letter that it cannot bear."""


class Refused(Struct, frozen=True):
    """Why the relay did not take a letter for an address; `for_good` when it says that trying again is of no use."""

    text: str
    for_good: bool
    never: ClassVar[int] = 500


class Relay:
    """An SMTP server and how we are known there; the secret is read by whoever makes this."""

    def __init__(self, settings: RelaySettings, password: Secret | None) -> None:
        self.settings = settings
        self._password = password

    @property
    def where(self) -> str:
        """The relay as it is told of."""
        return f"relay {self.settings.host}:{self.settings.port}"

    def send(self, to: Sequence[str], letter: bytes) -> dict[str, Refused]:
        """Send one letter; return the addresses it was not taken for. Raise RelayDown when it cannot be told to anyone,
        and Dropped when the connection ends before the relay's answer, though it may have taken the letter.
        """
        with self._session() as session:
            try:
                refused = session.sendmail(self.settings.sender, list(to), letter)
            except smtplib.SMTPRecipientsRefused as error:
                # After a 421 nobody else was asked, and no letter was told.
                refused = {**dict.fromkeys(to, _NOT_ASKED), **error.recipients}
            except smtplib.SMTPResponseException as error:
                return dict.fromkeys(to, _refused(error.smtp_code, error.smtp_error))
            return {address: _refused(*said) for address, said in refused.items()}

    def ask(self, to: Sequence[str]) -> Mapping[str, Refused]:
        """Ask whether it would take a letter for each address, and send none; see `send`."""
        with self._session() as session:
            session.ehlo_or_helo_if_needed()
            code, said = session.mail(self.settings.sender)
            if code != 250:
                return dict.fromkeys(to, _refused(code, said))
            answers = {address: session.rcpt(address) for address in to}
            return {address: _refused(*said) for address, said in answers.items() if said[0] not in (250, 251)}

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Yield a session; raise RelayDown when there is none, Dropped when it breaks. Its end, once the letter was
        taken, is nobody's failure.
        """
        try:
            session = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise RelayDown(_why(error), where=self.where) from error
        try:
            yield session
            with suppress(OSError, smtplib.SMTPException):
                session.quit()
        except (OSError, smtplib.SMTPException) as error:
            raise Dropped(_why(error), where=self.where) from error
        finally:
            session.close()

    def _connect(self) -> smtplib.SMTP:
        there = self.settings
        # Our own name would be asked of the DNS.
        name = there.sender.rpartition("@")[2]
        if there.tls == "tls":
            context = ssl.create_default_context()
            session: smtplib.SMTP = smtplib.SMTP_SSL(there.host, there.port, name, timeout=SECONDS, context=context)
        else:
            session = smtplib.SMTP(there.host, there.port, name, timeout=SECONDS)
        try:
            if there.tls == "starttls":
                session.starttls(context=ssl.create_default_context())
            if there.user and self._password:
                session.login(there.user, self._password.reveal())
        except BaseException:  # whatever it is, also Ctrl-C: nobody else can close it
            session.close()
            raise
        return session


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        # The relay's words could repeat what we sent.
        return "it refuses the user or the password"
    if isinstance(error, smtplib.SMTPResponseException):
        return _refused(error.smtp_code, error.smtp_error).text
    return _printable(str(error)) or type(error).__name__


def _refused(code: int, said: bytes | str) -> Refused:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return Refused(_printable(f"{code} {text}"), code >= Refused.never)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:_SHOWN]
