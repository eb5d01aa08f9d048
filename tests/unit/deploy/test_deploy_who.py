import asyncio
import getpass
import subprocess
import threading
from datetime import UTC, datetime

import pytest

from cctoolkit.cli import history as cli
from cctoolkit.deploy import history as kept
from cctoolkit.deploy.release import Author
from cctoolkit.node.transports import Intent
from cctoolkit.plan.changes import Change
from cctoolkit.plan.summary import counts, in_words
from cctoolkit.workflow import history, switch


def test_outside_git_there_is_no_commit(tmp_path, monkeypatch):
    """A folder of specs need not be a repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert switch.commit() == ""


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    """Nor need git be installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert switch.commit() == ""


def test_a_git_that_hangs_or_fails_to_start_is_no_commit(monkeypatch):
    """The release's commit is worth ten seconds and no failure."""
    for error in (subprocess.TimeoutExpired("git", 10), PermissionError("git")):

        def broken(*_args, error=error, **_more):
            raise error

        monkeypatch.setattr(subprocess, "run", broken)
        assert switch.commit() == ""


async def test_git_keeps_nobody_waiting(node, monkeypatch):
    """While git looks at a large folder everything else goes on: other nodes' connections, a Ctrl-C."""
    loop, went_on = asyncio.get_running_loop(), threading.Event()

    def slow():
        loop.call_soon_threadsafe(went_on.set)
        return "abcdef" if went_on.wait(10) else "nobody"

    monkeypatch.setattr(switch, "commit", slow)
    await node.apply()
    assert (await history.histories(node.loaded))["n1"].entries[-1]["commit"] == "abcdef"


def test_the_commit_says_whether_files_differ(tmp_path, monkeypatch):
    """Twelve digits, and a plus when what was applied is not what was committed."""
    monkeypatch.chdir(tmp_path)
    for command in ("init -q", "-c user.name=a -c user.email=a@b commit -q --allow-empty -m x"):
        subprocess.run(["git", *command.split()], check=True)
    clean = switch.commit()
    assert len(clean) == 12
    (tmp_path / "f").write_text("x")
    subprocess.run(["git", "add", "f"], check=True)
    assert switch.commit() == clean + "+"


def test_a_user_without_a_name_is_a_number(monkeypatch):
    """A container may run as a user its machine does not know."""

    def nameless():
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert switch.user().isdigit()


@pytest.mark.parametrize("line", ["", "{half", "[1]"])
def test_a_torn_line_of_the_history_hides_no_other(line):
    """A line that is none is shown as what it is."""
    (shown,) = cli.shown(history.read(line))
    assert shown.startswith("unreadable: ")


def test_a_line_of_the_history_in_words():
    """A release of before verbs were kept and an override are told with their time and author."""
    release = {"when": "2026-11-22T12:00:00.5+00:00", "who": "anna", "from": "a", "to": "b", "commit": ""}
    assert list(cli.shown(release)) == [
        "2026-11-22T12:00:00Z  apply: release a -> b from no commit  anna",
        "    not verified",
    ]
    override = {
        "when": "2026-11-22T12:00:00",
        "who": "anna",
        "override": "p",
        "what": "open",
        "until": "2026-11-22T14:00",
    }
    assert "override p open until 2026-11-22T14:00Z" in next(cli.shown(override))


WHEN = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA = Author("anna", "0123456789ab", WHEN)


def test_verdicts_and_confirmations_stand_below_the_release_they_are_about():
    """A verdict belongs to the last release that came into force in its folder, and nothing is told twice."""
    change = Change("disk", "queue", "p.orders", "maxlen", "1", "2")
    lines = [
        kept.released("apply", ANNA, ("none", "a"), "000001-a", []),
        kept.verdict("000001-a", "p", "petr", WHEN, 40, ["calls: subject: goes to night"]),
        kept.released("apply", ANNA, ("a", "b"), "000002-b", [change]),
        kept.verdict("000002-b", "p", "petr", WHEN, 41, []),
        kept.confirmed(Intent("000001-a", "000002-b", "anna", ""), "petr", WHEN),
        kept.put_back("rollback", ANNA, ("a", "b"), "000002-b", "the switch did not take it\n  next: look"),
    ]
    told = [list(cli.shown(entry)) for entry in history.fold(map(history.read, lines))]
    assert told == [
        ["2026-11-22T12:00:00Z  apply: release none -> a from 0123456789ab  anna", "    nothing seen to differ",
         "    verify p 2026-11-22T12:00:00Z by petr: 1 findings (40 good)"],
        ["2026-11-22T12:00:00Z  apply: release a -> b from 0123456789ab  anna", "    1 queue changed",
         "    confirmed 2026-11-22T12:00:00Z by petr", "    verify p 2026-11-22T12:00:00Z by petr: all good (41 good)"],
        ["2026-11-22T12:00:00Z  put back: release a -> b from 0123456789ab  anna",
         "    the rollback failed: the switch did not take it", "    not verified"],
    ]  # fmt: skip
    assert kept.is_confirmed(lines, "000002-b")
    assert not kept.is_confirmed(lines, "000001-a")


def test_what_changed_is_counted_as_people_count():
    """A phone is one thing though it has an endpoint, an aor and a password; what is in memory only is one kind."""
    changes = [
        *(Change("disk", "sip", f"ivanova {kind}", "x", None, "1", "add") for kind in ("endpoint", "aor", "auth")),
        Change("disk", "queue", "p.orders", "maxlen", "1", "2"),
        Change("disk", "queue", "p.orders", "weight", "1", "2"),
        Change("member", "member", "p.orders", "ivanova", "1", "2"),
        Change("member", "member", "p.orders", "petrov", "1", "2"),
        Change("memory", "dialplan", "cct-entry", "1,1", None, "x"),
        Change("memory", "dialplan", "cct-entry", "1,2", None, "x"),
    ]
    assert in_words(counts(changes)) == (
        "1 queue changed, 1 phone added, 2 agents in a queue changed, 1 thing in memory changed"
    )
