"""Queue options under app_queue's own names and types.

Source: queues.conf.sample of Asterisk 22. Options the toolkit owns or does without are not here (`REFUSED`): the schema
refuses them.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.words import Duration, DurationOrZero, Identifier, Level, Section, Sound, Title

_TOOLKIT = "the toolkit sets it itself: "
_WITHOUT = "the toolkit does without it: "
_GENERAL = _TOOLKIT + "it belongs to [general], which is the same for all projects of a site"
_VARIABLES = _WITHOUT + "nothing reads these variables; events say who answered, where and when"
REFUSED = {
    "context": _TOOLKIT + "the ways out of a queue are outcomes of the step that uses it",
    "member": _WITHOUT + "agents log in and out; write them under agents",
    "setinterfacevar": _VARIABLES,
    "setqueuevar": _VARIABLES,
    "setqueueentryvar": _VARIABLES,
    "wrapuptime": _TOOLKIT + "after-call work is a pause that is measured; write after_call: {limit: …}",
    "autofill": _TOOLKIT + "free agents are rung at once for all who wait",
    "min-announce-frequency": _TOOLKIT + "it follows from announce-frequency",
    "persistentmembers": _GENERAL,
    "shared_lastcall": _GENERAL,
    "log_membername_as_agent": _GENERAL,
    "ringinuse": _TOOLKIT + "an agent who talks is not rung",
}
"""Options of queues.conf that a spec may not set, and why: the toolkit sets them itself, or does without them."""

LEAST_ANNOUNCE_SECONDS = 15
"""So far apart app_queue says the place unless min-announce-frequency says less (DEFAULT_MIN_ANNOUNCE_FREQUENCY)."""

Strategy = Literal["ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear", "wrandom"]


class ServiceLevel(Section, frozen=True, kw_only=True):
    """The client's target: so large a share of calls answered within so long."""

    within: Annotated[Duration, Meta(description="Answered so soon, a call counts.")] = "20s"
    target_ratio: Annotated[float, Meta(ge=0, le=1, description="A share from 0 to 1.")] = 0.8


class QueueOptions(Section, frozen=True, kw_only=True):
    """One queue."""

    title: Annotated[Title | None, Meta(description="What reports call it; its name when not given.")] = None
    shared_with: Annotated[
        tuple[Identifier, ...], Meta(description="Other projects of the site that may use the queue.")
    ] = ()
    skills: Annotated[
        dict[Identifier, Level], Meta(description="What its agents must be able to do, and how well at least.")
    ] = field(default_factory=dict)
    strategy: Annotated[Strategy, Meta(description="Whom app_queue rings first.")] = "rrmemory"
    service_level: ServiceLevel = ServiceLevel()
    timeout: Annotated[Duration, Meta(description="How long one agent's phone rings.")] = "15s"
    retry: Annotated[Duration, Meta(description="Pause before the next try.")] = "1s"
    maxlen: Annotated[int, Meta(ge=0, le=9999, description="Waiting callers at most; 0 is no limit.")] = 0
    weight: Annotated[int, Meta(ge=0, le=9999, description="Higher ones get a shared agent first.")] = 0
    joinempty: Annotated[
        bool, Meta(description="Whether callers may join when no agent is logged in, or no phone of one can ring.")
    ] = False
    leavewhenempty: Annotated[
        bool, Meta(description="Whether callers leave when the last agent logs out, or no phone can ring any more.")
    ] = False
    musicclass: Annotated[
        str,
        Meta(
            pattern="^[a-z][a-z0-9-]*$",
            max_length=40,
            description="Music on hold.",
            examples=["default"],
            extra_json_schema={"x-expected": "small Latin letters, digits and hyphens, a letter first"},
        ),
    ] = "default"
    announce_frequency: Annotated[DurationOrZero, Meta(description="How often to announce; 0s: never.")] = field(
        name="announce-frequency", default="0s"
    )
    announce_position: Annotated[bool, Meta(description="Whether the place in the queue is announced.")] = field(
        name="announce-position", default=False
    )
    periodic_announce: Annotated[tuple[Sound, ...], Meta(description="Announcements that repeat.")] = field(
        name="periodic-announce", default=()
    )
    periodic_announce_frequency: Annotated[DurationOrZero, Meta(description="How often they repeat; 0s: never.")] = (
        field(name="periodic-announce-frequency", default="0s")
    )
