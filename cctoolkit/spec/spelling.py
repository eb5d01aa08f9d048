"""What spaces, tabs and the parser's words mean to the author."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import yaml

from cctoolkit.spec.problem import MAX_PROBLEMS, Mark, Problem
from cctoolkit.spec.raw import BREAK

Span = tuple[Mark, Mark, bool]
"""Where a scalar begins and ends, and whether it is plain: without quotes, and no block."""

# Spaces of Unicode that look like ordinary ones, or like nothing.
_ODD = "\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u3000\ufeff"
_ODD_SPACE = re.compile(f"[{_ODD}]")
_ODD_INDENT = re.compile(f"^ *[{_ODD}]", re.MULTILINE)

# A line with a key and its colon; and one whose key lacks the colon, or the space behind it.
_KEYED = re.compile(r":(\s|$)")
_BARE_KEY = re.compile(r" *(- +)?[a-z][a-z0-9_-]*:?( ?\S.*)?\s*", re.IGNORECASE)
_COMMENT = re.compile(r"(?<!\S)#.*")
_AFTER = ("mapping values", "did not find expected key", "expected <document start>")
"""What the parser says of the line after one that has lost its colon."""
# A text in braces or brackets, and more of it behind them.
_BRACED = re.compile(r"[ -]*(?:[^\s:#]+: +)?([{\[][^{}\[\]]*[}\]])(?=\S)")
_LOOK = "look at the indentation of this line and the one above it"
_COLON = "a colon and a space after the key, or quotes round a text, are missing"
_BRACES = "a text that begins with { or [ goes in quotes"
_HINTS = (
    ("could not find expected ':'", _COLON),
    (
        "mapping values are not allowed",
        "text with a colon and a space goes in quotes; else look at the indentation",
    ),
    ("scanning an alias", 'a text that begins with a star goes in quotes: "*"'),
    ("cannot start any token", "a text that begins with @, ` or % goes in quotes"),
    ("expected ',' or", "a bracket, a brace or a comma is missing, or a # must go in quotes"),
    ("scanning a quoted scalar", "the closing quote is missing"),
)


def syntax(error: yaml.YAMLError, text: str, first: int, file: str) -> Problem:
    """Return the problem of a text that begins after `first` lines of its file."""
    if not isinstance(error, yaml.MarkedYAMLError):
        what = f"not YAML: {str(error).splitlines()[0]}"
        return Problem("yaml-syntax", what, file, Mark(first + 1, 1), hint=_LOOK)
    lines = BREAK.split(text)
    at = error.problem_mark or error.context_mark
    if error.context_mark and (at is None or _began_there(error, lines, at)):
        at = error.context_mark
    line, column = (at.line, at.column) if at else (0, 0)
    mark = Mark(first + line + 1, column + 1)
    written = lines[line] if line < len(lines) else ""
    before = written[: column + 1]
    if "\t" in before and not before.strip():
        return Problem("yaml-tab", "a tab in the indentation", file, mark, hint="indent with spaces")
    what = ", ".join(part for part in (error.context, error.problem) if part)
    if any(part in what for part in _AFTER) and (above := _without_colon(lines, line)):
        mark = Mark(first + above, len(lines[above - 1]) - len(lines[above - 1].lstrip()) + 1)
        return Problem("yaml-syntax", f"not YAML: {what}", file, mark, hint=_COLON)
    if odd := _ODD_SPACE.search(written):
        return Problem("yaml-space", f"not YAML: {what}", file, Mark(mark.line, odd.start() + 1),
                       hint=f"{_named(odd[0])} is no ordinary space: type it anew")  # fmt: skip
    if "nesting depth" in what:
        # The parser's own limit, which it looks ahead to: libyaml 0.2.6, yaml_parser_increase_flow_level().
        return Problem("yaml-too-deep", "nested deeper than any spec is", file, mark)
    hint = next((hint for part, hint in _HINTS if part in what), _LOOK)
    if hint == _LOOK and (braces := _BRACED.match(written)) and braces.end() == column:
        mark, hint = Mark(mark.line, braces.start(1) + 1), _BRACES
    return Problem("yaml-syntax", f"not YAML: {what}", file, mark, hint=hint)


def _without_colon(lines: Sequence[str], line: int) -> int:
    """Return the number, from 1, of the line above that has no key, though one with a key follows: the parser took both
    for one text. 0 when there is none.
    """
    for above in range(line - 1, -1, -1):
        if said := _COMMENT.sub("", lines[above]).rstrip():
            return above + 1 if _BARE_KEY.fullmatch(said) and not _KEYED.search(said) else 0
    return 0


def _began_there(error: yaml.MarkedYAMLError, lines: Sequence[str], at: yaml.Mark) -> bool:
    """Tell whether what the parser met at a place went wrong where it began: an alias without a name, a key without a
    colon, what is still open at the end of the text, and brackets that were to close in the line they are in.
    """
    context, began = error.context or "", error.context_mark
    if "simple key" in context or "alias" in context or not "".join(lines[at.line :])[at.column :].strip():
        return True
    if "flow" not in context or began is None or began.line == at.line:
        return False
    return not lines[began.line].rstrip().endswith((",", "{", "["))


def has_odd_indentation(text: str) -> bool:
    """Tell whether any line begins with a space that is no ordinary one."""
    return _ODD_INDENT.search(text) is not None


def plain_indentation(text: str, scalars: Sequence[Span], file: str) -> tuple[str, list[Problem]]:
    """Put ordinary spaces for odd ones that indent, so that the rest means what its author sees; report each.

    A text in quotes, or a block, may begin its lines as it likes.
    """
    # A plain text may begin with any character; a line that only looks like more of it is one that slipped.
    spans = [(start, Mark(start.line, start.column + 1) if plain else end, plain) for start, end, plain in scalars]
    found: list[Problem] = []
    lines = BREAK.split(text)
    for number, line in enumerate(lines, 1):
        indent = line[: len(line) - len(line.lstrip(" " + _ODD))]
        odd = _ODD_SPACE.search(indent)
        mark = Mark(number, odd.start() + 1 if odd else 1)
        if len(found) > MAX_PROBLEMS:
            break  # nobody reads more, and nobody made so many by mistake
        if odd and not _inside(mark, spans):
            lines[number - 1] = _ODD_SPACE.sub(" ", indent) + line[len(indent) :]
            found.append(Problem("yaml-space", f"{_named(odd[0])} in the indentation", file, mark,
                                 hint="indent with ordinary spaces"))  # fmt: skip
    return "\n".join(lines), found


def _named(character: str) -> str:
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'unnamed').lower()})"


def tabs(text: str, scalars: Sequence[Span], file: str) -> Iterator[Problem]:
    """Find tabs outside texts and comments: YAML allows some of them, and every editor shows them
    differently.
    """
    if "\t" not in text:
        return
    for number, line in enumerate(BREAK.split(text), 1):
        if "\t" not in line:
            continue
        for found in re.finditer(r"\t+|(?<!\S)#", line):
            mark = Mark(number, found.start() + 1)
            if _inside(mark, scalars):
                continue
            if found[0] == "#":
                break
            yield Problem("yaml-tab", "a tab", file, mark, hint="use spaces")


def _inside(mark: Mark, spans: Sequence[Span]) -> bool:
    before = bisect_right(spans, _at(mark), key=lambda span: _at(span[0])) - 1
    return before >= 0 and _at(mark) < _at(spans[before][1])


def _at(mark: Mark) -> tuple[int, int]:
    return mark.line, mark.column
