"""Rules about feature codes: what an agent dials means one thing however far it is dialled."""

from collections.abc import Iterator

import msgspec

from cctoolkit.model.site import Site
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document

_LONGER = ("pause", "override")
"""Codes behind which more digits are dialled."""


def hidden(site: Site, document: Document) -> Iterator[Problem]:
    """No code begins with one that takes more digits: *141 is the pause *14 for reason 1."""
    codes = msgspec.structs.asdict(site.feature_codes)
    for name, code in codes.items():
        for longer in _LONGER:
            begins = codes.get(longer)
            if begins and code != begins and code.startswith(begins):
                yield Problem("feature-code-hidden", f'"{code}" reads as {longer} ({begins}) with more digits',
                              document.file, document.mark(("feature_codes", name)),
                              f"a code that does not begin with {begins}")  # fmt: skip
