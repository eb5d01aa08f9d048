"""Files and memory in the spec's words: what a plan compares.

`described` reads files finely enough to say what changes for people; `observable` reads from the same files
what the switch can be asked for. Every file also has its digest, so that no byte changes unseen.
"""

import hmac
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256

from cctoolkit import marks
from cctoolkit.errors import SpecError
from cctoolkit.secret import fingerprint
from cctoolkit.state import conf, dialplan, messages, trunks
from cctoolkit.state.settings import NodeState, Setting

SECRET_OPTIONS = frozenset({"password", "md5_cred", "password_digest", "oauth_secret", "refresh_token", "secret"})
GENERATION_FILE = re.compile(r"generations/(.+)-([0-9a-f]{8})\.conf")
KEYS_FILE = re.compile(r"generations/(.+)-keys\.conf")
_RELEASE = re.compile(r"(Set\(__CCT_RELEASE=)[^)]*\)")
_DIALPLAN_FILE = re.compile(r"extensions\.conf|runtime\.conf|generations/.+\.conf")

OBSERVED_QUEUE = {"strategy": "Strategy", "maxlen": "Max", "servicelevel": "ServiceLevel", "weight": "Weight"}
"""Queue options QueueStatus shows, by its header. Every other one is in no reply: the canary stands for
the whole file.
"""

OBSERVED_ENDPOINT = {"aors": "Aor", "auth": "Auths", "outbound_auth": "OutboundAuths", "transport": "Transport"}
"""Endpoint options PJSIPShowEndpoints shows, by its header."""

OBSERVED_REGISTRATION = {
    "server_uri": "ServerUri",
    "client_uri": "ClientUri",
    "contact_user": "ContactUser",
    "expiration": "Expiration",
    "transport": "Transport",
}
"""Registration options PJSIPShowRegistrationsOutbound shows, by its header."""

_READ = 128
"""So many files are remembered as read: most of a release are those of the one before, and each is wanted for the plan,
for the read-back and for the way back.
"""

_OBSERVED = {"endpoint": OBSERVED_ENDPOINT, "registration": OBSERVED_REGISTRATION}


def generation_file(project: str, generation: str) -> str:
    """Return the path of a generation in a release."""
    return f"generations/{project}-{generation}.conf"


def keys_file(context: str) -> str:
    """Return the path of a context of keys pressed while waiting: who waits in an old generation may need it still."""
    return f"generations/{context}-keys.conf"


def described(files: Mapping[str, str], key: bytes) -> NodeState:
    """Return a release's settings; secrets as fingerprints under `key`.

    A file that cannot be read, since somebody edited it, says so in place of its settings: a plan must still
    be made.
    """
    return NodeState.of(s for path, text in files.items() for s in _described(path, text, key))


@lru_cache(_READ)
def _described(path: str, text: str, key: bytes) -> tuple[Setting, ...]:
    return tuple(_describe(path, text, key))


def _describe(path: str, text: str, key: bytes) -> Iterator[Setting]:
    yield Setting("file", path, "digest", digest(text, key))
    try:
        yield from list(_finer(path, text, key))
    except SpecError as error:
        yield Setting("file", path, "unreadable", f"{error.where}: {error.what}")


def _finer(path: str, text: str, key: bytes) -> Iterator[Setting]:
    generation = GENERATION_FILE.fullmatch(path)
    if generation:
        yield Setting("project", generation[1], "generation", generation[2])
    elif path == "queues.conf":
        for s in conf.settings(text, path):
            if not _own(s.name):
                yield Setting("queues" if s.name == "general" else "queue", s.name, s.option, s.value)
    elif path == messages.FILE:
        yield from (Setting("messages", s.name, s.option, s.value) for s in conf.settings(text, path))
    elif path == "pjsip.conf":
        yield from _sip(text, path, key)
    elif path == "extensions.conf":
        for (context, number), target in dialplan.gotos(text, path).items():
            if context == marks.ENTRY:
                yield Setting("number", f"+{number}", "enters", _step(target))


def _sip(text: str, path: str, key: bytes) -> Iterator[Setting]:
    for s in trunks.told(conf.parse(text, path), conf.settings(text, path)):
        is_secret = s.option.split()[0].rpartition(".")[2] in SECRET_OPTIONS
        yield Setting(s.kind, s.name, s.option, fingerprint(s.value, key)) if is_secret else s


def _step(target: str) -> str:
    found = marks.generation_of(target)
    return f"{found[0]}: {target.removeprefix(marks.context(*found, ''))}" if found else target


def _own(name: str) -> bool:
    return name == marks.CANARY_QUEUE or marks.is_shadow(name)


def digest(text: str, key: bytes) -> str:
    """Return a file's digest under `key`, since pjsip.conf holds passwords; the entry file's release id
    does not count.
    """
    return hmac.new(key, _RELEASE.sub(r"\1)", text).encode(), sha256).hexdigest()[:12]


def observable(files: Mapping[str, str]) -> NodeState:
    """Return what the switch must show once it has loaded `files`; raise SpecError for a line it would
    skip.
    """
    return NodeState.of(s for path, text in files.items() for s in _observed(path, text))


@lru_cache(_READ)
def _observed(path: str, text: str) -> tuple[Setting, ...]:
    return tuple(_observe(path, text))


def _observe(path: str, text: str) -> Iterator[Setting]:
    if _DIALPLAN_FILE.fullmatch(path):
        yield from (line.setting() for line in dialplan.lines(text, path))
    elif path == "queues.conf":
        for s in conf.settings(text, path):
            canary = s.name == marks.CANARY_QUEUE
            if s.option in OBSERVED_QUEUE and s.name != "general" and (s.option == "servicelevel" or not canary):
                yield Setting("queue", s.name, s.option, s.value)
    elif path == "pjsip.conf":
        for section in conf.parse(text, path):
            kind = dict(section.lines).get("type", "")
            for option, value in section.lines:
                if option in _OBSERVED.get(kind, ()):
                    yield Setting(kind, section.name, option, value)
