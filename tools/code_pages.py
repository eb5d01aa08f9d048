"""Runs the examples of docs/codes/ and writes into each page what the toolkit says about them.

A page is the code as its heading, its sentence, what it means, the files of an example, what is said about them, and
the cure, mostly with files in which nothing is wrong. A file's first line names it; without one it is that of the
project `example`, and what it leaves out is taken from the smallest project.
"""

import contextlib
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from cctoolkit.spec.codes import CODES, FINDINGS, WARNINGS
from cctoolkit.spec.problem import InvalidSpecError, Problem
from cctoolkit.spec.raw import MAX_BYTES
from cctoolkit.workflow import prove, specs, validating

PAGES = Path(__file__).resolve().parent.parent / "docs" / "codes"
PROJECT = "projects/example/project.yaml"
INDEX = "README.md"
SINCE = "2026-11-22 12:00"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"# (projects/\S+)\n")
_SECTION = re.compile(r"^([a-z_]+):", re.MULTILINE)
_NUMBERS = {"example": 67}
_MOST = 4
"""Problems shown of an example; of more, the last."""

_SMALLEST = {
    "project": "project: {{id: {id}, title: Example, client: Client, language: en, time_zone: Europe/Warsaw}}\n",
    "numbers": 'numbers:\n  - {{number: "+48 22 123 45 {number}", country: PL, entry: hello}}\n',
    "flow": "flow:\n  hello: {{type: play, prompts: [welcome], next: {{done: bye}}}}\n  bye: {{type: hangup}}\n",
}
_SITE = {
    "site": "site: {id: centre, title: Centre}\n",
    "nodes": "nodes:\n  - id: n1\n    address: 10.20.0.11\n    folder: /etc/asterisk\n    ami:\n"
    "      host: 10.20.0.11\n      accounts:\n        deploy: {user: deploy, secret: env:DEPLOY}\n"
    "        test: {user: test, secret: env:TEST}\n        capture: {user: capture, secret: env:CAPTURE}\n",
    "roster": "roster:\n  - {agent: anna, name: Anna Nowak, secret: env:ANNA}\n",
}


class Page(Struct, frozen=True):
    """A page of docs/codes/, in its parts."""

    code: str
    sentence: str
    wrong: tuple[str, ...]
    said: str
    right: tuple[str, ...]


def read(text: str) -> Page:
    """Take a page apart."""
    heading, sentence = text.split("\n\n", 2)[:2]
    blocks = _BLOCK.findall(text)
    at = next((place for place, (kind, _) in enumerate(blocks) if kind == "text"), len(blocks))
    files = [tuple(body for kind, body in part if kind == "yaml") for part in (blocks[:at], blocks[at:])]
    return Page(heading.removeprefix("# "), sentence, files[0], blocks[at][1] if at < len(blocks) else "", files[1])


def compose(folder: Path, files: tuple[str, ...]) -> None:
    """Write the files of an example, each with what it leaves out behind it."""
    named = {(found[1] if (found := _NAME.match(text)) else PROJECT): text for text in files}
    if any("/sites/" in name for name in named) or not any(name.endswith("/project.yaml") for name in named):
        named.setdefault(PROJECT, "")
    for name, text in named.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = {Path(other).stem for other in named if other != name and Path(other).parent == Path(name).parent}
        path.write_text(text + "".join(_rest(path, set(_SECTION.findall(text)) | beside)), encoding="utf-8")


def _rest(path: Path, written: set[str]) -> Iterator[str]:
    if path.parent.name == specs.SITES:
        yield from (text for section, text in _SITE.items() if section not in written)
    elif path.name == "project.yaml":
        name = path.parent.name
        for section, text in _SMALLEST.items():
            if section not in written:
                yield text.format(id=name, number=_NUMBERS.get(name, 99))


def told(page: Page) -> tuple[set[str], str]:
    """Return the codes a page's example gives, and what is said about it."""
    with _folder() as folder:
        make = MADE.get(page.code)
        what = make(folder) if make else compose(folder, page.wrong)
        found = _rendered() if page.code == "not-rendered" else validating.validate([what] if what else []).problems
        if not found and page.code in FINDINGS:
            return _proved(str(what or ""))
    shown = found if len(found) <= _MOST else found[-1:]
    return {problem.code for problem in found}, "".join(f"{problem}\n" for problem in shown)


