from pathlib import Path

import pytest

from cctoolkit.lab.lab import Lab

ROSTER = """
site: {id: lab, title: Lab of the tests}
roster:
  - {agent: ivanova, name: Anna Ivanova}
  - {agent: petrov, name: Petr Petrov}
feature_codes: {}
projects: []
"""


@pytest.fixture(scope="session")
def lab_template(tmp_path_factory) -> Path:
    """A site template with two agents and no projects."""
    path = tmp_path_factory.mktemp("template") / "lab.yaml"
    path.write_text(ROSTER, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory, lab_template):
    """A fresh lab of one node for each module; its node must not have logged a warning or error of ours."""
    with Lab(tmp_path_factory.mktemp("lab"), lab_template, owned=True) as lab:
        yield lab
        problems = [line for node in lab.nodes.values() for line in node.problems()]
    assert problems == []
