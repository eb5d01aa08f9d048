"""A release as bytes: rendered files with their secrets, the generations kept for running calls, and the manifest."""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256

import msgspec

from cctoolkit.errors import Refused
from cctoolkit.node.transports import KEPT, MANIFEST, Manifest, Transport
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import Secret, SecretRef, reveal_all

EMPTY = Manifest(release="none", created="", who="", commit="", generations={}, digests={})


class Disk(msgspec.Struct, frozen=True):
    """A release as it was found: `files` without what is kept for old calls, `kept` generation files, `edited` paths."""

    folder: str
    manifest: Manifest
    files: dict[str, str]
    kept: dict[str, str]
    edited: tuple[str, ...]


class Author(msgspec.Struct, frozen=True):
    """Who makes a release, from which commit, when."""

    who: str
    commit: str
    when: datetime


def read(transport: Transport) -> Disk:
    """Read the release in force and compare it with its manifest."""
    folder = transport.current()
    raw = transport.read(folder)
    manifest = msgspec.json.decode(raw.pop(MANIFEST), type=Manifest) if MANIFEST in raw else EMPTY
    key = transport.key()
    paths = manifest.digests.keys() | raw.keys() if manifest.digests else ()
    edited = tuple(sorted(p for p in paths if p not in raw or manifest.digests.get(p) != _digest(raw[p], key)))
    texts = {path: content.decode("utf-8", "replace") for path, content in raw.items() if path != KEPT}
    wanted = {f"generations/{p}-{g}.conf" for p, g in manifest.generations.items()}
    kept = {p: t for p, t in texts.items() if p.startswith("generations/") and p not in wanted}
    files = {p: t for p, t in texts.items() if p not in kept} if manifest.digests else {}
    return Disk(folder, manifest, files, kept, edited)


def compose(
    config: ConfigSet, kept: Mapping[str, str], author: Author, key: bytes, value_of: Callable[[SecretRef], Secret]
) -> dict[str, bytes]:
    """Return every file of a release, ready to be written."""
    texts = {path: reveal_all(text, value_of) for path, text in config.files.items()}
    texts |= kept
    includes = [f'#include "cctoolkit/current/{path}"\n' for path in sorted(kept)]
    texts[KEPT] = "; Generations in which calls were up when this release came.\n" + "".join(includes)
    files = {path: text.encode() for path, text in texts.items()}
    manifest = Manifest(
        release=config.release, created=author.when.isoformat(), who=author.who, commit=author.commit,
        generations=dict(config.generations), digests={path: _digest(content, key) for path, content in files.items()},
    )  # fmt: skip
    files[MANIFEST] = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    return files


def _digest(content: bytes, key: bytes) -> str:
    return hmac.new(key, content, sha256).hexdigest()[:24]


def refuse_edits(disk: Disk, node: str, accepted: bool) -> None:
    """Raise Refused when files were edited by hand and nobody said that they may be overwritten."""
    if disk.edited and not accepted:
        raise Refused(
            f"edited by hand since the last apply: {', '.join(disk.edited)}", where=f"node {node}, release {disk.folder}",
            expected="the files as they were written",
            next_step="take the change into the spec, or run apply with --overwrite-edits; nothing was changed",
        )  # fmt: skip
