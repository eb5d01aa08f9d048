"""Read: of one digit a menu, by what is made of the digit; of more a collect step."""

from cctoolkit.model.steps.collect import MOST_DIGITS
from cctoolkit.takeover import asks, attempts
from cctoolkit.takeover.call import Call, Stop
from cctoolkit.takeover.leftovers import Place
from cctoolkit.takeover.scene import KEYS, Found, Scene
from cctoolkit.takeover.values import whole

OTHER = "\N{REPLACEMENT CHARACTER}"
"""A key nobody asks for."""


def read(of: Scene, stop: Stop, place: Place) -> Found:
    """Recognise Read(variable,prompts,digits,options,attempts,time-out)."""
    name, longest = stop.arg(0) or "", (stop.arg(2) or "").strip()
    if (stop.arg(3) or "").strip() or not name:
        return of.lost(stop, place, "its options are not understood")
    said = whole(stop.arg(4) or "")
    asked = {
        "prompts": of.sounds(stop.arg(1), place) or asks.nothing(of, place),
        "wait": asks.seconds(stop.arg(5), stop.call),
        "attempts": min(said or 1, attempts.MOST),
    }
    base = f"{stop.call.at.context}-{stop.call.at.extension}"
    if longest != "1":
        most = min(whole(longest) or MOST_DIGITS, MOST_DIGITS)
        following = {"done": _with(stop, name, None), "timeout": _with(stop, name, "")}
        return f"collect-{base}", {"type": "collect", **asked, "longest": most, "next": following}
    other = of.walker.walk(_with(stop, name, OTHER))
    ways = {key: _with(stop, name, key) for key in KEYS if key != "#"}
    keys = {key: way for key, way in ways.items() if not _alike(of.walker.walk(way), other, name)}
    if not keys:
        return of.lost(stop, place, "what is made of the digit is not known")
    if asked["attempts"] != 1:
        why = "it asks again after silence alone; attempts count wrong keys too in a spec"
        of.notes.add(place, "Read with attempts", why, "look whether that will do")
    following = {"timeout": _with(stop, name, ""), "invalid": _with(stop, name, OTHER)}
    return base, {"type": "menu", **asked, "keys": keys, "next": following}


def _with(stop: Stop, name: str, digits: str | None) -> Call:
    """Return the call behind a Read that brought some digits, none, or any, None."""
    return stop.call.next.holding(**{name: digits, "READSTATUS": "OK" if digits != "" else "TIMEOUT"})


def _alike(one: Stop, two: Stop, name: str) -> bool:
    """Tell whether two digits lead to the same: they differ by themselves alone."""
    first, second = (
        ({**stop.call.held, name: ""}, stop.line, stop.app, stop.args, stop.lost, stop.asks, stop.call.at)
        for stop in (one, two)
    )
    return first == second
