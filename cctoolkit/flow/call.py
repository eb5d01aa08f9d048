"""A call to think through: who calls, when, what the caller does and what happens on the way."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from cctoolkit.errors import UsageError
from cctoolkit.flow.known import NOBODY, Known
from cctoolkit.model.guard import (
    OVERRIDES,
    CallbackResult,
    CrmAnswer,
    InHours,
    QueueExit,
    Share,
    SurveyResult,
    TransferResult,
    VoicemailResult,
    key_name,
)

SILENCE = "-"
_PRESSED = frozenset("0123456789*#")
QUEUE_ENDS = ("answered", "abandoned")
QUEUE_OUTCOMES = (
    *QUEUE_ENDS,
    *("timeout", "full", "no-agents", "continued"),
    *(f"key-{key_name(key)}" for key in "1234567890*#"),
)
TRANSFER_OUTCOMES = ("transferred", "busy", "no-answer", "failed")
VOICEMAIL_OUTCOMES = ("message-left", "done", "too-short")
CRM_OUTCOMES = ("found", "not-found", "failed")
CALLBACK_OUTCOMES = ("taken", "refused")
SURVEY_OUTCOMES = ("done", "none")
NO_OVERRIDE = "none"
OVERRIDE_WORDS = (NO_OVERRIDE, *OVERRIDES)


class Call(Struct, frozen=True):
    """A call to think through: `keys` in the order pressed, several together where digits are collected ("-" is silence
    for one attempt; after the last key the caller is silent), `queue` how queues end for it, one after another, of
    `QUEUE_OUTCOMES`; the last stays so. `transfer`, `voicemail`, `crm`, `callback` and `survey` are the same for
    transfers, messages, what the CRM answers, offers to call back and scores; `share` are the cases chance chooses,
    the likeliest when none is named; `override` is what a supervisor says at each step that asks the hours.

    `caller` is in E.164, "" when withheld; `record` is what the CRM has of the caller, by the card's field.
    """

    number: str
    at: datetime
    keys: tuple[str, ...] = ()
    queue: tuple[str, ...] = ("answered",)
    transfer: tuple[str, ...] = ("transferred",)
    voicemail: tuple[str, ...] = ("message-left",)
    crm: tuple[str, ...] = ("found",)
    callback: tuple[str, ...] = ("taken",)
    survey: tuple[str, ...] = ("done",)
    share: tuple[str, ...] = ()
    caller: str = NOBODY
    record: Mapping[str, str] = {}
    override: tuple[str, ...] = (NO_OVERRIDE,)


Outside = QueueExit | TransferResult | VoicemailResult | CrmAnswer | CallbackResult | SurveyResult
"""Guards that neither the caller's keys nor the clock decide."""


class Caller:
    """What the caller still does: keys to press; and what still happens: how queues and the like end."""

    def __init__(self, call: Call, known: Known) -> None:
        self.at = call.at
        self.known = known
        self._keys = list(reversed(call.keys))
        self._outcomes = {
            QueueExit: list(reversed(call.queue)),
            TransferResult: list(reversed(call.transfer)),
            VoicemailResult: list(reversed(call.voicemail)),
            CrmAnswer: list(reversed(call.crm)),
            CallbackResult: list(reversed(call.callback)),
            SurveyResult: list(reversed(call.survey)),
            Share: list(reversed(call.share or ("",))),
            InHours: list(reversed(call.override)),
        }

    def key(self) -> str:
        """Return what the caller presses at the next attempt."""
        return self._keys.pop() if self._keys else SILENCE

    def outcome(self, kind: type[Outside | Share | InHours]) -> str:
        """Return how the next thing of a kind ends, "" for a share nobody named; what a supervisor says of hours."""
        outcomes = self._outcomes[kind]
        return outcomes.pop() if len(outcomes) > 1 else outcomes[0]

    @property
    def left(self) -> tuple[object, ...]:
        """Return what is left to do and known: a call back at a step with the same goes round for ever."""
        card = tuple(sorted(self.known.card.items()))
        return len(self._keys), *map(len, self._outcomes.values()), self.known.language, card


def check(call: Call, *, collects: bool = True) -> None:
    """Raise UsageError for a call nobody can make; keys stand together only where a flow collects digits."""
    for key in call.keys:
        if key != SILENCE and (not key or not _PRESSED.issuperset(key) or (len(key) > 1 and not collects)):
            raise UsageError(f"{key!r} is no key of a phone", expected='0 to 9, *, # or "-" for silence')
    for word in call.override or ("",):
        if word not in OVERRIDE_WORDS:
            raise UsageError(f"{word!r} is no override", expected="one of " + ", ".join(OVERRIDE_WORDS))
    for what, outcomes, known in (
        ("a queue", call.queue, QUEUE_OUTCOMES),
        ("a transfer", call.transfer, TRANSFER_OUTCOMES),
        ("a message", call.voicemail, VOICEMAIL_OUTCOMES),
        ("a question to the CRM", call.crm, CRM_OUTCOMES),
        ("an offer to call back", call.callback, CALLBACK_OUTCOMES),
        ("a question for a score", call.survey, SURVEY_OUTCOMES),
    ):
        for outcome in outcomes or ("",):
            if outcome not in known:
                raise UsageError(f"{outcome!r} is no way {what} ends", expected="one of " + ", ".join(known))
