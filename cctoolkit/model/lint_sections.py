"""Rules about the sections beside the flow: what they name is there, and what belongs together stands together."""

from collections.abc import Iterator

from cctoolkit.model.build import Parts
from cctoolkit.model.lint_words import unknown
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem, one_of
from cctoolkit.spec.source import Document


def _problem(document: Document, path: Route, code: str, what: str, hint: str) -> Problem:
    return Problem(code, what, document.file, document.mark(path), hint=hint)


_SHARE = ("record", "percent")


def recording(parts: Parts, document: Document) -> Iterator[Problem]:
    """A share of recordings has a size, and nothing else has one."""
    found = parts.recording
    if not found or any(document.at(("recording", key)) not in (None, getattr(found, key)) for key in _SHARE):
        return  # what breaks its schema is reported there
    if (found.record == "share") != (found.percent is not None):
        if found.percent is None:
            yield _problem(document, ("recording", "record"), "recording-share", "the share has no size",
                           'write "percent: …"')  # fmt: skip
        else:
            yield _problem(document, ("recording", "percent"), "recording-share",
                           f"percent has no meaning where record is {found.record}", "write record: share")  # fmt: skip


def card(parts: Parts, document: Document) -> Iterator[Problem]:
    """Choices stand where a field is a choice, and a key comes from a step of the flow."""
    for name, field in parts.card.items():
        path: Route = ("crm", "card", name)
        if (field.type == "choice") != bool(field.choices):
            what = "a choice without choices" if field.type == "choice" else f"a field of type {field.type} has choices"
            yield _problem(document, (*path, "choices" if field.choices else "type"), "card-choices", what,
                           'write "choices: […]" for type choice, and only there')  # fmt: skip
        if field.step is not None and field.source != "key":
            yield _problem(document, (*path, "step"), "card-step", "only a key comes from a step", "write source: key")
        elif field.step is not None and field.step not in parts.names["flow"]:
            yield unknown(document, (*path, "step"), "step", field.step, parts.names["flow"])


def after_call(parts: Parts, document: Document) -> Iterator[Problem]:
    """Outcome codes are told apart, and there are some where they are asked for."""
    seen: dict[str, str] = {}
    for name, disposition in parts.dispositions.items():
        if (first := seen.setdefault(disposition.code, name)) != name:
            yield _problem(document, ("dispositions", name, "code"), "disposition-code-twice",
                           f'the code "{disposition.code}" already means {first}', "one code, one outcome")  # fmt: skip
    asked = parts.after_call
    if asked and asked.disposition != "none" and not parts.names["dispositions"]:
        yield _problem(document, ("after_call", "disposition"), "no-dispositions", "there is no outcome code to tell",
                       'write the section "dispositions"')  # fmt: skip
    if asked and asked.required and asked.disposition == "none":
        yield _problem(document, ("after_call", "required"), "no-dispositions",
                       "no outcome code can be required where none is told",
                       "write disposition: dialled, or crm")  # fmt: skip


def pages(parts: Parts, document: Document) -> Iterator[Problem]:
    """Scripts and pages are for queues that there are."""
    for (section, name), page in parts.pages.items():
        for index, queue in enumerate(page.queues):
            if queue not in parts.names["queues"]:
                yield unknown(document, (section, name, "queues", index), "queue", queue, parts.names["queues"])


def answering(parts: Parts, document: Document) -> Iterator[Problem]:
    """Calls are answered at a step of the flow."""
    step = parts.answer.step if parts.answer else None
    if step is not None and step not in parts.names["flow"]:
        yield unknown(document, ("answer", "step"), "step", step, parts.names["flow"])


def skills(parts: Parts, document: Document) -> Iterator[Problem]:
    """What a queue asks of its agents, one of them can."""
    # Whoever serves a queue that does not exist may well be meant to serve this one.
    if any(queue not in parts.names["queues"] for agent in parts.agents.values() for queue in agent.queues):
        return
    for name, queue in parts.queues.items():
        agents = [agent for agent in parts.agents.values() if not agent.queues or name in agent.queues]
        for skill, level in queue.skills.items():
            best = max((agent.skills.get(skill, 0) for agent in agents), default=0)
            if agents and best < level:
                what = f'no agent of the queue "{name}" has {skill} at level {level}'
                has = f"the best has level {best}" if best else "write it among the skills of an agent who serves it"
                yield _problem(document, ("queues", name, "skills", skill), "skill-missing", what, has)


def launch(parts: Parts, document: Document) -> Iterator[Problem]:
    """Somebody may sign what is to be signed, and a card that is proved is there."""
    if not parts.launch or not parts.info:
        return
    # A person who is written down in the wrong form is there all the same.
    written = {role for role, people in document.mapping("project", "roles").items() if people}
    for name, signature in parts.launch.signed.items():
        if not written.intersection(signature.by):
            yield _problem(document, ("launch", "signed", name), "nobody-may-sign",
                           f"the project has nobody who is {one_of(signature.by)}",
                           "write a name among the project's roles")  # fmt: skip
    if "card" in parts.launch.proved and "crm" not in parts.sections:
        yield _problem(document, ("launch", "proved", parts.launch.proved.index("card")), "no-crm",
                       "there is no card to prove", 'write the section "crm"')  # fmt: skip
