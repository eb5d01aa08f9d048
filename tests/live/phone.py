"""A SIP phone: real signalling over UDP, no sound. It calls, answers, holds, and transfers as desk phones do.

What Asterisk's own phones of the street cannot do is here: REFER, with Replaces and without, and a second call beside
the first. RFC 3261, 3515 (REFER), 3891 (Replaces).
"""

import asyncio
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_COUNT = itertools.count(1)
_TAG = re.compile(r";tag=([^;>\s]+)")
_URI = re.compile(r"<?(sip:[^>;\s]+)")


@dataclass
class Dialog:
    """One call of the phone, whoever began it."""

    id: str
    local: str
    remote: str
    target: str
    number: int = 100
    invite: dict[str, str] = field(default_factory=dict)
    state: str = "new"
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    answered: int = 0
    """The number of the newest request of ours that the switch has agreed to."""

    def set(self, state: str) -> None:
        self.state = state
        self.changed.set()

    async def until(self, *states: str) -> "Dialog":
        """Wait until the call is so: ringing, up, refused or over."""
        async with asyncio.timeout(15):
            while self.state not in states:
                self.changed.clear()
                await self.changed.wait()
        return self

    async def agreed(self) -> None:
        """Wait until the switch has agreed to the newest request."""
        async with asyncio.timeout(15):
            while self.answered < self.number:
                self.changed.clear()
                await self.changed.wait()


