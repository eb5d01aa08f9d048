"""Facts about a node: what to ask over AMI and how to read the answer. Pure; `snapshot` does the asking.

Sources: AMI actions ShowDialPlan, QueueStatus, PJSIPShowEndpoints and CoreShowChannels of Asterisk 22.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.ami.messages import Message
from cctoolkit.plan.changes import Member
from cctoolkit.state.described import OBSERVED_QUEUE
from cctoolkit.state.dialplan import Line
from cctoolkit.state.settings import Setting


class Fact(Struct, frozen=True):
    """An action that lists events, and how they read as settings."""

    action: str
    headers: Mapping[str, str]
    empty_ok: str
    read: Callable[[Sequence[Message]], Iterator[Setting]]


def read_dialplan(events: Iterable[Message]) -> Iterator[Setting]:
    """Yield the lines of our contexts as memory holds them."""
    for event in events:
        context = event.get("Context")
        if not context.startswith("cct-") or not event.get("Application"):
            continue
        label = event.get("ExtensionLabel")
        line = Line(context, event.get("Extension"), int(event.get("Priority")), label,
                    event.get("Application"), event.get("AppData"))  # fmt: skip
        yield line.setting()


def read_queues(events: Iterable[Message]) -> Iterator[Setting]:
    """Yield what QueueStatus shows of our queues' options."""
    for event in events:
        name = event.get("Queue")
        if event.event != "QueueParams" or not (marks.queue_ids(name) or name == marks.CANARY_QUEUE):
            continue
        for option, header in OBSERVED_QUEUE.items():
            if option == "servicelevel" or name != marks.CANARY_QUEUE:
                yield Setting("queue", name, option, event.get(header))


def read_endpoints(events: Iterable[Message]) -> Iterator[Setting]:
    """Yield the endpoints memory holds."""
    for event in events:
        name = event.get("ObjectName")
        for option, header in (("aors", "Aor"), ("auth", "Auths")):
            value = event.get(header).strip().rstrip(",")
            if value:
                yield Setting("endpoint", name, option, value)


FACTS = (
    Fact("ShowDialPlan", {}, "", read_dialplan),
    Fact("QueueStatus", {}, "", read_queues),
    Fact("PJSIPShowEndpoints", {}, "No endpoints found", read_endpoints),
)


def read_members(events: Iterable[Message]) -> list[Member]:
    """Return who is logged in where; shadow members are nobody."""
    return [
        Member(event.get("Queue"), event.get("Name"), int(event.get("Penalty") or 0))
        for event in events
        if event.event == "QueueMember" and (marks.queue_ids(event.get("Queue")) or ("", "", True))[2] is False
    ]


def generations_in_use(channels: Iterable[Message]) -> frozenset[tuple[str, str]]:
    """Return (project, generation) of every call that is up, from CoreShowChannels."""
    return frozenset(g for event in channels if (g := marks.generation_of(event.get("Context"))))
