"""A service level is told to be out of reach where the spec's own numbers say so, and nowhere else."""

import pytest

from cctoolkit.workflow import validating

SPEC = """\
project: {{id: example, title: T, client: C, language: en, time_zone: Europe/Warsaw}}
numbers:
  - {{number: "+48 22 123 45 67", country: PL, entry: hello, capacity: {capacity}}}
queues:
  orders: {{service_level: {{within: 20s, target_ratio: {ratio}}}, maxlen: {maxlen}}}
flow:
  hello: {{type: queue, queue: orders, next: {{timeout: bye}}}}
  bye: {{type: hangup}}
agents:
  - {{agent: anna, certified: "2026-01-15"}}
  - {{agent: jan, certified: "2026-01-15"}}
  - {{agent: eva}}
kpi: {kpi}
"""
LONG = "{targets: {average_talk: {at_most: 50s}, after_call_work: {at_most: 10s}}}"


@pytest.mark.parametrize(
    ("capacity", "ratio", "maxlen", "kpi", "found"),
    [
        (6, 0.8, 0, LONG, True),
        (2, 0.8, 0, LONG, False),
        (0, 0.8, 0, LONG, False),
        (6, 0.3, 0, LONG, False),
        (6, 0.8, 0, "{}", False),
        (6, 0.8, 0, "{by_queue: {orders: {average_handling_time: {at_most: 10s}}}, targets: {average_talk: {at_most: 1m}}}", False),
        (7, 0.8, 0, "{by_queue: {orders: {average_handling_time: {at_most: 10s}}}}", True),
        (30, 0.8, 4, "{targets: {average_handling_time: {at_most: 10s}}}", False),
    ],
    ids=["all but two wait", "an agent a channel", "no limit", "few need be in time", "no handling time", "the queue's own is short", "one more waits 25 s", "few may wait"],
)  # fmt: skip
def test_out_of_reach(tmp_path, monkeypatch, capacity, ratio, maxlen, kpi, found):
    """With all channels taken, agents of certificate and the time a call may take, the last caller waits too long or not."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "projects" / "example" / "project.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SPEC.format(capacity=capacity, ratio=ratio, maxlen=maxlen, kpi=kpi), encoding="utf-8")
    checked = validating.validate(["projects/example/project.yaml"])
    assert ("level-out-of-reach" in [problem.code for problem in checked.problems]) is found
