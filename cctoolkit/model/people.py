"""The people of a project: who runs it, and who serves its line."""

from typing import Annotated, Literal

from msgspec import Meta

from cctoolkit.model.words import Date, Identifier, Section, Title


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


class Team(Section, frozen=True, kw_only=True):
    """A row of agents; `senior` is the one others ask, `leader` the team leader's name."""

    senior: Identifier
    leader: Title | None = None


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
