"""The generated schemas and the folder that holds them."""

from cctoolkit import resources
from cctoolkit.model.schemas import generate

__all__ = ["generate", "stale", "write"]


def stale() -> list[str]:
    """Return the files of schemas/ that are not what the structs say: changed, missing, or left over."""
    folder, wanted = resources.schemas(), generate()
    there = {str(p.relative_to(folder)): p.read_text(encoding="utf-8") for p in folder.rglob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write() -> list[str]:
    """Make schemas/ what the structs say; return the files changed."""
    folder, wanted, changed = resources.schemas(), generate(), stale()
    for name in changed:
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed
