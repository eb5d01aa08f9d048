"""Whether the switch that runs can do what a release asks of it: modules, the accounts' rights, its name.

Sources: AMI action ListCommands of Asterisk 22, which lists what the account may use; `module show` and
`core show settings`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from cctoolkit.ami.client import Headers
from cctoolkit.ami.messages import Message
from cctoolkit.errors import OperatorError
from cctoolkit.node.prepare.accounts import ACCOUNTS
from cctoolkit.node.realtime import prepare as realtime
from cctoolkit.node.realtime.store import Store

MODULES = {
    "app_queue": "queues",
    "app_stack": "Gosub",
    "app_exec": "ExecIf",
    "app_userevent": "the marks of a call's way",
    "app_dial": "transfers",
    "app_playback": "prompts",
    "app_read": "digits",
    "app_record": "messages",
    "app_originate": "timers of after-call work",
    "func_callerid": "who calls",
    "func_channel": "the language, hangup handlers",
    "func_cut": "numbers out of SIP headers",
    "func_db": "overrides, agents' states",
    "func_dialplan": "agents' queues",
    "func_env": "notes of messages",
    "func_groupcount": "a number's capacity",
    "func_logic": "conditions",
    "func_rand": "shares of calls",
    "func_strings": "hours, and FILTER of what callers send",
    "res_musiconhold": "music in queues",
    "pbx_config": "extensions.conf",
    "chan_pjsip": "SIP",
    "res_pjsip": "SIP",
    "res_pjsip_session": "SIP",
    "res_pjsip_registrar": "phones that register",
    "res_pjsip_outbound_registration": "trunks that register",
    "res_pjsip_authenticator_digest": "phones' passwords",
    "res_pjsip_endpoint_identifier_ip": "carriers known by address",
    "res_pjsip_endpoint_identifier_user": "phones known by name",
    "res_pjsip_header_funcs": "the From header",
    "res_pjsip_sdp_rtp": "media",
    "res_rtp_asterisk": "media",
}
"""Modules that rendered configuration uses, and for what."""

_RUNNING = re.compile(r"^(\S+)\.so\s.*\bRunning\b", re.MULTILINE)
_NAME = re.compile(r"^\s*System name:\s*(\S*)", re.MULTILINE)


class Asked(Protocol):
    """What of an AMI client is needed."""

    async def action(self, name: str, headers: Headers = ..., *, timeout: float = ...) -> Message:  # noqa: ASYNC109 - the client's own
        """See `cctoolkit.ami.client.Client.action`."""

    async def command(self, text: str, *, timeout: float = ...) -> str:  # noqa: ASYNC109 - the client's own
        """See `cctoolkit.ami.client.Client.command`."""


async def rights(client: Asked, kind: str) -> list[str]:
    """Return what is wrong with what the account of this kind, which is logged in, may use."""
    reply = await client.action("ListCommands")
    may = {name for name, _ in reply.headers}
    wanted = ACCOUNTS[kind]
    missing = [name for name in wanted.uses if name not in may]
    too_much = [name for name in wanted.never if name in may]
    found = [f"account {kind} may not use {', '.join(missing)}"] if missing else []
    return found + ([f"account {kind} may use {', '.join(too_much)}, which it needs not"] if too_much else [])


async def stored(client: Asked, store: Store) -> list[str]:
    """Return what is wrong with the store of a node that is reached by AMI alone, as far as AMI shows it."""
    found = list(_modules(await client.command("module show"), realtime.MODULES))
    try:
        if await store.told("node") is None:
            found.append("there is no store that Asterisk reads")
        lacks = await store.lacking("general", {f"{option}=yes" for option in realtime.GENERAL_OPTIONS})
    except OperatorError as error:
        return [*found, error.what]
    return [*found, f"[general] of queues.conf lacks {', '.join(lacks)}"] if lacks else found


async def switch(client: Asked, node: str) -> list[str]:
    """Return what is wrong with the switch itself; the deploy account asks."""
    return [
        *_modules(await client.command("module show"), MODULES),
        *_name(await client.command("core show settings"), node),
    ]


def _modules(shown: str, needed: Mapping[str, str]) -> Iterator[str]:
    there = set(_RUNNING.findall(shown))
    for module, use in needed.items():
        if module not in there:
            yield f"module {module}.so does not run: {use}"


def _name(shown: str, node: str) -> Iterator[str]:
    found = _NAME.search(shown)
    name = found[1] if found else ""
    if name != node:
        yield f"the switch calls itself {name or 'nothing'}, not {node}: it takes its systemname in at a restart"
