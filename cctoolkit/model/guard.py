"""The closed set of conditions on the edges of a call flow.

A step type returns (guard, target) pairs; the simulator, the proof, the test calls and the picture interpret
guards and know no step type. `label` is the guard's name wherever it is written: the extension in the
rendered context, the outcome in events and records, the word on the picture's edge.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from cctoolkit.model import luhn

HoursOutcome = Literal["open", "closed", "holiday", "override"]
Override = Literal["open", "closed", "emergency"]
QueueReason = Literal["timeout", "full", "no-agents", "continued"]
TransferOutcome = Literal["busy", "no-answer", "failed"]
VoicemailOutcome = Literal["done", "too-short"]
CheckDigit = Literal["none", "luhn"]
CrmOutcome = Literal["found", "not-found", "failed"]
CallbackOutcome = Literal["taken", "refused"]
SurveyOutcome = Literal["done", "none"]
Subject = Literal["caller", "number", "language", "field"]

OVERRIDES: Mapping[Override, HoursOutcome] = {"open": "open", "closed": "closed", "emergency": "override"}
"""What a supervisor may say for a while in place of a project's calendars, and what an hours step then answers."""

_KEY_NAMES = {"*": "star", "#": "hash"}


class Always(Struct, frozen=True, tag="always"):
    """The step is done; there is no choice."""

    label = "done"


class InHours(Struct, frozen=True, tag="hours"):
    """The calendar answers `outcome` at the call's time; `override` is no answer of a calendar but a supervisor's."""

    calendar: str
    outcome: HoursOutcome

    @property
    def label(self) -> str:
        """Return the outcome."""
        return self.outcome


class Key(Struct, frozen=True, tag="key"):
    """The caller pressed `key`."""

    key: str

    @property
    def label(self) -> str:
        """Return key-1, key-star or key-hash: names an extension can have."""
        return f"key-{key_name(self.key)}"


class NoInput(Struct, frozen=True, tag="no-input"):
    """All attempts used, the last by silence."""

    label = "timeout"


class BadInput(Struct, frozen=True, tag="bad-input"):
    """All attempts used, the last by a key that means nothing here."""

    label = "invalid"


class QueueExit(Struct, frozen=True, tag="queue-exit"):
    """The call left the queue for `reason`: without an agent, or continued after the agent hung up."""

    reason: QueueReason

    @property
    def label(self) -> str:
        """Return queue-timeout, queue-full, queue-no-agents or queue-continued."""
        return f"queue-{self.reason}"


class QueueKey(Struct, frozen=True, tag="queue-key"):
    """The caller pressed `key` while waiting in the queue."""

    key: str

    @property
    def label(self) -> str:
        """Return queue-key-1, queue-key-star and so on."""
        return f"queue-key-{key_name(self.key)}"


class TransferResult(Struct, frozen=True, tag="transfer"):
    """Nobody took the transferred call."""

    result: TransferOutcome

    @property
    def label(self) -> str:
        """Return transfer-busy, transfer-no-answer or transfer-failed."""
        return f"transfer-{self.result}"


class VoicemailResult(Struct, frozen=True, tag="voicemail"):
    """The caller ended the message with a key, or by silence, and is still there."""

    result: VoicemailOutcome

    @property
    def label(self) -> str:
        """Return voicemail-done or voicemail-too-short."""
        return f"voicemail-{self.result}"


class Collected(Struct, frozen=True, tag="collected"):
    """The caller entered digits, `shortest` to `longest` of them, whose check digit is right."""

    shortest: int
    longest: int
    check: CheckDigit = "none"

    label = "done"

    def accepts(self, entered: str) -> bool:
        """Tell whether these keys, without a closing #, are such digits."""
        fits = entered.isascii() and entered.isdecimal() and self.shortest <= len(entered) <= self.longest
        return fits and (self.check == "none" or luhn.valid(entered))

    def example(self) -> str:
        """Return digits it accepts, closed by # where more could follow."""
        digits = "1234567890" * (self.shortest // 10 + 1)
        accepted = luhn.completed(digits[: self.shortest - 1]) if self.check == "luhn" else digits[: self.shortest]
        return accepted + ("#" if self.shortest < self.longest else "")

    def mistake(self) -> str:
        """Return keys it never accepts: a star is no digit."""
        return "*#" if self.longest > 1 else "*"


class CrmAnswer(Struct, frozen=True, tag="crm"):
    """The CRM knows the caller, does not, or did not say in time."""

    answer: CrmOutcome

    @property
    def label(self) -> str:
        """Return crm-found, crm-not-found or crm-failed."""
        return f"crm-{self.answer}"


class Match(Struct, frozen=True, tag="match"):
    """The first case, in the step's order, one of whose `values` is what the call has.

    `caller`: a number that begins so, or "anonymous"; `number`: the number dialled, in any form; `language`: what the
    caller hears; `field`: a field of the card, named by `field`.
    """

    case: str
    subject: Subject
    values: tuple[str, ...]
    field: str = ""

    @property
    def label(self) -> str:
        """Return case- and the case's name."""
        return f"case-{self.case}"


class Share(Struct, frozen=True, tag="share"):
    """Chance, for `percent` of the calls."""

    case: str
    percent: int

    @property
    def label(self) -> str:
        """Return case- and the case's name."""
        return f"case-{self.case}"


class Otherwise(Struct, frozen=True, tag="otherwise"):
    """No case of the step holds."""

    label = "otherwise"


class CallbackResult(Struct, frozen=True, tag="callback"):
    """The caller wants to be called back, or rather goes on."""

    result: CallbackOutcome

    @property
    def label(self) -> str:
        """Return callback-taken or callback-refused."""
        return f"callback-{self.result}"


class SurveyResult(Struct, frozen=True, tag="survey"):
    """The caller gave a score, or none."""

    result: SurveyOutcome

    @property
    def label(self) -> str:
        """Return survey-done or survey-none."""
        return f"survey-{self.result}"


Guard = (
    Always | InHours | Key | NoInput | BadInput | Collected | QueueExit | QueueKey | TransferResult | VoicemailResult
    | CrmAnswer | Match | Share | Otherwise | CallbackResult | SurveyResult
)  # fmt: skip


def key_name(key: str) -> str:
    """Return a key as extensions and labels name it: the digit, star or hash."""
    return _KEY_NAMES.get(key, key)


class Edge(Struct, frozen=True):
    """One way out of a step: when `guard` holds, the call goes to the step `target`."""

    guard: Guard
    target: str
