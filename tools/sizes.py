"""Holds the sizes of modules and functions against the house's limits; an exception stands here with its reason."""

import ast
import statistics
import sys
from pathlib import Path

MODULE_MOST = 400
MODULE_REASON = 250
MODULE_MEDIAN = 130
FUNCTION_P90 = 30

REASONS = {
    "cctoolkit/capture/tracker.py": "a method for each AMI event, in one place on purpose",
    "cctoolkit/ami/client.py": "one class that mends one library; its parts share its state",
}
"""Modules over MODULE_REASON lines, and why."""


def main() -> int:
    """Print every offence and return how many there are."""
    offences = []
    sizes, functions = {}, []
    for path in sorted(Path("cctoolkit").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        sizes[str(path)] = len(text.splitlines())
        nodes = ast.walk(ast.parse(text))
        functions += [
            n.end_lineno - n.lineno + 1 for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
    for path, lines in sizes.items():
        if lines > MODULE_MOST or (lines > MODULE_REASON and path not in REASONS):
            offences.append(f"{path}: {lines} lines; split it, or give the reason in tools/sizes.py")
    offences += [
        f"{path}: no longer over {MODULE_REASON} lines; take its reason away"
        for path in REASONS
        if sizes.get(path, 0) <= MODULE_REASON
    ]
    median, p90 = statistics.median(sizes.values()), sorted(functions)[len(functions) * 9 // 10]
    if median > MODULE_MEDIAN:
        offences.append(f"module median {median} lines, at most {MODULE_MEDIAN}")
    if p90 > FUNCTION_P90:
        offences.append(f"function p90 {p90} lines, at most {FUNCTION_P90}")
    sys.stdout.write("".join(f"{line}\n" for line in offences))
    sys.stdout.write(f"{len(sizes)} modules, median {median:g} lines; functions' p90 {p90} lines\n")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
