"""Whole switches become specs that validate: our own, FreePBX's, a small office's, and hostile ones."""

import contextlib
import json
import os
import random
import shutil
import time
from pathlib import Path

import pytest
import yaml

from cctoolkit.__main__ import run
from cctoolkit.model.people import AgentAssignment
from cctoolkit.node.prepare.needs import FED
from cctoolkit.workflow import importing, specs

FREEPBX = Path(__file__).parent / "freepbx"
OFFICE = Path("tests/live/office").resolve()
GOLDEN = Path("tests/golden/site.yaml").resolve()
SAID = ("--language", "ru", "--time-zone", "Europe/Moscow", "--country", "RU")


def imported(folder: Path, *more: str, project: str = "hotline") -> int:
    """Import a folder into the folder we are in and return the exit code."""
    return run(["import", "asterisk", str(folder), "--project", project, *SAID, *more])


@pytest.fixture
def here(tmp_path):
    """An empty folder we are in."""
    with contextlib.chdir(tmp_path):
        yield tmp_path


@pytest.fixture
def switch(here):
    """A copy of the office's configuration to spoil."""
    return Path(shutil.copytree(OFFICE, here / "etc"))


def trace(capsys, *arguments: str) -> list[str]:
    """Return the steps of a traced call of the imported project."""
    capsys.readouterr()
    assert run(["trace", "hotline", *arguments, "--format", "json"]) == 0
    return [one["step"] for one in json.loads(capsys.readouterr().out)["steps"]]


def test_our_own_rendering_comes_back(here):
    """What northwind is rendered to is imported into a spec with the same queues and agents, which renders the same."""
    loaded = specs.load_site(str(GOLDEN))
    files = specs.render_site(loaded)[loaded.site.nodes[0].id].files
    for name, text in files.items():
        file = here / "etc/cctoolkit/current" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for name in FED:
        (here / "etc" / name).write_text(f'[general]\n#include "cctoolkit/current/{name}"\n', encoding="utf-8")
    assert imported(here / "etc", "--certified", "2026-10-01", project="northwind-hotline") == 2
    ours, theirs = loaded.projects[0], specs.load_project("northwind-hotline").project
    assert _rendered(theirs) == _rendered(ours)
    certified = [agent for agent in ours.agents if agent.certified]
    assert [_served(agent) for agent in theirs.agents] == [_served(agent) for agent in certified]


def _rendered(project) -> dict:
    from cctoolkit.render import queues

    # The exit keys are the flow's, and that is in the spec it was rendered from.
    return {
        name: {o: v for o, v in options.items() if o != "context"}
        for name, options in queues.sections([project]).items()
    }


def _served(agent: AgentAssignment) -> tuple:
    return agent.agent, agent.queues, agent.penalty


def test_freepbx(here, capsys):
    """A FreePBX's generated files: numbers, time conditions, menus, queues, destinations and mailboxes, each where it is."""
    assert imported(FREEPBX) == 2
    assert run(["validate"]) == 0
    number, day = ("--to", "+74957772030"), ("--at", "2026-11-30 12:00")
    assert trace(capsys, *number, *day, "--keys", "1") == ["hours-timeconditions-1", "ivr-1", "wait-queue-400"]
    assert trace(capsys, *number, *day, "--keys", "2,1")[-2:] == ["ivr-2", "wait-queue-401"]
    assert trace(capsys, *number, *day, "--keys", "-,-,-")[-2:] == [
        "play-no-valid-responce-transfering",
        "wait-queue-400",
    ]
    assert trace(capsys, *number, *day, "--keys", "0")[-1] == "by-hand-ext-local-200"
    night = trace(capsys, *number, "--at", "2026-11-29 12:00")
    assert night == ["hours-timeconditions-1", "play-closed", "voicemail-200"]
    assert trace(capsys, *number, "--at", "2026-11-28 15:59", "--keys", "1")[1] == "ivr-1"
    project = specs.load_project("hotline").project
    waiting = project.flow[project.numbers[1].entry]
    assert (waiting.queue, waiting.keys) == ("queue-401", {"1": "wait-queue-401", "*": "ivr-1"})
    assert {agent.agent: (agent.queues, agent.penalty) for agent in project.agents} == {
        "agent-200": (("queue-400",), 0), "agent-201": (("queue-400",), 5), "vacant": (("queue-401",), 0),
    }  # fmt: skip
    queue = project.queues["queue-401"]
    assert (queue.strategy, queue.weight, queue.musicclass, queue.joinempty, queue.leavewhenempty) == (
        "ringall",
        3,
        "sales",
        False,
        True,
    )
    assert (queue.announce_frequency, queue.announce_position, queue.periodic_announce) == (
        "30s",
        True,
        ("custom/busy",),
    )
    assert project.after_call.limit == "10s"


