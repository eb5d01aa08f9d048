"""Settings and node states: the one form in which wanted, disk and memory are compared."""

from collections.abc import Iterable, Iterator

from msgspec import Struct


class Setting(Struct, frozen=True, order=True, cache_hash=True, gc=False):
    """One fact about a node: `object` is (kind, name), such as ("queue", "northwind.orders"); `option` its
    option.

    An object with repeated options (`member =>`) numbers them: `member 0003`.
    """

    kind: str
    name: str
    option: str
    value: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what identifies the setting: everything but its value."""
        return (self.kind, self.name, self.option)


class NodeState(Struct, frozen=True):
    """A set of settings, at most one value a key where it was written by us."""

    settings: frozenset[Setting]

    @classmethod
    def of(cls, settings: Iterable[Setting]) -> "NodeState":
        """Collect settings."""
        return cls(frozenset(settings))

    def __iter__(self) -> Iterator[Setting]:
        return iter(sorted(self.settings))

    def by_key(self) -> dict[tuple[str, str, str], str]:
        """Return value by (kind, name, option); of two values, which only an edit by hand makes, always
        the same one.
        """
        found: dict[tuple[str, str, str], str] = {}
        for s in self.settings:
            found[s.key] = max(s.value, found.get(s.key, s.value))
        return found

    def objects(self) -> frozenset[tuple[str, str]]:
        """Return every (kind, name)."""
        return frozenset((s.kind, s.name) for s in self.settings)

    def only(self, kinds: Iterable[str]) -> "NodeState":
        """Return the settings of these kinds."""
        wanted = frozenset(kinds)
        return NodeState(frozenset(s for s in self.settings if s.kind in wanted))
