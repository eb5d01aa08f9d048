"""A switch whose dialplan is not ours: phones 201 to 204, a group, a queue, a room, pick-ups, transfers, no mark of ours.

It is the lab's node with a configuration by hand; its phones and its carrier are `phone.Phone`.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from cctoolkit.ami.client import Account, Client
from cctoolkit.lab.address import AMI_PORT
from cctoolkit.lab.lab import Lab
from cctoolkit.node.prepare.accounts import Account as NodeAccount
from cctoolkit.node.prepare.accounts import of_all_rights
from cctoolkit.secret import Secret
from tests.live.phone import Dialog, Phone

USERS = ("201", "202", "203", "204")
_SIP = """
[{user}]
type = endpoint
context = office
disallow = all
allow = alaw
direct_media = no
media_address = {node}
bind_rtp_to_media_address = yes
aors = {user}
callerid = "Phone {user}" <{user}>
call_group = 1
pickup_group = 1

[{user}]
type = aor
contact = sip:{user}@{address}:{port}
"""
_TRUNK = """
[global]
type = global
endpoint_identifier_order = username,ip

[trunk]
type = endpoint
context = from-trunk
disallow = all
allow = alaw
direct_media = no
media_address = {node}
bind_rtp_to_media_address = yes
aors = trunk

[trunk]
type = aor
contact = sip:{address}:{port}

[trunk]
type = identify
endpoint = trunk
match = {address}
"""
_DIALPLAN = """
[from-trunk]
exten => _X.,1,Goto(office,201,1)
exten => 74950000005,1,Goto(office,500,1)
exten => 74950000006,1,Goto(office,600,1)
exten => 74950000007,1,Goto(office,700-sales,1)
exten => 74950000008,1,Goto(office,510,1)
exten => 74950000009,1,Goto(office,900,1)

[agents]
exten => 7,1,AgentRequest(7)

[office]
exten => _2XX,1,Dial(PJSIP/${EXTEN},20,tT)
 same => n,Hangup(${HANGUPCAUSE})
exten => 400,1,Dial(Local/202@office/n&Local/203@office/n,20,tT)
exten => 401,1,Dial(Local/203@office/n,2)
exten => 500,1,Answer()
 same => n,Queue(support,tT,,,60)
exten => 700-sales,1,Answer()
 same => n,Queue(sales,tT,,,60)
exten => *41,1,AddQueueMember(sales,PJSIP/${CALLERID(num)},,,${CALLERID(name)},,4)
 same => n,AddQueueMember(after-hours,PJSIP/${CALLERID(num)},,,${CALLERID(name)})
 same => n,Hangup()
exten => *45,1,AgentLogin(7,s)
exten => *42,1,RemoveQueueMember(sales,PJSIP/${CALLERID(num)})
 same => n,RemoveQueueMember(after-hours,PJSIP/${CALLERID(num)})
 same => n,Hangup()
exten => *431,1,PauseQueueMember(,PJSIP/${CALLERID(num)},,lunch)
 same => n,Hangup()
exten => *432,1,PauseQueueMember(sales,PJSIP/${CALLERID(num)},,tea)
 same => n,Hangup()
exten => *44,1,UnpauseQueueMember(,PJSIP/${CALLERID(num)})
 same => n,Hangup()
exten => 510,1,Answer()
 same => n,Queue(locals,tT,,,3)
 same => n,Wait(1)
 same => n,Hangup()
exten => 600,1,Answer()
 same => n,ConfBridge(room)
exten => 900,1,Answer()
 same => n,MixMonitor(call.wav)
 same => n,Dial(PJSIP/202,20,tT)
exten => *8,1,Pickup()
exten => _*8X.,1,Pickup(${EXTEN:2}@office)
exten => _9X.,1,Dial(PJSIP/${EXTEN:1}@trunk,20,tT)
include => parked
exten => spy,1,ChanSpy(PJSIP/202,qB)
"""
_FEATURES = """[general]
transferdigittimeout = 2

