"""A release as bytes: rendered files with their secrets, the generations kept for running calls, and the
manifest.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256

import msgspec

from cctoolkit.errors import OperatorError, Refused, SpecError
from cctoolkit.node.transports import KEPT, MANIFEST, Manifest, Transport
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import Secret, SecretRef, reveal_files
from cctoolkit.state import conf
from cctoolkit.state.described import GENERATION_FILE, KEYS_FILE, generation_file, observable
from cctoolkit.state.settings import NodeState

NOTHING = "none"
"""The id of what a node has before its first release."""

_FOLDER = re.compile(r"[0-9]{6,}-([0-9a-f]+)")
_INCLUDED = "cctoolkit/current/"


class Disk(msgspec.Struct, frozen=True):
    """A release as it was found.

    `files` are those of the spec, `kept` the generations kept for old calls, `edited` what somebody changed,
    added or deleted by hand.
    """

    folder: str
    manifest: Manifest
    files: dict[str, str]
    kept: dict[str, str]
    edited: tuple[str, ...]

    def observable(self) -> NodeState | None:
        """Return what the switch must show with these files, or None when an edit has made one of them
        unreadable.
        """
        try:
            return observable({**self.files, **self.kept})
        except SpecError:
            return None


class Author(msgspec.Struct, frozen=True):
    """Who makes a release, from which commit, when."""

    who: str
    commit: str
    when: datetime


async def read(transport: Transport, folder: str = "") -> Disk:
    """Read the release in force, or the one in `folder`, and compare it with its manifest."""
    folder = folder or await transport.current()
    raw = await transport.read(folder)
    manifest, edited = _judge(folder, raw, await transport.key())
    texts = {path: content.decode("utf-8", "replace") for path, content in raw.items() if path not in (MANIFEST, KEPT)}
    if manifest.release == NOTHING:
        texts = {}
    kept = _includes(raw.get(KEPT, b""), texts)
    mine = _includes(raw.get("extensions.conf", b""), texts)
    # A generation that no file includes was put there by hand; Asterisk does not read it.
    files = {p: t for p, t in texts.items() if p in mine or not p.startswith("generations/")}
    return Disk(folder, manifest, files, {path: texts[path] for path in kept}, edited)


def _judge(folder: str, raw: Mapping[str, bytes], key: bytes) -> tuple[Manifest, tuple[str, ...]]:
    """Return the manifest, or as much of it as the folder's name tells, and the paths that were edited."""
    named = _FOLDER.fullmatch(folder)
    if MANIFEST not in raw and not named:
        return _manifest(NOTHING), ()
    try:
        manifest = msgspec.json.decode(raw.get(MANIFEST, b""), type=Manifest)
    except msgspec.DecodeError:
        return _manifest(named[1] if named else NOTHING), (MANIFEST,)
    paths = (manifest.digests.keys() | raw.keys()) - {MANIFEST}
    edited = {p for p in paths if p not in raw or manifest.digests.get(p) != _digest(raw[p], key)}
    if not hmac.compare_digest(manifest.seal.encode(), _seal(manifest, key).encode()):
        edited.add(MANIFEST)
    return manifest, tuple(sorted(edited))


def _manifest(release: str) -> Manifest:
    return Manifest(release=release, created="", who="", commit="", generations={}, digests={})


def written(found: Disk, path: str, content: bytes, key: bytes) -> bool:
    """Say whether a file of a release was written with this content."""
    return found.manifest.digests.get(path) == _digest(content, key)


def _seal(manifest: Manifest, key: bytes) -> str:
    return _digest(msgspec.json.encode(msgspec.structs.replace(manifest, seal=""), order="sorted"), key)


def _includes(content: bytes, texts: Mapping[str, str]) -> list[str]:
    paths = (path.removeprefix(_INCLUDED) for path in conf.includes(content.decode("utf-8", "replace")))
    return [path for path in paths if path in texts and path.startswith("generations/")]


def compose(
    config: ConfigSet,
    kept: Mapping[str, str],
    author: Author,
    key: bytes,
    value_of: Callable[[SecretRef], Secret],
) -> dict[str, bytes]:
    """Return every file of a release, ready to be written."""
    texts = reveal_files(config.files, value_of)
    texts |= kept
    includes = [f'#include "{_INCLUDED}{path}"\n' for path in sorted(kept)]
    texts[KEPT] = "; Generations in which calls were up when this release came.\n" + "".join(includes)
    files = {path: text.encode() for path, text in texts.items()}
    manifest = Manifest(
        release=config.release,
        created=author.when.isoformat(),
        who=author.who,
        commit=author.commit,
        generations=dict(config.generations),
        digests={path: _digest(content, key) for path, content in files.items()},
        members=msgspec.UNSET if config.members is None else dict(config.members),
    )
    manifest = msgspec.structs.replace(manifest, seal=_seal(manifest, key))
    files[MANIFEST] = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    return files


def _digest(content: bytes, key: bytes) -> str:
    return hmac.new(key, content, sha256).hexdigest()[:24]


def still_used(disk: Disk, in_use: frozenset[tuple[str, str]], config: ConfigSet) -> dict[str, str]:
    """Return the generations to keep beside the new ones: those of calls that are up, and those just
    replaced, which a call may be entering this instant; and the keys just replaced, or all that there are while
    any call is up: nobody can tell with which of them somebody waits, and those too many do nothing.

    Raise OperatorError when calls are up and one of these was edited into something unreadable: nobody can
    tell what they need.
    """
    used = {generation_file(*one) for one in in_use}
    old = {path: text for path, text in {**disk.files, **disk.kept}.items() if path not in config.files}
    # Of one that was edited by hand nothing is kept but for calls that are up in it.
    found = {
        path: text
        for path, text in old.items()
        if GENERATION_FILE.fullmatch(path) and (path in used or (path in disk.files and path not in disk.edited))
    }
    # Who waits has the keys of when they joined, whichever generation is in force again by now.
    found |= {
        path: text
        for path, text in old.items()
        if KEYS_FILE.fullmatch(path) and (used or (path in disk.files and path not in disk.edited))
    }
    try:
        observable(found)
    except SpecError as error:
        raise OperatorError(
            f"calls are up that may need what was edited by hand: {error.what}", where=error.where,
            next_step="mend it there, or wait for the calls to end; then apply again; nothing was changed",
        ) from error  # fmt: skip
    return found


def refuse_edits(disk: Disk, node: str, accepted: bool, verb: str) -> None:
    """Raise Refused when files were edited by hand and nobody said that they may be overwritten."""
    if disk.edited and not accepted:
        again = verb.removeprefix("automatic ")
        raise Refused(
            f"edited by hand since the last apply: {', '.join(disk.edited)}",
            where=f"node {node}, release {disk.folder}",
            expected="the files as they were written",
            next_step=f"take the change into the spec, or {again} with --overwrite-edits; nothing was changed",
        )
