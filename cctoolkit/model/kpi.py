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

    at_least: Ratio | None = None
    at_most: Ratio | None = None


class TimeTarget(Section, frozen=True, kw_only=True):
    """What a time should be: at least, at most, or between."""

    at_least: Duration | None = None
    at_most: Duration | None = None


class QueueTargets(Section, frozen=True, kw_only=True):
    """Targets by figure; what a queue does not say, the project's target is for it too."""

    lost_call_rate: ShareTarget = ShareTarget()
    average_wait: TimeTarget = TimeTarget()
    longest_wait: TimeTarget = TimeTarget()
    average_talk: TimeTarget = TimeTarget()
    after_call_work: TimeTarget = TimeTarget()
    average_handling_time: TimeTarget = TimeTarget()


class ProjectTargets(QueueTargets, frozen=True, kw_only=True):
    """Targets of the whole project; the service level of one queue stands with the queue."""

    service_level: ShareTarget = ShareTarget()
    occupancy: ShareTarget = ShareTarget()


class Formulas(Section, frozen=True, kw_only=True):
    """Which reading of a figure the project reports, where there are several."""

    service_level: Literal["default", "of_offered", "of_answered", "late_abandons", "abandon_in_time"] = "default"
    lost_call_rate: Literal["default", "of_offered"] = "default"
    average_wait: Literal["answered", "all", "abandoned"] = "answered"
    average_talk: Literal["default", "with_hold"] = "default"
    occupancy: Literal["default", "of_logged_in"] = "default"


class Kpi(Section, frozen=True, kw_only=True):
    """The figures agreed with the client."""

    short_abandon: Annotated[DurationOrZero, Meta(description="An abandon sooner than this is a short one.")] = "15s"
    formulas: Formulas = Formulas()
    targets: ProjectTargets = ProjectTargets()
    by_queue: Annotated[dict[Identifier, QueueTargets], Meta(description="Targets of single queues.")] = field(
        default_factory=dict
    )
