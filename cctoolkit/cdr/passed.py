"""One customer's call that nodes passed on: each node's capture keeps the part that was there, readers see one call.

Parts are known by the first node's call, and are in order by how many nodes the call came over, since clocks of nodes
differ. A part that is missing (captured nowhere, or forgotten) leaves the others; the first of those is the call then.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Protocol, TypeVar

from msgspec.structs import replace

from cctoolkit.cdr.records import CallRecord


class Part(Protocol):
    """What is to be known of a part."""

    @property
    def node(self) -> str:
        """The node it was on."""

    @property
    def hop(self) -> int:
        """Over how many nodes it came."""

    @property
    def passed_to(self) -> str:
        """The node it was passed on to."""

    @property
    def answered(self) -> object:
        """When it was answered; None: a call that is refused by a node is not."""


P = TypeVar("P", bound=Part)


def way(parts: Sequence[P]) -> list[P]:
    """Return the parts the caller went through, of those there are, in order of hops: not those that refused the call,
    after which it went on where it was.
    """
    found = [_taken([part for part in parts if part.hop == parts[0].hop])]
    while later := [part for part in parts if part.hop > found[-1].hop]:
        next_hop = min(part.hop for part in later)
        tried = [part for part in later if part.hop == next_hop]
        # Where the part between is missing, nobody says which of them it was passed to.
        there = [p for p in tried if p.node == found[-1].passed_to or next_hop > found[-1].hop + 1]
        if not there:
            break
        found.append(_taken(there))
    return found


def _taken(tried: Sequence[P]) -> P:
    """Return the part that took the call, of those that came over as many nodes: the others refused it."""
    return next((part for part in reversed(tried) if part.answered is not None), tried[-1])


def in_order(parts: Sequence[CallRecord]) -> list[CallRecord]:
    """Return the parts in the order the call came to them."""
    return sorted(parts, key=lambda part: (part.hop, part.entered.at, part.call))


def whole(parts: Sequence[CallRecord]) -> CallRecord:
    """Return the one call of these parts: it entered as the first says and ended as the last does, and is answered when
    an agent answered in any of them. `passed_to` names the nodes it was passed to.
    """
    parts = in_order(parts)
    went = way(parts)
    first, last = parts[0], went[-1]
    return replace(
        first,
        answered=next((part.answered for part in parts if part.answered), None),
        ended=last.ended,
        outcome="answered" if any(part.outcome == "answered" for part in parts) else last.outcome,
        hung_up_by=last.hung_up_by,
        cause=last.cause,
        steps=tuple(chain.from_iterable(part.steps for part in parts)),
        visits=tuple(chain.from_iterable(part.visits for part in parts)),
        parties=tuple(chain.from_iterable(part.parties for part in parts)),
        transfers=tuple(chain.from_iterable(part.transfers for part in parts)),
        recordings=tuple(chain.from_iterable(part.recordings for part in parts)),
        parkings=tuple(chain.from_iterable(part.parkings for part in parts)),
        score=next((part.score for part in reversed(parts) if part.score is not None), None),
        origin=next((part.origin for part in parts if part.origin), ""),
        passed_to=" ".join([*(part.node for part in went[1:]), *filter(None, [last.passed_to])]),
    )
