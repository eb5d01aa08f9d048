"""A project: one client's line, as its `project.yaml` says."""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.queue import QueueOptions
from cctoolkit.model.step import Step
from cctoolkit.model.words import (
    Country,
    Date,
    Days,
    Duration,
    DurationOrZero,
    Identifier,
    Language,
    PhoneText,
    Section,
    TimeRange,
    Title,
)  # fmt: skip


class ProjectInfo(Section, frozen=True, kw_only=True):
    """Whose line it is."""

    id: Annotated[Identifier, Meta(description="The folder's name and the prefix of everything on the switch.")]
    title: Title
    client: Title
    language: Annotated[Language, Meta(description="What callers hear and reports are written in.")]
    time_zone: Annotated[str, Meta(description="IANA name.", examples=["Europe/Moscow"], max_length=40)]
    stage: Literal["draft", "pilot", "live"] = "draft"


class Number(Section, frozen=True, kw_only=True):
    """A phone number that enters the flow."""

    number: PhoneText
    entry: Annotated[Identifier, Meta(description="The first step.")]
    country: Country = "RU"
    class_: Literal["toll-free", "shared", "geographic"] = field(name="class", default="geographic")
    arrives_as: Annotated[
        tuple[PhoneText, ...],
        Meta(description="Forms in which carriers deliver it, besides its own, such as a geographic number."),
    ] = ()


class SpecialDate(Section, frozen=True, kw_only=True):
    """A date that differs from its weekday: closed (a holiday), or open at other hours."""

    date: Date
    hours: Annotated[tuple[TimeRange, ...], Meta(description="Hours of that day; none: a holiday.")] = ()


class Calendar(Section, frozen=True, kw_only=True):
    """Weekly hours and the dates that differ; every other minute is closed."""

    hours: Annotated[dict[Days, tuple[TimeRange, ...]], Meta(description="Hours by weekday.")]
    dates: tuple[SpecialDate, ...] = ()


class AgentAssignment(Section, frozen=True, kw_only=True):
    """An agent of the site's roster who serves this project."""

    agent: Identifier
    queues: Annotated[
        tuple[Identifier, ...], Meta(description="The queues served; all of the project's when not given.")
    ] = ()
    penalty: Annotated[int, Meta(ge=0, le=99, description="Higher ones are called later.")] = 0
    certified: Annotated[Date | None, Meta(description="Since when; an agent without it is not put on the line.")] = (
        None
    )


class AfterCall(Section, frozen=True, kw_only=True):
    """Wrap-up after each call: the agent is paused until ready, at the latest after `limit`."""

    limit: Annotated[Duration, Meta(description="When the agent becomes ready without saying so.")] = "30s"


class Kpi(Section, frozen=True, kw_only=True):
    """Limits the figures use."""

    short_abandon: Annotated[DurationOrZero, Meta(description="An abandon sooner than this is a short one.")] = "15s"


class Project(Section, frozen=True, kw_only=True):
    """One project, all sections together; `flow` holds steps by name."""

    project: ProjectInfo
    numbers: Annotated[tuple[Number, ...], Meta(min_length=1)]
    calendars: dict[Identifier, Calendar] = field(default_factory=dict)
    flow: dict[Identifier, Step]
    queues: dict[Identifier, QueueOptions] = field(default_factory=dict)
    agents: tuple[AgentAssignment, ...] = ()
    after_call: AfterCall = AfterCall()
    kpi: Kpi = Kpi()

    @property
    def id(self) -> str:
        """Return the project's id."""
        return self.project.id

    def queues_of(self, agent: AgentAssignment) -> tuple[str, ...]:
        """Return the queues an agent serves, in the spec's order."""
        return tuple(q for q in self.queues if not agent.queues or q in agent.queues)
