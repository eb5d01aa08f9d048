"""What a node's history keeps, one line of JSON each: releases with their verb, put-backs, confirmations, verdicts."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from cctoolkit.deploy.release import Author
from cctoolkit.node.transports import Intent
from cctoolkit.plan.changes import Change
from cctoolkit.plan.summary import counts

_MOST_TOLD = 20


def released(verb: str, author: Author, releases: tuple[str, str], folder: str, changes: Sequence[Change]) -> str:
    """Return the line of a release that came into force: `releases` from and to, `folder` that holds it."""
    return _line(author.when, author.who, verb, commit=author.commit, **{"from": releases[0], "to": releases[1]},
                 folder=folder, changes=len(changes), what=counts(changes))  # fmt: skip


def put_back(verb: str, author: Author, releases: tuple[str, str], folder: str, why: str) -> str:
    """Return the line of a release that did not stay: `releases` the failed one and the one in force, in `folder`."""
    return _line(author.when, author.who, "put back", commit=author.commit, **{"from": releases[0], "to": releases[1]},
                 folder=folder, of=verb, why=why)  # fmt: skip


def confirmed(intent: Intent, who: str, when: datetime) -> str:
    """Return the line of somebody saying that a release may stay."""
    return _line(when, who, "confirm", folder=intent.new)


def is_confirmed(lines: Sequence[str], folder: str) -> bool:
    """Say whether a history has it that the release in `folder` may stay."""
    return any(f'"verb":"confirm","folder":"{folder}"' in line for line in lines)


def verdict(folder: str, project: str, who: str, when: datetime, good: int, findings: Sequence[str]) -> str:
    """Return the line of what verify found of the release in `folder`."""
    told = list(findings[:_MOST_TOLD])
    return _line(when, who, "verify", folder=folder, project=project, good=good, findings=len(findings), first=told)


def _line(when: datetime, who: str, verb: str, **more: object) -> str:
    return msgspec.json.encode({"when": when.isoformat(), "who": who, "verb": verb, **more}).decode()
