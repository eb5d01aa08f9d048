"""What callers hear at each step, by every way there."""

from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.languages import languages
from cctoolkit.model import build
from cctoolkit.spec.source import parse

PROJECT = """\
project: {id: two, title: T, client: C, language: ru, time_zone: Europe/Warsaw}
numbers: [{number: "22 123 45 67", country: PL, entry: hello}]
flow:
  hello: {type: menu, prompts: [welcome], keys: {"1": polish, "2": both}, next: {timeout: both, invalid: both}}
  polish: {type: set, language: pl, next: {done: both}}
  both: {type: play, prompts: [rules], next: {done: which}}
  which: {type: switch, by: language, cases: {pl: {values: [pl], next: only}}, next: {otherwise: rest}}
  only: {type: play, prompts: [tylko], next: {done: end}}
  rest: {type: play, prompts: [rest], next: {done: hello}}
  end: {type: hangup}
"""


def test_every_way_counts():
    """A step behind two ways is heard in both languages, one behind a switch in its case's alone; a loop ends."""
    document, problems = parse(PROJECT, "p.yaml")
    assert problems == []
    found = languages(compile_flow(build.project(document)))
    assert found["hello"] == found["polish"] == found["rest"] == {"ru"}
    assert found["both"] == found["which"] == {"ru", "pl"}
    assert found["only"] == found["end"] == {"pl"}
