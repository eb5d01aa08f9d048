"""voicemail: a message into a folder on the node, and by e-mail to whoever answers for it."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from cctoolkit.model.guard import Edge, VoicemailResult
from cctoolkit.model.step import Step
from cctoolkit.model.words import Duration, Identifier, MailAddress, Section, Sound

MOST_MAILED = 20
LONGEST_MAILED_SECONDS = 420
"""16 kB a second, and a third more as base64: 9.2 MB, below the 10.24 MB a relay takes unless told otherwise
(Postfix, message_size_limit)."""


class VoicemailNext(Section, frozen=True, kw_only=True):
    """Where a caller goes who ends the message with a key, or falls silent, and stays."""

    done: Annotated[Identifier, Meta(description="The message is kept.")]
    too_short: Annotated[Identifier | None, Meta(description="Sooner than `shortest`; as done when not given.")] = None


class Voicemail(Step, frozen=True, kw_only=True, tag="voicemail"):
    """Plays prompts and a beep and records; the caller ends it by hanging up, with a key, or by silence."""

    needs_answer = True
    example: ClassVar[dict[str, Any]] = {
        "type": "voicemail",
        "prompts": ["northwind/leave-a-message"],
        "shortest": "2s",
        "longest": "3m",
        "silence": "10s",
        "mail": ["hotline@centre.example"],
        "keep_days": 30,
        "next": {"done": "goodbye", "too_short": "leave-message"},
    }

    prompts: Annotated[tuple[Sound, ...], Meta(description="What the caller may say.")] = ()
    shortest: Annotated[Duration, Meta(description="A message shorter than this is none.")] = "2s"
    longest: Annotated[Duration, Meta(description="Where a message is cut; at most 7m where it is mailed.")] = "3m"
    silence: Annotated[Duration, Meta(description="So long a silence ends the message.")] = "10s"
    mail: Annotated[
        tuple[MailAddress, ...],
        Meta(
            max_length=MOST_MAILED,
            description="Who gets each message by e-mail, the recording attached; nobody when empty.",
        ),
    ] = ()
    keep_days: Annotated[
        int,
        Meta(ge=1, le=3650, description="Days a message stays on the node; one not mailed yet stays until it is."),
    ] = 90
    next: VoicemailNext

    def edges(self) -> tuple[Edge, ...]:
        """Done, too short."""
        return (
            Edge(VoicemailResult("done"), self.next.done),
            Edge(VoicemailResult("too-short"), self.next.too_short or self.next.done),
        )

    def ends(self) -> tuple[str, ...]:
        """The caller left a message and hung up."""
        return ("message-left",)

    def sounds(self) -> tuple[Sound, ...]:
        """Return the prompts."""
        return self.prompts
