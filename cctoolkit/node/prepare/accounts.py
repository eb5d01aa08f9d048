"""AMI accounts of a node, each with the least its work needs; they stand in a file of ours that manager.conf includes.

Source: the Privilege of each action in docs.asterisk.org, AMI Actions; manager.conf of Asterisk 22.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from cctoolkit.secret import Secret

FILE = "cctoolkit/accounts.conf"

# A capture reads calls; these say nothing about them that another event does not, and are half of the stream.
NOISE = (
    "VarSet",
    "Newexten",
    "TestEvent",
    "NewConnectedLine",
    "NewCallerid",
    "DeviceStateChange",
    "RTCPSent",
    "RTCPReceived",
)


class Rights(Struct, frozen=True):
    """Classes of events an account reads and of actions it may use; actions it must be able to use, and some it must
    not.
    """

    read: str
    write: str
    uses: tuple[str, ...]
    never: tuple[str, ...]


ACCOUNTS: Mapping[str, Rights] = {
    "deploy": Rights(
        "system,config,reporting,agent,call",
        "system,config,command,reporting,agent,call",
        ("Command", "DBDel", "DBGet", "DBPut", "PJSIPRegister", "PJSIPShowEndpoints", "QueueAdd", "QueuePause",
         "QueuePenalty", "QueueRemove", "QueueStatus", "Reload", "ShowDialPlan", "Status"),
        ("Originate",),
    ),
    "test": Rights(
        "user,call,agent,dialplan,dtmf,reporting",
        "originate,call,reporting,agent",
        ("Hangup", "Originate", "PlayDTMF", "QueueAdd", "QueueRemove", "QueueStatus"),
        ("Command", "Reload", "UpdateConfig"),
    ),
    "capture": Rights(
        "call,agent,user,system,reporting",
        "reporting",
        ("CoreShowChannels", "QueueStatus"),
        ("Command", "Originate", "QueuePause", "Reload"),
    ),
}  # fmt: skip

_ACCOUNT = """
[{name}]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
deny = ::/0
{permits}read = {read}
write = {write}
; In ms; the default of 100 cuts off a reader that is slow for a moment.
writetimeout = 30000
"""


class Account(Struct, frozen=True):
    """An account as a site's file names it."""

    user: str
    secret: Secret


def text(accounts: Mapping[str, Account], permits: Sequence[str]) -> str:
    """Return the accounts' file; they may log in from the networks of `permits`."""
    head = "; Written by `cctoolkit site init`: the accounts of the site's file.\n"
    return head + "".join(section(one, account, permits) for one, account in accounts.items())


def section(kind: str, account: Account, permits: Sequence[str]) -> str:
    """Return one account's section; `kind` is deploy, test or capture."""
    rights = ACCOUNTS[kind]
    found = _section(account, rights.read, rights.write, permits)
    if kind == "capture":
        found += "".join(f"eventfilter(action(exclude),name({event})) =\n" for event in NOISE)
    return found


def of_all_rights(account: Account) -> str:
    """Return the section of an account on this machine that may do everything: the lab's street has one."""
    return _section(account, "all", "all", ["127.0.0.0/8"])


def _section(account: Account, read: str, write: str, permits: Sequence[str]) -> str:
    permitted = "".join(f"permit = {network}\n" for network in permits)
    return _ACCOUNT.format(name=account.user, secret=account.secret.reveal(), permits=permitted, read=read, write=write)
