"""How a project's figures are read and what they should be.

The figures are computed elsewhere: their names and readings stand here as closed lists, so that a spec is checked
without them; a test holds both equal.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.words import Duration, DurationOrZero, Identifier, Section

Ratio = Annotated[float, Meta(ge=0, le=1, description="A share from 0 to 1.", examples=[0.8])]


class ShareTarget(Section, frozen=True, kw_only=True):
    """What a share should be: at least, at most, or between."""

    at_least: Annotated[Ratio | None, Meta(description="No less than this.")] = None
    at_most: Annotated[Ratio | None, Meta(description="No more than this.")] = None


class TimeTarget(Section, frozen=True, kw_only=True):
    """What a time should be: at least, at most, or between."""

    at_least: Annotated[Duration | None, Meta(description="No less than this.")] = None
    at_most: Annotated[Duration | None, Meta(description="No more than this.")] = None


class QueueTargets(Section, frozen=True, kw_only=True):
    """Targets by figure; what a queue does not say, the project's target is for it too."""

    lost_call_rate: Annotated[ShareTarget, Meta(description="Callers who gave up while waiting.")] = ShareTarget()
    average_wait: Annotated[TimeTarget, Meta(description="The mean time in the queue.")] = TimeTarget()
    longest_wait: Annotated[TimeTarget, Meta(description="The longest time in the queue.")] = TimeTarget()
    average_talk: Annotated[TimeTarget, Meta(description="The mean length of a talk.")] = TimeTarget()
    after_call_work: Annotated[TimeTarget, Meta(description="The mean wrap-up after a talk.")] = TimeTarget()
    average_handling_time: Annotated[TimeTarget, Meta(description="Talk, hold and wrap-up together.")] = TimeTarget()


class ProjectTargets(QueueTargets, frozen=True, kw_only=True):
    """Targets of the whole project; the service level of one queue stands with the queue."""

    service_level: Annotated[ShareTarget, Meta(description="Calls answered within their queue's time.")] = ShareTarget()
    occupancy: Annotated[ShareTarget, Meta(description="An agent's time that calls took.")] = ShareTarget()


class Formulas(Section, frozen=True, kw_only=True):
    """Which reading of a figure the project reports, where there are several."""

    service_level: Annotated[
        Literal["default", "of_offered", "of_answered", "late_abandons", "abandon_in_time"],
        Meta(description="Of which contacts a share is answered in time; the default leaves short abandons out."),
    ] = "default"
    lost_call_rate: Annotated[
        Literal["default", "of_offered"], Meta(description="The default leaves short abandons out.")
    ] = "default"
    average_wait: Annotated[
        Literal["answered", "all", "abandoned"], Meta(description="Whose waits count: answered is the usual ASA.")
    ] = "answered"
    average_talk: Annotated[
        Literal["default", "with_hold"], Meta(description="The default is without the time on hold.")
    ] = "default"
    occupancy: Annotated[
        Literal["default", "of_logged_in"], Meta(description="The default leaves pauses out of the time available.")
    ] = "default"


class Kpi(Section, frozen=True, kw_only=True):
    """The figures agreed with the client."""

    short_abandon: Annotated[DurationOrZero, Meta(description="An abandon sooner than this is a short one.")] = "15s"
    formulas: Annotated[Formulas, Meta(description="The readings the project reports.")] = Formulas()
    targets: Annotated[ProjectTargets, Meta(description="What the figures should be.")] = ProjectTargets()
    by_queue: Annotated[dict[Identifier, QueueTargets], Meta(description="Targets of single queues.")] = field(
        default_factory=dict
    )
