"""A store to compute figures from, filled by hand."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cctoolkit.cdr.records import AgentInterval, AgentLeg, CallRecord, Edge, Hold, QueueVisit
from cctoolkit.cdr.store import Store, micros
from cctoolkit.kpi.figure import Targets
from cctoolkit.kpi.interval import Window
from cctoolkit.kpi.query import figures
from cctoolkit.kpi.sources import Question

START = datetime(2026, 11, 2, 6, tzinfo=UTC)


class Desk:
    """Writes calls down and asks for figures. Times are seconds since START, 09:00 in Moscow."""

    def __init__(self, path):
        self.path = path
        self.window = Window(START, START + timedelta(hours=2), "Europe/Moscow")
        self._count = 0

    def call(self, *visits, outcome=None, at=0, **changes):
        """Keep a call of visits (queue, joined, wait, outcome[, source])."""
        self._count += 1
        kept = tuple(self._visit(*visit) for visit in visits)
        entered = kept[0].joined if kept else self.edge(at)
        last = kept[-1].outcome if kept else ""
        found = outcome or (last if last in {"answered", "abandoned", "unfinished"} else "ended_in_flow")
        base = {"call": f"n1-{self._count}", "node": "n1", "project": "hotline", "generation": "g"}
        base |= {"release": "r1", "number": "+78001002030", "caller": "+79161234567", "entered": entered}
        record = CallRecord(**(base | {"outcome": found, "visits": kept} | changes))
        with Store.open(self.path) as store:
            store.put([record])

    def edge(self, seconds, source="ami"):
        """Return a moment."""
        return Edge(micros(START + timedelta(seconds=seconds)), source)

    def _visit(self, queue, joined, wait, outcome, source="ami"):
        left = None if wait is None else self.edge(joined + wait, source)
        return QueueVisit(queue, self.edge(joined, source), outcome, left)

    def leg(self, agent, answered=None, talk=None, *, offered=0, wrap_up=None, outcome=None, ended=None, holds=()):
        """Return a leg: offered at, answered at, talk seconds, wrap-up seconds (None: none, ...: goes on); holds are
        (from, to) after the answer, to None: goes on.
        """
        end = answered + talk if talk is not None else ended
        base = AgentLeg(agent, self.edge(offered), outcome or ("answered" if answered is not None else "no_answer"))
        edges = {"answered": answered, "ended": end, "wrap_up_started": None if wrap_up is None else end}
        edges["wrap_up_ended"] = None if wrap_up in {None, ...} else end + wrap_up
        known = {name: self.edge(at) for name, at in edges.items() if at is not None}
        kept = [Hold(self.edge(answered + a), None if b is None else self.edge(answered + b)) for a, b in holds]
        return msgspec.structs.replace(base, holds=tuple(kept), **known)

    def handled(self, *legs, queue="orders", at=0, wait=5, **changes):
        """Keep an answered call with these legs."""
        visit = QueueVisit(queue, self.edge(at), "answered", self.edge(at + wait), legs)
        self.call(outcome="answered", at=at, visits=(visit,), **changes)

    def state(self, agent, state, start, end=None, reason="", node="n1"):
        """Keep an agent's state."""
        last = None if end is None else self.edge(end)
        with Store.open(self.path) as store:
            store.put_states([AgentInterval(node, agent, state, self.edge(start), last, reason)])

    def figures(self, *metrics, by=("queue",), targets=None, window=None, agents=None, now=None):
        now = None if now is None else START + timedelta(seconds=now)
        asked = Question("hotline", window or self.window, by, targets or Targets(), metrics or None, agents, now)
        return figures(self.path, asked)

    def values(self, *metrics, by=("queue",), **more):
        """Return {variant: value} of one metric, or {metric.variant: value}, of the only group."""
        found = self.figures(*metrics, by=by, **more)
        names = [row.variant if len(metrics) == 1 else f"{row.metric}.{row.variant}" for row in found]
        assert len(set(names)) == len(names)
        return dict(zip(names, (row.value for row in found), strict=True))


@pytest.fixture
def desk(tmp_path):
    path = tmp_path / "calls.sqlite"
    Store.open(path).close()
    return Desk(path)
