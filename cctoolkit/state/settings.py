"""Settings and node states: the one form in which wanted, disk and memory are compared."""

from collections.abc import Iterable, Iterator

from msgspec import Struct


class Setting(Struct, frozen=True, order=True):
    """One fact about a node: `object` is (file or kind, name), such as ("queues.conf", "support"); `option` its option.

    An object with repeated options (dialplan lines, `member =>`) numbers them: `exten 3`.
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
    """A set of settings, at most one value a key."""

    settings: frozenset[Setting]

    @classmethod
    def of(cls, settings: Iterable[Setting]) -> "NodeState":
        """Collect settings."""
        return cls(frozenset(settings))

    def __iter__(self) -> Iterator[Setting]:
        return iter(sorted(self.settings))

    def by_key(self) -> dict[tuple[str, str, str], str]:
        """Return value by (kind, name, option)."""
        return {s.key: s.value for s in self.settings}

    def objects(self) -> frozenset[tuple[str, str]]:
        """Return every (kind, name)."""
        return frozenset((s.kind, s.name) for s in self.settings)
