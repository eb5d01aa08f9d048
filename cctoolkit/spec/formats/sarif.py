"""SARIF 2.1.0, as GitHub's and other code scanning takes it.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, sections 3.14 (run), 3.49
(reportingDescriptor), 3.27 (result), 3.29 (physicalLocation), 3.4 (artifactLocation).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from cctoolkit import __version__
from cctoolkit.spec.codes import CODES, help_uri, page
from cctoolkit.spec.formats.plain import words
from cctoolkit.spec.problem import Problem, level

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def log(problems: Sequence[Problem]) -> dict[str, object]:
    """Return the whole log; columns count characters, as ours do."""
    codes = sorted({problem.code for problem in problems})
    driver = {
        "name": "cctoolkit",
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(problems, codes)),
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, object]:
    text = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": text},
        "helpUri": help_uri(code),
        "help": {"text": f"{text} An example and the cure: cctoolkit explain {code}, or {page(code)}."},
        "defaultConfiguration": {"level": level(code)},
    }


def _results(problems: Iterable[Problem], codes: Sequence[str]) -> Iterable[dict[str, object]]:
    for problem in problems:
        region = {"startLine": problem.mark.line, "startColumn": problem.mark.column}
        place = {"artifactLocation": _location(problem.file), "region": region}
        yield {
            "ruleId": problem.code,
            "ruleIndex": codes.index(problem.code),
            "level": problem.level,
            "message": {"text": words(problem)},
            "locations": [{"physicalLocation": place}],
        }


def _location(file: str) -> dict[str, object]:
    """Return a URI: relative ones are below the folder the command ran in, which the reader knows."""
    path = Path(file)
    if path.is_absolute():
        return {"uri": "file://" + quote(file, errors="surrogateescape")}
    # A first part with a colon would be a scheme (RFC 3986, 4.2); quote() takes care of it.
    return {"uri": quote(path.as_posix(), errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}
