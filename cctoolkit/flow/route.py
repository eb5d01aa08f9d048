"""A route: one complete way through a flow, as a call that anyone can place."""

from collections.abc import Mapping
from datetime import datetime
from types import UnionType

from msgspec import Struct

from cctoolkit.flow.call import NO_OVERRIDE, QUEUE_ENDS, SILENCE
from cctoolkit.flow.graph import Vertex
from cctoolkit.flow.known import NOBODY
from cctoolkit.model.guard import (
    BadInput,
    CallbackResult,
    Collected,
    CrmAnswer,
    Guard,
    InHours,
    Key,
    NoInput,
    QueueExit,
    QueueKey,
    Share,
    SurveyResult,
    TransferResult,
    VoicemailResult,
)

TRANSFERRED = "transferred"
_KEYS = "987654321*0#"


class Turn(Struct, frozen=True):
    """The call leaves `step` by `label`; `guard` is None where it ends there, `presses` the keys it takes."""

    step: str
    label: str
    guard: Guard | None
    presses: tuple[str, ...] = ()
    chance: bool = False
    """Whether nothing but chance decides here."""

    @property
    def forced(self) -> bool:
        """Say whether a test call is told to leave so instead of living through it: no share is drawn, no transfer
        leaves the node, no supervisor says a word.
        """
        said = isinstance(self.guard, InHours) and self.guard.outcome == "override"
        return self.chance or said or isinstance(self.guard, TransferResult) or self.label == TRANSFERRED


class Route(Struct, frozen=True):
    """One complete way through the flow: a call anyone can place. `override` is what a supervisor says at each step
    that asks the hours, one after another; the last stays so.
    """

    number: str
    at: datetime
    turns: tuple[Turn, ...]
    caller: str = NOBODY
    record: Mapping[str, str] = {}
    override: tuple[str, ...] = (NO_OVERRIDE,)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key to press, in order."""
        return tuple(key for turn in self.turns for key in turn.presses)

    @property
    def queue(self) -> tuple[str, ...]:
        """Return how queues end on the way, one after another, as `simulate.Call` takes it."""
        return self._outcomes(QueueExit | QueueKey, "queue-", QUEUE_ENDS)

    @property
    def transfer(self) -> tuple[str, ...]:
        """Return how transfers end on the way."""
        return self._outcomes(TransferResult, "transfer-", (TRANSFERRED,))

    @property
    def voicemail(self) -> tuple[str, ...]:
        """Return how messages end on the way."""
        return self._outcomes(VoicemailResult, "voicemail-", ("message-left",))

    @property
    def crm(self) -> tuple[str, ...]:
        """Return what the CRM answers on the way."""
        return self._outcomes(CrmAnswer, "crm-", ("found",))

    @property
    def callback(self) -> tuple[str, ...]:
        """Return what becomes of offers to call back on the way."""
        return self._outcomes(CallbackResult, "callback-", ("taken",))

    @property
    def survey(self) -> tuple[str, ...]:
        """Return whether the caller gives scores on the way."""
        return self._outcomes(SurveyResult, "survey-", ("done",))

    @property
    def share(self) -> tuple[str, ...]:
        """Return what chance chooses on the way."""
        return tuple(turn.label.removeprefix("case-") for turn in self.turns if turn.chance)

    def _outcomes(self, kinds: type | UnionType, prefix: str, ends: tuple[str, ...]) -> tuple[str, ...]:
        found = (t.label for t in self.turns if isinstance(t.guard, kinds) or (t.guard is None and t.label in ends))
        return tuple(label.removeprefix(prefix) for label in found) or ends[:1]

    @property
    def path(self) -> tuple[tuple[str, str], ...]:
        """Return (step, label) pairs."""
        return tuple((turn.step, turn.label) for turn in self.turns)


def turn(vertex: Vertex, label: str, guard: Guard | None) -> Turn:
    """Return how a call leaves a step; a caller who must press keys presses the fewest."""
    chance = guard is not None and any(isinstance(edge.guard, Share) for edge in vertex.edges)
    return Turn(vertex.name, label, guard, presses(vertex, guard) or (), chance)


def presses(vertex: Vertex, guard: Guard | None) -> tuple[str, ...] | None:
    """Return the keys that make a call leave so, one an attempt ("-" is silence); None when no keys can."""
    if isinstance(guard, Key):
        return (guard.key,)
    if isinstance(guard, Collected):
        return (guard.example(),)
    if isinstance(guard, NoInput):
        return (SILENCE,) * vertex.attempts
    if isinstance(guard, BadInput):
        if isinstance(collected := vertex.edges[0].guard, Collected):
            return (collected.mistake(),) * vertex.attempts
        known = {edge.guard.key for edge in vertex.edges if isinstance(edge.guard, Key)}
        wrong = next((key for key in _KEYS if key not in known), None)
        return (wrong,) * vertex.attempts if wrong else None
    return ()
