"""What a capture says: a line for a person, with what a machine wants to know of it apart."""

from typing import Literal, Self

Level = Literal["info", "warning", "error"]


class Told(str):
    """A line as a person reads it. `event` names what happened, always alike; `fields` are its numbers and names."""

    node: str
    event: str
    level: Level
    text: str
    fields: dict[str, str | int | float]

    @classmethod
    def of(cls, node: str, event: str, text: str, level: Level = "info", **fields: str | int | float) -> Self:
        """Return the line of a node, or of the capture as a whole where `node` is ""."""
        line = cls(f"{node}: {text}" if node else text)
        line.node, line.event, line.level, line.text, line.fields = node, event, level, text, fields
        return line
