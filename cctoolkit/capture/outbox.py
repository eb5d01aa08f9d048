"""Records on their way to a database that may be away: capture goes on, and what waits is put when it is back.

The journal has everything first, so what waits here may be given up: when it is too much for memory it is, and is
folded again from the journal. How much of a journal the database has been told stands in the database, and in a note
beside the journal for a start without it. Whatever waits on the database does so in a thread; all else here runs in the
loop's.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec

from cctoolkit.ami.backoff import delays
from cctoolkit.capture.piecewise import Piecewise
from cctoolkit.capture.replay import replay
from cctoolkit.cdr.address import Place
from cctoolkit.cdr.records import AgentInterval, CallRecord
from cctoolkit.cdr.store import Store
from cctoolkit.errors import OperatorError, StoreAway

MOST = 20_000
"""Records that wait in memory, some 30 MB of them."""
FLUSH_SECONDS = 0.25
NOTE = "told.json"
"""The name of the note in a journal's folder."""


class Note(msgspec.Struct):
    """What is known here of a journal: the name the database has of it, which tells it from another capture's of the
    same node, and up to which record, not included, the database has been told.
    """

    journal: str
    told: int = 0


class _Lot(msgspec.Struct):
    """What waits together. `refold`: something was given up."""

    records: dict[str, CallRecord] = {}
    states: dict[tuple[object, ...], AgentInterval] = {}
    told: dict[str, int] = {}
    refold: bool = False

    def __len__(self) -> int:
        return len(self.records) + len(self.states)

    def before(self, later: "_Lot") -> "_Lot":
        """Return both together, where the later one knows better."""
        return _Lot(
            self.records | later.records, self.states | later.states, self.told | later.told,
            self.refold or later.refold,
        )  # fmt: skip


class Outbox:
    """Takes what a capture tells and puts it into the store at `place`; `journals` are the folders by node."""

    def __init__(self, place: Place, say: Callable[[str], None], journals: Mapping[str, Path]) -> None:
        self.away = False
        """Whether the database did not answer the last time."""
        self._place = place
        self._say = say
        self._journals = journals
        self._notes = {node: _noted(path, node) for node, path in journals.items()}
        self._told: dict[str, int] | None = None
        """How much of each journal the database has been told, as it says itself; None before it was asked."""
        self._store: Store | None = None
        self._lot = _Lot()
        self._putting = asyncio.Lock()

    async def start(self) -> None:
        """Open the store; that its database is away is no reason not to capture.

        Raise OperatorError when it is no store, or a newer version's.
        """
        try:
            await asyncio.to_thread(self._open)
        except StoreAway as error:
            self._gone(error)

    @property
    def waiting(self) -> int:
        """How many records and states wait."""
        return len(self._lot)

    def put(self, records: Iterable[CallRecord]) -> int:
        """Take the records; return how many. None is known to be new before they are put."""
        taken = {record.call: record for record in records}
        self._lot.records |= taken
        self._bound()
        return len(taken)

    def put_states(self, intervals: Iterable[AgentInterval]) -> int:
        """Take agents' states; return how many."""
        taken = {_key(one): one for one in intervals}
        self._lot.states |= taken
        self._bound()
        return len(taken)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make no one commit of what is put inside: it is put later."""
        yield

    def journal_told(self, node: str) -> int:
        """Return up to which record, not included, the database has been told a journal; what the note says where it
        is away.
        """
        return (self._told or {}).get(node, 0) if self._told is not None else self._notes[node].told

    def put_journal_told(self, node: str, told: int) -> None:
        """Have it told that far, once all that was put before is there."""
        self._lot.told[node] = told

    def _bound(self) -> None:
        if self.waiting > MOST:
            if not self._lot.refold:
                self._say(f"more than {MOST} records wait to be put; they will be folded again from the journal")
            self._lot = _Lot(told=self._lot.told, refold=True)

    async def run(self) -> None:
        """Put what waits, for ever."""
        waits = delays(Random())  # noqa: S311 - jitter, no secret
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except OperatorError as error:
                self._gone(error)
                await asyncio.sleep(next(waits))
            else:
                waits = delays(Random())  # noqa: S311

    async def finish(self) -> None:
        """Put what waits a last time, and close the store. What cannot be put now is in the journal."""
        try:
            await self.flush()
        except OperatorError as error:
            self._gone(error)
        if self.waiting or self._lot.refold:
            left = "records were given up" if self._lot.refold else f"{self.waiting} records wait"
            self._say(f"{left}; the next capture folds them from the journal and puts them")
        if self._store:
            await asyncio.to_thread(self._store.close)

    async def flush(self) -> None:
        """Put what waits now; raise OperatorError, with all of it still waiting, when that cannot be."""
        async with self._putting:
            lot = self._lot
            if not (lot or lot.told or lot.refold or self.away):
                return
            self._lot = _Lot()
            work = asyncio.create_task(asyncio.to_thread(self._put, lot))
            try:
                # A thread cannot be cancelled: who cancels us waits for it, so that nothing is put twice at once.
                await asyncio.wait([work])
                work.result()
            except BaseException:  # whatever it is, also a cancellation: what was taken waits again
                self._lot = lot.before(self._lot)
                raise
            finally:
                await asyncio.gather(work, return_exceptions=True)
            if self.away:
                self._say(f"the database is back; {len(lot)} records that waited are put")
            self.away = False

    def _put(self, lot: _Lot) -> None:
        try:
            store = self._open()
            pieces = Piecewise(store)
            for record in lot.records.values():
                pieces.put((record,))
            pieces.put_states(lot.states.values())
            told = dict(lot.told)
            for node, path in self._journals.items():
                note = self._notes[node]
                # A database put back to what it was has not all that the note says.
                if lot.refold or (self._told or {}).get(node, 0) < note.told:
                    replay(path, node, pieces)
                    told.setdefault(node, note.told)
            pieces.flush()
            for node, up_to in told.items():
                store.put_journal_told(self._notes[node].journal, up_to)
                self._note(node, up_to)
        except OperatorError:
            self._close()
            raise

    def _note(self, node: str, told: int) -> None:
        note = self._notes[node]
        note.told = told
        self._told = (self._told or {}) | {node: told}
        path = self._journals[node] / NOTE
        being_made = path.with_suffix(".tmp")
        try:
            being_made.write_bytes(msgspec.json.encode(note))
            being_made.replace(path)
        except OSError as error:
            self._say(f"{path} cannot be written ({error.strerror}); a start without the database will read more")

    def _open(self) -> Store:
        if self._store is None:
            self._store = Store.open(self._place)
            self._told = {node: self._store.journal_told(note.journal) for node, note in self._notes.items()}
        return self._store

    def _close(self) -> None:
        if self._store:
            self._store.close()
        self._store = None

    def _gone(self, error: OperatorError) -> None:
        if not self.away:
            self._say(f"{error.where}: {error.what}; capture goes on, and records wait until they can be put")
        self.away = True


def _noted(folder: Path, node: str) -> Note:
    try:
        return msgspec.json.decode((folder / NOTE).read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError):
        # None, or a torn one: the journal is then read from its beginning, which tells the same.
        return Note(f"{node}/{secrets.token_hex(8)}")


def _key(one: AgentInterval) -> tuple[object, ...]:
    return one.node, one.agent, one.state, one.start.at, one.reason
