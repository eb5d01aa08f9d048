"""What every transport must do, whatever carries the files: a test class of each transport inherits this.

    class TestLocal(TransportContract):
        @pytest.fixture
        def far(self, tmp_path): ...

`far` is a `Far`: the transport under test, and the node's folder `cctoolkit/` as this machine can see it. One whose
releases are no files inherits that too, and overrides what looks at them or spoils them.
"""

import asyncio
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cctoolkit.errors import Busy, OperatorError
from cctoolkit.node.transports import Holder, Intent, Transport

FILES = {"extensions.conf": b"[x]\n", "generations/p-00000001.conf": b"[y]\n", "manifest.json": b"{}"}
INTENT = Intent("empty", "000001-aa", "anna", "2026-11-22T12:00:00+00:00")


@dataclass
class Far:
    """A prepared node: `make` gives one more transport to the same folder, for another process's point of
    view.
    """

    transport: Transport
    root: Path
    make: Callable[[], Transport]

    preparation = "site init"
    cure = "ln -sfn"
    knows_writers = True

    def contents(self) -> dict[str, bytes | str]:
        """Return everything below the folder but the lock, which is held by nobody between two calls."""
        return {
            str(p.relative_to(self.root)): str(p.readlink()) if p.is_symlink() else p.read_bytes()
            for p in sorted(self.root.rglob("*"))
            if (p.is_symlink() or p.is_file()) and p.name != "lock"
        }

    def in_force(self, path: str) -> bytes:
        """Return a file as Asterisk is to read it."""
        return (self.root / "current" / path).read_bytes()

    def check_readers(self, release: str) -> None:
        """Only Asterisk may read a release."""
        folder = self.root / "releases" / release
        modes = {stat.S_IMODE(p.stat().st_mode) for p in folder.rglob("*") if p.is_file()}
        assert modes == {0o640}
        assert {stat.S_IMODE(p.stat().st_mode) & 0o777 for p in (folder, folder / "generations")} == {0o750}

    def check_key_readers(self) -> None:
        """Nobody may read the key."""
        assert stat.S_IMODE((self.root / "key").stat().st_mode) == 0o600

    def occupy(self, name: str) -> None:
        """Make an empty release, or something else of that name."""
        (self.root / "releases" / name).mkdir()

    def spoil_intent(self) -> None:
        """Leave half an intent."""
        (self.root / "intent").write_bytes(b"{half")

    def cut_off_history(self) -> list[str]:
        """Leave a torn line; return what is told of it."""
        with (self.root / "history.jsonl").open("a") as file:
            file.write("to")
        return ["to"]

    def cut_off(self, release: str) -> None:
        """Leave what one leaves who dies while staging, flipping and writing an intent."""
        draft = self.root / f"releases/.{release}.new/generations"
        draft.mkdir(parents=True)
        (draft / "half.conf").write_bytes(b"x")
        (self.root / ".current.new").symlink_to(f"releases/{release}")
        (self.root / "intent.new").write_bytes(b"x")

    def unprepare(self) -> None:
        """Take everything away."""
        self.root.rename(self.root.with_name("elsewhere"))

    def lead_astray(self) -> Iterator[None]:
        """Spoil `current` in each way there is."""
        link = self.root / "current"
        link.unlink()
        link.write_text("")
        yield
        link.write_text("x")
        yield
        link.unlink()
        link.symlink_to("releases/gone")
        yield


