"""Which old releases stay on a node, beside the one in force: the newest ones, and those that are still needed."""

from collections.abc import Callable, Sequence

from cctoolkit.deploy.release import read
from cctoolkit.deploy.reload import Switch
from cctoolkit.errors import OperatorError, SwitchError
from cctoolkit.node import snapshot
from cctoolkit.node.transports import Transport


async def clean_up(
    there: Transport, client: Switch, keep: int, abandoned: str, progress: Callable[[str], None]
) -> None:
    """Remove releases nobody goes back to; the apply is done, whatever becomes of this.

    Never the one in force, nor the newest one of a generation in which a call is up, nor one that comes back unless the
    one in force is confirmed. `abandoned` is the folder of a cut-off apply, which was never in force.
    """
    try:
        current, all_of_them = await there.current(), await there.releases()
        stay = {current} | await _awaited(there)
        # One that was never in force takes nobody's place.
        releases = [name for name in all_of_them if name != abandoned]
        doomed = set(releases[:-keep]) - stay
        if doomed:
            doomed -= await _in_use(there, client, current, releases)
        for name in sorted(doomed | ({abandoned} & set(all_of_them) - stay)):
            await there.discard(name)
    except (OperatorError, SwitchError) as error:
        progress(f"old releases could not be removed: {error.what}")


async def _in_use(there: Transport, client: Switch, current: str, releases: Sequence[str]) -> set[str]:
    """Return the newest release of each generation in which a call is up, but for those that the one in force has."""
    found = set()
    used = await snapshot.in_use(client)
    for name in (current, *reversed(releases)):
        if not used:
            break
        if here := used & set((await read(there, name)).manifest.generations.items()):
            used -= here
            found.add(name)
    return found


async def _awaited(there: Transport) -> set[str]:
    intent = await there.intent()
    return {intent.old, intent.back_to} if intent else set()