[featuremap]
blindxfer = ##
atxfer = *2
"""
_ROOM = "[general]\n\n[default_bridge]\ntype = bridge\n\n[default_user]\ntype = user\nquiet = yes\n"
_PARKING = """[default]
parkext = 700
parkpos = 701-702
context = parked
parkext_exclusive = yes
"""
_CDR = """[general]
enable = yes

[csv]
usegmtime = yes
loguniqueid = yes
loguserfield = yes
newcdrcolumns = yes
"""
_CEL = """[general]
enable = yes
events = CHAN_START,CHAN_END,ANSWER,HANGUP,BRIDGE_ENTER,BRIDGE_EXIT,BLINDTRANSFER,ATTENDEDTRANSFER,PICKUP,PARK_START,PARK_END
"""
_CEL_COLUMNS = """eventtype eventtime CALLERID(name) CALLERID(num) CALLERID(ANI) CALLERID(RDNIS) CALLERID(DNID)
CHANNEL(exten) CHANNEL(context) CHANNEL(channame) CHANNEL(appname) CHANNEL(appdata) CHANNEL(amaflags)
CHANNEL(accountcode) CHANNEL(uniqueid) CHANNEL(linkedid) BRIDGEPEER CHANNEL(userfield) userdeftype eventextra"""
"""As the sample of cel_custom.conf has them; not in a file of its name, which would be found."""
_QUEUES = """[general]

[support]
strategy = ringall
timeout = 15
member => PJSIP/202,0,Anna
member => PJSIP/203,0,Boris

[sales]
strategy = ringall
timeout = 15

[locals]
strategy = ringall
timeout = 2
member => Local/202@office/n,0,Anna,PJSIP/202
member => Local/203@office/n,0,Boris,PJSIP/203

[after-hours]
strategy = ringall
member => Local/7@agents/n,0,Zoe,Agent:7
"""
_AGENTS = "[general]\n\n[7]\nfullname = Zoe\n"


def _cel_mapping() -> str:
    columns = ",".join(f"${{CSV_QUOTE(${{{source}}})}}" for source in _CEL_COLUMNS.split())
    return f"[mappings]\nchannels.csv => {columns}\n"


class Exchange:
    """The switch, its phones by number, and the carrier's line, which calls as +7 916 000-00-01."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.node = lab, lab.nodes["n1"]
        block = self.node.address.rpartition(".")[0]
        self._addresses = {user: (f"{block}.1", 5100 + i) for i, user in enumerate(USERS)}
        self._carrier = (f"{block}.5", 5090)
        self.phones: dict[str, Phone] = {}

    def configure(self) -> None:
        """Write the configuration and start the switch with it."""
        node = self.node.address
        sip = "".join(_SIP.format(user=u, address=a, port=p, node=node) for u, (a, p) in self._addresses.items())
        self._append("pjsip.conf", sip + _TRUNK.format(address=self._carrier[0], port=self._carrier[1], node=node))
        self._append("extensions.conf", _DIALPLAN)
        self._append("manager.conf", of_all_rights(NodeAccount("office", Secret("office"))))
        modules = self.node.config / "modules.conf"
        text = modules.read_text()
        for one in ("res_parking", "app_agent_pool", "cdr_csv", "cel_custom"):
            text = text.replace(f"noload = {one}.so\n", "")
        modules.write_text(text)
        records = self.node.folder / "log/cdr-csv"
        records.mkdir()
        os.chown(records, self.node.installation.uid, self.node.installation.gid)
        for name, text in (
            ("features.conf", _FEATURES),
            ("queues.conf", _QUEUES),
            ("agents.conf", _AGENTS),
            ("res_parking.conf", _PARKING),
            ("confbridge.conf", _ROOM),
            ("cdr.conf", _CDR),
            ("cel.conf", _CEL),
            ("cel_custom.conf", _cel_mapping()),
        ):
            (self.node.config / name).write_text(text)
        self.node.restart()

    def _append(self, name: str, text: str) -> None:
        path = self.node.config / name
        path.write_text(path.read_text() + text)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Let the phones, the carrier's line and an AMI client be there."""
        for user, (address, port) in self._addresses.items():
            self.phones[user] = await Phone(user, address, port, self.node.address).starts()
        self.line = await Phone("79160000001", *self._carrier, self.node.address).starts()
        account = Account(self.node.address, AMI_PORT, "office", Secret("office"))
        async with Client.connect(account) as client:
            self.ami = client
            try:
                yield
            finally:
                for phone in (*self.phones.values(), self.line):
                    phone.closes()

    async def call(self, number: str = "74950000001", *, user: str = "") -> Dialog:
        """Let the carrier's line, or a phone, call."""
        return await (self.phones[user] if user else self.line).calls(number)

    async def talk(self, *endpoints: str) -> None:
        """Wait until these endpoints hear each other: in one bridge, or in several with Local channels between them."""
        async with asyncio.timeout(15):
            while not _together(await self._channels(), endpoints):
                await asyncio.sleep(0.05)

    async def alone(self) -> None:
        """Wait until the switch has no channel."""
        async with asyncio.timeout(20):
            while await self._channels():
                await asyncio.sleep(0.05)

    async def channel(self, endpoint: str) -> str:
        """Return the name of an endpoint's channel."""
        names = [entry.get("Channel") for entry in await self.ami.listing("CoreShowChannels")]
        return next(name for name in names if name.startswith(f"PJSIP/{endpoint}-"))

    async def press(self, endpoint: str, keys: str) -> None:
        """Let a phone press keys, as if they had come with its sound."""
        name = await self.channel(endpoint)
        for key in keys:
            await self.ami.action("PlayDTMF", {"Channel": name, "Digit": key, "Receive": "true"})
            await asyncio.sleep(0.15)  # a key takes its time

    async def held(self, phone: Dialog) -> None:
        """Wait until the switch has answered the phone's re-INVITE, so it knows of the hold, or of its end."""
        await phone.agreed()

    async def _channels(self) -> list[tuple[str, str]]:
        """Return (name, bridge) of every channel."""
        found = await self.ami.listing("CoreShowChannels")
        return [(e.get("Channel"), e.get("BridgeId")) for e in found if e.event == "CoreShowChannel"]