def cured(page: Page) -> str:
    """Return what is said about the cure, which is nothing."""
    with _folder() as folder:
        compose(folder, page.right)
        return "\n".join(str(problem) for problem in validating.validate([]).problems)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        Path("projects").mkdir()
        yield Path()


def _rendered() -> tuple[Problem, ...]:
    try:
        specs.render_site(specs.load_site("centre"))
    except InvalidSpecError as error:
        return error.problems
    return ()


def _proved(limit: str) -> tuple[set[str], str]:
    findings = [finding for one in prove.prove([], SINCE, limit or "4h") for finding in one.proof.findings]
    return {finding.kind for finding in findings}, "".join(f"{one.kind}: {one.what}\n" for one in findings)


def _bytes(folder: Path, content: bytes) -> None:
    path = folder / PROJECT
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def _with(folder: Path, text: str) -> None:
    compose(folder, (text,))


def _aliases(folder: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    _bytes(folder, "\n".join(lines).encode())


def _queue(folder: Path) -> None:
    step = "{type: callback, queue: orders, prompts: [press-1], next: {taken: bye, refused: bye}}"
    compose(folder, ("# projects/sites/centre.yaml\nprojects: [example]\n",
                     f"queues:\n  orders: {{}}\nflow:\n  hello: {step}\n  bye: {{type: hangup}}\n"))  # fmt: skip


MADE: dict[str, Callable[[Path], str | None]] = {
    "file-empty": lambda folder: _bytes(folder, b"# later\n"),
    "file-too-large": lambda folder: _bytes(folder, b"#" * (MAX_BYTES + 1)),
    "file-unreadable": lambda folder: (folder / PROJECT).mkdir(parents=True),
    "no-such-project": lambda folder: _with(folder, "") or "exmaple",
    "not-utf8": lambda folder: _bytes(folder, "project: {title: Линия}".encode("cp1251")),
    "not-rendered": _queue,
    "too-many-problems": lambda folder: _with(folder, "".join(f"x{n}: 1\n" for n in range(300))),
    "yaml-character": lambda folder: _bytes(folder, b"project:\n  id: ex\x1bample\n"),
    "yaml-too-many-nodes": _aliases,
}
"""Examples that no page can hold: each writes its files, and returns what is to be checked, everything when nothing."""

NEVER = ("gap", "overlap", "holidays-unknown")
"""Pages without an example: findings that no spec of this version can cause, and what depends on a decree."""


def index() -> str:
    """Return the list of all pages: findings, errors, warnings."""
    groups = (
        ("What `validate` finds", sorted(set(CODES) - WARNINGS)),
        ("What it warns of", sorted(WARNINGS)),
        ("What `prove` finds", list(FINDINGS)),
    )
    text = "# Codes\n\nThe code in brackets behind each problem, and what holds where it is not reported. "
    text += "`cctoolkit explain CODE` shows a page.\n"
    for title, codes in groups:
        text += f"\n## {title}\n\n| code | what holds |\n|---|---|\n"
        text += "".join(f"| [{code}]({code}.md) | {FINDINGS.get(code) or CODES[code]} |\n" for code in codes)
    return text


def wanted(path: Path) -> str:
    """Return a page with what the toolkit says now."""
    if path.name == INDEX:
        return index()
    text = path.read_text(encoding="utf-8")
    page = read(text)
    said = told(page)[1] if page.code not in NEVER else page.said
    return text.replace(f"```text\n{page.said}```", f"```text\n{said}```")


def main(write: bool) -> int:
    """Write what is said into the pages, or say which of them tell something else; return how many do."""
    stale = [path for path in sorted({*PAGES.glob("*.md"), PAGES / INDEX}) if _stale(path)]
    for path in stale:
        sys.stdout.write(f"{'written' if write else 'stale, run python tools/code_pages.py --write'}: {path}\n")
        if write:
            path.write_text(wanted(path), encoding="utf-8")
    return 0 if write else len(stale)


def _stale(path: Path) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != wanted(path)


if __name__ == "__main__":
    sys.exit(1 if main("--write" in sys.argv) else 0)
