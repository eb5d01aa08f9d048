"""queues.conf as queues of a spec.

Source: queues.conf.sample and apps/app_queue.c of Asterisk 22 (init_queue and queue_set_param have the defaults).
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from msgspec import Struct, field

from cctoolkit import marks
from cctoolkit.model.queue import LEAST_ANNOUNCE_SECONDS, Strategy
from cctoolkit.takeover.leftovers import Leftovers, Place
from cctoolkit.takeover.names import Names
from cctoolkit.takeover.reader import Option, Section
from cctoolkit.takeover.values import whole

_STRATEGIES = get_args(Strategy)
_NOBODY = {"unavailable", "invalid"}
_YES = frozenset({"yes", "true", "y", "t", "1", "on"})
_NO = frozenset({"no", "false", "n", "f", "0", "off"})

_TAKEN = frozenset([
    "strategy", "servicelevel", "timeout", "retry", "maxlen", "weight", "musicclass", "music", "musiconhold",
    "joinempty", "leavewhenempty", "announce-frequency", "announce-position", "min-announce-frequency",
    "periodic-announce", "periodic-announce-frequency",
])  # fmt: skip
"""Options a spec has."""

_OURS = frozenset(
    [
        "setinterfacevar",
        "setqueuevar",
        "setqueueentryvar",
        "eventwhencalled",
        "eventmemberstatus",
        "autofill",
        "ringinuse",
        "wrapuptime",
        "member",
        "context",
        "persistentmembers",
        "shared_lastcall",
        "log_membername_as_agent",
        "updatecdr",
        "monitor-join",
        "skip_joinannounce",
        "answered_elsewhere",
        "log-restricted-caller-id",
    ]
)
"""Options the toolkit decides, or that decide nothing a caller or agent notices; docs/import.md says which."""

_DEFAULTS = {
    "memberdelay": "0", "timeoutpriority": "app", "timeoutrestart": "no", "autopause": "no", "autopausedelay": "0",
    "autopausebusy": "no", "autopauseunavail": "no", "reportholdtime": "no", "announce": "", "queue-callerannounce": "",
    "penaltymemberslimit": "0", "defaultrule": "", "membermacro": "", "membergosub": "", "monitor-format": "",
    "force_longest_waiting_caller": "no", "monitor-type": "",
}  # fmt: skip
"""Options a spec has no words for, with what they are when nobody sets them."""

_ANNOUNCING = {
    "announce-holdtime": "yes",
    "announce-position-limit": "10",
    "announce-position-only-up": "no",
    "announce-round-seconds": "0",
    "announce-to-first-user": "no",
    "periodic-announce-startdelay": "",
    "random-periodic-announce": "no",
    "relative-periodic-announce": "no",
}
"""The same, of announcements: without these they decide nothing. So do the sounds, queue-…"""


class Queue(Struct):
    """A queue: its name on the switch and in the spec, its options as a spec has them, and what else hangs on it."""

    name: str
    id: str
    place: Place
    data: dict[str, Any]
    context: str = ""
    wrap_up: int = 0
    members: list[Option] = field(default_factory=list)
    others: bool = False
    """Whether it rings agents who talk, keeps calls back, or has members who never log in: a spec's queue does none."""


def read(sections: list[Section], names: Names, notes: Leftovers) -> dict[str, Queue]:
    """Return the queues by their names on the switch; a second one of a name is not seen by Asterisk."""
    found: dict[str, Queue] = {}
    autofill = any(one.get("autofill").lower() in _YES for one in sections if one.name == "general")
    ours = any(one.name == marks.CANARY_QUEUE for one in sections)
    for section in sections:
        known = marks.queue_ids(section.name) if ours else None
        if section.name == "default" and not section.options:
            # FreePBX's own head of what it includes, and no queue anybody meant.
            continue
        if section.template or section.name in ("general", marks.CANARY_QUEUE) or (known and known[2]):
            continue
        if section.name in found:
            notes.add(section.place, f"a second [{section.name}]", "Asterisk takes the first", "take one away")
            continue
        name = names.of(section.name, known[1] if known else section.name, "queue")
        queue = Queue(section.name, name, section.place, {}, section.get("context"), members=section.all("member"))
        queue.others = not autofill or bool(queue.members) or section.get("ringinuse", "yes").lower() not in _NO
        queue.wrap_up = 0 if ours else whole(section.get("wrapuptime")) or 0
        _Reader(section, notes).into(queue.data)
        found[section.name] = queue
    return found