def _together(channels: list[tuple[str, str]], endpoints: tuple[str, ...]) -> bool:
    heard: set[str] = set()
    grown = {name for name, bridge in channels if bridge and name.startswith(f"PJSIP/{endpoints[0]}-")}
    while grown != heard:
        heard = grown
        bridges = {bridge for name, bridge in channels if name in heard}
        halves = {name[:-2] for name in heard if name.startswith("Local/")}
        grown = heard | {name for name, bridge in channels if bridge and (bridge in bridges or name[:-2] in halves)}
    return all(any(name.startswith(f"PJSIP/{one}-") for name in heard) for one in endpoints)


async def put_through(x: Exchange, user: str = "201", number: str = "74950000001") -> tuple[Dialog, Dialog]:
    """Let the line call and a phone answer; return both ends."""
    call = await x.call(number)
    answered = await x.phones[user].rung()
    await x.talk("trunk", user)
    return call, answered


async def plain(x: Exchange) -> None:
    """The called phone holds, and hangs up."""
    _, phone = await put_through(x)
    x.phones["201"].holds(phone)
    await x.held(phone)
    await x.phones["201"].hangs_up(phone)


async def busy(x: Exchange) -> None:
    """The phone is busy."""
    x.phones["201"].answers = "busy"
    await (await x.call()).until("refused")


async def given_up(x: Exchange) -> None:
    """The caller gives up while it rings."""
    x.phones["201"].answers = "ring"
    call = await (await x.call()).until("ringing")
    await x.phones["201"].rung()
    await x.line.hangs_up(call)


async def asks_and_joins(x: Exchange, user: str, phone: Dialog, other: str) -> None:
    """A phone holds its caller, asks another by a call of its own, and joins both (REFER with Replaces)."""
    x.phones[user].holds(phone)
    await x.held(phone)
    asked = await (await x.call(other, user=user)).until("up")
    await x.talk(other)
    x.phones[user].refers_to(phone, asked)
    await phone.until("over")
    await x.talk("trunk", other)


