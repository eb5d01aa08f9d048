"""A site whose nodes' folders and spools are in a test's folder; what its releases say of messages."""

import contextlib
from pathlib import Path

from msgspec.structs import replace

from cctoolkit.workflow import specs
from cctoolkit.workflow.specs import LoadedSite


def release(folder: Path, port: int, *mail: str, more: str = "") -> None:
    """Make a node's folder with one release, or change what that says."""
    there = folder / "cctoolkit/releases/1-x"
    there.mkdir(parents=True, exist_ok=True)
    relay = f"[relay]\nfrom = messages@centre.example\nhost = 127.0.0.1\nport = {port}\ntls = none\n{more}\n"
    rule = f"mail = {', '.join(mail)}\nkeep_days = 30\nlanguage = ru\ntime_zone = Europe/Moscow\n"
    (there / "messages.conf").write_text(f"{relay}\n[northwind-hotline.leave-message]\n{rule}")
    current = folder / "cctoolkit/current"
    if not current.is_symlink():
        current.symlink_to("releases/1-x")


def site(**folders: Path) -> LoadedSite:
    """The thin project on nodes of these folders, with the spool in each."""
    with contextlib.chdir("tests/thin"):
        loaded = specs.load_site("site.yaml")
    [node] = loaded.site.nodes
    nodes = tuple(
        replace(node, id=name, folder=str(folder), spool=str(folder / "spool")) for name, folder in folders.items()
    )
    return replace(loaded, site=replace(loaded.site, nodes=nodes))
