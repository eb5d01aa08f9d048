"""What changed between two specs, as callers would feel it, and when: over thirteen months, at every class of time in
which the calendars of both specs, and whose agents are certified, stay alike.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.flow.call import NO_OVERRIDE
from cctoolkit.flow.circumstances import Circumstances
from cctoolkit.flow.moments import Moments
from cctoolkit.flow.prove_pairs import HARMS, NO_NUMBER, Harm, Seen, compare
from cctoolkit.flow.prove_stations import Line, Spec
from cctoolkit.flow.prove_times import HORIZON, Answers, TimeClass, stretches
from cctoolkit.flow.prove_when import in_words
from cctoolkit.flow.route import Route
from cctoolkit.model.guard import OVERRIDES, InHours

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_ANY = datetime(2000, 1, 1, tzinfo=UTC)
"""A class of two specs together has its moments in `_Calendar`."""


class Asked(Struct, frozen=True):
    """All that time decides of one spec: what its calendars answer, and whose queues have somebody."""

    answers: Answers
    staffed: tuple[bool, ...]


Class = tuple[Asked, Asked, str]
"""Both specs, old and new, and an override, if any."""


class Difference(Struct, frozen=True):
    """Callers of `numbers` who decide in one of these `ways` ("" is nothing to decide) came to `was` and come to `now`;
    `when` in words, and how many `minutes`. `call` is the first of them; there is none to a number that is gone.
    """

    harm: Harm
    numbers: tuple[str, ...]
    ways: tuple[str, ...]
    was: str
    now: str
    when: str
    minutes: int
    call: Route | None
    override: str = ""


class _Calendar(Struct, frozen=True):
    """The days compared, in the new spec's zone, and the stretches of each class."""

    zone: ZoneInfo
    first: date
    last: date
    parts: dict[Class, list[tuple[datetime, int]]]


def differences(old: Spec, new: Spec, since: datetime) -> tuple[Difference, ...]:
    """Compare whole local days from the day of `since` on; worst first, then what holds longest."""
    days = _calendar(old, new, since)
    cases = _cases(old, new)
    seen = {when: tuple(_compare(old, new, when, cases)) for when in days.parts}
    ordinary = {_known(one) for found in seen.values() for one in found}
    for when in _overrides(old, new, next(iter(days.parts))):
        # What an override only repeats at other hours is no news.
        seen[when] = tuple(one for one in _compare(old, new, when, cases) if _known(one) not in ordinary)
    found = [_difference(days, group, times) for group, times in _grouped(seen)]
    return tuple(sorted(found, key=lambda one: (HARMS.index(one.harm), -one.minutes)))


def _calendar(old: Spec, new: Spec, since: datetime) -> _Calendar:
    zone = ZoneInfo(new.graph.time_zone)
    first = since.astimezone(zone).date()
    until = first + HORIZON
    parts: dict[Class, list[tuple[datetime, int]]] = {}
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, until))
    for at, minutes, when in _together(old, new, begin, end):
        parts.setdefault(when, []).append((at, minutes))
    return _Calendar(zone, first, until - _DAY, parts)


def _together(old: Spec, new: Spec, begin: datetime, until: datetime) -> Iterator[tuple[datetime, int, Class]]:
    """Yield stretches in which both specs answer alike."""
    streams = [(spec, deque(stretches(spec.graph, begin, until))) for spec in (old, new)]
    at = begin
    while at < until:
        heads = [stream[0] for _, stream in streams]
        end = min(first + minutes * _MINUTE for first, minutes, _ in heads)
        asked = [Asked(head[2], _staffed(spec, at)) for (spec, _), head in zip(streams, heads, strict=True)]
        yield at, (end - at) // _MINUTE, (asked[0], asked[1], "")
        for (_, stream), (first, minutes, _answers) in zip(streams, heads, strict=True):
            if first + minutes * _MINUTE == end:
                stream.popleft()
        at = end