async def attended(x: Exchange) -> None:
    """The phone asks 202, by a call of its own, and joins both (REFER with Replaces)."""
    call, phone = await put_through(x)
    await asks_and_joins(x, "201", phone, "202")
    await x.line.hangs_up(call)


async def consulted(x: Exchange) -> None:
    """The phone asks 202, and takes the caller back."""
    call, phone = await put_through(x)
    x.phones["201"].holds(phone)
    await x.held(phone)
    asked = await (await x.call("202", user="201")).until("up")
    await x.talk("202")
    await x.phones["201"].hangs_up(asked)
    x.phones["201"].holds(phone, on=False)
    await x.held(phone)
    await x.line.hangs_up(call)


async def blonde(x: Exchange) -> None:
    """The phone joins the caller to 202 while that still rings (REFER with Replaces)."""
    call, phone = await put_through(x)
    x.phones["201"].holds(phone)
    await x.held(phone)
    x.phones["202"].answers = "ring"
    asked = await (await x.call("202", user="201")).until("ringing")
    rings = await x.phones["202"].rung()
    x.phones["201"].refers_to(phone, asked)
    await phone.until("over")
    x.phones["202"].takes(rings)
    await x.talk("trunk", "202")
    await x.line.hangs_up(call)


async def blind(x: Exchange) -> None:
    """The phone sends the caller to 203 (REFER)."""
    call, phone = await put_through(x)
    x.phones["201"].refers(phone, "203")
    await x.talk("trunk", "203")
    await x.line.hangs_up(call)


async def blind_refused(x: Exchange) -> None:
    """The phone sends the caller to 203, which is busy."""
    call, phone = await put_through(x)
    x.phones["203"].answers = "busy"
    x.phones["201"].refers(phone, "203")
    await call.until("over")


async def blind_by_keys(x: Exchange) -> None:
    """The phone presses ## and 203."""
    call, _ = await put_through(x)
    await x.press("201", "##203")
    await x.talk("trunk", "203")
    await x.line.hangs_up(call)


async def attended_by_action(x: Exchange) -> None:
    """AMI has the phone ask 203, and the phone hangs up."""
    call, phone = await put_through(x)
    await x.ami.action("Atxfer", {"Channel": await x.channel("201"), "Exten": "203", "Context": "office"})
    await x.talk("203")
    await x.phones["201"].hangs_up(phone)
    await x.talk("trunk", "203")
    await x.line.hangs_up(call)


async def blonde_by_keys(x: Exchange) -> None:
    """The phone presses *2 and 203, and hangs up while that rings. Recorded, and in no test's life: Asterisk 22.10.1
    falls over (bridge_basic.c, state "Blond Non-Final") now and then where 203 answers in that very moment.
    """
    call, phone = await put_through(x)
    x.phones["203"].answers = "ring"
    await x.press("201", "*2203")
    rings = await x.phones["203"].rung()
    await x.phones["201"].hangs_up(phone)
    x.phones["203"].takes(rings)
    await x.talk("trunk", "203")
    await x.line.hangs_up(call)


async def redirected(x: Exchange) -> None:
    """AMI sends the caller's channel to 203."""
    call, _ = await put_through(x)
    where = {"Channel": await x.channel("trunk"), "Context": "office", "Exten": "203", "Priority": "1"}
    await x.ami.action("Redirect", where)
    await x.talk("trunk", "203")
    await x.line.hangs_up(call)


async def picked_up(x: Exchange, code: str = "*8") -> None:
    """204 picks up what rings in its group."""
    x.phones["201"].answers = "ring"
    call = await x.call()
    await x.phones["201"].rung()
    picks = await x.call(code, user="204")
    await picks.until("up")
    await x.talk("trunk", "204")
    await x.phones["204"].hangs_up(picks)
    await call.until("over")


async def picked_up_by_number(x: Exchange) -> None:
    """204 picks up what rings at 201."""
    await picked_up(x, "*8201")


