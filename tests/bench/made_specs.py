"""Project files as people write them, of any size, from a seed; every one of them is valid."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

LINES_200 = (20, 3, 40)
"""Steps, calendars and agents of a file of about 200 lines."""

_ZONES = ("Europe/Moscow", "Europe/Warsaw", "Asia/Yekaterinburg")
_STRATEGIES = ("rrmemory", "leastrecent", "fewestcalls", "random", "ringall")
_GROUP = 4


def spec(random: Random, name: str, steps: int, calendars: int, agents: int) -> str:
    """Return the text of a project: groups of hours, menu, queue and message, each leading to the next, and an end."""
    groups = (steps - 2) // _GROUP
    return "\n".join(
        [
            *_head(random, name),
            *_calendars(random, calendars),
            "flow:",
            *(line for n in range(groups) for line in _group(random, n, groups, calendars)),
            *_last(steps - 1 - groups * _GROUP),
            "  end: {type: hangup}",
            "queues:",
            *(line for n in range(groups) for line in _queue(random, n)),
            "agents:",
            *(_agent(random, n, groups) for n in range(agents)),
            "after_call: {limit: 30s}",
            "kpi: {short_abandon: 15s}",
            "",
        ]
    )


def _head(random: Random, name: str) -> Iterator[str]:
    yield from ("project:", f"  id: {name}", f"  title: Линия {name}", f"  client: ООО «{name}»", "  language: ru")
    yield f"  time_zone: {random.choice(_ZONES)}"
    yield from ("  stage: live", "numbers:")
    yield f'  - {{number: "8 (800) 100-{random.randrange(10, 100)}-30", country: RU, class: toll-free, entry: hours-0}}'
    yield f'  - {{number: "+7 (495) 640-{random.randrange(10, 100)}-30", country: RU, entry: menu-0, capacity: 10}}'


def _calendars(random: Random, calendars: int) -> Iterator[str]:
    yield "calendars:"
    for number in range(calendars):
        opens, closes = random.randrange(6, 11), random.randrange(16, 23)
        yield f"  calendar-{number}:"
        yield "    hours:"
        yield f'      mon-fri: ["{opens:02}:{15 * random.randrange(4):02}-{closes:02}:00"]'
        yield f'      sat: ["10:00-{closes - 3:02}:30"]'
        yield "    dates:"
        yield f'      - {{date: "2026-12-31", hours: ["{opens:02}:00-15:00"]}}'
        days = random.sample([(month, day) for month in range(1, 13) for day in range(1, 29)], 8)
        yield from (f'      - {{date: "2027-{month:02}-{day:02}"}}' for month, day in sorted(days))


def _group(random: Random, number: int, groups: int, calendars: int) -> Iterator[str]:
    after = f"hours-{number + 1}" if number + 1 < groups else "night"
    yield f"  hours-{number}:"
    yield "    type: hours"
    yield f"    calendar: calendar-{number % calendars}"
    yield f"    next: {{open: menu-{number}, closed: {after}}}"
    yield f"  menu-{number}:"
    yield "    type: menu"
    yield f"    prompts: [vm-press, digits/{random.randrange(10)}]"
    yield f'    keys: {{"1": queue-{number}, "2": message-{number}, "9": {after}, "*": menu-{number}}}'
    yield f"    wait: {random.randrange(3, 9)}s"
    yield f"    attempts: {random.randrange(1, 4)}"
    yield f"    next: {{timeout: queue-{number}, invalid: message-{number}}}"
    yield f"  queue-{number}:"
    yield "    type: queue"
    yield f"    queue: queue-{number}"
    yield f"    wait: {random.randrange(1, 6)}m"
    yield f'    keys: {{"0": message-{number}}}'
    yield f"    next: {{timeout: {after}, no_agents: message-{number}}}"
    yield f"  message-{number}:"
    yield "    type: play"
    yield f"    prompts: [vm-goodbye, digits/{random.randrange(10)}]"
    yield f"    next: {{done: {after}}}"


def _last(steps: int) -> Iterator[str]:
    """Yield the messages before the end, as many as are missing from the number of steps wanted."""
    names = ["night", *(f"night-{number}" for number in range(1, steps)), "end"]
    for name, after in pairwise(names):
        yield f"  {name}: {{type: play, prompts: [ss-noservice], next: {{done: {after}}}}}"


def _queue(random: Random, number: int) -> Iterator[str]:
    yield f"  queue-{number}:"
    yield f"    title: Очередь {number}"
    yield f"    strategy: {random.choice(_STRATEGIES)}"
    yield f"    service_level: {{within: {random.randrange(1, 6) * 10}s, target_ratio: 0.8}}"


def _agent(random: Random, number: int, groups: int) -> str:
    queues = ", ".join(f"queue-{n}" for n in sorted(random.sample(range(groups), 2)))
    return f'  - {{agent: agent-{number}, grade: regular, queues: [{queues}], certified: "2026-10-12"}}'


def hostile() -> dict[str, bytes]:
    """Return files that would cost a careless reader its time or its memory, by what they are."""
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    most = 1_000_000
    return {
        "a bomb of aliases": "\n".join(bomb).encode(),
        "50 MB": b"a: b\n" * 10_000_000,
        "a million brackets": b"[" * most,
        "100,000 agents": b"agents:\n" + b"  - {agent: a, queues: [b]}\n" * (most // 28),
        "150,000 keys twice": b"a: b\n" * (most // 5),
        "40,000 open braces": b"flow:\n" + b"  k: {type: hangup\n" * (most // 19),
        "no-break spaces": "\u00a0\u00a0a: b\n".encode() * (most // 9),
        "499 misspelt steps": b"flow:\n" + b"".join(
            b"  %s-%03d: {type: play, prompts: [a], next: {done: %s-%03d}}\n" % (b"a" * 30, n, b"a" * 29 + b"b", n)
            for n in range(499)
        ),
    }  # fmt: skip
