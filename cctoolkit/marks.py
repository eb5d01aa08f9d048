"""Every name of ours on the wire, in both directions: contexts, variables, UserEvents, queue_log lines.

The rendered subroutine `cct-mark` says each thing twice with the same content: a UserEvent for whoever
listens on AMI and a queue_log line for whoever comes later. Only our own ids, or values through FILTER(),
ever stand in a mark: a caller named `x,Step: FAKE` must not write our headers.
"""

import re
from collections.abc import Callable, Sequence
from typing import Literal, get_args

import msgspec

MAX_NAME = 79
"""Characters of a context or extension (AST_MAX_CONTEXT and AST_MAX_EXTENSION are 80 with the end)."""

USER_EVENT = "CCT"
QUEUE_LOG_PREFIX = "CCT"
CANARY_QUEUE = "cct-canary"
SHADOW = "--test"
"""What a queue's name ends with for its shadow twin, where test calls wait."""

TWINS = ("", "2", "3", "4")
"""Further twins of each queue, so that as many test calls can wait at once, each in a queue made ready for it."""

WRAP_UP = "wrap-up"
"""The pause reason of after-call work."""

WRAPUPTIME = "wrapuptime"
"""The reason of a wrap-up that is none of ours: the switch rings a member no sooner than this option of theirs says."""

OVERRIDE = "cct-override"
"""The database family of overrides: project -> open/<until, epoch seconds>/<who>."""

TRUNK, CLOSED, TEST, ENTRY, MARK, END = "cct-trunk", "cct-closed", "cct-test", "cct-entry", "cct-mark", "cct-end"
NODE, CONTINUED, PASSING = "cct-node", "cct-continued", "cct-passing"
MEMBER, WRAP, TIMER, AGENT, SHADOWS = "cct-member", "cct-wrap", "cct-timer", "cct-agent", "cct-shadow"
LOGIN, LOGOUT, READY = "cct-login", "cct-logout", "cct-ready"
MESSAGE, OWED = "cct-message", "cct-owed"
OVERRIDDEN, SUPERVISOR, SAY, CLEAR = "cct-overridden", "cct-supervisor", "cct-say", "cct-clear"
EXIT = "cct-exit-"
"""Begins the contexts of keys pressed while waiting."""

CALLING = "cct-calling-"
"""Begins the contexts that write who calls in full, one for each country of a number."""

MOST_HOPS = 9
"""Over how many nodes one call is passed at most."""

RECOVER = "cct-recover"
"""What a node runs once after it has started: its cli.conf says so."""

Kind = Literal[
    "entry", "step", "ask", "out", "end", "wrapup", "ready", "score", "origin", "override", "passes", "continues"
]
_KINDS: dict[str, Kind] = {k: k for k in get_args(Kind)}
_ID = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
# The first part of eight hex digits is the digest: a project's id has none (a rule of model.lint).
_CONTEXT = re.compile(rf"cct-([a-z][a-z0-9]*(?:-[a-z0-9]+)*?)-([0-9a-f]{{8}})-({_ID})")
_QUEUE = re.compile(rf"({_ID})\.({_ID})({SHADOW}[2-4]?)?")


class Mark(msgspec.Struct, frozen=True):
    """One thing the dialplan reported about a call.

    entry: `step` is the number dialled (E.164 without +), `detail` the caller's digits; step: the step was
    entered, `detail` is its type and what it uses, such as queue:orders; ask: it asks for a key, attempt
    `detail`; out: it was left by `detail`; end: `detail` is the hangup cause; wrapup, ready: `step` is the
    agent; score: in the survey step `step` the caller said `detail`, a number; origin: this call calls back
    the call `detail`, asked for in step `step`; override: the agent `step` said `detail` by phone, in no call; passes:
    it is passed to the node `detail`; continues: it goes on with the call `step`, which came over `detail` nodes.
    `test` is known of a UserEvent only: queue_log lines do not carry it.
    """

    kind: Kind
    call: str
    project: str
    generation: str
    release: str
    step: str
    detail: str
    test: bool = False


def context(project: str, generation: str, step: str) -> str:
    """Return the context of a step: cct-<project>-<hash8>-<step>."""
    return f"cct-{project}-{generation}-{step}"


def generation_of(context_name: str) -> tuple[str, str] | None:
    """Return (project, generation) a context belongs to, or None when it is none of a generation's."""
    found = _CONTEXT.fullmatch(context_name)
    return (found[1], found[2]) if found else None


def queue_name(project: str, queue: str) -> str:
    """Return the name of a project's queue in app_queue; ids hold no dot, so it reads back."""
    return f"{project}.{queue}"


def exit_context(keys: Sequence[str]) -> str:
    """Return the context of the keys that lead out of a queue: cct-exit-12s for 1, 2 and star."""
    return EXIT + "".join({"*": "s", "#": "h"}.get(key, key) for key in keys)


def calling_context(country: str) -> str:
    """Return the context that writes who calls a number of a country in full."""
    return CALLING + country.lower()


def agent_of(channel: str) -> str:
    """Return the agent whose phone's channel this is: agents' endpoints have their names. PJSIP/ivanova-0000000c."""
    technology, _, rest = channel.partition("/")
    return rest.rpartition("-")[0] if technology == "PJSIP" else ""


def node_trunk(node: str) -> str:
    """Return the name by which calls that another node passes on are known."""
    return f"{NODE}-{node}"


def queue_ids(name: str) -> tuple[str, str, bool] | None:
    """Return (project, queue, shadow) of a queue's name, or None when it is not one of ours."""
    found = _QUEUE.fullmatch(name)
    return (found[1], found[2], bool(found[3])) if found else None


def is_shadow(name: str) -> bool:
    """Say whether a queue of this name is a shadow twin, in which test calls alone wait."""
    ids = queue_ids(name)
    return ids is not None and ids[2]


def serves_callers(name: str) -> bool:
    """Say whether agents serve callers in a queue of this name: foreign ones are not ours, shadow queues have none."""
    ids = queue_ids(name)
    return ids is not None and not ids[2]


def has_agents(name: str) -> bool:
    """Say whether the members of a queue of this name are agents, be it ours or not: shadow queues and the canary have
    none.
    """
    return name not in ("", CANARY_QUEUE) and not is_shadow(name)


def from_user_event(get: Callable[[str], str]) -> Mark | None:
    """Read a UserEvent; `get` looks a header up, "" when absent. None when it is not one of our marks."""
    kind = _KINDS.get(get("Kind"))
    if get("UserEvent") != USER_EVENT or kind is None:
        return None
    return Mark(
        kind,
        get("Call"),
        get("Project"),
        get("Generation"),
        get("Release"),
        get("Step"),
        get("Detail"),
        get("Test") == "1",
    )


def from_queue_log(fields: Sequence[str]) -> Mark | None:
    """Read a queue_log line split at "|" (time, call id, queue, agent, event, data…); None when it is not our
    mark.
    """
    if len(fields) < 10 or not fields[4].startswith(QUEUE_LOG_PREFIX):
        return None
    kind = _KINDS.get(fields[4].removeprefix(QUEUE_LOG_PREFIX).lower())
    if kind is None:
        return None
    project, generation, release, step, detail = fields[5:10]
    return Mark(kind, fields[1], project, generation, release, step, detail)
