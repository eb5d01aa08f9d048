"""Handled: how many calls agents answered.

Unit: count. Counts: answered legs; a call that two agents answered, one after the other, is handled twice.
Source: the field's usual meaning.
"""

from cctoolkit.kpi.figure import Metric, Variant
from cctoolkit.kpi.terms import count, handled

METRIC = Metric("count", (Variant("default", "answered legs", lambda t: count(handled(t))),), source="legs")
