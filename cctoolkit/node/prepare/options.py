"""Options that the node's own files must say, and which part of Asterisk takes each one in. Pure."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from msgspec import Struct

from cctoolkit import marks
from cctoolkit.node.realtime import prepare as realtime

EXTCONFIG, SQLITE = "extconfig.conf", "res_config_sqlite3.conf"
RESTART = "restart"


class Option(Struct, frozen=True):
    """An option that must say `value`; where it is `assumed` it may be missing: it is the default, or ours says it.

    Source of what is read once: main/asterisk.c (systemname, startup_commands) of Asterisk 22.
    """

    file: str
    section: str
    name: str
    value: str
    takes_in: str
    assumed: bool = False


def of_node(node: str) -> list[Option]:
    """Return what every node must say."""
    return [
        Option("asterisk.conf", "options", "systemname", node, RESTART),
        # Agents' pauses and the limits of wrap-ups after every start; before the first release there is nothing to run.
        Option("cli.conf", "startup_commands", f"channel originate Local/s@{marks.RECOVER}/n application NoOp", "yes",
                "the next start"),
        Option("manager.conf", "general", "enabled", "yes", "manager"),
        Option("manager.conf", "general", "timestampevents", "yes", "manager"),
        Option("logger.conf", "general", "queue_log", "yes", "logger", assumed=True),
        # app_queue takes the first of two lines: one of the node's own would be stronger than a release's.
        *(Option("queues.conf", "general", name, "yes", "app_queue", assumed=True)
          for name in realtime.GENERAL_OPTIONS),
    ]  # fmt: skip


def of_store(folder: PurePosixPath) -> Iterator[Option]:
    """Yield what lets Asterisk read releases from the store; it reads these files once."""
    for name, value in realtime.opened(folder).items():
        yield Option(SQLITE, "cctoolkit", name, value, RESTART)
    for name, value in realtime.mapped().items():
        yield Option(EXTCONFIG, "settings", name, value, RESTART)
