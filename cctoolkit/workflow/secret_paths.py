"""Secret files and known_hosts of a spec stand beside it: they get absolute paths, wherever the command runs."""

from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from cctoolkit.cdr.address import absolute
from cctoolkit.model.log_table import DatabaseTable
from cctoolkit.model.project import Project
from cctoolkit.model.site import AmiAccount, Site
from cctoolkit.model.ssh import Login, Ssh
from cctoolkit.model.trunk import RegistersHere, TrunkAuth
from cctoolkit.secret import parse_ref

AnyLogin = TypeVar("AnyLogin", Login, Ssh)
Account = TypeVar("Account", TrunkAuth, RegistersHere)


def of_site(site: Site, folder: Path) -> Site:
    """Make secret files' paths absolute: they stand beside the site's file."""

    def here(text: str) -> str:
        return str(parse_ref(text, folder.resolve()))

    def account(one: AmiAccount) -> AmiAccount:
        return replace(one, secret=here(one.secret))

    trunks = tuple(replace(t, auth=replace(t.auth, secret=here(t.auth.secret))) if t.auth else t for t in site.trunks)

    def login(one: AnyLogin) -> AnyLogin:
        return replace(one, key=here(one.key)) if one.key else one

    def ssh(one: Ssh | None) -> Ssh | None:
        if one is None:
            return None
        known = str(folder.resolve() / one.known_hosts)
        return replace(login(one), known_hosts=known, jump=login(one.jump) if one.jump else None)

    def table(one: DatabaseTable | None) -> DatabaseTable | None:
        return replace(one, url=absolute(one.url, folder.resolve())) if one and one.url else one

    nodes = tuple(
        replace(node, ssh=ssh(node.ssh), ami=replace(node.ami, accounts=replace(
            node.ami.accounts, deploy=account(node.ami.accounts.deploy), test=account(node.ami.accounts.test),
            capture=account(node.ami.accounts.capture))), queue_log_table=table(node.queue_log_table),
            cdr_table=table(node.cdr_table), cel_table=table(node.cel_table))
        for node in site.nodes
    )  # fmt: skip
    mail = site.mail
    if mail and mail.relay.secret:
        mail = replace(mail, relay=replace(mail.relay, secret=here(mail.relay.secret)))
    roster = tuple(replace(entry, secret=here(entry.secret)) for entry in site.roster)
    return replace(site, nodes=nodes, trunks=trunks, mail=mail, roster=roster)


def of_project(project: Project, folder: Path) -> Project:
    """Make secret files' paths absolute: they stand beside the project's file."""

    def here(account: Account | None) -> Account | None:
        return replace(account, secret=str(parse_ref(account.secret, folder.resolve()))) if account else None

    trunks = {
        name: replace(trunk, auth=here(trunk.auth), registers_here=here(trunk.registers_here))
        for name, trunk in project.trunks.items()
    }
    return replace(project, trunks=trunks)
