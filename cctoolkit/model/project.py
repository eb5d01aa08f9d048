"""A project: one client's line, as its `project.yaml` says."""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.queue import QueueOptions
from cctoolkit.model.step import Step
from cctoolkit.model.words import (
    Address,
    Codec,
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


class Person(Section, frozen=True, kw_only=True):
    """Someone with a part in the project, and how to reach them."""

    name: Title
    contact: Annotated[Title | None, Meta(description="A phone, an address, whatever is used.")] = None


class Roles(Section, frozen=True, kw_only=True):
    """Who runs the project; supervisors sign the technical launch and watch the queues."""

    project_manager: Person | None = None
    account_manager: Person | None = None
    supervisors: tuple[Person, ...] = ()
    shift_managers: tuple[Person, ...] = ()
    quality: Person | None = None
    trainer: Person | None = None
    technical_support: Person | None = None


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


class Trunk(Section, frozen=True, kw_only=True):
    """The client's own PBX: SIP by address, reached only by transfer steps; calls it places are refused."""

    address: Address
    port: Annotated[int, Meta(ge=1, le=65535)] = 5060
    codecs: Annotated[tuple[Codec, ...], Meta(min_length=1)] = ("alaw", "ulaw")
    channels: Annotated[int, Meta(ge=1, le=9999, description="Calls at once at most.")] = 30


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
    grade: Annotated[Literal["junior", "regular", "senior", "expert"], Meta(description="How experienced.")] = "regular"
    team: Annotated[Identifier | None, Meta(description="The row the agent sits in.")] = None
    queues: Annotated[
        tuple[Identifier, ...], Meta(description="The queues served; all of the project's when not given.")
    ] = ()
    penalty: Annotated[int, Meta(ge=0, le=99, description="Higher ones are called later.")] = 0
    certified: Annotated[Date | None, Meta(description="Since when; an agent without it is not put on the line.")] = (
        None
    )


class Team(Section, frozen=True, kw_only=True):
    """A row of agents; `senior` is the one others ask, `leader` the team leader's name."""

    senior: Identifier
    leader: Title | None = None


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
