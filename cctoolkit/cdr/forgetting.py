"""Numbers of persons that are kept no longer: what is made of them, and which have been forgotten in this store.

What was forgotten is written in the store itself, so that a replay of an old journal brings no number back: a record
is put as it would be by now.
"""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from cctoolkit.cdr.database import Database
from cctoolkit.cdr.records import CallRecord, Micros

How = Literal["keep", "mask", "drop"]

HIDDEN = "\N{BULLET}"
_SHORTEST = 7
"""Digits of a person's number, at least; what is shorter is an extension or a service."""


class Rule(msgspec.Struct, frozen=True):
    """Of a project's calls that entered before `before` numbers are masked or dropped; those that entered before
    `records_before` are removed whole (0: none are). Microseconds, at a day's beginning in UTC.
    """

    project: str
    how: How
    before: Micros = 0
    records_before: Micros = 0


def rules(database: Database) -> Mapping[str, Rule]:
    """Return the rules in force in a store, by project."""
    found = database.rows("SELECT project, how, before_us, records_before_us FROM forgotten")
    kept = (Rule(row["project"], row["how"], row["before_us"], row["records_before_us"]) for row in found)
    return {rule.project: rule for rule in kept}


def applied(rules_: Mapping[str, Rule], record: CallRecord) -> CallRecord | None:
    """Return a record as it is to be kept, None when it is not to be kept at all."""
    rule = rules_.get(record.project)
    if rule is None:
        return record
    if record.entered.at < rule.records_before:
        return None
    return forgotten(record, rule.how) if record.entered.at < rule.before else record


def forgotten(record: CallRecord, how: How) -> CallRecord:
    """Return the record without the numbers of persons: the caller's, and others that were called or dialled; of a
    recording's file only where the caller's number stands in its name.
    """
    if how == "keep":
        return record
    digits = re.sub(r"\D", "", record.caller)[-10:]
    return replace(
        record,
        caller=number(record.caller, how),
        parties=tuple(replace(party, number=number(party.number, how)) for party in record.parties),
        transfers=tuple(replace(one, number=number(one.number, how)) for one in record.transfers),
        recordings=tuple(replace(one, file=_without(one.file, digits)) for one in record.recordings),
    )


def number(text: str, how: How) -> str:
    """Return a number masked ("+7916•••••12") or dropped (""); what is no person's, or is masked, stays as it is."""
    if how == "drop":
        return "" if HIDDEN in text or _digits(text) >= _SHORTEST else text
    if HIDDEN in text or _digits(text) < _SHORTEST:
        return text
    # Country and network stay, which figures by region need, and two digits to tell calls of one day apart.
    shown = min(5 if text.startswith("+") else 4, len(text) - 5)
    return text[:shown] + HIDDEN * (len(text) - shown - 2) + text[-2:]


def _digits(text: str) -> int:
    return sum(char.isdigit() for char in text)


def _without(file: str, digits: str) -> str:
    return file.replace(digits, HIDDEN * 3) if len(digits) >= _SHORTEST else file
