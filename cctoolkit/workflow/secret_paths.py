"""Secret files of a spec stand beside it: their references get absolute paths, wherever the command runs."""

from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from cctoolkit.model.project import Project
from cctoolkit.model.site import AmiAccount, Site
from cctoolkit.model.trunk import RegistersHere, TrunkAuth
from cctoolkit.secret import parse_ref

Account = TypeVar("Account", TrunkAuth, RegistersHere)


def of_site(site: Site, folder: Path) -> Site:
    """Make secret files' paths absolute: they stand beside the site's file."""

    def here(text: str) -> str:
        return str(parse_ref(text, folder.resolve()))

    def account(one: AmiAccount) -> AmiAccount:
        return replace(one, secret=here(one.secret))

    trunks = tuple(replace(t, auth=replace(t.auth, secret=here(t.auth.secret))) if t.auth else t for t in site.trunks)

    nodes = tuple(
        replace(node, ami=replace(node.ami, accounts=replace(
            node.ami.accounts, deploy=account(node.ami.accounts.deploy), test=account(node.ami.accounts.test),
            capture=account(node.ami.accounts.capture))))
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
