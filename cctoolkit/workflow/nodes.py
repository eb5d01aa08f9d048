"""The nodes of a site, whatever is wrong with its projects: what is on them is seen, and put right, without those."""

from collections.abc import Sequence

from cctoolkit.errors import UsageError
from cctoolkit.model import build
from cctoolkit.model.site import Node
from cctoolkit.spec import schema, source
from cctoolkit.spec.problem import InvalidSpecError, did_you_mean, errors, one_of
from cctoolkit.workflow import secret_paths
from cctoolkit.workflow.specs import LoadedSite, find_site, shown


def load_nodes(name: str) -> LoadedSite:
    """Return a site without its projects; raise InvalidSpecError when its own file is wrong."""
    path = find_site(name)
    document, problems = source.load(path, shown(path))
    if document is not None:
        problems += schema.check(document, "site")
    if document is None or errors(problems):
        raise InvalidSpecError(problems)
    return LoadedSite(secret_paths.of_site(build.site(document), path.parent), ())


def chosen(loaded: LoadedSite, only: Sequence[str]) -> list[Node]:
    """Return the nodes of a site, or `only` some; raise UsageError for one it does not have."""
    known = [node.id for node in loaded.site.nodes]
    for name in only:
        if name not in known:
            raise UsageError(
                f"the site has no node {name!r}", expected=one_of(known), next_step=did_you_mean(name, known)
            )
    return [node for node in loaded.site.nodes if not only or node.id in only]
