"""A site: the Asterisk nodes a project runs on, their carriers and the people who answer."""

from typing import Annotated, Literal

from msgspec import Meta, field

from cctoolkit.model.listener import Listener
from cctoolkit.model.log_table import DatabaseTable
from cctoolkit.model.own_log import OwnLog
from cctoolkit.model.ssh import Ssh
from cctoolkit.model.trunk import SipTrunk, Source, TrunkName
from cctoolkit.model.trunk import Trunk as ProjectTrunk
from cctoolkit.model.words import Address, Host, Identifier, MailAddress, SecretText, Section, SystemPath, Title

FeatureCode = Annotated[
    str,
    Meta(pattern=r"^[*#]?[0-9]{1,6}$", description="Digits an agent dials.", examples=["*11"],
         extra_json_schema={"x-expected": 'digits, with * or # before them, such as "*11"'}),
]  # fmt: skip


SystemGroup = Annotated[
    str,
    Meta(pattern=r"^[a-z_][a-z0-9_-]*$", max_length=32, description="A group's name.", examples=["asterisk"],
         extra_json_schema={"x-expected": "a group's name, or its number"}),
]  # fmt: skip


class SiteInfo(Section, frozen=True, kw_only=True):
    """Which site it is."""

    id: Annotated[Identifier, Meta(description="The name of the site and of its file.")]
    title: Annotated[Title, Meta(description="What people call it.")]


class AmiAccount(Section, frozen=True, kw_only=True):
    """One account of manager.conf."""

    user: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]+$", max_length=80, description="Its name in manager.conf.")]
    secret: SecretText


class AmiAccounts(Section, frozen=True, kw_only=True):
    """Three accounts, each with no more rights than its work needs."""

    deploy: AmiAccount
    test: AmiAccount
    capture: AmiAccount


class Ami(Section, frozen=True, kw_only=True):
    """Where AMI answers."""

    host: Address
    via: Annotated[
        Literal["direct", "ssh"],
        Meta(description="How it is reached: from here, or through the node's ssh, from where the host then is."),
    ] = "direct"
    port: Annotated[int, Meta(ge=1, le=65535, description="Its TCP port; 5039 is usual with tls.")] = 5038
    tls: Annotated[
        bool,
        Meta(description="Whether it speaks TLS there, with a certificate for the host that this machine trusts."),
    ] = False
    accounts: AmiAccounts


class Node(Section, frozen=True, kw_only=True):
    """One Asterisk. `id` is its systemname."""

    id: Annotated[Identifier, Meta(description="Its systemname, the beginning of every call id.")]
    asterisk: Annotated[Literal["22"], Meta(description="Its major version.")] = "22"
    transport: Annotated[
        Literal["local", "ssh", "ami"],
        Meta(description="How its files are reached: on this machine, by ssh (which then says where), by AMI alone."),
    ] = "local"
    ssh: Annotated[Ssh | None, Meta(description="How it is reached by ssh.")] = None
    address: Annotated[Address, Meta(description="Its address for SIP and media.")]
    folder: Annotated[SystemPath, Meta(description="Its configuration folder, as the transport sees it.")]
    group: Annotated[
        Annotated[int, Meta(ge=0, le=2**32 - 2)] | SystemGroup,
        Meta(description="The group Asterisk runs as; files are 0640 in it."),
    ] = "asterisk"
    queue_log: Annotated[SystemPath, Meta(description="Its queue_log.")] = "/var/log/asterisk/queue_log"
    queue_log_table: Annotated[
        DatabaseTable | None, Meta(description="The database table that has its queue_log, where no file has it.")
    ] = None
    cdr_log: Annotated[
        OwnLog | None,
        Meta(description="Its own call records, where they are not cdr-csv/Master.csv beside queue_log, in UTC."),
    ] = None
    cel_log: Annotated[
        OwnLog | None,
        Meta(description="Its own log of channels' events, where it is not cel-custom/Master.csv beside queue_log."),
    ] = None
    cdr_table: Annotated[
        DatabaseTable | None, Meta(description="The database table that has its own call records, instead of a file.")
    ] = None
    cel_table: Annotated[
        DatabaseTable | None,
        Meta(description="The database table that has its own log of channels' events, instead of a file."),
    ] = None
    keep_releases: Annotated[
        int,
        Meta(
            ge=2, le=1000, description="How many releases stay on it, for `rollback`; those still needed stay longer."
        ),
    ] = 5
    keep_journal_days: Annotated[
        int,
        Meta(
            ge=2, le=3650, description="How many days what `capture` received from it stays, once its calls are kept."
        ),
    ] = 90
    journal_segment_mib: Annotated[
        int, Meta(ge=1, le=4096, description="At how many MiB a part of that journal is sealed and packed.")
    ] = 64
    spool: Annotated[SystemPath, Meta(description="Its spool folder, with callers' messages.")] = "/var/spool/asterisk"
    ami: Ami
    transports: Annotated[
        dict[Identifier, Listener],
        Meta(description="Its SIP transports, by the names they have in its own pjsip.conf; tcp and tls need them."),
    ] = field(default_factory=dict)


