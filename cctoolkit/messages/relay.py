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


class RelayDown(OperatorError):
    """The relay cannot be reached, or does not let us in: no letter would leave."""


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
        """Send one letter; return the addresses it was not taken for. Raise RelayDown when it cannot be told to anyone.

        An end of the connection before the relay's answer is RelayDown too, though it may have taken the letter.
        """
        with self._session() as session:
            try:
                refused = session.sendmail(self.settings.sender, list(to), letter)
            except smtplib.SMTPRecipientsRefused as error:
                refused = error.recipients
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
        """Yield a session; its end, once the letter was taken, is nobody's failure."""
        try:
            session = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise self._down(error) from error
        try:
            yield session
            with suppress(OSError, smtplib.SMTPException):
                session.quit()
        except (OSError, smtplib.SMTPException) as error:
            raise self._down(error) from error
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

    def _down(self, error: Exception) -> RelayDown:
        if isinstance(error, smtplib.SMTPAuthenticationError):
            # The relay's words could repeat what we sent.
            return RelayDown("it refuses the user or the password", where=self.where)
        if isinstance(error, smtplib.SMTPResponseException):
            return RelayDown(_refused(error.smtp_code, error.smtp_error).text, where=self.where)
        return RelayDown(_printable(str(error)) or type(error).__name__, where=self.where)


def _refused(code: int, said: bytes | str) -> Refused:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return Refused(_printable(f"{code} {text}"), code >= Refused.never)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:_SHOWN]
