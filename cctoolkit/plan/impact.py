"""Impact: the table of rules times what is live now. Pure; taken when a plan is made, and again under apply's lock."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from cctoolkit import marks
from cctoolkit.plan.changes import Change
from cctoolkit.plan.classes import Impact
from cctoolkit.plan.live import Live, Seat
from cctoolkit.plan.looks import LOOKS, Seen, Situation, seats
from cctoolkit.plan.reach import stands_in
from cctoolkit.plan.rules import RULES, Rule


def judge(now: Situation, asterisk: str, *, reloads: bool, queues: bool) -> tuple[Impact, ...]:
    """Return what each object of the plan does, then whom a reload touches beside that; `reloads` whether the switch
    reads its files again, `queues` whether app_queue does.
    """
    rules = RULES[asterisk]
    found = [
        impact
        for _, changes in groupby(now.changes, key=lambda c: (c.side, c.kind, c.name))
        for impact in _object(now, list(changes), rules)
    ]
    if queues:
        found += _static(now.live, rules)
    if reloads:
        found += _lines(now, rules)
    # What memory and disk both differ in is one thing.
    return tuple({(one.kind, one.name, one.rule): one for one in reversed(found)}.values())[::-1]


def _object(now: Situation, changes: list[Change], rules: Iterable[Rule]) -> Iterator[Impact]:
    for rule in _usual(changes, rules):
        first = changes[0]
        live = _usually_live(now.live, first.kind, first.name)
        yield Impact(first.side, first.kind, first.name, rule.class_, rule.name, rule.says, *live)
    for rule in rules:
        for change in changes:
            if rule.live in LOOKS and rule.fits(change) and (seen := LOOKS[rule.live](now, change)):
                yield Impact(change.side, change.kind, change.name, rule.class_, rule.name, rule.says, *seen)


def _usual(changes: Iterable[Change], rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that say what the changes of an object do in any case, each once."""
    always = [rule for rule in rules if rule.live == "always"]
    found = (next(rule for rule in always if rule.fits(change)) for change in changes)
    return list({rule.name: rule for rule in found}.values())


def _usually_live(live: Live, kind: str, name: str) -> Seen:
    counts: dict[str, int] = {}
    which: tuple[str, ...] = ()
    if kind == "queue":
        counts, which = seats(live.in_queue(name))
        counts = {"waiting": live.waiting.get(name, 0), **counts}
    elif kind == "project":
        counts = {"calls up": sum(call.project == name for call in live.calls)}
    elif kind in ("trunk", "sip"):
        counts = {"calls up": sum(name.partition(" ")[0] in call.over for call in live.calls)}
    return {what: number for what, number in counts.items() if number}, which


def _static(live: Live, rules: Iterable[Rule]) -> Iterator[Impact]:
    for rule in rules:
        chosen = {"static of ours": _ours, "static of others": _others}.get(rule.live)
        static = [seat for seat in live.seats if seat.static and chosen and chosen(seat)]
        for queue, members in groupby(static, key=lambda seat: seat.queue):
            yield Impact("memory", "queue", queue, rule.class_, rule.name, rule.says, *seats(members))


def _ours(seat: Seat) -> bool:
    return marks.serves_callers(seat.queue)


def _others(seat: Seat) -> bool:
    return bool(seat.paused) and not _ours(seat)


def _lines(now: Situation, rules: Iterable[Rule]) -> Iterator[Impact]:
    touched: dict[str, int] = {}
    for call in now.live.calls:
        for context in stands_in(call, now.moved):
            touched[context] = touched.get(context, 0) + 1
    for rule in rules:
        if rule.live == "in changed lines":
            for context, calls in sorted(touched.items()):
                yield Impact("disk", "lines", context, rule.class_, rule.name, rule.says, {"calls up": calls})