async def conference(x: Exchange) -> None:
    """The caller and 203 meet in a room; 204 listens in to 203."""
    call = await (await x.call("74950000006")).until("up")
    other = await (await x.call("600", user="203")).until("up")
    await x.talk("trunk", "203")
    await x.line.hangs_up(call)
    await x.phones["203"].hangs_up(other)


async def barged(x: Exchange) -> None:
    """204 barges into the talk of the caller and 202."""
    call, _ = await put_through(x, "202", "74950000009")
    barges = await (await x.call("spy", user="204")).until("up")
    await x.line.hangs_up(call)
    await x.phones["204"].hangs_up(barges)


async def queued(x: Exchange) -> None:
    """A plain queue rings two members; one answers, holds, and asks 204, and joins both."""
    x.phones["203"].answers = "ring"
    call = await x.call("74950000005")
    phone = await x.phones["202"].rung()
    await x.talk("trunk", "202")
    await asks_and_joins(x, "202", phone, "204")
    await x.line.hangs_up(call)


async def gives_up_in_queue(x: Exchange) -> None:
    """The caller leaves a plain queue while both members ring."""
    x.phones["202"].answers = x.phones["203"].answers = "ring"
    call = await x.call("74950000005")
    await x.phones["202"].rung()
    await x.line.hangs_up(await call.until("up"))


async def group(x: Exchange) -> None:
    """204 rings two phones through Local channels; one answers."""
    x.phones["203"].answers = "ring"
    call = await (await x.call("400", user="204")).until("up")
    await x.talk("204", "202")
    await x.phones["204"].hangs_up(call)


async def parked(x: Exchange) -> None:
    """The phone sends the caller to the car park, and 203 takes them back."""
    call, phone = await put_through(x)
    x.phones["201"].refers(phone, "700")
    await phone.until("over")
    await x.talk("trunk")
    takes = await (await x.call("701", user="203")).until("up")
    await x.talk("trunk", "203")
    await x.phones["203"].hangs_up(takes)
    await call.until("over")


async def caller_joins(x: Exchange) -> None:
    """201 calls 202, asks 203, and joins both: who called is gone, and the call goes on."""
    call = await (await x.call("202", user="201")).until("up")
    other = await x.phones["202"].rung()
    await x.talk("201", "202")
    asked = await (await x.call("203", user="201")).until("up")
    await x.talk("203")
    x.phones["201"].refers_to(call, asked)
    await call.until("over")
    await x.talk("202", "203")
    await x.phones["202"].hangs_up(other)


async def caller_sends_on(x: Exchange) -> None:
    """201 calls 202 and sends it to 203."""
    call = await (await x.call("202", user="201")).until("up")
    other = await x.phones["202"].rung()
    await x.talk("201", "202")
    x.phones["201"].refers(call, "203")
    await x.talk("202", "203")
    await x.phones["202"].hangs_up(other)


async def rings_out(x: Exchange) -> None:
    """204 rings 203 through a Local channel, for two seconds."""
    x.phones["203"].answers = "ring"
    await (await x.call("401", user="204")).until("refused")


async def told_to_call(x: Exchange, user: str, **goes_on: str) -> None:
    """AMI has the switch call a phone, through a Local channel, and go on with it."""
    await x.ami.action("Originate", {"Channel": f"Local/{user}@office/n", "Async": "true", **goes_on})


async def placed(x: Exchange) -> None:
    """A click: 201 is rung, then 202, which hangs up."""
    await told_to_call(x, "201", Context="office", Exten="202", Priority="1")
    other = await x.phones["202"].rung()
    await x.talk("201", "202")
    await x.phones["202"].hangs_up(other)


async def placed_to_one_who_is_busy(x: Exchange) -> None:
    """A click: 201 answers, and 202 is busy."""
    x.phones["202"].answers = "busy"
    await told_to_call(x, "201", Context="office", Exten="202", Priority="1")
    await (await x.phones["201"].rung()).until("over")


