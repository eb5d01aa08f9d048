"""A project: one client's line, as its `project.yaml` says."""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.after_call import AfterCall, Disposition
from cctoolkit.model.answering import Answering
from cctoolkit.model.calendar import Calendar
from cctoolkit.model.crm import Crm
from cctoolkit.model.knowledge import Article, Script
from cctoolkit.model.kpi import Kpi
from cctoolkit.model.launch import Launch
from cctoolkit.model.people import AgentAssignment, Roles, Team
from cctoolkit.model.privacy import Privacy
from cctoolkit.model.queue import QueueOptions
from cctoolkit.model.recording import Recording
from cctoolkit.model.reports import Report
from cctoolkit.model.step import Step
from cctoolkit.model.trunk import Trunk
from cctoolkit.model.words import (
    Country,
    Duration,
    Identifier,
    Language,
    PhoneText,
    Section,
    Title,
)  # fmt: skip
from cctoolkit.spec.whole import MAX_LIBRARIES


class ProjectInfo(Section, frozen=True, kw_only=True):
    """Whose line it is."""

    id: Annotated[Identifier, Meta(description="The folder's name and the prefix of everything on the switch.")]
    title: Annotated[Title, Meta(description="What people call the line.")]
    client: Annotated[Title, Meta(description="Whose line it is.")]
    language: Annotated[Language, Meta(description="What callers hear and reports are written in.")]
    time_zone: Annotated[str, Meta(description="IANA name.", examples=["Europe/Moscow"], max_length=40)]
    stage: Annotated[Literal["draft", "pilot", "live"], Meta(description="How far the project is.")] = "draft"
    roles: Roles = Roles()


class Number(Section, frozen=True, kw_only=True):
    """A phone number that enters the flow."""

    number: PhoneText
    country: Country = "RU"
    class_: Annotated[
        Literal["toll-free", "shared", "geographic"], Meta(description="Who pays: the client, both, or the caller.")
    ] = field(name="class", default="geographic")
    arrives_as: Annotated[
        tuple[PhoneText, ...],
        Meta(description="Forms in which carriers deliver it, besides its own, such as a geographic number."),
    ] = ()
    entry: Annotated[Identifier, Meta(description="The first step.")]
    capacity: Annotated[
        int, Meta(ge=0, le=9999, description="Calls at once at most, the next one hears busy; 0 is no limit.")
    ] = 0
    shared_with: Annotated[
        tuple[Identifier, ...], Meta(description="Other projects of the site that may use the number.")
    ] = ()


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
    limit: Annotated[
        Duration | None,
        Meta(
            description="How long it may last: longer ones are red in the watch and counted in the report; "
            "it makes nobody ready."
        ),
    ] = None


class Project(Section, frozen=True, kw_only=True):
    """One project, all sections together; `flow` holds steps by name."""

    project: ProjectInfo
    numbers: Annotated[tuple[Number, ...], Meta(min_length=1)]
    trunks: dict[Identifier, Trunk] = field(default_factory=dict)
    calendars: dict[Identifier, Calendar] = field(default_factory=dict)
    flow: dict[Identifier, Step]
    queues: dict[Identifier, QueueOptions] = field(default_factory=dict)
    teams: dict[Identifier, Team] = field(default_factory=dict)
    agents: tuple[AgentAssignment, ...] = ()
    answer: Answering = Answering()
    after_call: AfterCall = AfterCall()
    dispositions: Annotated[dict[Identifier, Disposition], Meta(description="Outcome codes, by name.")] = field(
        default_factory=dict
    )
    pauses: Annotated[dict[Identifier, Pause], Meta(description="Reasons to pause, by name.")] = field(
        default_factory=dict
    )
    recording: Recording = Recording()
    privacy: Privacy = Privacy()
    crm: Crm | None = None
    scripts: Annotated[dict[Identifier, Script], Meta(description="The agents' scripts, by name.")] = field(
        default_factory=dict
    )
    knowledge_base: Annotated[dict[Identifier, Article], Meta(description="Pages for agents, by name.")] = field(
        default_factory=dict
    )
    kpi: Kpi = Kpi()
    reports: Annotated[dict[Identifier, Report], Meta(description="The reports, by name.")] = field(
        default_factory=dict
    )
    launch: Launch = Launch()
    library: Annotated[
        tuple[Identifier, ...],
        Meta(max_length=MAX_LIBRARIES, description="Files of projects/library/ whose entries join the project's own."),
    ] = ()

    @property
    def id(self) -> str:
        """Return the project's id."""
        return self.project.id

    @property
    def passes_calls(self) -> bool:
        """Say whether it passes calls to other nodes of its site."""
        return any(trunk.node for trunk in self.trunks.values())

    def queues_of(self, agent: AgentAssignment) -> tuple[str, ...]:
        """Return the queues an agent serves, in the spec's order."""
        return tuple(q for q in self.queues if not agent.queues or q in agent.queues)
