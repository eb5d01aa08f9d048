"""Finds schemas/, templates/, projects/ and docs/codes/: beside the package in a checkout, inside it when installed."""

from pathlib import Path

from cctoolkit.errors import ToolkitBug

_PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """Return the checkout this package runs from, or None when it is an installed wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "schemas").is_dir() else None


def _folder(name: str) -> Path:
    root = checkout()
    folder = root / name if root else _PACKAGE / "_data" / name
    if not folder.is_dir():
        raise ToolkitBug(
            f"the package's folder {name}/ is missing", where=str(folder), next_step="install cctoolkit again"
        )
    return folder


def schemas() -> Path:
    """Return the folder of the generated JSON Schemas."""
    return _folder("schemas")


def templates() -> Path:
    """Return the folder of the Jinja2 templates for Asterisk's files."""
    return _folder("templates") / "asterisk"


def project_templates() -> Path:
    """Return the folder of the projects that `new` begins with."""
    return _folder("templates") / "projects"


def unit_templates() -> Path:
    """Return the folder of the Jinja2 templates for systemd's units."""
    return _folder("templates") / "systemd"


def codes() -> Path:
    """Return the folder of the pages about the codes of problems."""
    return _folder("docs") / "codes"


def projects() -> Path:
    """Return the folder of the projects and sites that come with the toolkit."""
    return _folder("projects")