class Phone(asyncio.DatagramProtocol):
    """The phone of `user`; `answers` says what it does when it is called: "answer", "ring" or "busy"."""

    def __init__(self, user: str, address: str, port: int, node: str) -> None:
        self.user, self.address, self.port, self.node = user, address, port, node
        self.answers = "answer"
        self.dialogs: dict[str, Dialog] = {}
        self._came: asyncio.Queue[Dialog] = asyncio.Queue()

    async def starts(self) -> "Phone":
        loop = asyncio.get_running_loop()
        self._wire, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.address, self.port))
        return self

    def closes(self) -> None:
        self._wire.close()

    def forgets(self) -> None:
        """Begin anew: no call, and the next one is answered."""
        self.dialogs.clear()
        self.answers = "answer"
        while not self._came.empty():
            self._came.get_nowait()

    async def rung(self) -> Dialog:
        """Wait for the next call that comes."""
        async with asyncio.timeout(15):
            return await self._came.get()

    async def calls(self, number: str) -> Dialog:
        """Call a number; the call may be anything yet."""
        id_ = f"{next(_COUNT)}-{self.user}@{self.address}"
        local = f"<sip:{self.user}@{self.address}:{self.port}>;tag=l{next(_COUNT)}"
        target = f"sip:{number}@{self.node}"
        dialog = self.dialogs[id_] = Dialog(id_, local, f"<{target}>", target)
        self._request(dialog, "INVITE", self._sdp("sendrecv"))
        return dialog

    def takes(self, dialog: Dialog) -> None:
        """Answer a call that rings."""
        self._reply(dialog.invite, "200 OK", dialog, self._sdp("sendrecv"))
        dialog.set("up")

    def holds(self, dialog: Dialog, *, on: bool = True) -> None:
        self._request(dialog, "INVITE", self._sdp("sendonly" if on else "sendrecv"))

    async def hangs_up(self, dialog: Dialog) -> None:
        if dialog.state == "up":
            self._request(dialog, "BYE")
        elif dialog.state in ("new", "ringing"):
            self._request(dialog, "CANCEL", again=True)
        await dialog.until("over", "refused")

    def refers(self, dialog: Dialog, number: str) -> None:
        """Transfer the other side to a number, and ask nobody."""
        self._request(dialog, "REFER", more=[f"Refer-To: <sip:{number}@{self.node}>"])

    def refers_to(self, dialog: Dialog, other: Dialog) -> None:
        """Transfer the other side of one call to that of another."""
        theirs, mine = _TAG.search(other.remote), _TAG.search(other.local)
        replaces = f"{other.id};to-tag={theirs[1] if theirs else ''};from-tag={mine[1] if mine else ''}"
        escaped = replaces.replace("@", "%40").replace(";", "%3B").replace("=", "%3D")
        self._request(dialog, "REFER", more=[f"Refer-To: <{_URI.search(other.target)[1]}?Replaces={escaped}>"])

    def _sdp(self, direction: str) -> str:
        return "\r\n".join(
            ["v=0", f"o=- 1 {next(_COUNT)} IN IP4 {self.address}", "s=-", f"c=IN IP4 {self.address}", "t=0 0",
             f"m=audio {20000 + self.port % 1000 * 2} RTP/AVP 8", "a=rtpmap:8 PCMA/8000", f"a={direction}", ""]
        )  # fmt: skip

    def _request(
        self, dialog: Dialog, method: str, body: str = "", more: Sequence[str] = (), *, again: bool = False
    ) -> None:
        if not again:
            dialog.number += 1
        branch = f"z9hG4bK{dialog.id}{dialog.number}".replace("@", "")
        rows = [
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address}:{self.port};branch={branch if method != 'ACK' else branch + 'a'};rport",
            "Max-Forwards: 70", f"From: {dialog.local}", f"To: {dialog.remote}", f"Call-ID: {dialog.id}",
            f"CSeq: {dialog.number} {method}", f"Contact: <sip:{self.user}@{self.address}:{self.port}>", *more,
        ]  # fmt: skip
        self._send(rows, body)

    def _reply(self, request: dict[str, str], status: str, dialog: Dialog | None = None, body: str = "") -> None:
        to = dialog.local if dialog else request["to"]
        rows = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request["via"].split("\n"))]
        rows += [f"From: {request['from']}", f"To: {to}", f"Call-ID: {request['call-id']}", f"CSeq: {request['cseq']}"]
        rows.append(f"Contact: <sip:{self.user}@{self.address}:{self.port}>")
        self._send(rows, body)

    def _send(self, rows: list[str], body: str) -> None:
        if body:
            rows.append("Content-Type: application/sdp")
        text = "\r\n".join([*rows, f"Content-Length: {len(body)}", "", body])
        self._wire.sendto(text.encode(), (self.node, 5060))

    def datagram_received(self, data: bytes, _address: tuple[str, int]) -> None:
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        first, *rows = head.split("\r\n")
        headers: dict[str, str] = {}
        for row in rows:
            name, _, value = row.partition(":")
            key = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact"}.get(name.lower(), name.lower())
            headers[key] = f"{headers[key]}\n{value.strip()}" if key in headers else value.strip()
        dialog = self.dialogs.get(headers.get("call-id", ""))
        if first.startswith("SIP/2.0"):
            if dialog:
                self._replied(dialog, int(first.split()[1]), headers)
        else:
            self._asked(first.split()[0], dialog, headers, body)

    def _replied(self, dialog: Dialog, status: int, headers: dict[str, str]) -> None:
        if not headers["cseq"].endswith("INVITE"):
            if headers["cseq"].endswith("BYE"):
                dialog.set("over")
            return
        if 100 < status < 200:
            dialog.remote = headers["to"]
            dialog.set("ringing")
        elif status >= 200:
            dialog.answered = int(headers["cseq"].split()[0])
            dialog.remote = headers["to"]
            if status < 300 and "contact" in headers:
                dialog.target = _URI.search(headers["contact"])[1]
            self._request(dialog, "ACK", again=True)
            dialog.set("up" if status < 300 else "refused")

    def _asked(self, method: str, dialog: Dialog | None, headers: dict[str, str], body: str) -> None:
        if method == "INVITE" and dialog is None:
            self._is_called(headers)
        elif method == "INVITE":
            self._reply(headers, "200 OK", None, self._sdp("sendrecv"))
        elif method == "CANCEL" and dialog:
            self._reply(headers, "200 OK")
            self._reply(dialog.invite, "487 Request Terminated", dialog)
            dialog.set("over")
        elif method != "ACK":
            self._reply(headers, "200 OK")
            if method == "BYE" and dialog:
                dialog.set("over")
            elif method == "NOTIFY" and dialog and body.startswith("SIP/2.0 2") and dialog.state == "up":
                # Transferred: the phone lets go of its own call.
                self._request(dialog, "BYE")

    def _is_called(self, headers: dict[str, str]) -> None:
        local = f"{headers['to']};tag=l{next(_COUNT)}"
        target = _URI.search(headers["contact"])[1]
        dialog = Dialog(headers["call-id"], local, headers["from"], target, invite=headers)
        self.dialogs[dialog.id] = dialog
        if self.answers == "busy":
            self._reply(headers, "486 Busy Here", dialog)
            dialog.set("refused")
        else:
            self._reply(headers, "180 Ringing", dialog)
            dialog.set("ringing")
            if self.answers == "answer":
                self.takes(dialog)
        self._came.put_nowait(dialog)
