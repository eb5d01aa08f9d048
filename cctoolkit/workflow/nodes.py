"""The nodes of a site, whatever is wrong with its projects: what is on them is seen, and put right, without those."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from cctoolkit.errors import OperatorError, Refused, SwitchError, UsageError
from cctoolkit.model import build, lint_site_nodes
from cctoolkit.model.site import Node
from cctoolkit.spec import schema, source
from cctoolkit.spec.problem import InvalidSpecError, did_you_mean, errors, one_of
from cctoolkit.workflow import secret_paths
from cctoolkit.workflow.specs import LoadedSite, find_site, shown

AT_ONCE = 4
"""Of so many nodes at a time something is asked."""

_Answer = TypeVar("_Answer")


def load_nodes(name: str) -> LoadedSite:
    """Return a site without its projects; raise InvalidSpecError when its own file is wrong."""
    path = find_site(name)
    document, problems = source.load(path, shown(path))
    if document is not None:
        problems += schema.check(document, "site")
    if document is None or errors(problems):
        raise InvalidSpecError(problems)
    site = build.site(document)
    if problems := errors([*lint_site_nodes.places(site, document), *lint_site_nodes.reached(site, document)]):
        raise InvalidSpecError(problems)
    return LoadedSite(secret_paths.of_site(site, path.parent), ())


def chosen(loaded: LoadedSite, only: Sequence[str]) -> list[Node]:
    """Return the nodes of a site, or `only` some; raise UsageError for one it does not have."""
    known = [node.id for node in loaded.site.nodes]
    for name in only:
        if name not in known:
            raise UsageError(
                f"the site has no node {name!r}", expected=one_of(known), next_step=did_you_mean(name, known)
            )
    return [node for node in loaded.site.nodes if not only or node.id in only]


async def each(
    nodes: Sequence[Node], ask: Callable[[Node], Awaitable[_Answer]], at_once: int = AT_ONCE
) -> dict[str, _Answer | OperatorError | SwitchError]:
    """Ask nodes, so many at once; return what came of each, in the order of the site's file: one that is away hides no
    other. Of one alone the error is raised, and in any case that of a host whose key has changed.
    """
    room = asyncio.Semaphore(at_once)

    async def heard(node: Node) -> _Answer | OperatorError | SwitchError:
        async with room:
            try:
                return await ask(node)
            except Refused:
                raise
            except (OperatorError, SwitchError) as error:
                if len(nodes) == 1:
                    raise
                return error

    answers = await asyncio.gather(*map(heard, nodes))
    return {node.id: answer for node, answer in zip(nodes, answers, strict=True)}
