"""Tables as CSV that a spreadsheet opens without running what stands in a cell.

A cell that begins with = + - @, a tab or a carriage return is a formula to a spreadsheet (OWASP, CSV Injection),
so an apostrophe is put before it. A phone number, + and digits (bullets, where some are masked) and nothing else,
stays as it is: as a formula it could only be that number, and with an apostrophe it could not be searched or joined.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_PHONE = re.compile("[+][0-9\N{BULLET}]+")


def lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield each row as one line of CSV (RFC 4180 quoting), without its end."""
    for row in rows:
        buffer = io.StringIO()
        # With the line's end as it is by default: it is what csv knows to quote inside a cell.
        csv.writer(buffer).writerow([guarded(cell) for cell in row])
        yield buffer.getvalue().removesuffix("\r\n")


def guarded(cell: str) -> str:
    """Return the cell as a spreadsheet may read it."""
    return f"'{cell}" if cell.startswith(_DANGEROUS) and not _PHONE.fullmatch(cell) else cell
