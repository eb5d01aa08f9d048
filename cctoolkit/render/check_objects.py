"""queues.conf, pjsip.conf and keys.conf read back and held against the model: what `check` is for the dialplan."""

import re
from collections.abc import Iterator, Mapping, Sequence

from cctoolkit import marks
from cctoolkit.errors import SpecError, ToolkitBug
from cctoolkit.model.site import Site
from cctoolkit.render.check import need, read_lines
from cctoolkit.render.pjsip import Placed
from cctoolkit.render.quote import sip_host
from cctoolkit.state import conf
from cctoolkit.state.described import KEYS_FILE

_DIALLED = re.compile(r"PJSIP/[^@,]*@([a-z0-9.-]+),")


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


def keys(files: Mapping[str, str]) -> None:
    """Hold the keys pressed while waiting against the names of their contexts: each of them leads out of the queue."""
    for path, text in files.items():
        if named := KEYS_FILE.fullmatch(path):
            found = [line.data for line in read_lines(text, path) if line.context == named[1]]
            wanted = len(named[1].removeprefix(marks.EXIT))
            right = len(found) == wanted and all(",pressed-" in data for data in found)
            need(right, f"[{named[1]}] leads to {found}", path, "the way out of each key")


def passing(files: Mapping[str, str], trunks: Sequence[Placed]) -> None:
    """Hold what nodes say to each other against who hears it: a node alone is told whose call goes on, and believed."""
    nodes = {trunk.name for trunk in trunks if trunk.node}
    for path, text in files.items():
        if path != "extensions.conf" and not path.startswith("generations/"):
            continue
        for line in read_lines(text, path):
            dialled = _DIALLED.match(line.data) if line.application == "Dial" else None
            told = marks.PASSING in line.data
            right = dialled is None or told == (dialled[1] in nodes)
            need(right, f"[{line.context}] dials {line.data}", path, f"{marks.PASSING} for nodes, and for nobody else")
            believed = marks.CONTINUED not in line.data or line.context == marks.NODE
            need(believed, f"[{line.context}] believes whose call goes on", path, "nodes alone to be believed")


def pjsip(text: str, site: Site, trunks: Sequence[Placed]) -> None:
    """Hold pjsip.conf against trunks and roster: each in its context, no phone and no account without a password,
    and nothing unencrypted that shall be.
    """
    file = "pjsip.conf"
    found = {
        (section.name, dict(section.lines).get("type", "")): dict(section.lines) for section in _sections(text, file)
    }
    for name, kind, option, value in (*_phones(site), *(o for trunk in trunks for o in _trunk(trunk))):
        is_there = found.get((name, kind), {}).get(option, "")
        need(is_there == value, f"{kind} {name} has {option} = {is_there or 'nothing'}", file, value)
    for (name, kind), lines in found.items():
        need(kind != "auth" or lines.get("password", "") != "", f"auth {name} has no password", file, "a password")


def _phones(site: Site) -> Iterator[tuple[str, str, str, str]]:
    for entry in site.roster:
        yield entry.agent, "endpoint", "context", marks.AGENT
        yield entry.agent, "endpoint", "identify_by", "username"
        yield entry.agent, "endpoint", "auth", entry.agent
        yield entry.agent, "endpoint", "aors", entry.agent
        yield entry.agent, "auth", "username", entry.agent
        yield entry.agent, "aor", "type", "aor"


def _trunk(trunk: Placed) -> Iterator[tuple[str, str, str, str]]:
    name, sip = trunk.name, trunk.spec
    yield name, "endpoint", "context", trunk.context
    yield name, "endpoint", "aors", name
    yield name, "endpoint", "identify_by", "username" if trunk.registers_here else "ip"
    yield name, "endpoint", "transport", trunk.listener or ""
    yield name, "endpoint", "media_encryption", sip.media_encryption
    yield name, "endpoint", "auth", name if trunk.registers_here else ""
    yield name, "endpoint", "outbound_auth", name if sip.auth else ""
    tail = "" if sip.transport == "udp" else f";transport={sip.transport}"
    contact = f"sip:{sip_host(trunk.address)}:{sip.speaks_at}{tail}" if trunk.address else ""
    yield name, "aor", "contact", contact
    yield name, "identify", "match", trunk.comes_from
    yield name, "identify", "endpoint", name if trunk.context in (marks.TRUNK, marks.NODE) else ""
    yield name, "endpoint", "set_var", f"CCT_THERE={trunk.node}" if trunk.node and trunk.context == marks.CLOSED else ""
    yield name, "auth", "type", "auth" if trunk.secret else ""
    yield name, "registration", "outbound_auth", name if sip.register else ""


def _sections(text: str, file: str) -> tuple[conf.Section, ...]:
    try:
        return conf.parse(text, file)
    except SpecError as error:
        raise ToolkitBug(
            error.what, where=error.where, expected=error.expected, next_step="mend the template"
        ) from error
