"""Steps that lead to people or machines: Queue, Dial and VoiceMail.

Source: the applications' documentation of Asterisk 22.
"""

import re

from cctoolkit.model import phone
from cctoolkit.model.steps.voicemail import MOST_MAILED
from cctoolkit.takeover.call import Stop
from cctoolkit.takeover.leftovers import Place
from cctoolkit.takeover.scene import KEYS, Found, Scene
from cctoolkit.takeover.steps import Data
from cctoolkit.takeover.values import whole

LONGEST_WAIT_SECONDS = 12 * 3_600
LONGEST_RING_SECONDS = 3_600
DEFAULT_RING_SECONDS = 30

_DIALLED = re.compile(r"\+?[0-9]{2,15}")
_NO_WORDS = "a spec has no words for it"
_EXTRA = {"an announcement to the agent": 3, "an AGI": 5, "a gosub": 6, "a penalty rule": 7, "a position": 8}
"""Arguments of Queue that a spec cannot say, by their places."""


def queue(of: Scene, stop: Stop, place: Place) -> Found:
    """Recognise Queue(name,options,URL,announcement,time-out,…), and what the dialplan makes of QUEUESTATUS."""
    found = of.facts.queues.get(stop.arg(0) or "")
    if owner := of.facts.owners.get(stop.arg(0) or ""):
        why = f"it is project {owner}'s, and a queue has one: calls go on behind it"
        of.notes.add(
            place, "Queue", why, "give the numbers that come to it to one project: --project NAME=NUMBER,NUMBER"
        )
        return None
    if found is None:
        return of.left_out(place, "Queue", "the queue is not in queues.conf")
    of.queues[found.id] = None
    options = set((stop.arg(1) or "").replace(" ", ""))
    status = {"timeout": "TIMEOUT", "full": "FULL", "no_agents": "JOINEMPTY"}
    status |= {"continued": "CONTINUE"} if "c" in options else {}
    following = {way: stop.call.next.holding(QUEUESTATUS=worth) for way, worth in status.items()}
    there = [key for key in KEYS if of.walker.plan.find(found.context, key)]
    keys = {key: of.walker.enter(found.context, key, stop.call) for key in there}
    _note(of, stop, place, options - {"c"})
    data: Data = {"type": "queue", "queue": found.id, "wait": _wait(of, stop, place)}
    return f"wait-{found.id}", {**data, **({"keys": keys} if keys else {}), "next": following}


def _wait(of: Scene, stop: Stop, place: Place) -> str:
    said = whole(stop.arg(4) or "") or 0
    if 0 < said <= LONGEST_WAIT_SECONDS:
        return f"{said}s"
    limit = f"{LONGEST_WAIT_SECONDS}s"
    of.notes.add(
        place, "Queue without a time-out", f"a spec has one: {limit} was written", "write how long callers wait"
    )
    return limit


def _note(of: Scene, stop: Stop, place: Place, options: set[str]) -> None:
    if options:
        what = f"options {''.join(sorted(options))[:20]} of Queue"
        by_hand = "agents' transfers, ringing instead of music and recording are arranged elsewhere"
        of.notes.add(place, what, "a spec has c alone (continued)", by_hand)
    for what, number in _EXTRA.items():
        if (stop.arg(number) or "").strip():
            of.notes.add(place, f"{what} in Queue", _NO_WORDS, "nothing, unless it is missed")
    empty, left = (of.walker.walk(stop.call.next.holding(QUEUESTATUS=one)) for one in ("JOINEMPTY", "LEAVEEMPTY"))
    if empty.line != left.line:
        why = "they are one way out, no_agents, in a spec"
        by_hand = "it leads where JOINEMPTY leads; look whether that will do"
        of.notes.add(place, "what follows JOINEMPTY and LEAVEEMPTY", why, by_hand)


