"""How a node is reached by ssh: whom to log in as, where, with which key, and which host keys are the right ones."""

from typing import Annotated

from msgspec import Meta

from cctoolkit.model.words import Host, SecretText, Section

_User = Annotated[
    str,
    Meta(pattern=r"^[a-z_][a-z0-9_-]*$", max_length=32, examples=["cctoolkit"],
         extra_json_schema={"x-expected": "a user's name: small letters, digits, _ and -"}),
]  # fmt: skip


class Login(Section, frozen=True, kw_only=True):
    """An ssh server and an account on it."""

    host: Annotated[Host, Meta(description="The ssh server's name or address, as it stands in known_hosts.")]
    port: Annotated[int, Meta(ge=1, le=65535, description="Its TCP port.")] = 22
    user: Annotated[_User, Meta(description="Who logs in there.")]
    key: Annotated[
        SecretText | None,
        Meta(description="The private key, without a passphrase; the agent of SSH_AUTH_SOCK has it when left out."),
    ] = None


class Ssh(Login, frozen=True, kw_only=True):
    """How a node is reached by ssh; docs/nodes.md says what it needs there."""

    known_hosts: Annotated[
        str,
        Meta(min_length=1, description="The file of host keys, as OpenSSH has it; from the folder of the site's file."),
    ] = "known_hosts"
    sudo: Annotated[bool, Meta(description="Whether files are written as root, by sudo without a password.")] = False
    jump: Annotated[Login | None, Meta(description="The host through which it is reached.")] = None
