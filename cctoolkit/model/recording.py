"""What of the calls is recorded, and how long recordings are kept."""

from typing import Annotated, Literal

from msgspec import Meta

from cctoolkit.model.words import Section, Sound

FileName = Annotated[
    str,
    Meta(
        pattern=r"^(?=.*\{call\})([A-Za-z0-9_-]|\{(date|time|call|number|caller|queue|agent)\})"
        r"(/?([A-Za-z0-9_-]|\{(date|time|call|number|caller|queue|agent)\}))*$",
        max_length=120,
        description="A path without its ending, in which names in braces are filled in; {call} makes it the only one.",
        examples=["{date}/{queue}/{call}"],
        extra_json_schema={
            "x-expected": "letters, digits, hyphens, folders with / and {date}, {time}, {call}, {number}, {caller}, "
            "{queue} or {agent}, {call} among them"
        },
    ),
]


class Recording(Section, frozen=True, kw_only=True):
    """Recording of conversations between callers and agents."""

    record: Annotated[
        Literal["off", "on", "share"], Meta(description="No call, every call, or a share of them by chance.")
    ] = "off"
    percent: Annotated[
        Annotated[int, Meta(ge=1, le=99)] | None, Meta(description="The share of calls, where record is share.")
    ] = None
    announcement: Annotated[
        Sound | None, Meta(description="Played to callers before they join a queue; none when not given.")
    ] = None
    retention_days: Annotated[
        int, Meta(ge=1, le=3650, description="How many days recordings are kept; then they are deleted.")
    ] = 90
    file_name: Annotated[FileName, Meta(description="Where a recording is kept below the project's folder.")] = (
        "{date}/{call}"
    )
