"""Messages as the switch leaves them, and a relay that can be told to misbehave, in a thread of its own."""

import asyncio
import email
import email.policy
import os
import struct
import threading
import time
from pathlib import Path

from cctoolkit.lab.mail_sink import MailSink

LINE = "message-left|+79161234567|78001002030|1763800000.000|1763800005.500|2|\n"
NAME = "n1-1763800000.7-1"


def leave(
    spool: Path,
    *,
    name: str = NAME,
    line: str | None = LINE,
    seconds: float = 5.5,
    closed: bool = True,
    age: float = 0,
    step: str = "leave-message",
) -> Path:
    """Leave one message; `closed` False leaves the header as a switch that died leaves it."""
    folder = spool / "cctoolkit/voicemail/northwind-hotline" / step
    folder.mkdir(parents=True, exist_ok=True)
    samples = bytes(range(256)) * (round(seconds * 16000) // 256)
    sizes = (len(samples) + 36, len(samples)) if closed else (36, 0)
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", sizes[0], b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", sizes[1]
    )
    (folder / f"{name}.wav").write_bytes(head + samples)
    if line is not None:
        (folder / f"{name}.txt").write_bytes(line.encode())
    for path in folder.glob(f"{name}.*"):
        os.utime(path, (time.time() - age,) * 2)
    return folder / f"{name}.wav"


class Post(MailSink):
    """A relay; `refuses` is address -> answer, `slow` and `thinks` are seconds before the answer to a letter and an address;
    of a letter that holds `cuts_off` it ends the connection.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.refuses: dict[str, str] = {}
        self.slow, self.thinks = 0.0, 0.0
        self.answer = ""
        self.cuts_off = b""
        self.tls = None
        self.host, self.port = "127.0.0.1", 0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def answer_recipient(self, address):
        await asyncio.sleep(self.thinks)
        return self.refuses.get(address, "250 2.1.5 OK")

    async def take(self, sender, to, letter):
        if self.cuts_off and self.cuts_off in letter:
            raise ConnectionError
        answer = self.answer or await super().take(sender, to, letter)
        await asyncio.sleep(self.slow)
        return answer

    def up(self) -> None:
        async def serve() -> None:
            self._server = await self.serve(self.host, self.port, self.tls)
            self.port = self._server.sockets[0].getsockname()[1]

        asyncio.run_coroutine_threadsafe(serve(), self._loop).result(5)

    def down(self) -> None:
        async def close() -> None:
            if self._server:
                self._server.close()
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)

    def end(self) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def letters(self) -> list[email.message.EmailMessage]:
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(self.folder.glob("*.eml"))
        ]


def attached(letter) -> bytes:
    [part] = letter.iter_attachments()
    return part.get_content()
