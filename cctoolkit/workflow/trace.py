"""Where one call would go, as a person asks it."""

from collections.abc import Mapping

from cctoolkit.errors import UsageError
from cctoolkit.flow import explain as why
from cctoolkit.flow.call import Call
from cctoolkit.flow.explain import Explained
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.known import ANONYMOUS, NOBODY
from cctoolkit.flow.simulate import Walk, simulate
from cctoolkit.model import phone
from cctoolkit.model.project import Project
from cctoolkit.workflow.specs import moment


def trace(project: Project, number: str, at: str, keys: str, outcomes: Mapping[str, str], caller: str = "") -> Walk:
    """Walk one call; `at` is a local time of the project ("2026-12-31 18:30"), "" is now.

    `keys` are separated by commas, and so is each of `outcomes`: how queues, transfers and so on end, by their name
    among the fields of `Call`, and `record`: what the CRM has of the caller, field=value. `caller` is a number as
    people write it, or "anonymous".
    """
    said = {name: _words(text) for name, text in outcomes.items()}
    record = dict(_pair(text) for text in said.pop("record", ()))
    return simulate(
        compile_flow(project),
        Call(number, moment(project, at), _words(keys), **said, caller=_calling(project, caller), record=record),
    )


def explain(
    project: Project, number: str, at: str, keys: str, outcomes: Mapping[str, str], caller: str = ""
) -> Explained:
    """Walk one call as `trace` does, and say why it takes each turn."""
    begins = moment(project, at)
    walk = trace(project, number, begins.isoformat(), keys, outcomes, caller)
    return why.explain(project, compile_flow(project), walk, begins)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UsageError(f"{text!r} is no value of a field", expected="field=value, such as grade=gold")
    return name, value


def _calling(project: Project, text: str) -> str:
    """Return who calls, in E.164 where the number can be one of a country the project has a number in."""
    if text == ANONYMOUS:
        return ""
    full = (phone.e164(text, number.country) for number in project.numbers)
    found = next((number for number in full if number), None)
    if text and found is None:
        raise UsageError(f"{text!r} is no phone number", expected=f'one such as "+7 916 123-45-67", or {ANONYMOUS}')
    return found or NOBODY


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
