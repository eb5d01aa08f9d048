"""What agents have before their eyes: scripts and the knowledge base, by queue."""

from typing import Annotated

from msgspec import Meta

from cctoolkit.model.words import Identifier, Section, Title, Url

MarkdownFile = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\.md$",
        max_length=120,
        description="A Markdown file beside the spec.",
        examples=["scripts/orders.md"],
        extra_json_schema={"x-expected": "a path below the project's folder, such as scripts/orders.md"},
    ),
]


class Script(Section, frozen=True, kw_only=True):
    """What agents say, versioned with the spec."""

    title: Annotated[Title, Meta(description="What agents see in their list.")]
    file: Annotated[MarkdownFile, Meta(description="The text.")]
    queues: Annotated[
        tuple[Identifier, ...], Meta(description="The queues it is for; all of the project's when not given.")
    ] = ()


class Article(Section, frozen=True, kw_only=True):
    """A page of the client's knowledge base."""

    title: Annotated[Title, Meta(description="What agents see in their list.")]
    url: Annotated[Url, Meta(description="Where it stands.")]
    queues: Annotated[
        tuple[Identifier, ...], Meta(description="The queues it is for; all of the project's when not given.")
    ] = ()
