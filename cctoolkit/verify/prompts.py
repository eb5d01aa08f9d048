"""Asks the node which of a project's sounds it has, in which languages.

Source: `core show sound` of Asterisk 22, which looks into the sounds folder each time it is asked.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product

from cctoolkit.ami.client import Client
from cctoolkit.ami.faults import ActionRefusedError
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.languages import languages
from cctoolkit.model.project import Project
from cctoolkit.model.steps.queue import Queue
from cctoolkit.spec.builder import Route
from cctoolkit.spec.source import Document
from cctoolkit.verify.checks import Prompt

_LANGUAGE = re.compile(r"^\s*Language ([^\s:]+):", re.MULTILINE)


async def look(client: Client, project: Project, document: Document) -> tuple[Prompt, ...]:
    """Return every sound of the project's steps and queues, with where it is written and what the node has of it."""
    known: dict[str, tuple[str, ...]] = {}
    found = []
    for sound, language, who, path in played(project):
        if sound not in known:
            known[sound] = await _languages(client, sound)
        mark = document.mark(_place(document, path, sound))
        where = f"{mark.file or document.file}:{mark.line}:{mark.column}"
        found.append(Prompt(sound, who, where, language, known[sound]))
    return tuple(found)


def played(project: Project) -> Iterator[tuple[str, str, str, Route]]:
    """Yield each sound in each language in which calls come to where it is played."""
    heard = languages(compile_flow(project))
    for name, step in project.flow.items():
        for sound, language in product(dict.fromkeys(step.sounds()), sorted(heard.get(name, ()))):
            yield sound, language, f"step {name}", ("flow", name)
    for name, queue in project.queues.items():
        for sound, language in product(dict.fromkeys(queue.periodic_announce), sorted(_waiting(project, heard, name))):
            yield sound, language, f"queue {name}", ("queues", name)


def _waiting(project: Project, heard: Mapping[str, frozenset[str]], queue: str) -> set[str]:
    steps = (name for name, step in project.flow.items() if isinstance(step, Queue) and step.queue == queue)
    return {language for name in steps for language in heard.get(name, ())}


def _place(document: Document, path: Route, sound: str) -> Route:
    """Return where below `path` the sound's name stands; the path itself when it is a default and stands nowhere."""
    value = document.data
    for part in path:
        value = value[part]
    return next(_paths(value, path, sound), path)


def _paths(value: object, path: Route, sound: str) -> Iterator[Route]:
    if value == sound:
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key), sound)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _paths(inner, (*path, index), sound)


async def _languages(client: Client, sound: str) -> tuple[str, ...]:
    try:
        return tuple(_LANGUAGE.findall(await client.command(f"core show sound {sound}")))
    except ActionRefusedError as error:
        # The console's way to say that there is none; whatever else it refuses is no answer.
        if "not found in index" not in str(error):
            raise
        return ()
