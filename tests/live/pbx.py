"""The street as the client's PBX: it asks for an account, speaks TLS and SRTP, and registers with the node."""

import asyncio
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import yaml

from cctoolkit.lab.session import Caller

OTHER_CA_PORT = 5062
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

_TLS = """
[{name}]
type = transport
protocol = tls
bind = {address}:{port}
cert_file = /srv/tls/{me}.pem
priv_key_file = /srv/tls/{me}.key
ca_list_file = /srv/tls/ca.pem
verify_server = yes
method = tlsv1_2
"""

_CENTRE = """
[global]
type = global
endpoint_identifier_order = username,ip,anonymous

[centre]
type = endpoint
context = carrier
disallow = all
allow = alaw
auth = centre
aors = centre
media_encryption = {encryption}
direct_media = no
media_address = {address}
bind_rtp_to_media_address = yes

[centre]
type = aor
max_contacts = 1
remove_existing = yes

[centre]
type = auth
auth_type = userpass
username = centre
password = {password}
"""

_LINE = """
[line-out]
type = registration
transport = phones
outbound_auth = line-out
server_uri = sip:{node}
client_uri = sip:{user}@{node}
contact_user = centre
retry_interval = 2
forbidden_retry_interval = 2
max_retries = 1000000
max_random_initial_delay = 0
auth_rejection_permanent = no

[line-out]
type = auth
auth_type = userpass
username = {user}
password = {password}

; The node's calls come to the phones' address under the caller's number; by address they are a carrier's.
"""


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    """Make a CA: `name`.pem and `name`.key."""
    folder.mkdir(exist_ok=True)
    files = ("-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem"))
    _openssl("req", "-x509", *_KEY, *files, "-days", "2", "-subj", f"/CN={name}")


def certificate(folder: Path, name: str, address: str, ca: Path) -> None:
    """Make a certificate for an IP address, signed by the CA whose files `ca`.pem and `ca`.key are."""
    folder.mkdir(exist_ok=True)
    request, extension = folder / f"{name}.csr", folder / f"{name}.ext"
    _openssl("req", *_KEY, "-keyout", str(folder / f"{name}.key"), "-out", str(request), "-subj", f"/CN={name}")
    extension.write_text(f"subjectAltName=IP:{address}\n")
    signing = ("-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", "2")
    _openssl(
        "x509", "-req", "-in", str(request), *signing, "-extfile", str(extension), "-out", str(folder / f"{name}.pem")
    )
    for path in folder.iterdir():
        path.chmod(0o644)  # Asterisk is another user


class Pbx:
    """The client's PBX of a lab whose line is applied; `address` is where the node calls it."""

    def __init__(self, line) -> None:
        self.line = line
        self.node, self.street = line.lab.nodes["n1"], line.lab.street.node
        site = yaml.safe_load(Path(line.site).read_text(encoding="utf-8"))
        self.address = site["trunks_at"]["northwind-hotline.client-pbx"]
        self._certificates()
        self._node()
        self._street = (self.street.config / "pjsip.conf").read_text()
        site["nodes"][0]["transports"] = {"udp": {"protocol": "udp"}, "tls": {"protocol": "tls"}}
        Path(line.site).write_text(yaml.safe_dump(site, allow_unicode=True, sort_keys=False), encoding="utf-8")
        secret = line.project.parent / "secrets/pbx"
        secret.parent.mkdir()
        secret.write_text("correct horse\n")
        self.secret = secret

    def _certificates(self) -> None:
        authority(self.node.folder / "tls", "ca")
        ca = self.node.folder / "tls/ca"
        certificate(self.node.folder / "tls", "n1", self.node.address, ca)
        certificate(self.street.folder / "tls", "pbx", self.address, ca)
        (self.street.folder / "tls/ca.pem").write_bytes((self.node.folder / "tls/ca.pem").read_bytes())
        authority(self.street.folder / "tls", "strange")
        certificate(self.street.folder / "tls", "stranger", self.address, self.street.folder / "tls/strange")

    def _node(self) -> None:
        base = self.node.config / "pjsip.conf"
        base.write_text(_TLS.format(name="tls", address=self.node.address, port=5061, me="n1") + base.read_text())
        self.node.cli("module reload res_pjsip.so")

    def starts(self, *, encryption: str = "sdes", password: str = "correct horse") -> None:
        """Let it begin anew: who registers with it gives this password."""
        listeners = _TLS.format(name="pbx-tls", address=self.address, port=5061, me="pbx")
        listeners += _TLS.format(name="strange", address=self.address, port=OTHER_CA_PORT, me="stranger")
        own = _CENTRE.format(address=self.address, encryption=encryption, password=password)
        self._restart(listeners + own)

    def registers(self, user: str, password: str) -> None:
        """Let it begin anew and register with the node."""
        self._restart(_LINE.format(node=self.node.address, user=user, password=password))

    def _restart(self, more: str) -> None:
        (self.street.config / "pjsip.conf").write_text(self._street + more)
        self.street.restart()

    def trunk(self, text: str) -> None:
        """Write the project's trunk."""
        lines = self.line.project.read_text(encoding="utf-8").splitlines(keepends=True)
        (place,) = (n for n, line in enumerate(lines) if line.startswith("  client-pbx:"))
        lines[place] = f"  client-pbx: {text}\n"
        self.line.project.write_text("".join(lines), encoding="utf-8")

    @asynccontextmanager
    async def call(self, **more):
        """Yield the channel of a caller who was put through to the PBX, at the PBX; `more` as `Session.place_call`."""
        async with self.line.lab.street.session() as session:
            caller = more.pop("caller", Caller())
            call = await session.place_call("+78001002030", caller, keys=[(0.8, "0")], **more)
            try:
                yield session, await self._taken(session)
            finally:
                await session.hang_up(call)

    @staticmethod
    async def _taken(session) -> str:
        async with asyncio.timeout(15):
            while True:
                for event in await session._client.listing("CoreShowChannels"):
                    if (event.get("Context"), event.get("Exten")) == ("carrier", "1000"):
                        return event.get("Channel")
                await asyncio.sleep(0.05)
