"""Every trunk is as the spec wants it: registered, reachable, over a transport that does what it needs."""

from collections.abc import Iterator

from cctoolkit import marks
from cctoolkit.node.trunk_facts import REACHABLE, REGISTERED, REJECTED, RegistrationSeen, TrunkSeen
from cctoolkit.render.pjsip import Placed
from cctoolkit.verify.checks import Evidence, Finding


def judge(evidence: Evidence) -> Iterator[Finding]:
    """One finding a trunk, with what was seen, or one for each thing wrong with it."""
    for wanted, seen in evidence.trunks:
        wrong = list(_wrong(wanted, seen))
        for text in wrong:
            yield Finding("trunks", _named(wanted.name), False, text)
        if not wrong:
            yield Finding("trunks", _named(wanted.name), True, ", ".join(_seen(wanted, seen)))


def _named(name: str) -> str:
    ids = marks.queue_ids(name)
    return f"trunk {ids[1]} of {ids[0]}" if ids else f"trunk {name}"


def _wrong(wanted: Placed, seen: TrunkSeen) -> Iterator[str]:
    if not seen.there:
        yield "is not there; next: plan, apply"
        return
    yield from _transport(wanted, seen)
    if wanted.spec.register:
        yield from _registration(wanted, seen.registration)
    if wanted.registers_here and not seen.contact:
        yield f"has not registered here; next: let it register as {wanted.name}, with its secret"
    elif wanted.qualifies and seen.contact != REACHABLE:
        at = f"{wanted.address}:{wanted.spec.speaks_at}" if wanted.address else "where it registered from"
        yield f"unreachable: no answer from {at} over {wanted.spec.transport}; next: {_look_at(wanted)}"


def _registration(wanted: Placed, seen: RegistrationSeen | None) -> Iterator[str]:
    user = wanted.spec.auth.user if wanted.spec.auth else ""
    if seen is None:
        yield "does not register; next: plan, apply"
    elif seen.status == REJECTED:
        yield f"rejected: it does not let {user} register; next: compare user, secret and realm with its owner"
    elif seen.status != REGISTERED:
        yield f"not registered: no good answer from {seen.server}; next: {_look_at(wanted)}"


def _look_at(wanted: Placed) -> str:
    certificate = ", and whether its certificate is good" if wanted.spec.transport == "tls" else ""
    return f"see whether it answers there{certificate}; the node's log says why"


def _transport(wanted: Placed, seen: TrunkSeen) -> Iterator[str]:
    if wanted.listener is None:
        return
    if seen.protocol != wanted.spec.transport:
        what = f"the node has no {wanted.spec.transport} transport {wanted.listener}"
        yield f"{what}; next: write it into the node's own pjsip.conf, or mend transports in the site's file"
    elif wanted.spec.transport == "tls" and wanted.spec.verify_server and not seen.verifies:
        yield (
            f"the transport {wanted.listener} takes any certificate; next: verify_server = yes and a ca_list_file "
            "in the node's own pjsip.conf, then restart Asterisk"
        )


def _seen(wanted: Placed, seen: TrunkSeen) -> Iterator[str]:
    if wanted.spec.register:
        yield "registered"
    if wanted.registers_here:
        yield "has registered here"
    if seen.answered_us is not None:
        yield f"answers in {seen.answered_us / 1000:.1f} ms"
    yield wanted.spec.transport + (" with SRTP" if wanted.spec.media_encryption == "sdes" else "")
