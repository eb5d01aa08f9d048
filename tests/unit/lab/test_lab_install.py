import os
from collections import namedtuple
from types import SimpleNamespace

import pytest

from cctoolkit.errors import OperatorError
from cctoolkit.lab import debian, install

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH of our own; programs are made by writing their shell text."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name: str, text: str = "exit 0") -> None:
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)

    return make


def test_without_root_the_error_is_one_line_with_a_next_step(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(OperatorError) as caught:
        install.check_machine()
    assert caught.value.where.endswith("user 1000")
    assert caught.value.next_step
    assert "\n" not in caught.value.what


def test_all_missing_programs_are_named_at_once(programs, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    programs("unshare")
    with pytest.raises(OperatorError, match="missing programs: nsenter, chroot, mount"):
        install.check_machine()


def test_a_full_disk_is_said_before_anything_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr(debian.shutil, "disk_usage", lambda _folder: Usage(10, 9, 1e8))
    with pytest.raises(OperatorError, match=r"only 0\.1 GB are free"):
        debian._check_disk(tmp_path)


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.15", "22.10.1"),
        ("Asterisk 20.6.0", None),
        ("Asterisk GIT-master-1", None),
    ],
)
def test_the_systems_own_asterisk_is_used_only_when_it_is_22(programs, monkeypatch, says, version):
    programs("asterisk", f"echo '{says}'")
    monkeypatch.setattr(install.pwd, "getpwnam", lambda _name: SimpleNamespace(pw_uid=64, pw_gid=65))
    expected = install.Installation(None, 64, 65, version) if version else None
    assert install._system() == expected


def test_an_asterisk_without_its_user_is_not_used(programs, monkeypatch):
    def nobody(name: str) -> None:
        raise KeyError(name)

    programs("asterisk", "echo Asterisk 22.1.0")
    monkeypatch.setattr(install.pwd, "getpwnam", nobody)
    assert install._system() is None


def test_debootstrap_is_installed_when_missing(programs, tmp_path):
    programs("apt-get", f'echo "$@" >> {tmp_path}/asked')
    debian._provide_debootstrap(lambda _line: None)
    assert (tmp_path / "asked").read_text() == "-q update\n-q install -y debootstrap debian-archive-keyring\n"


def test_a_failing_apt_says_why(programs):
    programs("apt-get", "echo 'E: no network' >&2; exit 100")
    with pytest.raises(OperatorError, match="apt-get update failed: E: no network"):
        debian._provide_debootstrap(lambda _line: None)


def test_without_apt_the_choices_are_named(programs):
    with pytest.raises(OperatorError, match="debootstrap is missing") as caught:
        debian._provide_debootstrap(lambda _line: None)
    assert "Asterisk 22" in caught.value.next_step
