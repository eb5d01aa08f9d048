"""routes: what no call can take is bad, unless the spec had to name it."""

from types import SimpleNamespace

from cctoolkit.flow.routes import Unroutable
from cctoolkit.verify.checks import routes


def test_ways_that_nobody_takes():
    """A way that must be named though nobody can take it is no fault; one that is lost is, and both say why."""
    ways = (Unroutable("asked", "holiday", "never so", idle=True), Unroutable("lost", "done", "no way leads there"))
    found = list(routes.judge(SimpleNamespace(calls=(), uncovered=ways)))
    assert [(one.subject, one.good, one.text) for one in found] == [
        ("asked: holiday", True, "not called: never so"),
        ("lost: done", False, "not called: no way leads there"),
    ]
