"""The release between: the new dialplan, so that no new call comes to a queue or trunk that is to go, and what is to go
still there for the calls of the old one. Pure.

It keeps, of the release in force: the queues and trunks that go; to whom messages go of steps that do; and that who
logs out leaves those queues too. Agents who are logged in there stay and serve the last callers; nobody new logs in to
them.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping

from msgspec.structs import replace

from cctoolkit import marks
from cctoolkit.plan.changes import Plan
from cctoolkit.plan.classes import Impact
from cctoolkit.render import queues
from cctoolkit.render.configset import ConfigSet
from cctoolkit.state.described import SECRET_OPTIONS

_SECTION = re.compile(r"^\[([^\]\n]+)\].*$", re.MULTILINE)
_CANARY = re.compile(rf"(\[{marks.CANARY_QUEUE}\]\nservicelevel = )[0-9]+")
_LEAVES = re.compile(r"RemoveQueueMember\(([^,]+),PJSIP/([^)]+)\)")
_SECRET = re.compile(rf"^({'|'.join(sorted(SECRET_OPTIONS))})(\s*=).*$", re.MULTILINE)


KINDS = ("queue", "trunk", "messages")
"""What a drain keeps for the calls that are up when it goes."""


def helps(plan: Plan, one: Impact) -> bool:
    """Say whether a drain lets the last of those go whom an impact touches: what they come to is to go. A queue that
    stays takes new callers in all the while; so does one whose keys change.
    """
    kind = "queue" if one.kind == "member" else one.kind
    return kind in KINDS and one.name in going(plan, kind)


def going(plan: Plan, *kinds: str) -> frozenset[str]:
    """Return the objects of these kinds that a plan removes."""
    return frozenset(
        change.name
        for change in plan.changes
        if change.side == "disk" and change.kind in kinds and change.action == "remove"
    )


def between(config: ConfigSet, disk: Mapping[str, str], plan: Plan) -> ConfigSet:
    """Return the release to be in force until the last call is gone; `disk` are the files of the one in force, `plan`
    leads from there to the spec.
    """
    files = dict(config.files)
    gone = going(plan, "queue")
    files["queues.conf"] = _queues(files["queues.conf"], disk.get("queues.conf", ""), gone)
    for file, kind in (("pjsip.conf", "trunk"), ("messages.conf", "messages")):
        names = going(plan, kind)
        files[file] += "".join(f"\n{text}" for name, text in _sections(disk.get(file, "")) if name in names)
    files["runtime.conf"] = _runtime(files["runtime.conf"], disk.get("runtime.conf", ""), gone)
    release = _digest({path: text for path, text in files.items() if path != "extensions.conf"}, config.release)
    files["extensions.conf"] = files["extensions.conf"].replace(
        f"Set(__CCT_RELEASE={config.release})", f"Set(__CCT_RELEASE={release})"
    )
    return replace(config, release=release, files=files)


def _queues(wanted: str, disk: str, names: Collection[str]) -> str:
    kept = [text for name, text in _sections(disk) if name in names]
    head, canary, tail = wanted.rpartition(f"[{marks.CANARY_QUEUE}]")
    text = _CANARY.sub(r"\g<1>CANARY", "".join([head, *kept, canary, tail]))
    return text.replace("servicelevel = CANARY", f"servicelevel = {queues.canary(text)}")


def _runtime(wanted: str, disk: str, names: Collection[str]) -> str:
    leaves = {(agent, queue) for queue, agent in _LEAVES.findall(disk) if queue in names}
    lines = []
    for line in wanted.split("\n"):
        lines.append(line)
        # The first line of an agent in the context of log-outs.
        agent = line.partition("Gosub(cct-unwrap,s,1(")[2].rstrip(")") if line.startswith("exten => ") else ""
        lines += [
            f" same => n,RemoveQueueMember({queue},PJSIP/{agent})" for one, queue in sorted(leaves) if one == agent
        ]
    return "\n".join(lines)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield each section's name and text, comments behind it left out."""
    found = list(_SECTION.finditer(text))
    for one, after in zip(found, [*found[1:], None], strict=True):
        body = text[one.start() : after.start() if after else len(text)]
        lines = [line for line in body.split("\n") if not line.startswith((";", "#"))]
        yield one[1], "\n".join(lines).rstrip("\n") + "\n"


def _digest(files: Mapping[str, str], release: str) -> str:
    """Return an id of its own. Passwords do not count: those on the disk are there as they are."""
    told = [part for path, text in sorted(files.items()) for part in (path, _SECRET.sub(r"\1\2", text))]
    return hashlib.sha256("\0".join([release, *told]).encode()).hexdigest()[:10]