def test_freepbx_in_a_copy(here, capsys):
    """Its files that are links into the modules lead nowhere in a copy: what they say on every switch is taken, and noted."""
    copy = Path(shutil.copytree(FREEPBX, here / "etc"))
    for name in ("extensions.conf", "queues.conf"):
        (copy / name).unlink()
        (copy / name).symlink_to(f"/var/www/html/admin/modules/core/etc/{name}")
    assert imported(copy) == 2
    said = capsys.readouterr().out
    assert "extensions.conf, queues.conf: cannot be read: No such file or directory: it is a link of FreePBX's" in said
    assert "cp -rL" in said
    whole, theirs = here / "whole", here / "projects/hotline/project.yaml"
    assert imported(FREEPBX, "-o", str(whole)) == 2
    assert (whole / "projects/hotline/project.yaml").read_bytes() == theirs.read_bytes()


def test_a_queue_of_two_projects(here, capsys):
    """It belongs to the first whose calls come to it; the other's calls go on behind it, and the note says why."""
    assert imported(FREEPBX, "--project", "line=+78126402030", "--format", "json", project="hotline=+74957772030") == 2
    left = json.loads(capsys.readouterr().out)["left"]
    assert [(one["what"], one["why"]) for one in left if one["what"] == "Queue"] == [
        ("Queue", "it is project hotline's, and a queue has one: calls go on behind it")
    ]


def test_progress(here, capsys, monkeypatch):
    """What takes longer than a second says what it does."""
    imported(FREEPBX, "-o", "quick")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(importing, "_TELL_SECONDS", 0)
    imported(FREEPBX)
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"reading {len(list(FREEPBX.iterdir()))} files",
        "project hotline: following the calls of number 1 of 2",
        "project hotline: following the calls of number 2 of 2",
        "checking what was written",
    ]


def test_no_secret_is_copied_or_shown(here, capsys):
    """Neither the specs nor the list hold a password, a PIN or a mailbox's code; each is listed, masked, with its place."""
    imported(FREEPBX)
    shown = capsys.readouterr().out
    written = "".join(file.read_text(encoding="utf-8") for file in here.glob("projects/**/*.yaml"))
    for secret in ("sesame", "4711"):
        assert secret not in shown + written
    assert "pjsip.auth.conf:16: password of trunk megafon: ********" in shown
    assert "env:TRUNK_MEGAFON" in written


def test_the_list_as_json(here, capsys):
    """A machine reads the files written, how much was found, and each leftover with file, line, what, why and by_hand."""
    imported(FREEPBX, "--format", "json")
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == ["projects/hotline/project.yaml", "projects/sites/imported.yaml"]
    assert said["found"] == {"numbers": 2, "steps": 10, "queues": 2, "agents": 2, "trunks": 1}
    places = {(one["file"], one["line"]): one for one in said["left"]}
    assert places["queues_additional.conf", 40]["what"] == "queue 401: autopause"
    assert all(one["what"] and one["why"] and one["by_hand"] for one in said["left"])


def test_the_folder_is_only_read(here, switch):
    """No file of the source is touched, and none is made there."""
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in switch.rglob("*")}
    for path in [*before, switch]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    imported(switch)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in switch.rglob("*")} == before


def test_what_is_there_stays(here, switch, capsys):
    """A project or site that is there is refused, and nothing is written."""
    assert imported(switch) == 2
    text = Path("projects/hotline/project.yaml").read_text(encoding="utf-8")
    assert imported(switch) == 1
    assert "there is one already" in capsys.readouterr().err
    assert imported(switch, project="other") == 1
    assert not Path("projects/other").exists()
    assert Path("projects/hotline/project.yaml").read_text(encoding="utf-8") == text
    assert imported(switch, "-o", "elsewhere") == 2
    assert sorted(path.name for path in Path("elsewhere/projects").iterdir()) == ["hotline", "sites"]


