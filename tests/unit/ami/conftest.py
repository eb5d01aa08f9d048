"""A switch made of recorded answers: what Asterisk 22.10.1 said, said again over a real socket."""

import asyncio
import json
from pathlib import Path

import pytest_asyncio

from cctoolkit.ami.client import Account
from cctoolkit.secret import Secret

HERE = Path(__file__).parent
SECRET = "correct-horse"


class FakeSwitch:
    """Listens on loopback; `answers` maps an action (or a command) to what is sent, None to silence."""

    def __init__(self):
        self.answers = json.loads((HERE / "asterisk_22_10_1.json").read_text(encoding="utf-8"))
        self.call = (HERE / "queued_call.ami").read_bytes()
        self.greeting = self.answers["banner"] + "\r\n"
        self.actions = []
        self.connected = asyncio.Event()
        self.gone = asyncio.Event()
        self.writer = None
        self.port = 0
        self.connections = 0

    def account(self, secret=SECRET, port=None):
        return Account("127.0.0.1", port or self.port, "tester", Secret(secret))

    async def serve(self, reader, writer):
        self.connections += 1
        self.writer = writer
        self.connected.set()
        writer.write(self.greeting.encode())
        try:
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                await self.answer([line.split(": ", 1) for line in block.split("\r\n")[:-2]])
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.gone.set()

    async def answer(self, headers):
        self.actions.append(headers)
        fields = dict(headers)
        name = fields["Action"]
        if name == "Login" and fields["Secret"] != SECRET:
            name = "Login refused"
        if f"{name} {fields.get('Command', fields.get('Context', ''))}" in self.answers:
            name = f"{name} {fields.get('Command', fields.get('Context', ''))}"
        text = self.answers.get(name, self.answers["Unknown"])
        if text is not None:
            await self.push(text.replace("{id}", fields["ActionID"]).encode())
        if name == "Logoff" and text is not None:
            self.writer.close()

    async def push(self, data):
        self.writer.write(data)
        await self.writer.drain()

    def names(self):
        return [fields[0][1] for fields in self.actions]


@pytest_asyncio.fixture
async def switch():
    fake = FakeSwitch()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    yield fake
    server.close()
    if fake.writer is not None:
        fake.writer.transport.abort()
        await fake.gone.wait()
    await server.wait_closed()
