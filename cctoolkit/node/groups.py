"""The group Asterisk runs as, on this machine."""

import grp

from cctoolkit.node import refusals


def gid_of(node: str, group: int | str) -> int:
    """Return the number of a node's group; raise OperatorError when this machine does not know it.

    Asterisk answers Success for a file it may not read, and changes nothing: it must be able to, and others not.
    """
    if isinstance(group, int):
        return group
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise refusals.no_group(node, group) from None
