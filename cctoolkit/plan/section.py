"""Which section of a spec says what a file or a setting of the switch says."""

from collections.abc import Callable

from cctoolkit import marks
from cctoolkit.state.described import GENERATION_FILE, KEYS_FILE

Where = Callable[[str, tuple[str, ...]], str]
"""Says where a section of a project ("" the site's) stands."""

_QUEUE_OPTIONS = {"servicelevel": ("service_level", "within")}
_FILES = {
    "queues.conf": "queues of the projects",
    "pjsip.conf": "roster and trunks of the site, trunks of the projects",
    "extensions.conf": "numbers of the projects",
    "runtime.conf": "feature_codes of the site, agents, pauses and after_call of the projects",
    "messages.conf": "mail of the site, voicemail steps of the projects",
}


def of_file(path: str, where: Where) -> str:
    """Return the section a file is rendered from, "" where the toolkit alone writes it."""
    generation = GENERATION_FILE.fullmatch(path)
    if KEYS_FILE.fullmatch(path):
        return "queue steps of the projects"
    return where(generation[1], ("flow",)) if generation else _FILES.get(path, "")


def of_setting(kind: str, name: str, option: str, where: Where) -> str:
    """Return the section that says a setting, "" where no spec can."""
    if kind == "dialplan":
        return _of_context(name, option, where)
    if kind in ("queue", "member"):
        return _of_queue(kind, name, option, where)
    return _of_endpoint(name, where) if kind in ("endpoint", "registration") else ""


def _of_context(name: str, option: str, where: Where) -> str:
    if generation := marks.generation_of(name):
        step = name.removeprefix(marks.context(*generation, ""))
        return where(generation[0], ("flow", step))
    return "numbers of the projects" if name == marks.ENTRY and option[:1].isdigit() else ""


def _of_queue(kind: str, name: str, option: str, where: Where) -> str:
    ids = marks.queue_ids(name)
    if ids is None or ids[2]:
        return ""
    if kind == "member":
        return where(ids[0], ("agents",)) if "/" not in option else ""
    return where(ids[0], ("queues", ids[1], *_QUEUE_OPTIONS.get(option, (option,))))


def _of_endpoint(name: str, where: Where) -> str:
    project, dot, trunk = name.partition(".")
    return where(project, ("trunks", trunk)) if dot else where("", ("roster",))
