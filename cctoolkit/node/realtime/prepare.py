"""What a node needs once, before it can be reached by AMI alone: somebody with a shell on it puts it there.

Sources: configs/samples/res_config_sqlite3.conf.sample and extconfig.conf.sample of Asterisk 22.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path, PurePosixPath

from cctoolkit.node.realtime.feed import CURRENT, FED

STORE = "cctoolkit/node.sqlite3"
"""The store, below the configuration folder. It is Asterisk's own, 0600, in a folder where Asterisk may write."""

_SCRIPT = Path(__file__).with_name("store.sql")
_TABLES = ("node", "release", "file", "piece", "history", "told")
_GENERAL = """; Prepared for cctoolkit; (+) extends the [general] before it.
[general](+)
persistentmembers = yes
autofill = yes
shared_lastcall = yes
log_membername_as_agent = yes
"""


def needed(folder: PurePosixPath) -> dict[str, str]:
    """Return what must stand in each file of a node's configuration; `folder` is where Asterisk sees it.

    What is for extensions.conf, queues.conf and pjsip.conf goes to their end.
    """
    feeds = [f"{CURRENT}{file} => sqlite3,cctoolkit,feed\n" for file in FED]
    tables = [f"cct_{table} => sqlite3,cctoolkit,{table}\n" for table in _TABLES]
    return {
        "res_config_sqlite3.conf": f"[cctoolkit]\ndbfile => {folder / STORE}\nbatch => 0\n",
        "extconfig.conf": "[settings]\n" + "".join(feeds + tables),
        "cctoolkit/general.conf": _GENERAL,
        **{file: f'#include "{CURRENT}{file}"\n' for file in FED},
        "queues.conf": f'#include "cctoolkit/general.conf"\n#include "{CURRENT}queues.conf"\n',
    }


def make_store(path: Path) -> None:
    """Make an empty store, 0600; one that is there stays as it is. Who calls gives it to Asterisk's user."""
    if path.exists():
        return
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(fresh)) as store:
        store.executescript(_SCRIPT.read_text(encoding="utf-8"))
    fresh.rename(path)
