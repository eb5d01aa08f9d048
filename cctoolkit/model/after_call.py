"""What agents do after a call: wrap-up, and how the call ended in their words."""

from typing import Annotated, Literal

from msgspec import Meta

from cctoolkit.model.words import Duration, Section, Title


class AfterCall(Section, frozen=True, kw_only=True):
    """Wrap-up after each call: the agent is paused until ready, at the latest after `limit`, or for just so long."""

    mode: Annotated[
        Literal["until-ready", "fixed"],
        Meta(description="until-ready: ended by the agent, at the latest after limit; fixed: as long as limit says."),
    ] = "until-ready"
    limit: Annotated[Duration, Meta(description="When the agent becomes ready without saying so.")] = "30s"
    disposition: Annotated[
        Literal["none", "dialled", "crm"],
        Meta(description="How the agent's outcome code is told: not at all, dialled in wrap-up, or read from the CRM."),
    ] = "none"
    required: Annotated[
        bool, Meta(description="Whether wrap-up without an outcome code is shown to the supervisor as a mistake.")
    ] = False


class Disposition(Section, frozen=True, kw_only=True):
    """An outcome code: what came of a call, as the agent says it."""

    code: Annotated[
        str,
        Meta(
            pattern="^[0-9]{1,3}$",
            description="What the agent dials.",
            examples=["1", "12"],
            extra_json_schema={"x-expected": 'one to three digits in quotes, such as "12"'},
        ),
    ]
    title: Annotated[Title, Meta(description="What agents and reports call it.")]
    done: Annotated[bool, Meta(description="Whether the caller's question was settled in this call.")] = True