def voicemail(of: Scene, stop: Stop, place: Place) -> Found:
    """Recognise VoiceMail(box@context,options), and FreePBX's subroutine around it, behind which the call ends."""
    named = of.facts.boxes.find(stop.arg(0) or "")
    boxes = [box for box in named if box]
    if not boxes:
        return of.left_out(place, "VoiceMail", "the mailbox is not in voicemail.conf")
    by_hand = "write whom its messages go to: mail: of the voicemail step"
    if len(boxes) < len(named):
        of.notes.add(place, "a mailbox of VoiceMail", "it is not in voicemail.conf", by_hand)
    mail = list(dict.fromkeys(box.mail for box in boxes if box.mail))
    if len(mail) > MOST_MAILED:
        of.notes.add(place, "mailboxes of VoiceMail", f"a message goes to {MOST_MAILED} addresses at most", by_hand)
        mail = mail[:MOST_MAILED]
    wrapped = stop.app != "voicemail"
    options = "" if wrapped else stop.arg(1) or ""
    if "s" not in options:
        why = "it is no sound of the sounds folder: vm-intro is played"
        of.notes.add(place, "the mailbox's own greeting", why, "put the greeting among the sounds, and name it")
    return f"voicemail-{boxes[0].name}", {
        "type": "voicemail",
        **({} if "s" in options else {"prompts": ["vm-intro"]}),
        **of.facts.boxes.limits(mailed=bool(mail)),
        **({"mail": mail} if mail else {}),
        "next": {"done": Stop(stop.call) if wrapped else stop.call.next.holding(VMSTATUS="SUCCESS")},
    }


def dial(of: Scene, stop: Stop, place: Place) -> Found:
    """Recognise Dial of a number over a trunk, and what the dialplan makes of DIALSTATUS; phones are in no flow, nor
    are those of FreePBX's ring groups.
    """
    trunk, number = _over(of, stop.arg(0) or "")
    if not trunk:
        why = "a spec calls numbers over trunks, no phones: the call goes on as if nobody took it"
        of.notes.add(place, "Dial", why, "make it a queue, or a transfer over a trunk")
        return None
    full = phone.e164(number, of.facts.country)
    lines = of.facts.numbers
    own = {form for one in lines for text in (one.full, *one.arrives_as) for form in phone.forms(text, one.country)}
    if phone.premium(number, {one.country for one in lines}) or not own.isdisjoint((number, full)):
        return of.left_out(place, "Dial to a premium-rate number, or to the line itself", "a spec refuses that")
    of.trunks[trunk] = None
    said = whole(stop.arg(1) or "") or 0
    limited = 0 < said <= LONGEST_RING_SECONDS
    ring = f"{said if limited else DEFAULT_RING_SECONDS}s"
    if not limited:
        of.notes.add(place, "Dial without a time-out", f"a spec has one: {ring} was written", "write how long it rings")
    if (stop.arg(2) or "").strip():
        of.notes.add(place, "options of Dial", _NO_WORDS, "nothing, unless they are missed")
    status = {"busy": "BUSY", "no_answer": "NOANSWER", "failed": "CHANUNAVAIL"}
    following = {way: stop.call.next.holding(DIALSTATUS=worth) for way, worth in status.items()}
    data = {"type": "transfer", "trunk": trunk, "number": number, "ring": ring, "next": following}
    return f"transfer-{number.lstrip('+')}", data


def _over(of: Scene, dialled: str) -> tuple[str, str]:
    """Return (trunk, number) of PJSIP/number@trunk, PJSIP/trunk/sip:number@host or SIP/trunk/number."""
    tech, _, rest = dialled.partition("/")
    if tech.lower() not in ("pjsip", "sip") or "&" in dialled:
        return "", ""
    trunk, slash, number = rest.partition("/")
    if slash:
        number = re.sub(r"^sips?:([^@]*)@.*$", r"\1", number)
    else:
        number, _, trunk = rest.rpartition("@")
    known = of.facts.trunks.get(trunk, "")
    return (known, number) if known and _DIALLED.fullmatch(number) else ("", "")