async def placed_and_declined(x: Exchange) -> None:
    """A click: 201 is busy, and 202 is never rung."""
    x.phones["201"].answers = "busy"
    await told_to_call(x, "201", Context="office", Exten="202", Priority="1")
    await x.phones["201"].rung()


async def placed_directly(x: Exchange) -> None:
    """A click, by no Local channel, that shows 555: 201 is rung, then 202, which hangs up."""
    order = {"Channel": "PJSIP/201", "Context": "office", "Exten": "202", "Priority": "1", "CallerID": "Click <555>"}
    await x.ami.action("Originate", {**order, "Async": "true"})
    other = await x.phones["202"].rung()
    await x.talk("201", "202")
    await x.phones["202"].hangs_up(other)


async def queued_to_locals(x: Exchange) -> None:
    """A queue rings two members through Local channels; one answers, and hangs up."""
    x.phones["203"].answers = "ring"
    await x.call("74950000008")
    phone = await x.phones["202"].rung()
    await x.phones["203"].rung()
    await x.talk("trunk", "202")
    await x.phones["202"].hangs_up(phone)


async def times_out_in_queue(x: Exchange) -> None:
    """Nobody of a queue answers, and the dialplan goes on."""
    x.phones["202"].answers = x.phones["203"].answers = "ring"
    await (await x.call("74950000008")).until("over")


async def sent_into_a_room(x: Exchange) -> None:
    """The phone sends the caller into the room in which 203 is; the caller leaves it."""
    call, phone = await put_through(x)
    other = await (await x.call("600", user="203")).until("up")
    x.phones["201"].refers(phone, "600")
    await x.talk("trunk", "203")
    await x.line.hangs_up(call)
    await x.phones["203"].hangs_up(other)


async def called_into_a_room(x: Exchange) -> None:
    """The switch calls 203 into the room in which the caller is."""
    call = await (await x.call("74950000006")).until("up")
    await told_to_call(x, "203", Application="ConfBridge", Data="room")
    other = await x.phones["203"].rung()
    await x.talk("trunk", "203")
    await x.phones["203"].hangs_up(other)
    await x.line.hangs_up(call)


async def dials(x: Exchange, user: str, code: str) -> None:
    """Let a phone dial a code of the switch's own, and wait until it is done."""
    await (await x.call(code, user=user)).until("over", "refused")


async def sells(x: Exchange) -> None:
    """A call of the queue that 204 has logged in to, which 204 answers and hangs up."""
    await x.call("74950000007")
    phone = await x.phones["204"].rung()
    await x.talk("trunk", "204")
    await x.phones["204"].hangs_up(phone)
    await x.alone()


async def logs_in(x: Exchange) -> None:
    """Who is at 203 logs in as agent 7 by AgentLogin, and hangs up."""
    call = await (await x.call("*45", user="203")).until("up")
    async with asyncio.timeout(10):
        while not re.search("Zoe .*Not in use", x.node.cli("queue show after-hours")):
            await asyncio.sleep(0.05)
    await x.phones["203"].hangs_up(call)


async def works(x: Exchange) -> None:
    """204 logs in to two plain queues, pauses in both for lunch, in one for tea, takes a call, and logs out."""
    for code in ("*41", "*431", "*432", "*44"):
        await dials(x, "204", code)
    await sells(x)
    await dials(x, "204", "*42")


Story = Callable[[Exchange], Awaitable[None]]
STORIES: tuple[Story, ...] = (
    plain, busy, given_up, attended, consulted, blonde, blind, blind_refused, blind_by_keys, attended_by_action,
    redirected, picked_up, picked_up_by_number, conference, barged, queued, gives_up_in_queue, group, parked,
    caller_joins, caller_sends_on, rings_out, placed, placed_to_one_who_is_busy, placed_and_declined, placed_directly,
    queued_to_locals, times_out_in_queue, sent_into_a_room, called_into_a_room,
)  # fmt: skip


async def happens(x: Exchange, story: Story) -> None:
    """Let a story happen from a quiet switch to a quiet switch, its phones as they were."""
    for phone in x.phones.values():
        phone.forgets()
    await story(x)
    await x.alone()