class Trunk(SipTrunk, frozen=True, kw_only=True):
    """A carrier's SIP trunk; its calls are known by the address they come from, and by nothing else."""

    id: Annotated[Identifier, Meta(description="The name of its endpoint.")]
    address: Host
    match: Annotated[
        tuple[Source, ...],
        Meta(max_length=50, description="Where its calls come from besides its address: the provider's other servers."),
    ] = ()


class RosterEntry(Section, frozen=True, kw_only=True):
    """A person with a phone."""

    agent: Annotated[Identifier, Meta(description="Name of the agent, the endpoint and the queue member.")]
    name: Annotated[Title, Meta(description="What reports call the person.")]
    secret: Annotated[SecretText, Meta(description="The phone's password.")]


class FeatureCodes(Section, frozen=True, kw_only=True):
    """What agents dial."""

    login: FeatureCode = "*11"
    logout: FeatureCode = "*12"
    ready: FeatureCode = "*13"
    pause: Annotated[FeatureCode, Meta(description="Followed by the code of a reason.")] = "*14"
    override: Annotated[
        FeatureCode,
        Meta(description="A supervisor's, followed by 1 open, 2 closed, 3 emergency, and for how many hours (1 if none "
             "is dialled); or by 0, back to the calendars."),
    ] = "*15"  # fmt: skip


class Relay(Section, frozen=True, kw_only=True):
    """An SMTP server that takes mail for others; the node's own on 127.0.0.1 is one."""

    host: Annotated[Host, Meta(description="Where it is.")]
    port: Annotated[int, Meta(ge=1, le=65535, description="Its port: 25, 587 with starttls, 465 with tls.")] = 25
    tls: Annotated[
        Literal["none", "starttls", "tls"],
        Meta(description="tls from the first byte (port 465), starttls after a greeting, none only on this machine."),
    ] = "starttls"
    user: Annotated[
        str,
        Meta(pattern="^[A-Za-z0-9._@+-]*$", max_length=254, description="Who logs in there; nobody when empty.",
             extra_json_schema={"x-expected": "letters, digits and ._@+-"}),
    ] = ""  # fmt: skip
    secret: Annotated[SecretText | None, Meta(description="The user's password.")] = None


class Mail(Section, frozen=True, kw_only=True):
    """How callers' messages leave by e-mail."""

    from_: Annotated[MailAddress, Meta(description="Whom they are from.")] = field(name="from")
    relay: Annotated[Relay, Meta(description="The server that takes it.")]


class Site(Section, frozen=True, kw_only=True):
    """One site, all sections together."""

    site: SiteInfo
    nodes: Annotated[tuple[Node, ...], Meta(min_length=1)]
    trunks: tuple[Trunk, ...] = ()
    roster: tuple[RosterEntry, ...] = ()
    feature_codes: FeatureCodes = FeatureCodes()
    projects: tuple[Identifier, ...] = ()
    mail: Annotated[Mail | None, Meta(description="How callers' messages leave by e-mail.")] = None
    canary: Annotated[
        Identifier | None,
        Meta(description="The node that `apply` changes and reads back first, before all others; else the first."),
    ] = None
    hot_days: Annotated[
        int,
        Meta(
            ge=2,
            le=366,
            description="How many days of call records `capture` leaves in SQLite; older days are sealed, each in "
            "files of Parquet.",
        ),
    ] = 7
    trunks_at: Annotated[
        dict[TrunkName, Host],
        Meta(
            description="Where a project's trunk is reached from here instead of its own address, by project and "
            "trunk; the trunk's name alone will do where only one project of the site has such a trunk. Of a trunk to "
            "a node: which node it is here."
        ),
    ] = field(default_factory=dict)
    trunks_via: Annotated[
        dict[TrunkName, Identifier],
        Meta(
            description="The node's transport a trunk uses, by a carrier's id or as under trunks_at, where a node has "
            "several of its protocol: for a client with a CA, or a certificate of ours, of its own."
        ),
    ] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the site's id."""
        return self.site.id

    def address_of(self, project: str, name: str, trunk: ProjectTrunk) -> str:
        """Return where a project's trunk is reached from here, "" when it registers here."""
        if trunk.node:
            there = self.node_of(project, name, trunk)
            return next((node.address for node in self.nodes if node.id == there), "")
        return "" if trunk.address is None else self._at(project, name, trunk.address)

    def node_of(self, project: str, name: str, trunk: ProjectTrunk) -> str:
        """Return the node of this site that a project's trunk leads to, "" when it leads out of the site."""
        return self._at(project, name, trunk.node) if trunk.node else ""

    def _at(self, project: str, name: str, own: str) -> str:
        return self.trunks_at.get(f"{project}.{name}", self.trunks_at.get(name, own))

    def transport_of(self, project: str, name: str) -> str | None:
        """Return the transport a trunk is to use, where that is said; a carrier's has no project."""
        # A carrier has the first claim to a name alone.
        taken = bool(project) and name in {carrier.id for carrier in self.trunks}
        alone = None if taken else self.trunks_via.get(name)
        return self.trunks_via.get(f"{project}.{name}", alone)
