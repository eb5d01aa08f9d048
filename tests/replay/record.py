"""Records the stories of this folder anew on the lab's Asterisk: `python -m tests.replay.record [STORY…]`.

A story is what happened to whom, in order. Its stream is what the capture account received; `records.json` beside it is
what the tracker made of it when it was recorded, and has been read by a person before it was committed.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from cctoolkit import clock
from cctoolkit.capture.feeder import BACKFILL
from cctoolkit.capture.reading import read
from cctoolkit.cdr.store import FILE_NAME, Store
from cctoolkit.lab.lab import Lab
from cctoolkit.lab.session import PhoneAct
from cctoolkit.lab.street import Street
from cctoolkit.lab.turns import Colleague
from cctoolkit.workflow import fleet, overrides, records, specs, switch
from tests.live import exchange
from tests.live.colleagues import reachable
from tests.live.conftest import ROSTER

HERE = Path(__file__).parent
PROJECT = "northwind-hotline"
NUMBER = "+78001002030"
AGENTS = ("ivanova", "petrov")
COLLEAGUES = (Colleague("21", "novikov"), Colleague("22", "mikhailova", "never"))


async def answered(street: Street) -> None:
    await street.agent_dials("ivanova", "*11")
    await asyncio.sleep(1)
    await street.set_phone("ivanova", answer_after=0.5, talk=1)
    await street.place_call(NUMBER, caller="+79160000001", keys=[(0.5, "1")])
    await asyncio.sleep(5)
    await street.agent_dials("ivanova", "*13")
    await asyncio.sleep(1)


async def given_up(street: Street) -> None:
    await street.agent_dials("ivanova", "*11")
    await asyncio.sleep(1)
    await street.set_phone("ivanova", answers=False)
    await street.place_call(NUMBER, caller="+79160000002", keys=[(0.5, "1")], hang_up_after=3)
    await asyncio.sleep(4)


async def nobody(street: Street) -> None:
    await street.place_call(NUMBER, caller="+79160000003", keys=[(0.5, "1")])
    await asyncio.sleep(4)


async def misses_then_next(street: Street) -> None:
    for agent in AGENTS:
        await street.agent_dials(agent, "*11")
    await asyncio.sleep(1)
    await street.set_phone("ivanova", answers="busy")
    await street.set_phone("petrov", answer_after=0.5, talk=0)
    await street.place_call(NUMBER, caller="+79160000004", keys=[(0.5, "1")], hang_up_after=8)
    await asyncio.sleep(10)


async def wrong_keys(street: Street) -> None:
    await street.place_call(NUMBER, caller="", keys=[(0.3, "7"), (4.5, "9")])
    await asyncio.sleep(9)


async def held(street: Street) -> None:
    await street.agent_dials("ivanova", "*11")
    await asyncio.sleep(1)
    await street.set_phone("ivanova", answer_after=0.5, hold_after=0.6, hold=1, talk=0.5)
    await street.place_call(NUMBER, caller="+79160000006", keys=[(0.5, "1")])
    await asyncio.sleep(5)
    await street.agent_dials("ivanova", "*13")
    await asyncio.sleep(1)


async def left_on_hold(street: Street) -> None:
    await street.agent_dials("ivanova", "*11")
    await asyncio.sleep(1)
    await street.set_phone("ivanova", answer_after=0.5, hold_after=0.6, hold=20)
    await street.place_call(NUMBER, caller="+79160000007", keys=[(0.5, "1")], hang_up_after=5)
    await asyncio.sleep(7)


async def sent_on(street: Street) -> None:
    """To one who answers, and to one who does not."""
    await street.agent_dials("ivanova", "*11")
    await asyncio.sleep(1)
    async with street.session() as session:
        await session.set_phone("novikov", PhoneAct("answer", 0.4, 1))
        await session.set_phone("mikhailova", PhoneAct("never"))
        for to in COLLEAGUES:
            await session.set_phone("ivanova", PhoneAct("answer", 0.5, refer=to.number, refer_after=0.5))
            await street.place_call(NUMBER, caller=f"+79160000{to.number}", keys=[(0.5, "1")])
            await asyncio.sleep(6)
            await street.agent_dials("ivanova", "*13")
            await asyncio.sleep(1)


async def asks_and_sends(street: Street) -> None:
    """To one who answers; and where nobody does it takes the caller back."""
    await street.agent_dials("ivanova", "*11")
    await asyncio.sleep(1)
    async with street.session() as session:
        await session.set_phone("novikov", PhoneAct("answer", 0.4, 2))
        await session.set_phone("mikhailova", PhoneAct("never"))
        for to in COLLEAGUES:
            began = clock.now()
            act = PhoneAct("answer", 0.5, 0.5, refer=to.number, refer_after=0.5, asks=True)
            await session.set_phone("ivanova", act)
            await street.place_call(NUMBER, caller=f"+79160000{to.number}", keys=[(0.5, "1")])
            asks = await street.wait_for(lambda event: event.name == "asks", since=began)
            await session.asks("ivanova", to.number, asks.channel, 0.5)
            await asyncio.sleep(7)
            await street.agent_dials("ivanova", "*13")
            await asyncio.sleep(1)


STORIES: dict[str, Callable[[Street], Awaitable[None]]] = {
    "queue/answered-agent-hangs-up-then-ready": answered,
    "queue/caller-gives-up-while-it-rings": given_up,
    "queue/nobody-logged-in": nobody,
    "queue/first-agent-busy-second-answers-caller-hangs-up": misses_then_next,
    "hold/agent-holds-and-takes-the-caller-back": held,
    "hold/caller-hangs-up-on-hold": left_on_hold,
    "menu/anonymous-caller-presses-wrong-keys": wrong_keys,
    "transfer/agent-sends-the-caller-on": sent_on,
    "transfer/agent-asks-another-first": asks_and_sends,
}


EXCHANGE: dict[str, exchange.Story] = {
    "exchange/phone-hangs-up-after-a-hold": exchange.plain,
    "exchange/phone-asks-another-and-joins-both": exchange.attended,
    "exchange/phone-asks-another-and-takes-the-caller-back": exchange.consulted,
    "exchange/phone-joins-while-the-other-rings": exchange.blonde,
    "exchange/phone-sends-the-caller-on": exchange.blind,
    "exchange/phone-sends-the-caller-to-one-who-is-busy": exchange.blind_refused,
    "exchange/phone-joins-by-keys": exchange.attended_by_action,
    "exchange/phone-leaves-by-keys-while-the-other-rings": exchange.blonde_by_keys,
    "exchange/caller-is-redirected": exchange.redirected,
    "exchange/another-phone-picks-up": exchange.picked_up,
    "exchange/two-callers-in-a-room": exchange.conference,
    "exchange/supervisor-barges-in": exchange.barged,
    "exchange/queue-member-joins-to-another": exchange.queued,
    "exchange/caller-leaves-a-plain-queue": exchange.gives_up_in_queue,
    "exchange/caller-joins-two-others": exchange.caller_joins,
    "exchange/caller-sends-the-other-on": exchange.caller_sends_on,
    "exchange/caller-is-parked-and-taken-back": exchange.parked,
    "exchange/phone-behind-a-local-channel-rings-out": exchange.rings_out,
    "exchange/click-calls-two": exchange.placed,
    "exchange/click-calls-one-who-is-busy": exchange.placed_to_one_who_is_busy,
    "exchange/click-is-declined": exchange.placed_and_declined,
    "exchange/click-calls-without-a-local-channel": exchange.placed_directly,
    "exchange/queue-rings-through-local-channels": exchange.queued_to_locals,
    "exchange/queue-times-out": exchange.times_out_in_queue,
    "exchange/phone-sends-the-caller-into-a-room": exchange.sent_into_a_room,
    "exchange/switch-calls-one-into-a-room": exchange.called_into_a_room,
    "agents/member-logs-in-pauses-talks-and-logs-out": exchange.works,
    "agents/agent-of-a-queue-logs-in-by-agentlogin": exchange.logs_in,
}


async def tell(lab: Lab, loaded: specs.LoadedSite, name: str, folder: Path) -> None:
    """Let one story happen while it is captured, and keep its stream and records."""
    await lab.street.wait_registered([*AGENTS, *(one.agent for one in COLLEAGUES)])
    await keep(loaded, name, folder, STORIES[name](lab.street))
    for agent in AGENTS:
        await lab.street.agent_dials(agent, "*12")
    await asyncio.sleep(1)


async def keep(loaded: specs.LoadedSite, name: str, folder: Path, story: Awaitable[None]) -> None:
    """Capture while a story happens, and keep what came of it."""
    stop, reading = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(records.capture(loaded, folder, stop, print, reading))
    await reading.wait()
    await story
    stop.set()
    await task
    target = HERE / name
    target.mkdir(parents=True, exist_ok=True)
    chunks = (chunk.data for chunk in read(folder / "journal" / "n1"))
    (target / "stream.ami").write_bytes(b"".join(data for data in chunks if not data.startswith(BACKFILL)))
    with Store.read(folder / FILE_NAME) as store:
        found = {"calls": list(store.calls()), "states": list(store.states())}
    (target / "records.json").write_text(
        json.dumps(msgspec.to_builtins(found), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


async def plain_switch(names: list[str]) -> None:
    """Let the stories of a switch with a dialplan of its own happen."""
    with tempfile.TemporaryDirectory() as root:
        template = Path(root) / "lab.yaml"
        template.write_text(ROSTER, encoding="utf-8")
        with Lab(Path(root) / "lab", template, owned=True) as lab:
            found = exchange.Exchange(lab)
            found.configure()
            loaded = specs.load_site(str(lab.site_file))
            for number, name in enumerate(names):
                async with found.open():
                    await keep(loaded, name, Path(root) / str(number), exchange.happens(found, EXCHANGE[name]))


async def our_line(names: list[str]) -> None:
    """Let the stories of a project's line happen."""
    with (
        tempfile.TemporaryDirectory() as root,
        Lab(Path(root) / "lab", Path("projects/sites/lab.yaml").resolve(), owned=True) as lab,
    ):
        loaded = specs.load_site(str(lab.site_file))
        await fleet.apply_site(await switch.plan_site(loaded), overwrite_edits=False, progress=print)
        project = loaded.projects[0]
        await overrides.set_override(loaded, project, "open", overrides.end(project, "30m"))
        reachable(lab.nodes["n1"], COLLEAGUES)
        for name in names:
            folder = Path(root) / "records"
            shutil.rmtree(folder, ignore_errors=True)
            await tell(lab, loaded, name, folder)


if __name__ == "__main__":
    os.chdir(HERE.parents[1])
    wanted = sys.argv[1:] or [*STORIES, *EXCHANGE]
    for tells, stories in ((our_line, STORIES), (plain_switch, EXCHANGE)):
        if here := [name for name in wanted if name in stories]:
            asyncio.run(tells(here))