def test_two_projects(here, switch):
    """Each project takes the numbers named for it, with the steps behind them; a queue goes to the first one."""
    assert imported(switch, "--project", "dealers=8 812 640-20-30") == 2
    assert run(["validate"]) == 0
    both = {name: specs.load_project(name).project for name in ("hotline", "dealers")}
    assert [number.number for number in both["dealers"].numbers] == ["+7 812 640-20-30"]
    assert len(both["hotline"].numbers) == 2
    assert list(both["hotline"].queues) == ["orders"]
    assert yaml.safe_load(Path("projects/sites/imported.yaml").read_text())["projects"] == ["hotline", "dealers"]


def test_nothing_left_over(here, switch, capsys):
    """A switch all of which can be said leaves nothing over: exit code 0."""
    for name in ("voicemail.conf", "queues.conf"):
        (switch / name).unlink()
    (switch / "asterisk.conf").write_text("[options]\nsystemname = node-1\n")
    (switch / "pjsip.conf").write_text(
        "[udp]\ntype=transport\nprotocol=udp\nbind=10.0.0.1:5060\n[carrier]\ntype=endpoint\ncontext=in\naors=carrier\n[carrier]\ntype=aor\ncontact=sip:10.0.0.2\n"
    )
    (switch / "extensions.conf").write_text("[in]\nexten => 74957772030,1,Playback(hello)\n same => n,Hangup()\n")
    code = imported(switch)
    assert "0 left over" in capsys.readouterr().out
    assert code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-folder",), ("etc/queues.conf",), ("etc", "--country", "Russia"), ("etc", "--language", "de"), ("etc", "--time-zone", "Moscow"),
        ("etc", "--certified", "soon"), ("etc", "--site", "Ü"), ("etc", "--project", "sites"), ("etc", "--project", "a b"), ("etc", "--project", "library"), ("etc", "--project", "line-20261231"), ("empty",),
    ],
)  # fmt: skip
def test_wrong_usage(here, switch, arguments, capsys):
    """No such folder, or an option that is none, is exit code 3, with what was expected; nothing is written."""
    Path("empty").mkdir()
    assert run(["import", "asterisk", *arguments]) == 3
    assert "expected" in capsys.readouterr().err
    assert not Path("projects").exists()


def spoil_with_a_loop(switch: Path) -> None:
    (switch / "extensions.conf").write_text(
        "#include extensions.conf\n[hotline]\nexten => 74957772030,1,Goto(hotline,74957772030,1)\n"
    )
    (switch / "loop").symlink_to("..")


def spoil_with_noise(switch: Path) -> None:
    for name in (
        "extensions.conf",
        "queues.conf",
        "pjsip.conf",
        "voicemail.conf",
        "agents.conf",
        "sip.conf",
        "asterisk.conf",
    ):
        (switch / name).write_bytes(
            bytes(range(256)) * 500 + b"\n[hotline]\nexten => 74957772030,1,Hangup(\n" + bytes(range(255, 0, -1)) * 50
        )


def spoil_with_special_files(switch: Path) -> None:
    (switch / "queues.conf").unlink()
    os.mkfifo(switch / "queues.conf")
    (switch / "voicemail.conf").unlink()
    (switch / "voicemail.conf").symlink_to("/dev/zero")
    (switch / "agents.conf").mkdir()
    (switch / "sip.conf").symlink_to("nowhere")


def spoil_with_names(switch: Path) -> None:
    text = "[hotline]\n" + "".join(
        f"exten => 7495777{n:04},1,Playback({name})\n same => n,Queue({name})\n same => n,VoiceMail({name}@{name})\n same => n,Dial(PJSIP/{name})\n same => n,Hangup({name})\n"
        for n, name in enumerate(
            ('"', "a: b", "# c", "- d", "${x}", "ж", "{e}", "'", "\\", "a" * 5000, "\t", "[x]", "null", "1e3", "yes")
        )
    )
    (switch / "extensions.conf").write_text(text, encoding="utf-8")
    (switch / "queues.conf").write_text(
        "".join(f"[{name}]\nmember => PJSIP/{name},x,{name}\nmusicclass={name}\nstrategy={name}\n" for name in ('"', "a: b", "ж", "general ", "- d", "1", "1.0", "a" * 200)),
        encoding="utf-8",
    )  # fmt: skip