class TransportContract:
    """The conformance suite."""

    async def test_a_staged_release_is_read_back_byte_by_byte(self, far):
        """What was staged is what is read, folders below it too, and it is not yet in force."""
        await far.transport.stage("000001-aa", FILES)
        assert await far.transport.read("000001-aa") == FILES
        assert await far.transport.current() == "empty"
        assert await far.transport.releases() == ["000001-aa"]

    async def test_files_are_for_the_group_and_nobody_else(self, far):
        """0640 for files, 0750 for folders: Asterisk must read them, others must not."""
        await far.transport.stage("000001-aa", FILES)
        far.check_readers("000001-aa")

    async def test_a_flip_is_the_whole_change(self, far):
        """After the flip the release is in force, seen by everybody."""
        await far.transport.stage("000001-aa", FILES)
        await far.transport.flip("000001-aa")
        assert await far.make().current() == "000001-aa"
        assert far.in_force("extensions.conf") == b"[x]\n"

    async def test_a_flip_to_what_is_not_there_is_refused(self, far):
        """A missing release never becomes current."""
        with pytest.raises(OperatorError):
            await far.transport.flip("000009-ff")
        assert await far.transport.current() == "empty"

    async def test_a_name_that_is_taken_is_refused(self, far):
        """A release that is there is never written into, not even an empty folder of its name."""
        await far.transport.stage("000001-aa", FILES)
        far.occupy("000002-bb")
        before = far.contents()
        for name in ("000001-aa", "000002-bb"):
            with pytest.raises(OperatorError, match="there is a release of this name"):
                await far.transport.stage(name, {"other.conf": b"x"})
        assert far.contents() == before

    async def test_releases_are_in_order_of_their_numbers(self, far):
        """The tenth comes after the second; what is no release of ours is not told."""
        for number in (10, 2, 1_000_000):
            await far.transport.stage(f"{number:06d}-aa", {})
        far.occupy("notes")
        assert await far.transport.releases() == ["000002-aa", "000010-aa", "1000000-aa"]

    async def test_the_release_in_force_is_not_discarded(self, far):
        """Others go, this one stays."""
        await far.transport.stage("000001-aa", FILES)
        await far.transport.stage("000002-bb", FILES)
        await far.transport.flip("000002-bb")
        await far.transport.discard("000001-aa")
        with pytest.raises(OperatorError, match="in force"):
            await far.transport.discard("000002-bb")
        assert await far.transport.releases() == ["000002-bb"]

    async def test_the_key_is_made_once_and_is_private(self, far):
        """Two who ask get the same 32 bytes, and nobody else may read them."""
        key = await far.transport.key()
        assert len(key) == 32
        assert await far.make().key() == key
        far.check_key_readers()

    async def test_two_at_once(self, far):
        """Who comes second is told at once, and gets in when the first is done."""
        async with far.transport.lock():
            with pytest.raises(Busy, match="somebody else is at work"):
                await far.make().lock().__aenter__()
        async with far.make().lock():
            pass

    async def test_who_comes_second_is_told_who_is_at_work(self, far):
        """Who, from which machine, doing what, since when; not of a holder of before, nor in characters of control."""
        since = "2026-11-22T12:00:00+00:00"
        async with far.transport.lock(Holder("anna", "desk-7", "apply of release a\x1b[2J", since)):
            with pytest.raises(
                Busy, match=r"anna on desk-7, apply of release a.* since 2026-11-22T12:00:00Z"
            ) as caught:
                await far.make().lock(Holder("petr", "desk-8", "rollback", since)).__aenter__()
            assert caught.value.what.isprintable()
        async with far.make().lock():
            with pytest.raises(Busy) as caught:
                await far.transport.lock().__aenter__()
            assert caught.value.what == "somebody else is at work on this node"

    async def test_who_holds_it_holds_it_on(self, far):
        """The same transport takes it once more, as an apply does under a wait's lock: it is free when the first lets go."""
        since = "2026-11-22T12:00:00+00:00"
        async with far.transport.lock(Holder("anna", "desk-7", "apply", since)):
            async with far.transport.lock(Holder("anna", "desk-7", "apply of release a", since)):
                await far.transport.intend(INTENT)
            await far.transport.intend(None)
            with pytest.raises(Busy, match="anna on desk-7"):
                await far.make().lock(Holder("petr", "desk-8", "rollback", since)).__aenter__()
        async with far.make().lock():
            pass

    async def test_who_only_looks_keeps_nobody_out(self, far):
        """Whoever holds it without a name only looks whether it is held: who comes with one waits for that moment."""
        look = far.make().lock()
        await look.__aenter__()
        holding = far.transport.lock(Holder("anna", "desk-7", "apply", "2026-11-22T12:00:00+00:00"))
        taking = asyncio.create_task(holding.__aenter__())
        await asyncio.sleep(0.05)
        assert not taking.done()
        await look.__aexit__(None, None, None)
        await asyncio.wait_for(taking, 10)
        await holding.__aexit__(None, None, None)

    async def test_a_file_says_who_wrote_it_and_when(self, far):
        """Each file's owner and time, in UTC, and those of the folder; nothing where releases are no files."""
        await far.transport.stage("000001-aa", FILES)
        if not far.knows_writers:
            assert await far.transport.touched("000001-aa") == {}
            return
        os.utime(far.root / "releases/000001-aa/extensions.conf", (0, 1_700_000_000))
        found = await far.transport.touched("000001-aa")
        assert found.keys() == {"", *FILES}
        assert found["extensions.conf"].when.startswith("2023-11-14T22:13:20")
        assert found["extensions.conf"].owner == pwd.getpwuid(os.getuid()).pw_name

    async def test_the_intent_is_kept_until_it_is_cleared(self, far):
        """What one process was about to do, the next one reads."""
        assert await far.transport.intent() is None
        await far.transport.intend(INTENT)
        assert await far.make().intent() == INTENT
        pending = Intent("empty", "000001-aa", "anna", "2026-11-22T12:00:00+00:00", "rollback", "000002-bb", "tomorrow")
        await far.transport.intend(pending)
        assert await far.make().intent() == pending
        await far.transport.intend(None)
        await far.transport.intend(None)
        assert await far.make().intent() is None

    async def test_an_intent_that_cannot_be_read_is_one_all_the_same(self, far):
        """A spoilt journal means that something was cut off, and is no traceback."""
        await far.transport.intend(INTENT)
        far.spoil_intent()
        assert await far.transport.intent() == Intent("", "", "", "")

    async def test_history_is_appended(self, far):
        """Lines come back in order, the one behind a torn line whole."""
        assert await far.transport.history() == []
        await far.transport.record("one")
        torn = far.cut_off_history()
        await far.transport.record("three")
        assert await far.transport.history() == ["one", *torn, "three"]

    async def test_what_was_cut_off_is_swept_and_nothing_else(self, far):
        """Drafts go, releases and the link stay."""
        await far.transport.stage("000001-aa", FILES)
        await far.transport.flip("000001-aa")
        before = far.contents()
        far.cut_off("000002-bb")
        assert far.contents() != before
        await far.transport.sweep()
        assert far.contents() == before
        assert await far.transport.releases() == ["000001-aa"]

    async def test_a_node_that_is_not_prepared_says_what_to_do(self, far):
        """Without the folder every beginning is one clear error."""
        far.unprepare()
        for begin in (far.transport.current, far.transport.key, far.transport.lock().__aenter__):
            with pytest.raises(OperatorError, match="the node is not prepared") as caught:
                await begin()
            assert far.preparation in caught.value.next_step

    async def test_a_link_that_points_nowhere_says_what_to_do(self, far):
        """No link, a file in its place, a link to what is gone: the releases that are there are named."""
        await far.transport.stage("000001-aa", FILES)
        for _ in far.lead_astray():
            with pytest.raises(OperatorError, match="points at no release") as caught:
                await far.transport.current()
            assert "000001-aa" in str(caught.value)
            assert far.cure in caught.value.next_step

    async def test_reading_what_is_not_there(self, far):
        """A release that is gone is an error, not an empty one."""
        with pytest.raises(OperatorError):
            await far.transport.read("000009-ff")
