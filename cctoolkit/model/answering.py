"""When the call is answered: toll-free minutes cost from then on."""

from typing import Annotated, Literal

from msgspec import Meta

from cctoolkit.model.words import Identifier, Section


class Answering(Section, frozen=True, kw_only=True):
    """At which step calls are answered, and what callers hear before."""

    step: Annotated[
        Identifier | None,
        Meta(description="The step; when not given, the first one that plays, asks or connects."),
    ] = None
    before: Annotated[
        Literal["ringing", "early-media"],
        Meta(description="What callers hear until then: ringing, or prompts played without answering."),
    ] = "ringing"
