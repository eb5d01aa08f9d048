"""The technical launch: what must hold and who must sign before a line goes live."""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.words import Identifier, Section, Title

Check = Literal["flow", "memory", "routes", "card", "scripts", "certification"]
Role = Literal[
    "project_manager", "account_manager", "supervisors", "shift_managers", "quality", "trainer", "technical_support"
]  # fmt: skip


class Signature(Section, frozen=True, kw_only=True):
    """Something a person looks at and signs."""

    title: Annotated[Title, Meta(description="What is looked at, in a sentence.")]
    by: Annotated[
        tuple[Role, ...], Meta(min_length=1, description="Who may sign: anyone who has one of these roles.")
    ] = ("supervisors",)


class Launch(Section, frozen=True, kw_only=True):
    """The checklist of the technical launch."""

    proved: Annotated[
        tuple[Check, ...],
        Meta(
            description="What is proved without a person: flow (no caller is lost), memory (the switch runs this "
            "spec), routes (test calls), card (every field of the CRM), scripts (each file is there), "
            "certification (of agents)."
        ),
    ] = ("flow", "memory", "routes")
    signed: Annotated[dict[Identifier, Signature], Meta(description="What a person signs, by name.")] = field(
        default_factory=dict
    )
