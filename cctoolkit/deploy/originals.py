"""The texts of edited files as they were written: the manifest knows them by their digests only."""

from collections.abc import Mapping

from cctoolkit.deploy.release import Disk, read, written
from cctoolkit.node.transports import Transport


async def originals(there: Transport, found: Disk, rendered: Mapping[str, str]) -> dict[str, str]:
    """Return them as far as something still has them: what the spec renders to today, or another kept release."""
    key = await there.key()
    known = _same(found, rendered, key)
    for folder in reversed(await there.releases()):
        if folder != found.folder and not known.keys() >= set(found.edited):
            other = await read(there, folder)
            known |= _same(found, {**other.files, **other.kept}, key)
    return known


def _same(found: Disk, texts: Mapping[str, str], key: bytes) -> dict[str, str]:
    return {p: texts[p] for p in found.edited if p in texts and written(found, p, texts[p].encode(), key)}
