"""Callers who try what a carrier lets through: text that means something to dialplan, AMI, queue_log, HTML.

A number's own digits stay the only ones in it, so that the call can be found by them. A line break fits into a number,
percent-encoded in the SIP URI (RFC 3261, 19.1.2), and into no name. A name may be 5,000 characters long; Asterisk 22
cuts it to 79 and warns.
"""

from cctoolkit.lab.session import Caller

LONG = "name-long"

KINDS = (
    "name-commas",
    "name-expression",
    "name-pipes",
    "name-quotes",
    "name-cyrillic",
    "name-markup",
    LONG,
    "number-text",
    "number-lines",
    "number-long",
    "headers",
)

_NAMES = {
    "name-commas": "x,Step: FAKE,Release: 9",
    "name-expression": "${SHELL(id)} $[1 + 1] ${EPOCH} ${CCT_CALL}",
    "name-pipes": "a|b||CONNECT|c|1",
    "name-quotes": '"\' \\" ; -- %s {} `id`',
    "name-cyrillic": "Иванова, Анна; «Север»",
    "name-markup": "<script>alert('x')</script>&=",
    LONG: "x" * 5000,
}
_TAILS = {
    "number-text": ",Step: FAKE|${EPOCH};x=y",
    "number-lines": "\r\nX: y\n|f|g",
    "number-long": "x" * 3000,
}
_HEADERS = (
    ("X-CCT-TEST", "1"),
    ("X-CCT-CALL", "forged"),
    ("CCT_TEST", "1"),
    ("CCT_RELEASE", "forged,${EPOCH}"),
)


def caller(kind: str, number: str) -> Caller:
    """Return who calls from `number` with a trick of this kind."""
    headers = _HEADERS if kind == "headers" else ()
    return Caller(number + _TAILS.get(kind, ""), _NAMES.get(kind, ""), headers)
