"""The people of a project: who runs it, and who serves its line."""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.words import Date, Identifier, Level, Section, Title


class Person(Section, frozen=True, kw_only=True):
    """Someone with a part in the project, and how to reach them."""

    name: Annotated[Title, Meta(description="What colleagues call them.")]
    contact: Annotated[Title | None, Meta(description="A phone, an address, whatever is used.")] = None
    agent: Annotated[
        Identifier | None,
        Meta(description="On the site's roster: a supervisor or shift manager may override hours from this phone."),
    ] = None


class Roles(Section, frozen=True, kw_only=True):
    """Who runs the project; supervisors sign the technical launch and watch the queues. They and the shift managers
    may open and close the line by phone.
    """

    project_manager: Annotated[Person | None, Meta(description="Answers for the project as a whole.")] = None
    account_manager: Annotated[Person | None, Meta(description="Speaks with the client, and sends the reports.")] = None
    supervisors: Annotated[tuple[Person, ...], Meta(description="Sign the technical launch and watch the queues.")] = ()
    shift_managers: Annotated[tuple[Person, ...], Meta(description="Lead the shifts, nights too.")] = ()
    quality: Annotated[Person | None, Meta(description="Listens to calls and scores them.")] = None
    trainer: Annotated[Person | None, Meta(description="Trains and certifies the agents.")] = None
    technical_support: Annotated[Person | None, Meta(description="Called when the line fails.")] = None

    def may_override(self) -> tuple[str, ...]:
        """Return the agents whose phones may open and close the line by hand."""
        return tuple(dict.fromkeys(one.agent for one in (*self.supervisors, *self.shift_managers) if one.agent))


class Team(Section, frozen=True, kw_only=True):
    """A row of agents; `senior` is the one others ask, `leader` the team leader's name."""

    senior: Annotated[Identifier, Meta(description="The agent of the row whom the others ask.")]
    leader: Annotated[Title | None, Meta(description="The team leader of the row.")] = None


class AgentAssignment(Section, frozen=True, kw_only=True):
    """An agent of the site's roster who serves this project."""

    agent: Annotated[Identifier, Meta(description="The agent, as the roster of the site names them.")]
    team: Annotated[Identifier | None, Meta(description="The row the agent sits in.")] = None
    grade: Annotated[Literal["junior", "regular", "senior", "expert"], Meta(description="How experienced.")] = "regular"
    queues: Annotated[
        tuple[Identifier, ...], Meta(description="The queues served; all of the project's when not given.")
    ] = ()
    skills: Annotated[dict[Identifier, Level], Meta(description="What the agent can, and how well.")] = field(
        default_factory=dict
    )
    penalty: Annotated[int, Meta(ge=0, le=99, description="Higher ones are called later.")] = 0
    certified: Annotated[Date | None, Meta(description="Since when; an agent without it is not put on the line.")] = (
        None
    )
