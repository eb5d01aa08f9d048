"""Capture as a service of a real systemd: what `capture unit` prints, told by systemd itself."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from cctoolkit.lab.process import Contained

pytestmark = pytest.mark.live

SYSTEMD = Path("/usr/lib/systemd/systemd")
HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
NAME = "cctoolkit-capture-lab.service"
TMP = "no" if CHECKOUT.is_relative_to("/tmp") else "yes"
"""The service has a /tmp of its own, and would not find a checkout there."""

SERVICE = f"""set -u
unit=/etc/systemd/system/{NAME}
said() {{ echo "$1 $(systemctl show -P ActiveState -P NRestarts -P ExecMainStatus {NAME} | tr '\\n' ' ')"; }}
main() {{ systemctl show -P MainPID {NAME}; }}
again() {{ for _ in $(seq 300); do [ "$(systemctl show -P NRestarts {NAME})" = "$1" ] && [ "$(systemctl is-active {NAME})" = active ] \\
    && return; sleep 0.1; done; }}
cd /srv/cct
{sys.executable} -m cctoolkit capture unit --site /srv/cct/site.yaml --store /srv/cct/records --user cctoolkit --metrics "" \\
    | sed "s/^WatchdogSec=.*/WatchdogSec=3/; s/^RestartSec=.*/RestartSec=100ms/; s/^PrivateTmp=.*/PrivateTmp={TMP}/" > $unit
systemctl daemon-reload
systemctl start {NAME}
said "up:"
ls -l records | grep -v ^total | cut -c 1-10 | sort -u | xargs
for _ in $(seq 100); do systemctl show -P StatusText {NAME} | grep "^capturing n1" && break; sleep 0.1; done
kill -STOP "$(main)"
again 1
said "stood still:"
kill -KILL "$(main)"
again 2
said "killed:"
systemctl stop {NAME}
said "stopped:"
sed -i "s/^site:/syte:/" site.yaml
systemctl start {NAME}
sleep 1
said "wrong:"
echo over
"""


@pytest.mark.skipif(not SYSTEMD.exists(), reason="there is no systemd on this machine")
async def test_a_real_systemd_keeps_it_up(lab, tmp_path):
    """It is up when events flow; one that stands still or is killed is begun anew; its end is a good one; a wrong spec is
    not tried again. It runs as a user of its own, and nobody else reads what it writes.
    """
    for name in ("layer", "root", "out"):
        (tmp_path / name).mkdir()
    shutil.copy(lab.site_file, tmp_path)
    shutil.copytree(lab.site_file.parent / "secrets", tmp_path / "secrets")
    (tmp_path / "service.sh").write_text(SERVICE)
    console, said = tmp_path / "console", tmp_path / "out/said"
    with console.open("wb") as output:
        python = os.path.realpath(sys.executable)
        command = ["sh", str(HERE / "booted.sh"), str(tmp_path), str(CHECKOUT), str(Path(python).parents[1])]
        booted = Contained(command, output=output.fileno())
    try:
        async with asyncio.timeout(90):
            while not said.exists() or "over\n" not in said.read_text():
                assert booted.popen.poll() is None, console.read_text()
                await asyncio.sleep(0.1)
    finally:
        booted.end()
    told = [line.rstrip() for line in said.read_text().splitlines()]
    assert told[0] == "up: 0 0 active"
    assert told[1] == "-rw------- drwx------"
    assert told[2].startswith("capturing n1")
    assert told[3:6] == ["stood still: 1 0 active", "killed: 2 0 active", "stopped: 0 0 inactive"]
    assert told[-2:] == ["wrong: 0 3 failed", "over"]
