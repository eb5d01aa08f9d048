"""An imported spec says where calls go on the switch it was made from: the original dialplan is called, and traced."""

import contextlib
import json
import re
import shutil
import time
from pathlib import Path

import pytest

from cctoolkit.__main__ import run
from cctoolkit.lab.lab import Lab
from cctoolkit.takeover.dialplan import build
from cctoolkit.takeover.leftovers import Leftovers
from cctoolkit.takeover.reader import read
from cctoolkit.takeover.values import expand
from tests.unit.takeover.switches import Files

pytestmark = pytest.mark.live

OFFICE = Path(__file__).parent / "office"
WORKDAY, LAST_MINUTE, AFTER, SATURDAY = (
    "2026-11-30 12:00:00",
    "2026-11-30 18:00:30",
    "2026-11-30 18:01:00",
    "2026-12-05 15:00:00",
)
HOTLINE, SURVEY, PLAIN = "74957772030", "+78126402030", "74957772031"

CASES = [
    (HOTLINE, WORKDAY, "1"),
    (HOTLINE, WORKDAY, "7"),
    (HOTLINE, WORKDAY, "-,1"),
    (HOTLINE, WORKDAY, "-,-,-"),
    (HOTLINE, WORKDAY, "9,-,9"),
    (HOTLINE, WORKDAY, "2,5"),
    (HOTLINE, LAST_MINUTE, "1"),
    (HOTLINE, AFTER, ""),
    (HOTLINE, SATURDAY, "8"),
    (HOTLINE, "2026-12-06 12:00:00", ""),
    (HOTLINE, "2026-12-31 20:00:00", ""),
    (SURVEY, WORKDAY, "1"),
    (SURVEY, WORKDAY, "5"),
    (SURVEY, WORKDAY, "3"),
    (SURVEY, WORKDAY, "-"),
    (PLAIN, WORKDAY, ""),
]


def _caller(number: int, keys: str) -> str:
    """Return a caller who presses keys when the prompts are over; silence lasts a prompt and its second."""
    lines = [f"exten => {number},1,Wait(0.7)"]
    for key in filter(None, keys.split(",")):
        lines.append(" same => n,Wait(3.4)" if key == "-" else f" same => n,SendDTMF({key})")
        lines.append(" same => n,Wait(1.2)")
    return "\n".join([*lines, " same => n,Wait(20)"]) + "\n"


def _enter(number: int, case: tuple[str, str, str]) -> str:
    """Return an extension that makes a call of a case: at its hour, to its number."""
    dialled, at, _ = case
    return (f"exten => {number},1,Set(__CASE={number})\n same => n,Set(TESTTIME()={at.replace('-', '/')})\n"
            f" same => n,Goto(hotline,{dialled},1)\n")  # fmt: skip


def _traced(capsys, case: tuple[str, str, str]) -> list[str]:
    dialled, at, keys = case
    capsys.readouterr()
    arguments = [
        "trace",
        "office",
        "--to",
        dialled if dialled.startswith("+") else f"+{dialled}",
        "--at",
        at,
        "--format",
        "json",
    ]
    assert run([*arguments, "--keys", keys, "--queue", "timeout"]) == 0
    return [one["step"] for one in json.loads(capsys.readouterr().out)["steps"]]


@pytest.fixture(scope="module")
def switch(tmp_path_factory, lab_template):
    """A node with the office's own files, and calls of every case under way. What it warns of is the office's matter."""
    with Lab(tmp_path_factory.mktemp("lab"), lab_template, owned=True) as lab:
        node = lab.nodes["n1"]
        for name in ("extensions.conf", "queues.conf", "voicemail.conf"):
            shutil.copy(OFFICE / name, node.config / name)
        with (node.config / "extensions.conf").open("a", encoding="utf-8") as file:
            file.write("\n[cases]\n" + "".join(_enter(n, case) for n, case in enumerate(CASES)))
            file.write("\n[callers]\n" + "".join(_caller(n, keys) for n, (_, _, keys) in enumerate(CASES)))
        for module in ("pbx_config.so", "app_queue.so", "app_voicemail.so"):
            node.cli(f"module reload {module}")
        for number in range(len(CASES)):
            node.cli(f"channel originate Local/{number}@cases/n extension {number}@callers")
        yield node


def test_calls_go_where_the_imported_spec_says(switch, tmp_path, capsys):
    """Sixteen calls to three numbers at eight hours with keys, mistakes and silence pass the same steps in the original
    dialplan on a real switch as in the trace of the spec made from it.
    """
    with contextlib.chdir(tmp_path):
        code = run(["import", "asterisk", str(OFFICE), "--project", "office", "--language", "en", "--time-zone", "UTC"])
        assert code == 2
        wanted = [_traced(capsys, case) for case in CASES]
    deadline = time.monotonic() + 40
    while (found := _marked(switch)) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found == wanted


@pytest.mark.parametrize("which", ["samples", "basic-pbx"])
def test_what_comes_with_asterisk_is_read(switch, tmp_path, capsys, which):
    """Asterisk's own sample files and its example of a small office are read: a spec that validates, and for each file
    what of it is no part of a spec.
    """
    root = switch.installation.root or Path("/")
    (folder,) = (path for path in (root / "usr/share").glob(f"asterisk/conf/{which}") if path.is_dir())
    own = tmp_path / "etc"
    own.mkdir()
    for file in folder.iterdir():
        if file.name.endswith((".conf", ".conf.sample")):
            shutil.copy(file, own / file.name.removesuffix(".sample"))
    with contextlib.chdir(tmp_path):
        arguments = ["--country", "US", "--context", "DCS-Incoming", "--context", "default"]
        assert run(["import", "asterisk", str(own), *arguments, "--format", "json"]) == 2
        said = json.loads(capsys.readouterr().out)
        assert run(["validate"]) == 0
    read = ("extensions", "queues", "pjsip", "pjsip_wizard", "voicemail", "agents", "sip", "asterisk")
    others = {path.name for path in own.iterdir()} - {f"{name}.conf" for name in read}
    assert others - {one["file"] for one in said["left"]} == set()
    assert said["found"]["numbers"] == (4 if which == "basic-pbx" else 0)


