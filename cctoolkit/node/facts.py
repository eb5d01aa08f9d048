"""Facts about a node: what to ask over AMI and how to read the answer. Pure; `snapshot` does the asking.

Sources: AMI actions ShowDialPlan, QueueStatus, PJSIPShowEndpoints, PJSIPShowRegistrationsOutbound and Status, and the
console's `queue show`, of Asterisk 22.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.ami.messages import Message
from cctoolkit.plan.changes import Member
from cctoolkit.state.described import OBSERVED_ENDPOINT, OBSERVED_QUEUE, OBSERVED_REGISTRATION
from cctoolkit.state.settings import Setting

PHONE = "PJSIP/"


class Fact(Struct, frozen=True):
    """An action that lists events, and how they read as settings of `kind`."""

    kind: str
    action: str
    headers: Mapping[str, str]
    empty_ok: str
    read: Callable[[Sequence[Message]], Iterator[Setting]]


def read_dialplan(events: Iterable[Message]) -> Iterator[Setting]:
    """Yield the lines of our contexts as memory holds them, and what they include or ignore, which ours never do."""
    for event in events:
        context = event.get("Context")
        if not context.startswith("cct-"):
            continue
        # Once apart, since a big node has tens of thousands of lines; of two equal names the first one counts.
        said = dict(line.partition(": ")[::2] for line in reversed(event.lines))
        if application := said.get("Application"):
            # A priority is a number, or "hint".
            label, place = said.get("ExtensionLabel"), f"{said.get('Extension')},{said.get('Priority')}"
            says = f"{application}({said.get('AppData', '')})"
            yield Setting("dialplan", context, place, f"({label}){says}" if label else says)
        elif included := said.get("IncludeContext"):
            yield Setting("dialplan", context, f"include {included}", "yes")
        elif ignored := event.get("IgnorePattern"):
            yield Setting("dialplan", context, f"ignorepat {ignored}", "yes")


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
        yield from _shown(event, "endpoint", OBSERVED_ENDPOINT)


def read_registrations(events: Iterable[Message]) -> Iterator[Setting]:
    """Yield the registrations memory holds; the listing has each one's account too, with its password, unread."""
    for event in events:
        if event.event == "OutboundRegistrationDetail":
            yield from _shown(event, "registration", OBSERVED_REGISTRATION)


def _shown(event: Message, kind: str, observed: Mapping[str, str]) -> Iterator[Setting]:
    for option, header in observed.items():
        value = event.get(header).strip().rstrip(",")
        if value:
            yield Setting(kind, event.get("ObjectName"), option, value)


FACTS = (
    Fact("dialplan", "ShowDialPlan", {}, "", read_dialplan),
    Fact("queue", "QueueStatus", {}, "", read_queues),
    Fact("endpoint", "PJSIPShowEndpoints", {}, "No endpoints found", read_endpoints),
    Fact("registration", "PJSIPShowRegistrationsOutbound", {}, "No outbound registrations", read_registrations),
)


def read_members(events: Iterable[Message]) -> list[Member]:
    """Return who is logged in where; shadow members are nobody."""
    return [_member(one) for one in events if one.event == "QueueMember" and marks.serves_callers(one.get("Queue"))]


def _member(event: Message) -> Member:
    paused = event.get("PausedReason") if event.get("Paused") == "1" else None
    agent = event.get("Location").removeprefix(PHONE)
    return Member(event.get("Queue"), agent, int(event.get("Penalty") or 0), paused)


def read_names(events: Iterable[Message]) -> dict[tuple[str, str], str]:
    """Return what queue_log calls each member, by queue and by the name `read_members` gives it."""
    return {(one.queue, one.agent): e.get("Name") for e in events if e.event == "QueueMember" for one in [_member(e)]}


_VERSION = re.compile(r"Asterisk (?:certified[-/])?([0-9]+)\.")
_MEMBER_SHOWN = re.compile(r" {6}.*?\((PJSIP/[a-z0-9-]+)\)(?: with penalty [0-9]+)? \(ringinuse (enabled|disabled)\).*")


def read_version(shown: str) -> str:
    """Return the major version of Asterisk by `core show version`; "" of one without, such as a build of master."""
    found = _VERSION.match(shown)
    return found[1] if found else ""


def read_ring_while_busy(shown: str) -> list[tuple[str, str]]:
    """Return (queue, agent) of members that ring while they talk, from `queue show`, which alone tells."""
    found, queue = [], ""
    for line in shown.split("\n"):
        if member := _MEMBER_SHOWN.fullmatch(line.rstrip()):
            if member[2] == "enabled" and marks.serves_callers(queue):
                found.append((queue, member[1].removeprefix(PHONE)))
        elif not line.startswith(" "):
            queue = line.partition(" ")[0]
    return found


def interface(agent: str) -> str:
    """Return the interface of a member by the name `read_members` gives it."""
    return agent if "/" in agent else PHONE + agent


GENERATION_VARIABLES = ("CCT_PROJECT", "CCT_GENERATION")
"""What the entry sets on a call for good; its context may be that of a subroutine at the moment of asking."""


def generations_in_use(channels: Iterable[Message]) -> frozenset[tuple[str, str]]:
    """Return (project, generation) of every call that is up, from Status with GENERATION_VARIABLES."""
    found = set()
    for event in channels:
        if here := marks.generation_of(event.get("Context")):
            found.add(here)
        said = dict(text.partition("=")[::2] for text in event.all("Variable"))
        # A variable that a channel does not have is shown as "(null)".
        project, generation = (said.get(name, "") for name in GENERATION_VARIABLES)
        if carried := marks.generation_of(marks.context(project, generation, "any")):
            found.add(carried)
    return frozenset(found)
