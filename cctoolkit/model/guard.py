"""The closed set of conditions on the edges of a call flow.

A step type returns (guard, target) pairs; the simulator, the proof, the test calls and the picture interpret
guards and know no step type. `label` is the guard's name wherever it is written: the extension in the
rendered context, the outcome in events and records, the word on the picture's edge.
"""

from typing import Literal

from msgspec import Struct

HoursOutcome = Literal["open", "closed", "holiday"]
QueueReason = Literal["timeout", "full", "no-agents"]


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
        return "key-" + {"*": "star", "#": "hash"}.get(self.key, self.key)


class NoInput(Struct, frozen=True, tag="no-input"):
    """All attempts used, the last by silence."""

    label = "timeout"


class BadInput(Struct, frozen=True, tag="bad-input"):
    """All attempts used, the last by a key that means nothing here."""

    label = "invalid"


class QueueExit(Struct, frozen=True, tag="queue-exit"):
    """The call left the queue without an agent, for `reason`."""

    reason: QueueReason

    @property
    def label(self) -> str:
        """Return queue-timeout, queue-full or queue-no-agents."""
        return f"queue-{self.reason}"


Guard = Always | InHours | Key | NoInput | BadInput | QueueExit


class Edge(Struct, frozen=True):
    """One way out of a step: when `guard` holds, the call goes to the step `target`."""

    guard: Guard
    target: str
