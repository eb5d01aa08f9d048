"""Which reports are made, how often and for whom."""

from typing import Annotated, Literal

from msgspec import Meta

from cctoolkit.model.words import Language, MailAddress, Section, TimeOfDay, Title


class Report(Section, frozen=True, kw_only=True):
    """One report: of a day, a week or a month, to its readers."""

    title: Annotated[Title | None, Meta(description="The heading; the project's title when not given.")] = None
    every: Annotated[Literal["day", "week", "month"], Meta(description="The period; made when it is over.")]
    at: Annotated[TimeOfDay, Meta(description="At what time of the project's zone it is made.")] = "08:00"
    language: Annotated[Language | None, Meta(description="The project's own when not given.")] = None
    format: Annotated[Literal["html", "pdf", "xlsx"], Meta(description="The kind of file.")] = "html"
    recipients: Annotated[tuple[MailAddress, ...], Meta(min_length=1, description="Who gets it by e-mail.")]
