"""Menus: Background and WaitExten, and what the extensions of their context make of keys."""

from collections.abc import Mapping

from cctoolkit.takeover import asks, attempts
from cctoolkit.takeover.call import Stop
from cctoolkit.takeover.dialplan import Dialplan
from cctoolkit.takeover.leftovers import Place
from cctoolkit.takeover.scene import KEYS, Found, Scene
from cctoolkit.takeover.steps import Way


def menu(of: Scene, stop: Stop, place: Place) -> Found:
    """Recognise a menu from its first prompt, or from a WaitExten without one."""
    prompts, waiting = asks.prompts(of, stop)
    at = stop.call.at
    keys = {key: of.walker.enter(at.context, key, stop.call) for key in KEYS if asks.there(of, stop.call, key)}
    if not keys and not asks.there(of, stop.call, "i"):
        return _plain(of, stop, place, prompts, waiting)
    if not keys:
        return of.lost(stop, place, "callers dial numbers there, and no single key")
    if _longer(of.walker.plan, at.context):
        why = "a menu of a spec takes one key"
        of.notes.add(place, "longer numbers that callers may dial in the menu", why, "a collect step takes more")
    _note_later_keys(of, stop, place, keys)
    tries, silent, mistaken = attempts.count(of, stop, place)
    return at.context if at.extension == "s" else f"{at.context}-{at.extension}", {
        "type": "menu",
        "prompts": prompts or asks.nothing(of, place),
        "keys": keys,
        "wait": asks.wait(of, waiting, place),
        "attempts": tries,
        "next": {"timeout": silent, "invalid": mistaken},
    }


def _note_later_keys(of: Scene, stop: Stop, place: Place, keys: Mapping[str, Way]) -> None:
    """Note keys that lead elsewhere once the caller has erred: they are followed as in the first round."""
    second = attempts.again(of, stop)
    if second is None:
        return
    for key, way in keys.items():
        later = of.walker.walk(of.walker.enter(stop.call.at.context, key, second.call))
        if _does(later) != _does(of.walker.walk(way)):
            why = "it leads elsewhere than before a mistake, and a spec's keys lead to one step each"
            of.notes.add(place, f"key {key} after a mistake", why, "look where it is to lead")


def _does(stop: Stop) -> tuple[object, ...]:
    return stop.line, stop.app, stop.args, stop.lost


def _plain(of: Scene, stop: Stop, place: Place, prompts: list[str], waiting: Stop) -> Found:
    """Return what a Background is where no key means anything: a prompt, and the silence of a WaitExten behind it."""
    if not prompts:
        return of.lost(stop, place, "it waits for keys, and none has a meaning") if waiting.app == "waitexten" else None
    following = asks.silence(of, waiting.call, waiting)
    return f"play-{prompts[0].rpartition('/')[2]}", {"type": "play", "prompts": prompts, "next": {"done": following}}


def _longer(plan: Dialplan, context: str) -> bool:
    """Tell whether a caller may dial more than one digit in a context."""
    return any(_has_several(name.removeprefix("_")) for held in plan.within(context) for name in held.extensions)


def _has_several(name: str) -> bool:
    one_set = name.startswith("[") and name.find("]") == len(name) - 1
    return len(name) > 1 and not one_set and (name.isdigit() or name[0] in "XZNxzn[.")
