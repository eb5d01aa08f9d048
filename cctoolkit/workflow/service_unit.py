"""The systemd unit that runs a capture."""

import sys
from collections.abc import Sequence
from pathlib import Path

import jinja2

from cctoolkit import resources
from cctoolkit.cdr import address
from cctoolkit.errors import UsageError
from cctoolkit.workflow.keeping import journal_folder
from cctoolkit.workflow.nodes import chosen, load_nodes

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._:-+,@")


def unit(site: str, kept: tuple[str, Path | None], nodes: Sequence[str], metrics: str, user: str) -> str:
    """Return the unit of a capture of a site's nodes (all when none is named), for this installation and the folder it
    is asked in; `kept` is what --store and --journal say. Raise UsageError for a node the site does not have.
    """
    loaded = load_nodes(site)
    chosen(loaded, nodes)
    where = address.parse(kept[0])
    folder = journal_folder(where, kept[1]).resolve()
    store = str(where.resolve()) if isinstance(where, Path) else kept[0]
    words = [sys.executable, "-m", "cctoolkit", "capture", "--site", site, "--store", store, "--wait"]
    if kept[1]:
        words += ["--journal", str(folder)]
    words += [word for node in nodes for word in ("--node", node)]
    if metrics:
        words += ["--metrics", metrics]
    environment = jinja2.Environment(  # noqa: S701 - this is no HTML
        loader=jinja2.FileSystemLoader(resources.unit_templates()),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["path"] = lambda path: _path(str(path))
    return environment.get_template("capture.service.j2").render(
        site=loaded.site.site.id,
        nodes=", ".join(nodes),
        name="-".join(["cctoolkit-capture", loaded.site.site.id, *nodes]) + ".service",
        user=user,
        folder=str(Path.cwd()),
        written=[folder, *([where.resolve()] if isinstance(where, Path) and where.resolve() != folder else [])],
        command=" ".join(map(_word, words)),
    )


def _word(text: str) -> str:
    """Quote one word of a command line: systemd.service(5), "Command lines", and specifiers of systemd.unit(5)."""
    if _PLAIN.issuperset(text):
        return text
    for plain, quoted in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        text = text.replace(plain, quoted)
    return f'"{_one_line(text)}"'


def _path(text: str) -> str:
    """Write one path of a setting, where no dollar sign is special but blanks, quotes and specifiers are."""
    if any(one in text for one in "\"'\\ "):
        raise UsageError(f"systemd would not take {text!r} as one path", expected="a path without blanks and quotes")
    return _one_line(text.replace("%", "%%"))


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise UsageError(f"{text!r} cannot stand in a unit", expected="printable text")
    return text
