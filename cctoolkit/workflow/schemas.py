"""The generated schemas, the folder that holds them, and the reference made of them."""

from pathlib import Path

from cctoolkit import resources
from cctoolkit.model import reference
from cctoolkit.model.schemas import generate, schemas

__all__ = ["generate", "stale", "write"]

REFERENCE = "docs/spec.md"


def stale() -> list[str]:
    """Return the files of schemas/ and docs/ that are not what the structs say: changed, missing, or left over."""
    wanted, there = _wanted(), _there()
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write() -> list[str]:
    """Make schemas/ and docs/ what the structs say; return the files changed."""
    wanted, changed = _wanted(), stale()
    for name in changed:
        path = _path(name)
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed


def _wanted() -> dict[str, str]:
    # An installed toolkit has no documentation beside it.
    return {**generate(), REFERENCE: reference.page(schemas())} if resources.checkout() else generate()


def _there() -> dict[str, str]:
    folder = resources.schemas()
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*.json")}
    if resources.checkout() and _path(REFERENCE).exists():
        found[REFERENCE] = _path(REFERENCE)
    return {name: path.read_text(encoding="utf-8") for name, path in found.items()}


def _path(name: str) -> Path:
    root = resources.checkout()
    return root / name if root and name == REFERENCE else resources.schemas() / name