HELD = {"A": "abc", "N": "5", "EMPTY": "", "LIST": "x^y^z"}
TEXTS = (
    "${A}-${N}", "[${UNSET}]", "${A:0:2}${A:-1}${A:1}", "${LEN(${A})}", "${CUT(LIST,^,2)}", "${IF($[1]?yes:no)}",
    "[${IF($[${LEN(${UNSET})}>0]?${UNSET}: )}]", "${ISNULL(${EMPTY})}${EXISTS(${A})}", "$[${N}+1]", "$[${N}-1]", "$[${N} * 2 - 1]", "$[7 % 2]",
    "$[${N} < 10]", '$["${A}" = "abc"]', '$["x${EMPTY}" = "x"]', "$[!${N}]", "$[(1 | 0) & 1]", '$["a" = "b" & 1]',
)  # fmt: skip
FORKS = {
    "dial-1": "exact",
    "q-JOINEMPTY": "letters",
    "12": "_1X",
    "123": "_1!",
    "7": "_[5-9]",
    "4": "_Z",
    "99": "_.",
    "000": "_.",
}
PLAN = """
[forks]
exten => dial-1,1,QueueLog(NONE,${EXTEN},NONE,FORK,exact)
exten => _q-[A-Z].,1,QueueLog(NONE,${EXTEN},NONE,FORK,letters)
exten => _1X,1,QueueLog(NONE,${EXTEN},NONE,FORK,_1X)
exten => _1!,1,QueueLog(NONE,${EXTEN},NONE,FORK,_1!)
exten => _Z,1,QueueLog(NONE,${EXTEN},NONE,FORK,_Z)
exten => _[5-9],1,QueueLog(NONE,${EXTEN},NONE,FORK,_[5-9])
exten => _.,1,QueueLog(NONE,${EXTEN},NONE,FORK,_.)
[waits]
exten => goes-on,1,Answer()
 same => n,WaitExten(1)
 same => n,QueueLog(NONE,goes-on,NONE,FORK,behind)
exten => ends,1,Answer()
 same => n,WaitExten(1)
exten => t,1,QueueLog(NONE,ends,NONE,FORK,t)
[jumps]
exten => invalid,1,Goto(jumps,nowhere,1)
exten => i,1,QueueLog(NONE,invalid,NONE,FORK,i)
[labels]
exten => far,1,Goto(103)
 same => n(here),NoOp()
 same => here+101,QueueLog(NONE,far,NONE,FORK,label)
[chosen]
exten => none,1,Goto()
 same => n,QueueLog(NONE,none,NONE,FORK,behind)
exten => h,1,QueueLog(NONE,none,NONE,FORK,ended)
"""


def test_what_the_import_believes_of_dialplan(switch):
    """Variables, functions, expressions, patterns, WaitExten and Goto are on the switch what the import takes them for."""
    worths = "".join(f" same => n,QueueLog(NONE,{n},NONE,WORTH,{text})\n" for n, text in enumerate(TEXTS))
    sets = "".join(f" same => n,Set({name}={worth})\n" for name, worth in HELD.items())
    with (switch.config / "extensions.conf").open("a", encoding="utf-8") as file:
        file.write(PLAN + f"[worths]\nexten => s,1,NoOp()\n{sets}{worths}[listens]\nexten => s,1,Wait(3)\n")
    switch.cli("dialplan reload")
    calls = [f"{dialled}@forks" for dialled in FORKS] + ["s@worths", "goes-on@waits", "ends@waits", "invalid@jumps"]
    calls += ["far@labels", "none@chosen"]
    for call in calls:
        switch.cli(f"channel originate Local/{call}/n extension s@listens")
    forks = FORKS | {"goes-on": "behind", "ends": "t", "invalid": "i", "far": "label", "none": "ended"}
    wanted = forks | {str(n): expand(text, HELD) for n, text in enumerate(TEXTS)}
    deadline = time.monotonic() + 20
    while (found := _logged(switch)) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == wanted
    plan = build(read(Files(extensions=PLAN), "extensions.conf", Leftovers()), Leftovers())
    assert plan.line("labels", "far", 103).app == "queuelog"
    for dialled, name in FORKS.items():
        ((_, _, taken),) = plan.find("forks", dialled)
        assert taken == {"exact": "dial-1", "letters": "_q-[A-Z]."}.get(name, name)


def _logged(node) -> dict[str, str]:
    """Return what the calls said, by their first word; `_.` is the h of a call that ends, too."""
    lines = (line.split("|") for line in node.queue_log.read_text(encoding="utf-8").splitlines())
    return {line[1]: "|".join(line[5:]).strip('"') for line in lines if line[4] in ("WORTH", "FORK") and line[1] != "h"}


def _marked(node) -> list[list[str]]:
    """Return the steps each case has passed, as queue_log has them."""
    marks = re.findall(r"\|([0-9]+)\|NONE\|NONE\|HERE\|([a-z0-9-]+)", node.queue_log.read_text(encoding="utf-8"))
    found: list[list[str]] = [[] for _ in CASES]
    for number, step in marks:
        if not (step == "welcome" and found[int(number)][-1:] == ["welcome"]):
            found[int(number)].append(step)
    return found
