"""queues.conf and pjsip.conf read back and held against the model: what `check` is for the dialplan."""

from collections.abc import Iterator, Mapping

from cctoolkit import marks
from cctoolkit.errors import SpecError, ToolkitBug
from cctoolkit.model.site import Site
from cctoolkit.render.check import need
from cctoolkit.state import conf


def queues(text: str, wanted: Mapping[str, Mapping[str, str]]) -> None:
    """Hold queues.conf against the queues: every section with every option, and the canary at the end."""
    file = "queues.conf"
    found = {section.name: dict(section.lines) for section in _sections(text, file)}
    need("general" in found, "there is no [general](+)", file, "the node's own [general] extended")
    for name, options in wanted.items():
        missing = {o: v for o, v in options.items() if found.get(name, {}).get(o) != v}
        need(not missing, f"queue {name} lacks {missing}", file, "every queue with every option")
    need(list(found)[-1] == marks.CANARY_QUEUE, "the last queue is not the canary", file, marks.CANARY_QUEUE)
    need(
        found[marks.CANARY_QUEUE].get("servicelevel", "").isdigit(),
        "the canary says nothing",
        file,
        "a digest",
    )


def pjsip(text: str, site: Site) -> None:
    """Hold pjsip.conf against trunks and roster: each in its context, no phone without a password."""
    file = "pjsip.conf"
    found = {
        (section.name, dict(section.lines).get("type", "")): dict(section.lines) for section in _sections(text, file)
    }
    for name, kind, option, value in _objects(site):
        is_there = found.get((name, kind), {}).get(option, "")
        need(is_there == value, f"{kind} {name} has {option} = {is_there or 'nothing'}", file, value)


def _objects(site: Site) -> Iterator[tuple[str, str, str, str]]:
    for trunk in site.trunks:
        yield trunk.id, "endpoint", "context", marks.TRUNK
        yield trunk.id, "endpoint", "aors", trunk.id
        yield trunk.id, "aor", "type", "aor"
        yield trunk.id, "identify", "match", trunk.address
        yield trunk.id, "identify", "endpoint", trunk.id
    for entry in site.roster:
        yield entry.agent, "endpoint", "context", marks.AGENT
        yield entry.agent, "endpoint", "auth", entry.agent
        yield entry.agent, "endpoint", "aors", entry.agent
        yield entry.agent, "auth", "username", entry.agent
        yield entry.agent, "aor", "type", "aor"


def _sections(text: str, file: str) -> tuple[conf.Section, ...]:
    try:
        return conf.parse(text, file)
    except SpecError as error:
        raise ToolkitBug(
            error.what, where=error.where, expected=error.expected, next_step="mend the template"
        ) from error
