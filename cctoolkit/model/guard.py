"""The closed set of conditions on the edges of a call flow.

A step type returns (guard, target) pairs; the simulator, the proof, the test calls and the picture interpret
guards and know no step type. `label` is the guard's name wherever it is written: the extension in the
rendered context, the outcome in events and records, the word on the picture's edge.
"""

from typing import Literal

from msgspec import Struct

HoursOutcome = Literal["open", "closed", "holiday"]
QueueReason = Literal["timeout", "full", "no-agents", "continued"]
TransferOutcome = Literal["busy", "no-answer", "failed"]
VoicemailOutcome = Literal["done", "too-short"]

_KEY_NAMES = {"*": "star", "#": "hash"}


class Always(Struct, frozen=True, tag="always"):
    """The step is done; there is no choice."""

    label = "done"


class InHours(Struct, frozen=True, tag="hours"):
    """The calendar answers `outcome` at the call's time."""

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


Guard = Always | InHours | Key | NoInput | BadInput | QueueExit | QueueKey | TransferResult | VoicemailResult


def key_name(key: str) -> str:
    """Return a key as extensions and labels name it: the digit, star or hash."""
    return _KEY_NAMES.get(key, key)


class Edge(Struct, frozen=True):
    """One way out of a step: when `guard` holds, the call goes to the step `target`."""

    guard: Guard
    target: str
