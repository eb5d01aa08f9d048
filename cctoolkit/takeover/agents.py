"""The people who serve the queues: static members of queues.conf, and log-ins written out in the dialplan.

Source: queues.conf.sample of Asterisk 22: `member => interface,penalty,name,…`; AddQueueMember(queue,interface,penalty,
options,name).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from cctoolkit.takeover.dialplan import Dialplan
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.names import Names
from cctoolkit.takeover.queues import Queue
from cctoolkit.takeover.reader import Section
from cctoolkit.takeover.values import whole

_INTERFACE = re.compile(r"(PJSIP|SIP|Local|Agent|IAX2|DAHDI|SCCP)/([^@/,;]+)(?:@([^/,;]+))?(?:/n)?", re.IGNORECASE)
_LOG_IN = re.compile(r"AddQueueMember\(([^(){}$]*)\)", re.IGNORECASE)
MOST = 20_000


class Person(Struct):
    """An agent: the name in a spec, what people call them, and the penalty by queue."""

    id: str
    name: str
    place: Place
    phone: str
    queues: dict[str, int] = field(default_factory=dict)


class _Member(Struct, frozen=True):
    queue: Queue
    interface: str
    penalty: str
    name: str
    more: str
    place: Place


def read(
    queues: Mapping[str, Queue], plan: Dialplan, people: Mapping[str, str], names: Names, notes: Leftovers
) -> dict[str, Person]:
    """Return the agents by their phone; `people` is what endpoints and agents.conf say of names, by phone."""
    found: dict[str, Person] = {}
    for member in (*_static(queues), *_dialled(queues, plan)):
        known = _INTERFACE.fullmatch(member.interface)
        if known is None or len(found) >= MOST:
            notes.add(
                member.place, f"a member of queue {member.queue.name}", "its interface is not known", "add the agent"
            )
            continue
        phone = known[2]
        name = _title(member.name or people.get(phone, "") or phone)
        one = found.setdefault(phone, Person(names.of(("agent", phone), phone, "agent"), name, member.place, phone))
        penalty = (whole(member.penalty) or 0) if len(member.penalty) < 3 else 0
        if member.penalty not in ("", str(penalty)) or member.more:
            notes.add(
                member.place,
                f"agent {one.id}: what stands behind the name",
                "a spec has an agent's penalty, 0 to 99",
                "look whether it is missed",
            )
        one.queues.setdefault(member.queue.id, penalty)
    for one in found.values():
        if len(set(one.queues.values())) > 1:
            notes.add(
                one.place,
                f"agent {one.id}: a penalty for each queue",
                f"a spec has one for all: {penalty_of(one)}",
                "look whether that will do",
            )
    return found


def penalty_of(person: Person) -> int:
    """Return the penalty an agent has in most queues, of several the lowest."""
    counts = Counter(person.queues.values())
    return min(counts, key=lambda penalty: (-counts[penalty], penalty), default=0)


def titles(sections: list[Section]) -> Iterator[tuple[str, str]]:
    """Yield (agent, name) of agents.conf: a section each, or `agent => number,password,name` in old ones."""
    for section in sections:
        if section.get("fullname") and not section.template:
            yield section.name, section.get("fullname")
        for option in section.all("agent"):
            parts = option.value.split(",")
            if len(parts) > 2:
                yield parts[0].strip(), parts[2].strip()


def _static(queues: Mapping[str, Queue]) -> Iterator[_Member]:
    for queue in queues.values():
        for option in queue.members:
            parts = [part.strip().strip('"') for part in option.value.split(",")] + [""] * 3
            yield _Member(queue, parts[0], parts[1], parts[2], "".join(parts[4:]), option.place)


def _dialled(queues: Mapping[str, Queue], plan: Dialplan) -> Iterator[_Member]:
    for line in plan.lines():
        text = f"AddQueueMember({line.data})" if line.app == "addqueuemember" else line.data
        for given in _LOG_IN.findall(text):
            parts = [part.strip().strip('"') for part in given.split(",")] + [""] * 5
            if parts[0] in queues:
                yield _Member(queues[parts[0]], parts[1], parts[2], parts[4], "", line.place)


def _title(text: str) -> str:
    """Return a name in one line."""
    return "".join(sign for sign in text if sign.isprintable()).strip()[:120] or "unnamed"
