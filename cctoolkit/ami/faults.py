"""What can go wrong with one action or one awaited event, beyond the switch being out of reach."""

from cctoolkit.ami.messages import Message
from cctoolkit.errors import SwitchError, SwitchUnreachable


class LoginRefused(SwitchUnreachable):
    """The switch answers, and does not take the account: trying again does not help until somebody changes it."""


class ActionRefusedError(SwitchError):
    """The switch answered an action with an error; `reply` is that answer."""

    def __init__(self, action: str, reply: Message, *, where: str) -> None:
        # A refused command says why in its output; its Message is "Command output follows" all the same.
        self.reply = reply
        text = "; ".join(filter(None, reply.all("Output"))) or reply.get("Message").strip() or "no reason given"
        super().__init__(f"the switch refused {action}: {text}", where=f"{where} {action}")


class EventTimeoutError(SwitchError):
    """An event that was waited for did not come in time."""
