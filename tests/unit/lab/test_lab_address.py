import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cctoolkit.errors import OperatorError
from cctoolkit.lab import address

HOLD = "import sys; sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()"
CLAIM = """
import sys, pathlib
from cctoolkit.lab import address
block = address.claim(pathlib.Path(sys.argv[1]), sys.argv[2])
print(block.number, flush=True)
sys.stdin.read()
"""


def child(*arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        **options,
    )


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.communicate()


def test_two_processes_get_two_blocks_and_a_killed_one_gives_its_block_back(tmp_path):
    one = child(CLAIM, str(tmp_path), "/a")
    first = int(one.stdout.readline())
    two = child(CLAIM, str(tmp_path), "/b")
    second = int(two.stdout.readline())
    assert first != second
    end(one)
    again = address.claim(tmp_path, "/c")
    assert again.number == first
    again.release()
    end(two)


def test_a_block_is_held_by_whoever_inherited_its_lock(tmp_path):
    block = address.claim(tmp_path, "/a")
    holder = child(HOLD, pass_fds=[block.fd])
    assert holder.stdout.read(1) == "x"
    block.release()
    other = address.claim(tmp_path, "/b")
    assert other.number != block.number
    end(holder)
    freed = address.claim(tmp_path, "/c")
    assert freed.number == block.number
    other.release()
    freed.release()


def test_a_lab_comes_back_to_its_own_block_while_its_processes_live(tmp_path):
    block = address.claim(tmp_path, "/a")
    again = address.claim(tmp_path, "/a", preferred=block.number)
    assert again.number == block.number
    block.release()
    again.release()


def test_a_block_that_somebody_else_took_meanwhile_is_not_shared(tmp_path):
    address.claim(tmp_path, "/a").release()
    taken = address.claim(tmp_path, "/b")
    back = address.claim(tmp_path, "/a", preferred=taken.number)
    assert back.number != taken.number
    taken.release()
    back.release()


def test_all_taken_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(address, "_BLOCKS", range(16, 17))
    monkeypatch.setattr(address, "check_free", lambda *_args, **_options: None)
    block = address.claim(tmp_path, "/a")
    with pytest.raises(OperatorError, match="all address blocks are taken"):
        address.claim(tmp_path, "/b")
    block.release()


def test_a_block_somebody_uses_without_a_lock_is_passed_over(tmp_path):
    """An address whose SIP port is bound by anything is nobody's to claim."""
    first = address.claim(tmp_path, "/a")
    first.release()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
        somebody.bind((first.node(1), address.SIP_PORT))
        second = address.claim(tmp_path, "/b")
    second.release()
    assert second.number > first.number


def test_the_addresses_of_a_block_are_apart():
    block = address.Block(16, -1)
    everyone = [block.carrier, block.phones, block.street, *(block.node(i) for i in range(1, 100))]
    assert len(set(everyone)) == len(everyone)
    assert block.node(1) == "127.16.0.11"


@pytest.mark.parametrize(("kind", "port"), [(socket.SOCK_DGRAM, 5060), (socket.SOCK_STREAM, 5038)])
def test_a_taken_port_is_named(kind, port):
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind((place := f"127.251.{kind}.1", port))
        if kind == socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(OperatorError, match=f"port {port} is taken"):
            address.check_free(place)
    address.check_free(place)
