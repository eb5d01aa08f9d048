"""What a node needs once, before it can be reached by AMI alone: the store, and that Asterisk reads from it.

Sources: configs/samples/res_config_sqlite3.conf.sample, extconfig.conf.sample and modules.conf.sample of Asterisk 22.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from cctoolkit.node.realtime.feed import CURRENT, FED

STORE = "cctoolkit/node.sqlite3"
"""The store, below the configuration folder. It is Asterisk's own, 0600, in a folder where Asterisk may write."""

MODULES = {"res_config_sqlite3": "the store", "res_realtime": "the console's commands that change the store"}
"""Modules that a node needs besides those of every node, and for what."""

GENERAL = "cctoolkit/general.conf"
"""What rows cannot say: an addition to the node's own [general] of queues.conf."""

GENERAL_OPTIONS = ("persistentmembers", "autofill", "shared_lastcall", "log_membername_as_agent")
GENERAL_TEXT = "; Prepared for cctoolkit; (+) extends the [general] before it.\n[general](+)\n" + "".join(
    f"{option} = yes\n" for option in GENERAL_OPTIONS
)

_SCRIPT = Path(__file__).with_name("store.sql")
_TABLES = ("node", "release", "file", "piece", "history", "told")


def mapped() -> Mapping[str, str]:
    """Return what [settings] of extconfig.conf must say: which table stands for a file, or for a name."""
    feeds = {f"{CURRENT}{file}": "sqlite3,cctoolkit,feed" for file in FED}
    return feeds | {f"cct_{table}": f"sqlite3,cctoolkit,{table}" for table in _TABLES}


def opened(folder: PurePosixPath) -> Mapping[str, str]:
    """Return what [cctoolkit] of res_config_sqlite3.conf must say; `folder` is where Asterisk sees its configuration.

    `batch` 0: each change is on the disk when it is answered.
    """
    return {"dbfile": str(folder / STORE), "batch": "0"}


def empty() -> bytes:
    """Return an empty store."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        with closing(sqlite3.connect(path)) as store:
            store.executescript(_SCRIPT.read_text(encoding="utf-8"))
        return path.read_bytes()
