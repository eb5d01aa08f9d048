"""The client's CRM, and the card that agents fill in."""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.words import Identifier, PlainText, SecretText, Section, Title, Url

Source = Literal[
    "caller", "number", "step", "key", "queue", "agent", "wait", "talk", "disposition"
]  # fmt: skip
FieldType = Literal["text", "integer", "decimal", "yes-no", "date", "phone", "choice"]


NameInCrm = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9_.-]+$",
        max_length=80,
        description="A field's name in the CRM.",
        examples=["UF_CRM_1699000000"],
        extra_json_schema={"x-expected": "Latin letters, digits, dots, hyphens and underscores"},
    ),
]


class CardField(Section, frozen=True, kw_only=True):
    """One field of the card."""

    title: Annotated[Title | None, Meta(description="What agents see; the field's name when not given.")] = None
    name_in_crm: Annotated[
        NameInCrm | None, Meta(description="What the CRM calls the field; as it is called here when not given.")
    ] = None
    type: Annotated[FieldType, Meta(description="What its values are.")] = "text"
    required: Annotated[bool, Meta(description="Whether a card without it is incomplete.")] = False
    choices: Annotated[
        tuple[PlainText, ...], Meta(description="The values possible; needed where type is choice, and only there.")
    ] = ()
    source: Annotated[
        Source | None,
        Meta(
            description="Where the value comes from: who calls, the number dialled, the last step, a key or digits, "
            "the queue, the agent, seconds of waiting or talk, the disposition. When not given: the CRM, a set step or "
            "the agent."
        ),
    ] = None
    step: Annotated[
        Identifier | None,
        Meta(
            description="The step whose key or digits it takes, where source is key; the last such step when not given."
        ),
    ] = None


class Crm(Section, frozen=True, kw_only=True):
    """The client's CRM: lookup steps ask it, calls are written into it. Its secret never stands here."""

    kind: Annotated[Literal["rest", "bitrix24", "amocrm"], Meta(description="Which CRM it is; rest is any other.")]
    base_url: Annotated[Url, Meta(description="Where its API answers.")]
    secret: Annotated[SecretText, Meta(description="Where the key of its API is found.")]
    card: Annotated[
        dict[Identifier, CardField], Meta(description="The card's fields, by name, in the order agents see them.")
    ] = field(default_factory=dict)
