"""A problem as plain data, and as one line of words."""

from cctoolkit.spec.problem import Problem, printable


def data(problem: Problem) -> dict[str, object]:
    """Return a problem for JSON."""
    return {
        "code": problem.code,
        "level": problem.level,
        "message": problem.message,
        "file": safe(problem.file),
        "line": problem.mark.line,
        "column": problem.mark.column,
        "expected": problem.expected,
        "hint": problem.hint,
    }


def safe(text: str) -> str:
    """Return a text that any encoder takes: bytes of a file's name that are not UTF-8 are written as numbers."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def words(problem: Problem) -> str:
    """Return what is wrong, what was expected and the cure as a sentence."""
    parts = [problem.message, f"expected {problem.expected}" if problem.expected else "", problem.hint]
    return printable("; ".join(part for part in parts if part))
