"""What an application is in a spec: from where a walk stopped to a step.

What cannot be said is noted; a step stands in its place that hangs up where the call could go anywhere, and none where
the call goes on behind it.
"""

from collections.abc import Callable, Mapping

from cctoolkit.takeover import choices, digits, menus, waits
from cctoolkit.takeover.call import Stop
from cctoolkit.takeover.known_apps import CAUSES, ENDS, TAKES_OVER
from cctoolkit.takeover.leftovers import Place
from cctoolkit.takeover.scene import Found, Scene
from cctoolkit.takeover.values import whole

NORMAL = 16
_NAMES = {NORMAL: "end", 17: "busy", 34: "congestion"}
_MOST_CAUSE = 127


def step(of: Scene, stop: Stop) -> Found:
    """Return a stop's name and step; None where a call goes on as if the line were not there."""
    place = stop.line.place if stop.line else Place("extensions.conf")
    if stop.app in _APPS:
        return _APPS[stop.app](of, stop, place)
    if stop.lost:
        return of.lost(stop, place, stop.lost)
    if not stop.app:
        return _NAMES[NORMAL], {"type": "hangup"}
    if stop.app in TAKES_OVER or stop.app.startswith("macro "):
        return of.lost(stop, place, "what becomes of the call there is not known")
    return of.left_out(place, stop.app, "a spec has no such step")


def _play(of: Scene, stop: Stop, place: Place) -> Found:
    found = of.sounds(stop.arg(0), place)
    if (stop.arg(1) or "").strip():
        why = "prompts are played to the end, after the answer"
        of.notes.add(place, "options of Playback", why, "answer: before: early-media, where noanswer is meant")
    if not found:
        return None
    data = {"type": "play", "prompts": found, "next": {"done": stop.call.next}}
    return f"play-{found[0].rpartition('/')[2]}", data


def _end(of: Scene, stop: Stop, place: Place) -> Found:
    said, cause = stop.arg(0) or "", ENDS[stop.app]
    if stop.app == "hangup" and said:
        number = whole(said) or 0
        cause = number if 1 <= number <= _MOST_CAUSE else CAUSES.get(said.upper(), 0)
    if not cause:
        of.notes.add(place, "a hangup cause", "it is none of Q.850", "write the cause's number")
        cause = NORMAL
    data = {"type": "hangup", **({"cause": cause} if cause != NORMAL else {})}
    return _NAMES.get(cause, f"refuse-{cause}"), data


_APPS: Mapping[str, Callable[[Scene, Stop, Place], Found]] = {
    **dict.fromkeys(ENDS, _end),
    "playback": _play,
    "background": menus.menu,
    "waitexten": menus.menu,
    "read": digits.read,
    "queue": waits.queue,
    "voicemail": waits.voicemail,
    "macro vm": waits.voicemail,
    "dial": waits.dial,
    **dict.fromkeys(("macro dial", "macro dial-confirm"), waits.dial),
    "gotoiftime": choices.hours,
    "gotoif": choices.by_caller,
    "set CHANNEL(language)": choices.language,
    "set QUEUE_PRIO": choices.priority,
}
