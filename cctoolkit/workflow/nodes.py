"""The nodes of a site, whatever is wrong with its projects: what is on them is seen, and put right, without those."""

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


def chosen(loaded: LoadedSite, only: str) -> tuple[Node, ...]:
    """Return the nodes of the site, or the one named; raise UsageError when there is none of that name."""
    found = tuple(node for node in loaded.site.nodes if only in ("", node.id))
    if found:
        return found
    known = [node.id for node in loaded.site.nodes]
    raise UsageError(f"there is no node {only!r} on site {loaded.site.id}", expected=one_of(known),
                     next_step=did_you_mean(only, known))  # fmt: skip
