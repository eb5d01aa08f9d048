"""What a piece of dialplan text is worth on one way through it: variables, functions and expressions.

A value that only a call can have (who calls, the time, a database) is None, not known; a variable that nobody has set
is empty, as in Asterisk. Source: main/pbx_variables.c and main/ast_expr2.y of Asterisk 22.
"""

import re
from collections.abc import Callable, Mapping

from cctoolkit.takeover.expressions import UNKNOWN, true, worked_out

Value = str | None
Look = Callable[[str], Value]

MAX_DEPTH = 20
MAX_TEXT = 4_096

OF_THE_CALL = frozenset(
    [
        "ACCOUNTCODE",
        "ANSWEREDTIME",
        "CALLERID",
        "CALLINGPRES",
        "CHANNEL",
        "DIALEDPEERNAME",
        "DIALEDTIME",
        "EPOCH",
        "HANGUPCAUSE",
        "HINT",
        "RDNIS",
        "SYSTEMNAME",
        "TIMESTAMP",
        "TRANSFERCAPABILITY",
        "UNIQUEID",
    ]
)
"""Variables a channel has by itself."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_READ = re.compile(r"\$\{(?:[A-Z]+\(\s*)?([A-Za-z_][A-Za-z0-9_]*)(?=(\()?)(?=([-.A-Za-z0-9_]*\$\{)?)")
_SCOPED = re.compile(r"(?:LOCAL|GLOBAL)\((\w+)\)")
_SLICED = re.compile(r"(.*?):(-?[0-9]{1,6})(?::(-?[0-9]{1,6})?)?", re.DOTALL)


def whole(text: str) -> int | None:
    """Return a number of at most six digits; None for all else, such as digits of other scripts."""
    return int(text) if re.fullmatch(r"\s*[0-9]{1,6}\s*", text) else None


def plain_name(name: str) -> str:
    """Return the variable that Set means: without the marks of inheritance, LOCAL() and GLOBAL()."""
    found = _SCOPED.fullmatch(name)
    return found[1] if found else name.lstrip("_")


def variables(text: str) -> set[str]:
    """Return the variables a text reads; of one whose name is made at run time its beginning and a star."""
    return {f"{name}*" if more else name for name, call, more in _READ.findall(text) if not call}


def expand(text: str, held: Mapping[str, Value], depth: int = 0) -> Value:
    """Return a text with its variables and expressions worked out; None when any of them is not known."""
    worth = _filled(text, held, depth)
    return None if UNKNOWN in worth else worth


def _filled(text: str, held: Mapping[str, Value], depth: int) -> str:
    """Return a text with what is not known marked."""
    found = ""
    position = 0
    while (start := _next(text, position)) >= 0:
        found += text[position:start]
        end = _close(text, start + 1)
        if end < 0 or depth > MAX_DEPTH or len(found) > MAX_TEXT:
            return UNKNOWN
        inner = text[start + 2 : end]
        worth = (
            _variable(inner, held, depth + 1) if text[start + 1] == "{" else worked_out(_filled(inner, held, depth + 1))
        )
        found += UNKNOWN if worth is None else worth
        position = end + 1
    return found + text[position:]


def _next(text: str, position: int) -> int:
    found = [place for sign in ("${", "$[") if (place := text.find(sign, position)) >= 0]
    return min(found, default=-1)


def _close(text: str, start: int) -> int:
    """Return where the bracket opened at `start` is closed; -1 when it never is."""
    opening = text[start]
    closing = {"{": "}", "[": "]", "(": ")"}[opening]
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == opening) - (text[place] == closing)
        if not depth:
            return place
    return -1


def _variable(inner: str, held: Mapping[str, Value], depth: int) -> Value:
    function, bracket, rest = inner.partition("(")
    if bracket and _NAME.fullmatch(function) and (end := _close("(" + rest, 0)) >= 0:
        worth = _function(function, rest[: end - 1], held, depth)
        return _slice(worth, rest[end:])
    inner_worth = expand(inner, held, depth)
    if inner_worth is None:
        return None
    sliced = _SLICED.fullmatch(inner_worth)
    name, cut = (sliced[1], inner_worth[len(sliced[1]) :]) if sliced else (inner_worth, "")
    worth = held.get(name, None if name in OF_THE_CALL else "")
    return _slice(worth, cut)


def _slice(worth: Value, cut: str) -> Value:
    if worth is None or not cut:
        return worth
    found = re.fullmatch(r":(-?[0-9]{1,6})(?::(-?[0-9]{1,6})?)?", cut)
    if not found:
        return None
    first = int(found[1])
    worth = worth[first:] if first >= 0 or -first <= len(worth) else worth
    return worth[: int(found[2])] if found[2] else worth


def _function(name: str, inner: str, held: Mapping[str, Value], depth: int) -> Value:
    if name == "IF":
        return _if(inner, held, depth)
    worth = expand(inner, held, depth)
    if worth is None:
        return None
    known: Mapping[str, Callable[[str], Value]] = {
        "LEN": lambda text: str(len(text)),
        "EXISTS": lambda text: str(int(bool(text))),
        "ISNULL": lambda text: str(int(not text)),
        "GLOBAL": lambda text: held.get(text, ""),
        "CUT": lambda text: _cut(text, held),
        # FreePBX: what a supervisor said by phone of a time condition; nothing, at most times.
        "DB": lambda text: "" if text.startswith("TC/") else None,
    }
    return known[name](worth) if name in known else held.get(f"{name}({worth})")


def _cut(text: str, held: Mapping[str, Value]) -> Value:
    """Return one field of a variable: its name, the sign between fields, which one."""
    name, sign, number = (part.strip().strip('"') for part in (text + ",,").split(",")[:3])
    of, field = held.get(name, ""), whole(number)
    if of is None or len(sign) != 1 or not field:
        return None
    return (of.split(sign)[field - 1 : field] or [""])[0]


def _if(inner: str, held: Mapping[str, Value], depth: int) -> Value:
    condition, mark, ways = _split_condition(inner)
    worth = expand(condition, held, depth)
    if not mark or worth is None:
        return None
    yes, no = split_ways(ways)
    return expand((yes if true(worth) else no).strip(), held, depth)


def split_condition(text: str) -> tuple[str, str]:
    """Return (condition, what stands behind its question mark); marks inside brackets do not count."""
    condition, _, ways = _split_condition(text)
    return condition, ways


def _split_condition(text: str) -> tuple[str, str, str]:
    place = _outside(text, "?")
    return (text[:place], "?", text[place + 1 :]) if place >= 0 else (text, "", "")


def split_ways(text: str) -> tuple[str, str]:
    """Return (then, else) of what stands behind a question mark."""
    place = _outside(text, ":")
    return (text[:place], text[place + 1 :]) if place >= 0 else (text, "")


def _outside(text: str, sign: str) -> int:
    depth = 0
    for place, found in enumerate(text):
        depth += (found in "{[(") - (found in "}])")
        if found == sign and not depth:
            return place
    return -1


def arguments(text: str) -> list[str]:
    """Return an application's arguments, split at commas outside brackets."""
    found, rest = [], text
    while (place := _outside(rest, ",")) >= 0:
        found.append(rest[:place].strip())
        rest = rest[place + 1 :]
    return [*found, rest.strip()]
