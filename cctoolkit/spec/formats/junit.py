"""JUnit XML, as GitLab, Jenkins and others take it: a test case for each spec, a failure for each error.

Source: the "junit-10" schema of Jenkins' xUnit plug-in; a name or message may hold anything XML 1.0 may.
"""

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from cctoolkit.spec.formats.plain import words
from cctoolkit.spec.problem import Problem, errors

# XML 1.0, production 2 (Char).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(found: Mapping[str, Sequence[Problem]]) -> str:
    """Return the report of specs by their file, each with its problems."""
    broken = sum(bool(errors(problems)) for problems in found.values())
    counts = {"tests": str(len(found)), "failures": str(broken), "errors": "0"}
    suites = ET.Element("testsuites", {"name": "cctoolkit validate", **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": "specs", **counts})
    for file, problems in found.items():
        case = ET.SubElement(suite, "testcase", {"name": _clean(file), "classname": "cctoolkit.validate",
                                                 "file": _clean(file)})  # fmt: skip
        for problem in errors(problems):
            failure = ET.SubElement(case, "failure", {"type": problem.code, "message": _clean(words(problem))})
            failure.text = _clean(str(problem))
        if odd := [str(problem) for problem in problems if problem.level == "warning"]:
            ET.SubElement(case, "system-out").text = _clean("\n".join(odd))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode")


def _clean(value: str) -> str:
    return _NO_XML.sub("\ufffd", value)
