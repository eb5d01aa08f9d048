"""Where a node's queue_log is in a database."""

from typing import Annotated

from msgspec import Meta

from cctoolkit.model.words import Section, SystemPath

DatabaseUrl = Annotated[
    str,
    Meta(pattern=r"^(postgres(ql)?|mysql|mariadb)://([^:@/\s]*(:(env:[A-Za-z_][A-Za-z0-9_]*|file:[^<>@\n]+))?@)?"
         r"[^@/\s]+/(?![^\s]*[?&]password=)[^@\s]+$", max_length=500,
         description="A database; where its password is found stands in the password's place.",
         examples=["postgresql://cct:env:CCT_PG@db.example/asterisk"],
         extra_json_schema={"x-expected": "postgresql://USER:env:NAME@HOST/DATABASE or mysql://…, with env:NAME or "
                            "file:PATH in the password's place", "x-secret": True}),
]  # fmt: skip


class QueueLogTable(Section, frozen=True, kw_only=True):
    """Where a node has its queue_log in a database (extconfig.conf) instead of a file: `sqlite`, or `url`."""

    sqlite: Annotated[SystemPath | None, Meta(description="The SQLite file that has the table, on this machine.")] = (
        None
    )
    url: Annotated[
        DatabaseUrl | None, Meta(description="PostgreSQL, MySQL or MariaDB, by a user who may read the table.")
    ] = None
    table: Annotated[
        str,
        Meta(
            description="Its name there, after that of its schema and a point where it is not the user's own.",
            pattern=r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$",
            max_length=130,
            extra_json_schema={"x-expected": "a table's name, such as queue_log"},
        ),
    ] = "queue_log"
    time_zone: Annotated[
        str,
        Meta(
            description="IANA name of that of its times: the switch's, or UTC with queue_log_realtime_use_gmt.",
            examples=["Europe/Moscow"],
            max_length=40,
        ),
    ]