class _Reader:
    """Reads the options of one queue."""

    def __init__(self, section: Section, notes: Leftovers) -> None:
        self.section = section
        self.notes = notes

    def into(self, data: dict[str, Any]) -> None:
        """Write what a spec has words for into `data`, and note all else."""
        takes: Mapping[str, Callable[[Option], Any]] = {
            "maxlen": self._count, "weight": self._count, "musicclass": self._music, "music": self._music,
            "musiconhold": self._music,
        }  # fmt: skip
        data["strategy"] = self._strategy()
        if level := whole(self.section.get("servicelevel")):
            data["service_level"] = {"within": f"{level}s"}
        data |= {"timeout": self._seconds("timeout", 15), "retry": self._seconds("retry", 5)}
        for option in self.section.options:
            name = option.name.lower()
            if name in takes and option.value and (worth := takes[name](option)) is not None:
                data["musicclass" if name.startswith("music") else name] = worth
        data |= {
            "joinempty": self._empty("joinempty", "yes"),
            "leavewhenempty": not self._empty("leavewhenempty", "no"),
        }
        data |= self._announcements()
        self._others(announcing="announce-frequency" in data or "periodic-announce-frequency" in data)

    def _note(self, option: Option, why: str, by_hand: str) -> None:
        self.notes.add(option.place, f"queue {self.section.name}: {option.name}", why, by_hand)

    def _strategy(self) -> str:
        option = self.section.option("strategy")
        said = (option.value if option else "").lower() or "ringall"
        if said in _STRATEGIES:
            return said
        if option:
            self._note(option, "it is no strategy of Asterisk 22", "rrmemory was written")
        return "rrmemory"

    def _seconds(self, name: str, default: int) -> str:
        option = self.section.option(name)
        said = option.value if option else ""
        worth = whole(said) if said else default
        if option and said and not worth:
            self._note(option, "it is no time span longer than 0", f"{default}s was written")
        return f"{worth or default}s"

    def _count(self, option: Option) -> int | None:
        worth = whole(option.value)
        if worth is None or worth > 9_999:
            self._note(option, "it is no number from 0 to 9999", "write one")
            return None
        return worth or None

    def _music(self, option: Option) -> str | None:
        said = option.value
        if (
            said[:1].islower()
            and said.isascii()
            and said.replace("-", "").isalnum()
            and said.islower()
            and len(said) <= 40
        ):
            return None if said == "default" else said
        if said != "default":
            self._note(
                option, "a spec's music classes are small letters, digits and hyphens", "rename the class, and write it"
            )
        return None

    def _empty(self, name: str, default: str) -> bool:
        """Return whether callers may be there while nobody serves them: `yes` and `no` mean opposite things."""
        option = self.section.option(name)
        said = {part.strip().lower() for part in ((option.value if option else "") or default).split(",")}
        stays = "yes" if name == "joinempty" else "no"
        if said <= (_YES if stays == "yes" else _NO):
            return True
        if option and said != _NOBODY:
            self._note(
                option,
                "a spec turns callers away while no agent is logged in, or no phone can ring: not while all "
                "are paused or busy",
                "look whether that will do",
            )
        return False

    def _announcements(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if every := whole(self.section.get("announce-frequency")):
            found["announce-frequency"] = f"{self._apart(every)}s"
            position = self.section.option("announce-position")
            said = position.value.lower() if position and position.value else "yes"
            found["announce-position"] = said not in _NO
            if position and said not in _YES | _NO:
                self._note(position, "a spec announces every place, or none", "look whether that will do")
        if every := whole(self.section.get("periodic-announce-frequency")):
            sounds = [
                one.strip() for option in self.section.all("periodic-announce") for one in option.value.split(",")
            ]
            found["periodic-announce"] = [one for one in sounds if one] or ["queue-periodic-announce"]
            found["periodic-announce-frequency"] = f"{every}s"
        return found

    def _apart(self, every: int) -> int:
        """Return how far apart places are said that do not change: `every`, or what the switch lets pass at least."""
        option = self.section.option("min-announce-frequency")
        said = whole(option.value) if option else None
        found = max(every, LEAST_ANNOUNCE_SECONDS if said is None else said)
        if option and said != min(found, LEAST_ANNOUNCE_SECONDS):
            self._note(option, f"a spec says a place that changes at most every {LEAST_ANNOUNCE_SECONDS}s, or as often "
                       "as announce-frequency says", "look whether that will do")  # fmt: skip
        return found

    def _others(self, *, announcing: bool) -> None:
        defaults = {**_DEFAULTS, **_ANNOUNCING}
        for option in self.section.options:
            name = option.name.lower()
            quiet = not announcing and (name in _ANNOUNCING or name.startswith("queue-"))
            told = name not in _TAKEN and name not in _OURS and not quiet
            if told and option.value.lower() not in ("", defaults.get(name, name)):
                self._note(option, "a spec has no words for it", "nothing, unless callers or agents miss it")
