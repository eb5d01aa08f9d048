"""Where the switch writes its own records of calls."""

from typing import Annotated

from msgspec import Meta

from cctoolkit.model.words import Section, SystemPath


class OwnLog(Section, frozen=True, kw_only=True):
    """Where the switch writes its own records of calls, and how."""

    file: Annotated[SystemPath, Meta(description="The file, on the node; its rotated siblings lie beside it.")]
    time_zone: Annotated[
        str,
        Meta(
            description='IANA name of that of its times: the switch\'s, or UTC with usegmtime; "": UTC.',
            examples=["Europe/Moscow"],
            max_length=40,
        ),
    ] = ""
    columns: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$")], ...],
        Meta(
            max_length=100,
            description="What its columns are, in order, by their names in Asterisk; none: as its samples have them.",
            examples=[("start", "answer", "end", "src", "dst", "channel", "dstchannel", "disposition", "uniqueid")],
        ),
    ] = ()
