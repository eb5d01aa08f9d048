"""How often a menu asks: the dialplan's own counting, walked round by round."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from cctoolkit.takeover import asks
from cctoolkit.takeover.call import Call, Stop
from cctoolkit.takeover.leftovers import Place
from cctoolkit.takeover.scene import Scene
from cctoolkit.takeover.steps import Way

MOST = 9
"""Attempts a spec can have."""
_MOST_PROMPTS = 5


def count(of: Scene, stop: Stop, place: Place) -> tuple[int, Way, Way]:
    """Return how often a menu asks, and where the last silence and the last wrong key lead.

    Where a menu is asked again as often as the caller errs, that is one attempt whose way out leads back to it.
    """
    silent, mistaken = _rounds(of, stop, "t"), _rounds(of, stop, "i")
    attempts = min(len(silent), len(mistaken))
    if attempts == 1:
        if len(silent) != len(mistaken):
            why = "attempts count both kinds in a spec"
            of.notes.add(
                place, "a menu that counts one kind of mistake alone", why, "look where timeout and invalid lead"
            )
        return 1, silent[0], mistaken[0]
    if any(_told(of, stop, way) for way in (*silent[:-1], *mistaken[:-1])):
        why = "a menu says its own prompts again"
        of.notes.add(place, "what is said before a menu asks again", why, "put it into the prompts")
    if len(silent) != len(mistaken) or _mixed(of, stop) != attempts:
        why = f"a spec counts both together: {attempts}"
        of.notes.add(place, "a menu that counts silence and wrong keys apart", why, "look whether that will do")
    return attempts, silent[attempts - 1], mistaken[attempts - 1]


def again(of: Scene, stop: Stop) -> Stop | None:
    """Return the stop at which a call is at a menu again after its first mistake; None where it goes elsewhere."""
    found = (_back(of, stop, _way(of, stop, stop.call, kind)) for kind in "ti")
    return next((one for one in found if one), None)


def _way(of: Scene, stop: Stop, call: Call, kind: str) -> Way:
    """Return where a call that is at the menu goes by silence, `t`, or a wrong key, `i`."""
    if kind == "i":
        return asks.wrong(of, call)
    return asks.silence(of, call, asks.prompts(of, replace(stop, call=call))[1])


def _back(of: Scene, stop: Stop, way: Way) -> Stop | None:
    """Return the stop at which a call is at the menu again, after prompts perhaps; None where it goes elsewhere."""
    for _ in range(_MOST_PROMPTS):
        found = of.walker.walk(way)
        if found.line is not None and found.line == stop.line:
            return found
        if found.app != "playback":
            return None
        way = found.call.next
    return None


def _rounds(of: Scene, stop: Stop, kind: str) -> list[Way]:
    """Return the ways of mistake after mistake, the last of them elsewhere; only the first where none leads there."""
    call, ways = stop.call, list[Way]()
    for way, back in _walked(of, stop, lambda _: kind):
        ways.append(way)
        if back is None:
            return ways
        if back.call.held == call.held or len(ways) > MOST:
            break
        call = back.call
    return ways[:1]


def _mixed(of: Scene, stop: Stop) -> int:
    """Return after how many mistakes a call leaves that makes one of each kind in turn."""
    for rounds, (_, back) in enumerate(_walked(of, stop, lambda round_: "it"[round_ % 2]), 1):
        if back is None or rounds > 2 * MOST:
            return rounds
    return 0


def _walked(of: Scene, stop: Stop, kind: Callable[[int], str]) -> Iterator[tuple[Way, Stop | None]]:
    """Yield the way of each mistake, and the stop at which the call is at the menu again."""
    call, rounds = stop.call, 0
    while True:
        way = _way(of, stop, call, kind(rounds))
        back = _back(of, stop, way)
        yield way, back
        if back is None:
            return
        call, rounds = back.call, rounds + 1


def _told(of: Scene, stop: Stop, way: Way) -> bool:
    """Tell whether a caller hears something else before the menu asks again."""
    found = of.walker.walk(way)
    return found.app == "playback" or found.args != stop.args
