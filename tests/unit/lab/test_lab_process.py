import os
import subprocess
import sys

from cctoolkit.lab import process


def test_a_process_is_told_from_a_later_one_with_its_number():
    me = process.identity(os.getpid())
    assert process.is_alive(me)
    assert not process.is_alive(process.Running(me.pid, me.started + 1, me.boot))
    assert not process.is_alive(process.Running(me.pid, me.started, "another boot"))


def test_nobody_but_the_recorded_process_is_killed():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        known = process.identity(other.pid)
        process.kill(process.Running(known.pid, known.started - 1, known.boot))
        assert other.poll() is None
        process.kill(known)
        assert other.wait() == -9


def test_a_zombie_is_no_running_process():
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    child.stdout.read()
    child.stdout.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process.identity(child.pid) is None
    child.wait()
