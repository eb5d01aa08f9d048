"""Applications, functions and subroutines by what they do to a call.

Source: the applications of Asterisk 22; FreePBX's subroutines by the names its modules give them.
"""

SILENT = frozenset(
    [
        "noop",
        "verbose",
        "log",
        "answer",
        "ringing",
        "progress",
        "proceeding",
        "nocdr",
        "resetcdr",
        "forkcdr",
        "queuelog",
        "celgenuserevent",
        "userevent",
        "stopplaytones",
        "stopmusiconhold",
        "stackpop",
        "stopmixmonitor",
        "stopmonitor",
        "setamaflags",
    ]
)
"""Applications that end nothing, ask the caller nothing, and that a spec has no need of."""

HARMLESS = ("CDR(", "CDR_PROP(", "CHANNEL(accountcode)", "CHANNEL(hangup_handler", "DEVICE_STATE(", "DB(TC/", "SHARED(",
            "HASH(", "DEVSTATE(", "CONNECTEDLINE(", "MASTER_CHANNEL(", "CHANNEL(tonezone)")  # fmt: skip
"""Functions whose setting steers no call."""

BOOKKEEPING = (
    "user-callerid",
    "blkvm",
    "record-cancel",
    "prepend-cid",
    "presencestate",
    "hangupcall",
    "dump-user",
    "rgsetcid",
)
"""Parts of the names of FreePBX's subroutines that come back without having sent the call anywhere."""

NOTED = {
    "blacklist": ("callers who are turned away", "a switch step by caller"),
    "allowlist": ("callers who are let in", "a switch step by caller"),
    "record-check": ("recording", "recording: of the project"),
}
"""The same of subroutines that do something for calls: what, and what says so in a spec."""

SCRIPTS = {
    "sangomacrm.agi": ("the caller's card in a CRM", "crm: of the project"),
    "superfecta.agi": ("the caller's name, looked up", "crm: of the project, unless nobody misses it"),
    "missedcallnotify.php": ("letters about calls that were missed", "nothing, unless somebody reads them"),
    "queue_devstate.agi": ("lamps of agents' phones", "nothing, unless agents miss them"),
}
"""The same of scripts run by AGI that only look, by their names: FreePBX and its modules have them on every call."""

RECORDS = frozenset({"force", "always", "yes"})
"""Last arguments of FreePBX's record-check by which it records."""

ENDS = {"hangup": 16, "busy": 17, "congestion": 34}
"""Applications that end a call, with the cause when none is given."""

CAUSES = {"NORMAL_CLEARING": 16, "USER_BUSY": 17, "BUSY": 17, "NO_ANSWER": 19, "CALL_REJECTED": 21, "UNALLOCATED": 1,
          "CONGESTION": 34, "NORMAL_CIRCUIT_CONGESTION": 34, "NORMAL": 16}  # fmt: skip
"""Hangup causes by name (include/asterisk/causes.h)."""

TAKES_OVER = frozenset(
    [
        "agi",
        "deadagi",
        "eagi",
        "fastagi",
        "stasis",
        "disa",
        "pickup",
        "bridge",
        "confbridge",
        "meetme",
        "page",
        "directory",
        "authenticate",
        "vmauthenticate",
        "voicemailmain",
        "chanspy",
        "park",
        "parkedcall",
        "parkandannounce",
        "while",
        "exitwhile",
        "endwhile",
        "continuewhile",
        "exec",
        "tryexec",
        "followme",
        "transfer",
        "externalivr",
        "jack",
        "dictate",
        "minivmrecord",
        "switch",
        "agentlogin",
        "agentrequest",
        "waitforsilence",
        "originate",
        "readexten",
    ]
)
"""Applications behind which a call may be anywhere."""

OURS = "cct-"
"""Begins the names of contexts that this toolkit wrote."""
