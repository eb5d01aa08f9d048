"""Expressions, $[…], worked out. Source: main/ast_expr2.y of Asterisk 22."""

import re

UNKNOWN = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in an expression for what is not known: what is decided without it is decided all the same."""

_WORD = re.compile(
    r'\s*("(?:[^"\\]|\\.)*"|!=|<=|>=|==|=~|[|&=<>+*/%()!?:]|-(?=[\s0-9(])|[0-9]+(?![A-Za-z0-9_.])|[^\s"|&=<>+*/%()!?:]+)',
    re.DOTALL,
)
_LEVELS = (("|",), ("&",), ("=", "==", "!=", "<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))


def true(worth: str) -> bool:
    """Tell whether Asterisk takes a value for true: anything but nothing and 0."""
    worth = worth.strip()
    return worth not in ("", "0") and not re.fullmatch(r"0+(\s.*)?", worth)


def worked_out(text: str) -> str | None:
    """Return the worth of an expression whose variables are filled in; None where what is not known decides it."""
    words = _WORD.findall(text)
    whole = re.sub(r"\s", "", "".join(words)) == re.sub(r"\s", "", text)
    if not whole or not {"?", ":", "=~"}.isdisjoint(words):
        return None
    parser = _Expression(words)
    try:
        result = parser.level(0)
    except (ValueError, IndexError, RecursionError):
        return None
    return None if parser.words or UNKNOWN in result else result


class _Expression:
    """Works out an expression whose variables are filled in; any error is ValueError."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def level(self, depth: int) -> str:
        """Return the worth of operators that bind at least as tightly as those of a level."""
        if depth == len(_LEVELS):
            return self._one()
        left = self.level(depth + 1)
        while self.words and self.words[0] in _LEVELS[depth]:
            left = _apply(self.words.pop(0), left, self.level(depth + 1))
        return left

    def _one(self) -> str:
        word = self.words.pop(0)
        if word == "!":
            inner = self._one()
            return UNKNOWN if UNKNOWN in inner else str(int(not true(inner)))
        if word == "-":
            return _apply("-", "0", self._one())
        if word == "(":
            inner = self.level(0)
            if self.words.pop(0) != ")":
                raise ValueError(word)
            return inner
        if word in "|&=<>+*/%)" or word in ("!=", "<=", ">=", "=="):
            raise ValueError(word)
        return word[1:-1] if word.startswith('"') else word


def _apply(sign: str, left: str, right: str) -> str:
    if UNKNOWN in left + right:
        decided = [one for one in (left, right) if UNKNOWN not in one and sign in "|&" and true(one) == (sign == "|")]
        return decided[0] if decided else UNKNOWN
    if sign in "|&":
        return (left if true(left) else right) if sign == "|" else (left if true(left) and true(right) else "0")
    a, b = _number(left), _number(right)
    if sign in "+-*/%":
        if a is None or b is None:
            raise ValueError(sign)
        whole = {"+": a + b, "-": a - b, "*": a * b, "/": a // b if b else 0, "%": a % b if b else 0}
        return str(whole[sign])
    pair = (a, b) if a is not None and b is not None else (left, right)
    low, same = pair[0] < pair[1], pair[0] == pair[1]  # type: ignore[operator]
    holds = {
        "=": same,
        "==": same,
        "!=": not same,
        "<": low,
        ">": not low and not same,
        "<=": low or same,
        ">=": not low,
    }
    return str(int(holds[sign]))


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\s*-?[0-9]{1,15}\s*", text) else None
