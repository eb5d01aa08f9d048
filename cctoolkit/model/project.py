"""A project: one client's line, as its `project.yaml` says."""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.calendar import Calendar
from cctoolkit.model.people import AgentAssignment, Roles, Team
from cctoolkit.model.queue import QueueOptions
from cctoolkit.model.step import Step
from cctoolkit.model.trunk import Trunk
from cctoolkit.model.words import (
    Country,
    Duration,
    DurationOrZero,
    Identifier,
    Language,
    PhoneText,
    Section,
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
    roles: Roles = Roles()


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
    capacity: Annotated[
        int, Meta(ge=0, le=9999, description="Calls at once at most, the next one hears busy; 0 is no limit.")
    ] = 0


class Pause(Section, frozen=True, kw_only=True):
    """A reason to pause, as agents dial it."""

    code: Annotated[
        str,
        Meta(
            pattern="^[0-9]{1,2}$",
            description="Dialled after the site's pause code.",
            examples=["1"],
            extra_json_schema={"x-expected": 'one or two digits in quotes, such as "1"'},
        ),
    ]
    limit: Annotated[Duration | None, Meta(description="How long it may last; longer ones show in red.")] = None


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
    trunks: dict[Identifier, Trunk] = field(default_factory=dict)
    queues: dict[Identifier, QueueOptions] = field(default_factory=dict)
    teams: dict[Identifier, Team] = field(default_factory=dict)
    agents: tuple[AgentAssignment, ...] = ()
    after_call: AfterCall = AfterCall()
    pauses: Annotated[dict[Identifier, Pause], Meta(description="Reasons to pause, by name.")] = field(
        default_factory=dict
    )
    kpi: Kpi = Kpi()

    @property
    def id(self) -> str:
        """Return the project's id."""
        return self.project.id

    def queues_of(self, agent: AgentAssignment) -> tuple[str, ...]:
        """Return the queues an agent serves, in the spec's order."""
        return tuple(q for q in self.queues if not agent.queues or q in agent.queues)
