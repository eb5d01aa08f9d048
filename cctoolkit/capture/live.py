"""A call that goes on, as its channels tell it."""

from msgspec import Struct, field


class Live(Struct):
    """A call that goes on. `anchor` is the channel with which it ends: the one it entered by, or the transferee's.
    Without an `entry` it has ended, and whoever was asked beside it has not.
    """

    call: str
    entry: str
    anchor: str
    foreign: bool
    channels: dict[str, bool] = field(default_factory=dict)
    ringing: dict[str, bool] = field(default_factory=dict)
    talking: dict[str, bool] = field(default_factory=dict)
    queued: bool = False
    dialled: bool = False
    talked: bool = False
    """Somebody was put through."""
    cancelled: bool = False
    """What rang was given up."""
    rang_out: bool = False
    """Its dialling ended by itself; what may still ring behind a Local channel rings for nobody."""
    transferring: bool = False
    originated: bool = False
    """The switch was told to place it: the first phone it rings is its caller's."""
    beside: str = ""
    """The call in which this one's caller has somebody on hold: a consultation, if nothing else becomes of it."""
    asked: str = ""
    """Who hung up, "caller" or "agent", of those who were put through; "switch": it was told to stop."""
    asked_at: int = 0
    """When its caller hung up."""
    abandoned: int = 0
    """When a plain queue said that it was abandoned, which it says of a time-out too."""
    party_left: int = 0
    """When the last party left its bridge."""
    guests: dict[str, bool] = field(default_factory=dict)
    """Callers of other calls whom this one was transferred to."""

    def dialling_over(self, status: str) -> None:
        """Take note of how its own dialling ended."""
        self.rang_out = status not in ("ANSWER", "CANCEL")
