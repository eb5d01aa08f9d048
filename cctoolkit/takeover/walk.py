"""Walks dialplan from a line to the next thing a caller notices: a prompt, a queue, the hours, the end.

On the way jumps are taken, conditions decided and variables set where all that they ask is known; what a call alone can
know is not guessed at.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from cctoolkit.takeover.call import ENDLESS, UNDECIDED, At, Call, Stop, timed, together
from cctoolkit.takeover.dialplan import Dialplan, Line
from cctoolkit.takeover.expressions import true
from cctoolkit.takeover.known_apps import BOOKKEEPING, HARMLESS, NOTED, OURS, RECORDS, SCRIPTS, SILENT
from cctoolkit.takeover.leftovers import Leftovers
from cctoolkit.takeover.values import Value, arguments, expand, plain_name, split_condition, split_ways, whole

MAX_LINES = 2_000
"""Lines between two stops; a call that goes through more of them goes round for ever."""
MAX_FORKS = 4
"""Conditions nobody can decide, one behind another, whose ways may still come together."""
MAX_BACK = 10


class Walker:
    """Walks one dialplan; what it meets on the way and a spec has no words for is noted."""

    def __init__(self, plan: Dialplan, notes: Leftovers, language: str = "") -> None:
        self.plan = plan
        self.notes = notes
        self.before = {"CHANNEL(language)": language, "QUEUE_PRIO": "0"}
        """What a call carries on that a spec sets by a step, and what it is at first."""
        self.met: set[str] = set()
        self._apps: dict[str, Callable[[Call, Line, str], Call | Stop]] = {
            "set": self._set, "mset": self._mset, "goto": self.jump, "gotoif": self._goto_if, "execif": self._exec_if,
            "gosub": self._gosub, "macro": self._enter_macro, "gosubif": self._gosub_if, "return": self._return,
            "gotoiftime": self._goto_if_time,
        }  # fmt: skip

    def enter(self, context: str, extension: str, call: Call | None = None) -> Call | Stop:
        """Return the call where an extension begins, or the stop at the times of an include before it."""
        base = call or Call(At(context, extension, 1), extension)
        found = self.plan.find(context, extension)
        if not found:
            return Stop(base, lost=f"[{context}] has no extension for it")
        return timed([(timing, base.to(At(place, name, 1), extension)) for timing, place, name in found], base)

    def walk(self, start: Call | Stop, forks: int = 0) -> Stop:
        """Walk to the next stop."""
        line = None
        for _ in range(MAX_LINES):
            if isinstance(start, Stop):
                return start
            found = self.plan.line(start.at.context, start.at.extension, start.at.priority)
            if found is None:
                return Stop(start)
            line = found
            self.met.add(line.context)
            if line.context.startswith(OURS):
                return Stop(start, line, lost="cctoolkit wrote it, from a spec that is the one to go on with")
            start = self._pass(start, line, line.app, line.data, forks)
        return start if isinstance(start, Stop) else Stop(start, line, lost=ENDLESS)

    def _pass(self, call: Call, line: Line, app: str, data: str, forks: int = 0) -> Call | Stop:
        """Return where a call is after a line, or the stop the line is."""
        if app in ("gotoif", "execif", "gosubif") and self._decided(call, data) is None:
            return self._fork(call, line, app, data, forks)
        if app in self._apps:
            return self._apps[app](call, line, data)
        if app in SILENT:
            return call.next
        if app == "agi" and (known := SCRIPTS.get(data.partition(",")[0].strip().rpartition("/")[2])):
            self.notes.add(line.place, known[0], "a script of FreePBX's does it", known[1])
            return call.next
        if app == "wait":
            self.notes.add(line.place, "Wait", "a spec has no pauses", "nothing, unless the pause is wanted")
            return call.next
        held = self._held(call)
        return Stop(call, line, app, tuple(expand(one, held) for one in arguments(data)))

    def _held(self, call: Call) -> Mapping[str, Value]:
        own = {"CONTEXT": call.at.context, "EXTEN": call.dialled, "PRIORITY": str(call.at.priority)}
        return {**self.plan.variables, **call.held, **own}

    def worth(self, call: Call, text: str) -> Value:
        """Return what a text is worth to a call."""
        return expand(text, self._held(call))

    def _set(self, call: Call, line: Line, data: str) -> Call | Stop:
        name, sign, text = data.partition("=")
        name, worth = (self.worth(call, name.strip()) or "").lstrip("_"), self.worth(call, text)
        name = plain_name(name)
        if not sign or not name:
            return call.next
        if name in self.before and worth:
            if worth == call.held.get(name, self.before[name]):
                return call.next
            return Stop(call.holding(**{name: worth}), line, f"set {name}", (worth,))
        known = name.startswith("TIMEOUT(") or "(" not in name
        if not known and not name.startswith(HARMLESS):
            what = f"Set({name.partition('(')[0]}(…)=…)"
            self.notes.add(line.place, what, "a spec has no words for it", "look whether callers notice")
        return call.holding(**{name: worth}).next if known else call.next

    def _mset(self, call: Call, line: Line, data: str) -> Call | Stop:
        for one in arguments(data):
            found = self._set(call, line, one)
            if isinstance(found, Stop):
                return found
            call = replace(found, at=call.at)
        return call.next

    def jump(self, call: Call, line: Line, target: str) -> Call | Stop:
        """Return a call where Goto's arguments send it."""
        worth = self.worth(call, target)
        if worth is None:
            return Stop(call, line, lost="where it goes on is known only in a call")
        if not worth.strip():
            # FreePBX writes it where nobody chose a destination; Asterisk refuses it, and the call ends.
            return Stop(call)
        parts = [part.strip() for part in worth.split(",")]
        context = parts[-3] if len(parts) > 2 and parts[-3] else call.at.context
        if len(parts) == 1:
            return self._priority(call, line, call.at, call.dialled, parts[0])
        dialled = parts[-2] or call.dialled
        found = self.plan.find(context, dialled)
        if not found:
            invalid = self.plan.find(context, "i")
            known = [(timing, call.to(At(place, name, 1), dialled)) for timing, place, name in invalid]
            return timed(known, call) if known else Stop(call, line, lost=f"[{context}] has no extension {dialled}")
        ways: list[tuple[str, Call]] = []
        for timing, place, name in found:
            one = self._priority(call, line, At(place, name, 0), dialled, parts[-1])
            if isinstance(one, Stop):
                return one
            ways.append((timing, one))
        return timed(ways, call)

    def _priority(self, call: Call, line: Line, at: At, dialled: str, text: str) -> Call | Stop:
        number = whole(text)
        if number is None:
            number = self.plan.label(at.context, at.extension, text)
        if number is None:
            return Stop(call, line, lost=f"[{at.context}] {at.extension} has no label {text}")
        return call.to(replace(at, priority=number), dialled)

    def _decided(self, call: Call, data: str) -> bool | None:
        condition, _ = split_condition(data)
        worth = self.worth(call, condition)
        return None if worth is None else true(worth)

    def _way(self, data: str, *, then: bool) -> str:
        _, ways = split_condition(data)
        return split_ways(ways)[0 if then else 1].strip()

    def _goto_if(self, call: Call, line: Line, data: str) -> Call | Stop:
        way = self._way(data, then=bool(self._decided(call, data)))
        return self.jump(call, line, way) if way else call.next

    def _exec_if(self, call: Call, line: Line, data: str) -> Call | Stop:
        return self._run(call, line, self._way(data, then=bool(self._decided(call, data))))

    def _run(self, call: Call, line: Line, text: str) -> Call | Stop:
        """Do what an ExecIf does: an application with its arguments in brackets, or behind a comma."""
        if not text:
            return call.next
        app, bracket, data = text.partition("(")
        if not bracket or "," in app:
            app, _, data = text.partition(",")
        elif data.endswith(")"):
            data = data[:-1]
        return self._pass(call, line, app.strip().lower(), data)

    def _fork(self, call: Call, line: Line, app: str, data: str, forks: int) -> Call | Stop:
        """Go both ways of a condition only a call can decide: where they come to the same, it decides nothing."""
        ways = [self._start(call, line, app, self._way(data, then=then)) for then in (True, False)]
        if forks < MAX_FORKS:
            same = together(*(self.walk(way, forks + 1) for way in ways))
            if same is not None:
                return same
        return Stop(call, line, app, lost=UNDECIDED, asks=split_condition(data)[0], then=ways[0], other=ways[1])

    def _start(self, call: Call, line: Line, app: str, way: str) -> Call | Stop:
        """Return where one way of a condition begins."""
        if not way:
            return call.next
        if app == "execif":
            return self._run(call, line, way)
        return self.jump(call, line, way) if app == "gotoif" else self._gosub(call, line, way)

    def _gosub(self, call: Call, line: Line, data: str) -> Call | Stop:
        """Enter a subroutine, but those whose names say that they only keep books."""
        target, bracket, rest_ = data.partition("(")
        rest = arguments(rest_.removesuffix(")")) if bracket else []
        name = target.split(",")[0].strip()
        if name.startswith("macro-") or any(part in name for part in (*BOOKKEEPING, *NOTED)):
            return self._macro(call, line, name.removeprefix("macro-"), rest)
        found = self.jump(call, line, target)
        if isinstance(found, Stop) or len(call.back) >= MAX_BACK:
            return found if isinstance(found, Stop) else Stop(call, line, lost=ENDLESS)
        given = {f"ARG{number}": self.worth(call, one) for number, one in enumerate(rest, 1)}
        return replace(found, back=(*call.back, call.next)).holding(**given)

    def _enter_macro(self, call: Call, line: Line, data: str) -> Call | Stop:
        name, *rest = arguments(data)
        return self._macro(call, line, name, rest)

    def _macro(self, call: Call, line: Line, name: str, rest: list[str]) -> Call | Stop:
        noted = next((part for part in NOTED if part in name), "")
        if "record" not in noted or (rest and rest[-1] in RECORDS):
            what, by_hand = NOTED.get(noted, ("", ""))
            if what:
                self.notes.add(line.place, what, "FreePBX keeps it in its own subroutine", by_hand)
        if noted or any(part in name for part in BOOKKEEPING):
            return call.next
        return Stop(call, line, f"macro {name}", tuple(self.worth(call, one) for one in rest))

    def _gosub_if(self, call: Call, line: Line, data: str) -> Call | Stop:
        way = self._way(data, then=bool(self._decided(call, data)))
        return self._gosub(call, line, way) if way else call.next

    def _return(self, call: Call, _: Line, data: str) -> Call | Stop:
        if not call.back:
            return Stop(call)
        before = call.back[-1]
        worth = self.worth(call, data)
        return replace(before, held={**call.held, "GOSUB_RETVAL": worth})

    def _goto_if_time(self, call: Call, line: Line, data: str) -> Call | Stop:
        times, _, ways = data.partition("?")
        yes, no = split_ways(ways)
        asks = self.worth(call, times)
        if asks is None:
            return Stop(call, line, lost="the times are known only in a call")
        then, other = (self._start(call, line, "gotoif", way.strip()) for way in (yes, no))
        return Stop(call, line, "gotoiftime", asks=asks, then=then, other=other)
