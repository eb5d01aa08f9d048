"""verify: every node runs what the spec says, test calls go every way, trunks and prompts
are there, and messages can be kept and mailed."""

from collections.abc import Callable, Sequence

from cctoolkit import clock, marks
from cctoolkit.ami.client import Client
from cctoolkit.deploy import history
from cctoolkit.errors import OperatorError, SwitchError
from cctoolkit.flow.graph import compile_flow
from cctoolkit.flow.routes import routes
from cctoolkit.model.project import Project
from cctoolkit.model.site import Node
from cctoolkit.node import snapshot
from cctoolkit.node.transports import Transport
from cctoolkit.render import pjsip
from cctoolkit.render.configset import ConfigSet
from cctoolkit.secret import reveal_files
from cctoolkit.state.described import observable
from cctoolkit.verify import prompts, trunks
from cctoolkit.verify.checks import Evidence, Finding, judge
from cctoolkit.verify.run import call_all
from cctoolkit.workflow import messages
from cctoolkit.workflow.nodes import chosen, each
from cctoolkit.workflow.reach import transport
from cctoolkit.workflow.specs import LoadedProject, LoadedSite, render_site
from cctoolkit.workflow.switch import deploy_client, holder, reached, user

Found = tuple[Finding, ...]


async def verify_site(
    loaded: LoadedSite, project: LoadedProject, progress: Callable[[str], None], only: Sequence[str] = ()
) -> dict[str, Found | OperatorError | SwitchError]:
    """Hold every node, or `only` some, against the spec: what it runs, and a test call for every way through the flow.
    Of one that could not be verified there is the error; of one alone it is raised.
    """
    nodes = chosen(loaded, only)
    configs = render_site(loaded, nodes)

    async def one(node: Node) -> Found:
        def calls(done: int, of: int) -> None:
            progress(f"{node.id}: test call {done} of {of} done")

        return await verified(loaded, node, configs[node.id], project, calls)

    # One after the other: there are test calls enough at a time on one of them.
    return await each(nodes, one, at_once=1)


async def verified(
    loaded: LoadedSite, node: Node, config: ConfigSet, spec: LoadedProject, progress: Callable[[int, int], None]
) -> tuple[Finding, ...]:
    """Verify a node, held against applies and other verifies: their members in shadow queues would be ours. The node's
    history has the verdict.
    """
    async with transport(node) as there, there.lock(holder(f"verify of {spec.project.id}")):
        seen = await there.current()
        judged = await verify_node(loaded, node, config, spec, progress)
        return judged + await _remember(there, seen, spec.project.id, judged)


async def _remember(there: Transport, seen: str, project: str, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Write the verdict into the node's history, and return what kept it from that."""
    bad = [f"{one.check}: {one.subject}: {one.text}" for one in found if not one.good]
    line = history.verdict(seen, project, user(), clock.now(), len(found) - len(bad), bad)
    try:
        if await there.current() != seen:
            return (Finding("history", seen, False, "another release came into force: nothing is proved"),)
        await there.record(line)
    except (OperatorError, SwitchError) as error:
        return (Finding("history", seen, False, f"the verdict could not be written down: {error}"),)
    return ()


async def verify_node(
    loaded: LoadedSite, node: Node, config: ConfigSet, spec: LoadedProject, progress: Callable[[int, int], None]
) -> tuple[Finding, ...]:
    """Hold one node against the spec."""
    project = spec.project
    graph = compile_flow(project)
    began = clock.now()
    ways, uncovered = routes(graph, began)
    wanted = observable(reveal_files(config.files))
    async with deploy_client(node) as client:
        memory = await snapshot.memory(client)
        seen = await trunks.look(client, _trunks_of(loaded, node, project))
        sounds = await prompts.look(client, project, spec.document)
    async with reached(node, node.ami.accounts.test) as found, Client.connect(found, events=True) as client:
        calls = await call_all(client, project, ways, progress)
    # Generations kept for running calls are in memory by right.
    ours = {setting.name for setting in wanted}
    memory = type(memory).of(s for s in memory if s.kind != "dialplan" or s.name in ours)
    mailing = await messages.mailing(node, project, calls, began)
    return judge(Evidence(wanted, memory, calls, uncovered, mailing, seen, sounds))


def _trunks_of(loaded: LoadedSite, node: Node, project: Project) -> list[pjsip.Placed]:
    """Return the carriers' trunks, the project's own and the other nodes'; of another project is that one's matter."""
    own = {marks.queue_name(project.id, name) for name in project.trunks}
    placed = pjsip.placed(loaded.site, node, loaded.projects)
    return [trunk for trunk in placed if trunk.context != marks.CLOSED or trunk.name in own]
