"""Which sounds a project plays, and in which languages; that the node is asked for them is pinned live."""

from cctoolkit.model import build
from cctoolkit.spec.source import parse
from cctoolkit.verify.prompts import played

PROJECT = """\
project: {id: two, title: T, client: C, language: ru, time_zone: Europe/Warsaw}
numbers: [{number: "22 123 45 67", country: PL, entry: hello}]
queues: {orders: {periodic-announce: [please-wait], periodic-announce-frequency: 30s}}
flow:
  hello: {type: menu, prompts: [welcome], keys: {"1": polish}, next: {timeout: wait, invalid: end}}
  polish: {type: set, language: pl, next: {done: rules}}
  rules: {type: play, prompts: [rules], next: {done: wait}}
  wait: {type: queue, queue: orders, next: {timeout: end, full: end, no_agents: end}}
  end: {type: hangup}
"""


def test_a_sound_is_wanted_in_the_languages_in_which_it_is_heard():
    """Before the step that sets a language the project's own, behind it that one, where both ways meet both."""
    document, problems = parse(PROJECT, "p.yaml")
    assert problems == []
    found = {(sound, language) for sound, language, _, _ in played(build.project(document))}
    assert {("welcome", "ru"), ("rules", "pl"), ("please-wait", "pl"), ("please-wait", "ru")} == found