def _staffed(spec: Spec, at: datetime) -> tuple[bool, ...]:
    day = at.astimezone(ZoneInfo(spec.graph.time_zone)).date()
    return tuple(staff.there(day) for staff in spec.known.staff.values())


def _overrides(old: Spec, new: Spec, like: Class) -> Iterator[Class]:
    """Yield what a supervisor may make of both lines, with the people of today."""
    counts = [len(spec.graph.calendars_asked()) for spec in (old, new)]
    for word, outcome in OVERRIDES.items() if any(counts) else ():
        one, other = (Asked((outcome,) * count, side.staffed) for count, side in zip(counts, like[:2], strict=True))
        yield one, other, word


def _cases(old: Spec, new: Spec) -> tuple[Circumstances, Circumstances]:
    """Return who can call, in the terms of both specs, for each of them: a caller is the same in both."""
    vertices = {f"{n} {name}": v for n, spec in enumerate((old, new)) for name, v in spec.graph.vertices.items()}
    guards = (edge.guard for vertex in vertices.values() for edge in vertex.edges)
    once = Moments((_ANY,), {(one.calendar, one.outcome): 1 for one in guards if isinstance(one, InHours)})
    first, second = (Circumstances(replace(spec.graph, vertices=vertices), once) for spec in (old, new))
    return first, second


def _compare(old: Spec, new: Spec, when: Class, cases: tuple[Circumstances, Circumstances]) -> Iterator[Seen]:
    return compare(_line(old, when[0], cases[0]), _line(new, when[1], cases[1]))


def _line(spec: Spec, asked: Asked, cases: Circumstances) -> Line:
    when = TimeClass(dict(zip(spec.graph.calendars_asked(), asked.answers, strict=True)), _ANY, 0)
    return Line(spec, when, staffed=dict(zip(spec.known.staff, asked.staffed, strict=True)), cases=cases)


def _known(one: Seen) -> tuple[str, ...]:
    return one.harm, one.was, one.now, one.number, one.way


def _grouped(seen: dict[Class, tuple[Seen, ...]]) -> Iterator[tuple[Sequence[Seen], tuple[Class, ...]]]:
    """Put together what differs alike at the same times: by all ways, and for all numbers of the same ways."""
    times: dict[tuple[str, ...], tuple[Seen, dict[Class, None]]] = {}
    for when, found in seen.items():
        for one in found:
            times.setdefault(_known(one), (one, {}))[1][when] = None
    alike: dict[tuple[str, str, str, tuple[Class, ...]], dict[str, list[Seen]]] = {}
    for one, classes in times.values():
        alike.setdefault((one.harm, one.was, one.now, tuple(classes)), {}).setdefault(one.number, []).append(one)
    for about, by_number in alike.items():
        for _, group in groupby(sorted(by_number.values(), key=_ways), key=_ways):
            yield [one for found in group for one in found], about[-1]


def _ways(found: Iterable[Seen]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.way for one in found))


def _difference(days: _Calendar, group: Sequence[Seen], times: Sequence[Class]) -> Difference:
    override = ", ".join(when[2] for when in times if when[2])
    parts = sorted(part for when in times for part in days.parts.get(when, ()))
    one = group[0]
    when = f"while overridden: {override}" if override else in_words(parts, days.zone, days.first, days.last)
    first = parts[0][0] if parts else datetime.combine(days.first, time(12), days.zone).astimezone(UTC)
    return Difference(
        one.harm, tuple(dict.fromkeys(seen.number for seen in group)), _ways(group), one.was, one.now, when,
        sum(minutes for _, minutes in parts),
        None if one.now == NO_NUMBER else _call(one, first, override), override,
    )  # fmt: skip


def _call(one: Seen, at: datetime, override: str) -> Route:
    """Return a call that decides so, from somebody to whom it happens."""
    said = override.split(", ", maxsplit=1)[0] or NO_OVERRIDE
    return Route(one.number, at, (*one.turns, *one.rest), one.caller, one.record, (said,))
