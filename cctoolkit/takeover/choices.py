"""Steps that make no sound: the hours, who calls, and what a call carries on."""

import re
from typing import get_args

from cctoolkit.flow.known import ANONYMOUS
from cctoolkit.model import phone
from cctoolkit.model.words import Language
from cctoolkit.takeover import timing
from cctoolkit.takeover.call import Stop
from cctoolkit.takeover.leftovers import Place
from cctoolkit.takeover.scene import Found, Scene
from cctoolkit.takeover.steps import Way
from cctoolkit.takeover.values import whole

MOST_PRIORITY = 99
_CALLER = re.compile(r'\$\[\s*"?\$\{CALLERID\(num(?:ber)?\)\}"?\s*={1,2}\s*"?([+0-9]*)"?\s*\]')


def hours(of: Scene, stop: Stop, place: Place) -> Found:
    """Recognise GotoIfTime, and those behind it that lead to the same, as one calendar."""
    rule = timing.read(stop.asks, of.facts.today)
    if rule is None or stop.then is None or stop.other is None:
        return of.lost(stop, place, "its times are not understood")
    other = stop.other
    while (more := _also(of, other, rule, stop.then)) is not None:
        rule, other = more
    if rule.dated:
        why = f"they hold every year; the calendar has them up to {of.facts.today.year + timing.YEARS_AHEAD}"
        of.notes.add(place, "times with dates", why, "add the years to come")
    if rule.zone and rule.zone != of.facts.zone:
        of.notes.add(place, "a time zone of its own", "a project has one time zone", "write project: time_zone")
    known = (name for name, calendar in of.calendars.items() if calendar == rule.calendar)
    calendar = next(known, f"times-{len(of.calendars) + 1}")
    of.calendars[calendar] = rule.calendar
    at = stop.call.at
    following = {"open": stop.then, "closed": other}
    return f"hours-{at.context}-{at.extension}", {"type": "hours", "calendar": calendar, "next": following}


def _also(of: Scene, other: Way, rule: timing.Rule, within: Way) -> tuple[timing.Rule, Way] | None:
    """Return a rule with the next one's times, where both lead to the same: a group of times."""
    following = of.walker.walk(other)
    second = timing.read(following.asks, of.facts.today) if following.app == "gotoiftime" else None
    if second is None or following.then is None or following.other is None:
        return None
    if rule.dated or second.dated or second.zone != rule.zone:
        return None
    same = of.walker.walk(following.then) == of.walker.walk(within)
    return (timing.union(rule, second), following.other) if same else None


def by_caller(of: Scene, stop: Stop, place: Place) -> Found:
    """Recognise a condition that asks for one caller, or for a withheld number; any other is not known."""
    asked = _CALLER.fullmatch(stop.asks.strip())
    full = (phone.e164(asked[1], of.facts.country) if asked[1] else ANONYMOUS) if asked else None
    if full is None or stop.then is None or stop.other is None:
        return of.lost(stop, place, stop.lost)
    name = "withheld" if full == ANONYMOUS else f"caller-{full[1:]}"
    cases = {name: {"values": [full], "next": stop.then}}
    return f"is-{name}", {"type": "switch", "by": "caller", "cases": cases, "next": {"otherwise": stop.other}}


def language(of: Scene, stop: Stop, place: Place) -> Found:
    """Recognise Set(CHANNEL(language)=…)."""
    said = (stop.arg(0) or "")[:2]
    if said not in get_args(Language):
        return of.left_out(place, "a language", "a spec knows ru, pl and en")
    return f"in-{said}", {"type": "set", "language": said, "next": {"done": stop.call.next}}


def priority(of: Scene, stop: Stop, place: Place) -> Found:
    """Recognise Set(QUEUE_PRIO=…)."""
    said = whole(stop.arg(0) or "")
    if said is None or said > MOST_PRIORITY:
        return of.left_out(place, "QUEUE_PRIO", f"a spec has priorities from 0 to {MOST_PRIORITY}")
    return f"priority-{said}", {"type": "set", "priority": said, "next": {"done": stop.call.next}}
