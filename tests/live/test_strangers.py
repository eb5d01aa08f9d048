"""Who is let in: an INVITE from an address nobody knows, whatever name it gives itself."""

import asyncio
import re
import socket
from itertools import permutations, product

import pytest

pytestmark = pytest.mark.live

NUMBER = "78001002030"
PROJECT = "northwind-hotline"
_INVITE = (
    "INVITE sip:{to}@{node} SIP/2.0",
    "Via: SIP/2.0/UDP {here};branch=z9hG4bK{branch};rport",
    "Max-Forwards: 70",
    "From: <sip:{name}@{host}>;tag=stranger",
    "To: <sip:{to}@{node}>",
    "Call-ID: {branch}@{host}",
    "CSeq: 1 INVITE",
    "Contact: <sip:{name}@{here}>",
    "Content-Type: application/sdp",
    "Content-Length: {length}",
)
_TRUNK = """
[{name}]
type = endpoint
context = {context}
allow = alaw
media_address = {node}
bind_rtp_to_media_address = yes
identify_by = ip

[{name}]
type = identify
endpoint = {name}
match = {host}/{bits}
"""
_OFFER = "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 19000 RTP/AVP 8\r\n"


def invite(line, name: str, to: str, *, host: str = "") -> list[int]:
    """Send one INVITE from an address that is nobody's (or `host`'s, another port) and return the answers' codes."""
    node = line.lab.nodes["n1"].address
    host = host or node.rsplit(".", 1)[0] + ".99"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((host, 0))
        wire.settimeout(3)
        here = f"{host}:{wire.getsockname()[1]}"
        offer = _OFFER.format(host=host)
        about = {"to": to, "node": node, "name": name, "host": host, "here": here, "branch": f"{name}{here[-5:]}"}
        head = "\r\n".join(_INVITE).format(**about, length=len(offer))
        wire.sendto(f"{head}\r\n\r\n{offer}".encode(), (node, 5060))
        codes = []
        while not codes or codes[-1] < 200:
            answer = wire.recv(4096).decode()
            codes.append(int(re.match(r"SIP/2\.0 ([0-9]{3}) ", answer)[1]))
        tag = re.search(r"^To:.*$", answer, re.MULTILINE)[0].strip()
        ack = head.replace("INVITE", "ACK").replace(f"To: <sip:{to}@{node}>", tag)
        wire.sendto(re.sub(r"Content-.*", "", ack).strip().encode() + b"\r\nContent-Length: 0\r\n\r\n", (node, 5060))
    return codes


def entered(line) -> int:
    """Return how many calls the node has begun, or taken from an endpoint, since it started."""
    text = line.lab.nodes["n1"].cli("core show channels count")
    return int(re.search(r"([0-9]+) calls? processed", text)[1])


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("carrier", NUMBER),  # the trunk's own name
        (f"{PROJECT}.client-pbx", NUMBER),
        ("nobody", NUMBER),
        ("ivanova", "*11"),  # an agent's name, without the password
        ("ivanova", NUMBER),
    ],
)
async def test_a_name_lets_nobody_in(line, name, to):
    """From an address nobody knows, a trunk's name and an agent's are refused alike, and no call begins."""
    before = entered(line)
    assert await asyncio.to_thread(invite, line, name, to) == [401]
    assert entered(line) == before


async def test_the_address_lets_the_carrier_in(line):
    """The same INVITE from the carrier's address, its port no matter, enters: what refuses the others is no mistake in it."""
    before = entered(line)
    carrier = line.lab.nodes["n1"].address.rsplit(".", 1)[0] + ".1"
    codes = await asyncio.to_thread(invite, line, "79161234567", NUMBER, host=carrier)
    assert codes[0] == 100
    assert entered(line) == before + 1
    line.lab.nodes["n1"].cli("channel request hangup all")


async def test_of_trunks_whose_addresses_overlap_the_first_by_name_is_called_from(line):
    """Neither the one with the narrower addresses nor the one that stands first in the file."""
    node = line.lab.nodes["n1"]
    block = node.address.rsplit(".", 1)[0]
    trunks, hosts = "", []
    for names, bits in product(permutations(("alpha", "omega")), ((32, 28), (28, 32), (32, 32))):
        hosts.append(f"{block}.{129 + 16 * len(hosts)}")
        for name, size in zip(names, bits, strict=True):
            # What is called there is refused as forbidden by the one, as not found by the other.
            where = {"context": "cct-closed" if name == "alpha" else "cct-nowhere", "node": node.address}
            trunks += _TRUNK.format(name=f"{name}-{len(hosts)}", host=hosts[-1], bits=size, **where)
    file = node.config / "pjsip.conf"
    before = file.read_text()
    try:
        file.write_text(before + trunks)
        node.cli("module reload res_pjsip.so")
        codes = [(await asyncio.to_thread(invite, line, "79161234567", "none", host=host))[-1] for host in hosts]
    finally:
        file.write_text(before)
        node.cli("module reload res_pjsip.so")
    assert codes == [403] * 6
