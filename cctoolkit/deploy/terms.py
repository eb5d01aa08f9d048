"""What is asked of an apply besides its plan."""

from datetime import timedelta
from typing import Literal

from msgspec import Struct

from cctoolkit.node.transports import Intent

Verb = Literal["apply", "rollback", "automatic rollback"]


class Terms(Struct, frozen=True):
    """`keep` old releases; `reload` loads all even where nothing is seen to differ; with `confirm_within` the old
    release comes back unless somebody confirms in time. `back_to` is the folder a rollback takes its files from;
    `answers` the journal it is the answer to, and it is none where somebody has answered before; `trial` is that of a
    release which comes back by it, and goes on.
    """

    verb: Verb = "apply"
    keep: int = 5
    reload: bool = False
    confirm_within: timedelta | None = None
    back_to: str = ""
    answers: Intent | None = None
    trial: Intent | None = None


ORDINARY = Terms()
"""Those of an apply of which nothing more was said."""
