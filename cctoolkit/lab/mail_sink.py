"""A mail relay that keeps what it gets, each letter a file. Of RFC 5321 what senders of letters need.

A program of its own, with nothing but the standard library: python mail_sink.py ADDRESS PORT FOLDER.
"""

import asyncio
import os
import ssl
import sys
import time
from pathlib import Path

_MOST_LINE = 4096
_MOST_BYTES = 10_240_000  # what Postfix takes unless told otherwise


class MailSink:
    """Takes letters into `folder`; the recipients' and the sender's addresses stand on top of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    async def serve(self, address: str, port: int, tls: ssl.SSLContext | None = None) -> asyncio.Server:
        """Listen; the server it returns is listening already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return await asyncio.start_server(self._session, address, port, limit=_MOST_LINE, ssl=tls)

    async def answer_recipient(self, address: str) -> str:  # noqa: ARG002 - for those who refuse
        """Return the answer to RCPT."""
        return "250 2.1.5 OK"

    async def take(self, sender: str, to: list[str], letter: bytes) -> str:
        """Keep a letter, on the disk when this returns, and return the answer."""
        self._count += 1
        head = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {', '.join(to)}\r\n".encode()
        path = self.folder / f"{time.time_ns()}-{self._count}.eml"
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(head + letter)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
        return "250 2.0.0 kept"

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass  # the other side went, or sends no SMTP: nothing was taken
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())
            await writer.drain()

        sender, to = "", list[str]()
        await say("220 lab ESMTP")
        while line := (await reader.readline()).decode("utf-8", "replace").strip():
            verb, rest = line[:4].upper(), line.partition(":")[2]
            if verb == "QUIT":
                await say("221 2.0.0 bye")
                return
            if verb == "MAIL":
                sender, to = _address(rest), []
                await say("250 2.1.0 OK")
            elif verb == "RCPT":
                answer = await self.answer_recipient(_address(rest))
                if answer.startswith("250"):
                    to.append(_address(rest))
                await say(answer)
            elif verb == "DATA" and to:
                await say("354 go on")
                await say(await self.take(sender, to, await _data(reader)))
            elif verb in ("EHLO", "HELO", "RSET", "NOOP"):
                sender, to = "", []
                await say("250 lab")
            else:
                await say("503 5.5.1 not now")


def _address(text: str) -> str:
    return text.partition("<")[2].partition(">")[0]


async def _data(reader: asyncio.StreamReader) -> bytes:
    """Read a letter to the line with a dot (RFC 5321, 4.5.2)."""
    found, size = [], 0
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            raise ConnectionError
        size += len(line)
        if size > _MOST_BYTES:
            raise ValueError
        found.append(line.removeprefix(b"."))
    return b"".join(found)


async def _main(address: str, port: str, folder: str) -> None:
    server = await MailSink(Path(folder)).serve(address, int(port))
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
