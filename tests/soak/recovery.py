"""What people do after a command was cut off: whoever comes next, from whichever machine, with whichever command."""

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cctoolkit import clock
from cctoolkit.deploy import history, journal
from cctoolkit.node.transports import Intent
from cctoolkit.render.configset import ConfigSet
from tests.live.conftest import PROJECT, Line
from tests.live.test_change_under_calls import until
from tests.soak.apply_process import ROOT
from tests.soak.change import Held
from tests.soak.stage import Stage

_SECONDS = 240


class Colleague:
    """Another engineer, on another machine: a checkout and a home of their own, and the site's secrets."""

    def __init__(self, line: Line, site: str, folder: Path) -> None:
        shutil.copytree(line.root / "projects", folder / "projects")
        shutil.copytree(line.lab.folder / "secrets", folder / "lab/secrets")
        self._site = shutil.copy(site, folder / "lab")
        self._folder = folder

    async def run(self, spec: str, *command: str, user: str = "petr") -> tuple[int, str]:
        """Run a command with this spec; return its exit code and what it said."""
        (self._folder / "projects" / PROJECT / "project.yaml").write_text(spec, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cctoolkit", *command, "--site", self._site, cwd=self._folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(self._folder), "LOGNAME": user},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(_SECONDS):
            said, _ = await process.communicate()
        return process.returncode or 0, said.decode()


@dataclass(frozen=True)
class Case:
    """What was before a fault: who was there, the files of the old release, what the new one is to be."""

    stage: Stage
    colleague: Colleague
    random: Random
    before: Held
    old: dict[str, bytes]
    new: ConfigSet

    async def disk(self) -> str:
        """Return which release is in force, "old" or "new"."""
        return await self.stage.node.on_disk(self.old, self.new)

    async def run(self, code: int, where: str, spec: str, *command: str) -> None:
        """Run a command here, or as somebody else on another machine; it ends with this exit code."""
        if self.random.random() < 0.5:
            self.stage.write(spec)
            found, said = await self.stage.run(*command), "(on this machine)"
        else:
            found, said = await self.colleague.run(spec, *command)
        assert found == code, f"{where}; then {' '.join(command)} ended with {found}: {said}"

    async def recover(self, where: str) -> None:
        """Let people carry on: with the new spec, the way back, or two at once; each is done, and done wholly."""
        left, disk = await self.stage.node.journal(), await self.disk()
        ways = ["apply", "--to", "both"]
        # Without a word of where to, it is the one before: of what was cut off, or of what is in force.
        ways += ["rollback"] if left or disk == "new" else []
        match self.random.choice(ways):
            case "apply":
                await self.run(0, where, self.stage.new, "apply")
                await self.is_now("new", where)
            case "--to":
                await self.run(0, where, self.stage.new, "rollback", "--to", self.stage.old_id)
                await self.is_now("old", where)
            case "rollback":
                await self.run(0, where, self.stage.new, "rollback")
                await self.is_now("old", where)
            case _:
                await self._both(where)

    async def is_now(self, disk: str, where: str) -> None:
        """This release is in force, and nothing is left over or left to do."""
        assert await self.disk() == disk, where
        self.stage.write(self.stage.old if disk == "old" else self.stage.new)
        assert await self.stage.run("plan") == 0, where
        assert await self.stage.node.journal() is None, where

    async def back(self) -> None:
        """Bring the old release back, where it is not in force."""
        if await self.disk() == "new":
            await self.stage.back()

    async def _both(self, where: str) -> None:
        """Two engineers at once: one does it, the other does it after them, or is told whose turn it is."""
        back = ("rollback", "--to", self.stage.old_id)
        commands = self.random.choice(((("apply",), ("apply",)), (("apply",), back), (back, back)))
        found = await asyncio.gather(
            *(self.colleague.run(self.stage.new, *command, user=user)
              for user, command in zip(("anna", "petr"), commands, strict=True))
        )  # fmt: skip
        where += f"; then two at once: {found}"
        assert any(code == 0 for code, _ in found), where
        for code, said in found:
            told = "anna on " in said or "petr on " in said or "has moved on to release" in said
            assert code == 0 or (code == 1 and told), where
        disk = await self.disk()
        assert disk == "old" or back != commands[0], where
        assert disk == "new" or back == commands[1], where
        await self.is_now(disk, where)

    async def answer(self, where: str) -> bool:
        """Say whether a release waits to be confirmed, or its way back is owed; after the deadline no word lets it stay,
        and whoever comes next brings the old one back.
        """
        left = await self.stage.node.journal()
        if left is None or not journal.waits(left):
            return False
        await until(lambda: _overdue(left), True)
        if self.random.random() < 0.3:
            await self.run(1, where, self.stage.new, "apply", "--confirm")
        if self.random.random() < 0.3:
            await self.run(0, where, self.stage.new, "rollback")
        else:
            await self.run(1, where, self.stage.new, "apply")
        await self.is_now("old", where)
        return True

    async def confirm(self, where: str) -> None:
        """A word that was cut off was said, or is to be said again; until then the way back is open."""
        left = await self.stage.node.journal()
        if left is not None:
            assert journal.waits(left), where
            if self.random.random() < 0.3:
                await self.run(1, where, self.stage.old, "apply")
                assert await self.stage.node.journal() == left, where
            if self.random.random() < 0.3:
                await self.run(0, where, self.stage.new, "rollback")
                await self.is_now("old", where)
                return
            await self.run(0, where, self.stage.new, "apply", "--confirm")
        assert history.is_confirmed(await self.stage.node.history(), await self.stage.node.folder()), where
        await self.is_now("new", where)


async def _overdue(left: Intent) -> bool:
    return journal.overdue(left, clock.now())
