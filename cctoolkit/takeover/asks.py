"""What a menu says, how long it waits, and where silence and wrong keys lead.

Source: pbx_builtin_background and pbx_builtin_waitexten, main/pbx_builtins.c of Asterisk 22.
"""

import math

from cctoolkit.takeover.call import Call, Stop
from cctoolkit.takeover.leftovers import Place
from cctoolkit.takeover.scene import Scene
from cctoolkit.takeover.steps import Way

SILENCE = "silence/1"
"""A second of nothing, of Asterisk's own sounds, where a menu says nothing."""
DEFAULT_SECONDS = "10"
_LONGEST_SECONDS = 3_600


def prompts(of: Scene, stop: Stop) -> tuple[list[str], Stop]:
    """Return the prompts of Backgrounds in a row, and the stop behind them."""
    found: list[str] = []
    while stop.app == "background" and stop.line:
        found += of.sounds(stop.arg(0), stop.line.place)
        stop = of.walker.walk(stop.call.next)
    return found, stop


def nothing(of: Scene, place: Place) -> list[str]:
    """Return what stands for the prompt of a menu that has none."""
    of.notes.add(place, "a menu without a prompt", f"a spec has one: {SILENCE} was written", "name the prompt")
    return [SILENCE]


def there(of: Scene, call: Call, name: str) -> bool:
    """Tell whether an extension is in a call's context."""
    return bool(of.walker.plan.find(call.at.context, name))


def wrong(of: Scene, call: Call, name: str = "i") -> Way:
    """Return where a wrong key leads: to `i`, else to `e`, else to the end."""
    for one in (name, "e"):
        if there(of, call, one):
            return of.walker.enter(call.at.context, one, call)
    return Stop(call)


def silence(of: Scene, call: Call, waiting: Stop) -> Way:
    """Return where silence leads: on, where a line stands behind WaitExten, and to `t` where none does."""
    if waiting.app != "waitexten":
        return waiting
    following = waiting.call.next
    at = following.at
    return following if of.walker.plan.line(at.context, at.extension, at.priority) else wrong(of, call, "t")


def wait(of: Scene, waiting: Stop, place: Place) -> str:
    """Return how long a menu waits for a key: as WaitExten says, else as was set before, else ten seconds."""
    if waiting.app != "waitexten":
        why = "keys count while the prompt lasts; a menu waits 1s more"
        of.notes.add(place, "Background without WaitExten", why, "nothing")
        return "1s"
    return seconds(waiting.arg(0), waiting.call)


def seconds(said: str | None, call: Call) -> str:
    """Return a time-out in whole seconds."""
    for one in (said, call.held.get("TIMEOUT(response)")):
        try:
            found = math.ceil(float(one or "0"))
        except (ValueError, OverflowError):
            continue
        if 0 < found <= _LONGEST_SECONDS:
            return f"{found}s"
    return f"{DEFAULT_SECONDS}s"
