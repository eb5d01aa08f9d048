"""Files and memory in the spec's words: what a plan compares.

`described` reads files finely enough to say what changes for people; `observable` reads from the same files what the
switch can be asked for. Every file also has its digest, so that no byte changes unseen.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping

from cctoolkit import marks
from cctoolkit.secret import fingerprint
from cctoolkit.state import conf, dialplan
from cctoolkit.state.settings import NodeState, Setting

SECRET_OPTIONS = frozenset({"password"})
_RELEASE = re.compile(r"(Set\(__CCT_RELEASE=)[^)]*\)")
_DIALPLAN_FILE = re.compile(r"extensions\.conf|runtime\.conf|generations/.+\.conf")
_GENERATION = re.compile(r"generations/(.+)-([0-9a-f]{8})\.conf")

OBSERVED_QUEUE = {"strategy": "Strategy", "maxlen": "Max", "servicelevel": "ServiceLevel", "weight": "Weight"}
"""Queue options QueueStatus shows, by its header. Every other one is in no reply: the canary stands for the whole file."""


def described(files: Mapping[str, str], key: bytes) -> NodeState:
    """Return a release's settings; secrets as fingerprints under `key`."""
    return NodeState.of(s for path, text in files.items() for s in _describe(path, text, key))


def _describe(path: str, text: str, key: bytes) -> Iterator[Setting]:
    yield Setting("file", path, "digest", digest(text))
    generation = _GENERATION.fullmatch(path)
    if generation:
        yield Setting("project", generation[1], "generation", generation[2])
    elif path == "queues.conf":
        yield from (_queue_words(s) for s in conf.settings(text, path) if not _own(s.name))
    elif path == "pjsip.conf":
        for s in conf.settings(text, path):
            value = fingerprint(s.value, key) if s.option in SECRET_OPTIONS else s.value
            yield Setting("sip", s.name, s.option, value)
    elif path == "extensions.conf":
        for (context, number), target in dialplan.gotos(text, path).items():
            if context == marks.ENTRY:
                found = marks.generation_of(target)
                step = target.removeprefix(marks.context(*found, "")) if found else target
                yield Setting("number", f"+{number}", "enters", f"{found[0]}: {step}" if found else step)


def _own(name: str) -> bool:
    return name == marks.CANARY_QUEUE or name.endswith(marks.SHADOW)


def _queue_words(setting: Setting) -> Setting:
    return Setting("queue" if setting.name != "general" else "queues", setting.name, setting.option, setting.value)


def digest(text: str) -> str:
    """Return a file's digest; the release's own id in the entry file does not count."""
    return hashlib.sha256(_RELEASE.sub(r"\1)", text).encode()).hexdigest()[:12]


def observable(files: Mapping[str, str]) -> NodeState:
    """Return what the switch must show once it has loaded `files`."""
    found: list[Setting] = []
    for path, text in files.items():
        if _DIALPLAN_FILE.fullmatch(path):
            found += [line.setting() for line in dialplan.lines(text, path)]
        elif path == "queues.conf":
            found += [Setting("queue", s.name, s.option, s.value) for s in conf.settings(text, path)
                      if s.option in OBSERVED_QUEUE and s.name != "general"
                      and (s.option == "servicelevel" or s.name != marks.CANARY_QUEUE)]  # fmt: skip
        elif path == "pjsip.conf":
            found += [Setting("endpoint", section.name, option, value) for section in conf.parse(text, path)
                      for option, value in section.lines if ("type", "endpoint") in section.lines and option in ("aors", "auth")]  # fmt: skip
    return NodeState.of(found)