def spoil_with_branches(switch: Path) -> None:
    forks = "".join(
        f' same => n,GotoIf($["${{DB(a/{n})}}" = "1"]?x{n})\n same => n,Playback(p{n})\n same => n(x{n}),NoOp()\n'
        for n in range(200)
    )
    keys = "".join(f"exten => {n},1,Set(V{n}=$[0${{V{n}}} + 1])\n same => n,Goto(m,s,1)\n" for n in range(10))
    reads = "".join("${V%d}" % n for n in range(10))  # noqa: UP031 - of dialplan
    (switch / "extensions.conf").write_text(
        f"[hotline]\nexten => 74957772030,1,Goto(m,s,1)\nexten => 74957772031,1,NoOp()\n{forks}\n[m]\nexten => s,1,Background(a)\n same => n,WaitExten(1)\n"
        f'exten => t,1,GotoIf($["{reads}" = "9"]?s,1)\n same => n,Hangup()\n{keys}'
    )


def spoil_with_links(switch: Path) -> None:
    (switch / "itself.conf").symlink_to("itself.conf")
    (switch / "around").mkdir()
    for n in range(12):
        (switch / f"around/{n}").symlink_to(".")
        (switch / f"other{n}").mkdir()
        for m in range(12):
            (switch / f"other{n}/{m}").symlink_to(f"../other{m}")


def spoil_with_contexts_in_contexts(switch: Path) -> None:
    inner = "".join(f"[c{n}]\n" + f"include => c{n + 1}\n" * 6 for n in range(18))
    (switch / "extensions.conf").write_text(
        f"[hotline]\ninclude => c0\n{inner}[c18]\ninclude => hotline\nexten => 74957772030,1,Background(a)\n same => n,WaitExten(1)\n"
    )


def spoil_with_digits(switch: Path) -> None:
    lines = "".join(f" same => n,{app}\n" for digits in ("\u00b2", "\u0663", "9" * 5000) for app in (
        f"Set(QUEUE_PRIO={digits})", f"Read(x,a,{digits},,{digits},{digits})", f"Queue(sales,,,,{digits})",
        f"Dial(PJSIP/1000@carrier,{digits})", f"GotoIf($[${{DB(a/b)}}]?{digits})", f"Hangup({digits})",
    ))  # fmt: skip
    (switch / "extensions.conf").write_text(f"[hotline]\nexten => 74957772030,1,Answer()\n{lines}", encoding="utf-8")


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_with_a_loop, spoil_with_noise, spoil_with_special_files, spoil_with_names, spoil_with_branches,
        spoil_with_links, spoil_with_contexts_in_contexts, spoil_with_digits,
    ],
)  # fmt: skip
def test_hostile_folders(here, switch, spoil, capsys):
    """Whatever is in the folder, the import ends within seconds with a spec that validates and a list."""
    spoil(switch)
    began = time.monotonic()
    code = imported(switch)
    said = capsys.readouterr()
    assert code == 2, said.err
    assert time.monotonic() - began < 30
    assert all(line.isprintable() for line in said.out.split("\n"))
    assert run(["validate"]) == 0


PIECES = ("${", "}", "$[", "]", "(", ")", ",", "&", "?", ";", "=>", "same => n,", "Goto(", "1", "s", "[ivr-1]", "\n", "_X.", "@", ";--", "(!)", "(+)", "\\", "-1", "\x00",
          "Read(X,a,1)", "WaitExten()", "Background(a)", "sip:", "999.1.1.1")  # fmt: skip


@pytest.mark.parametrize("source", [FREEPBX, OFFICE])
def test_files_spoiled_at_random(here, source, capsys):
    """Lines lost, doubled, swapped and cut into with pieces of dialplan: the spec validates all the same."""
    for seed in range(8):
        chance = random.Random(seed)
        folder = Path(shutil.copytree(source, here / f"etc-{seed}"))
        for file in sorted(folder.glob("*.conf")):
            lines = file.read_text(encoding="utf-8").split("\n")
            for _ in range(8):
                place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
                cut = chance.randrange(len(lines[place]) + 1)
                lines[place] = lines[place][:cut] + chance.choice(PIECES) + lines[place][cut + chance.choice((0, 5)) :]
                lines[other], lines[place] = lines[place], lines[chance.choice((place, other))]
            file.write_text("\n".join(lines), encoding="utf-8")
        code = imported(folder, "-o", f"out-{seed}")
        assert code == 2, (seed, capsys.readouterr().err)
