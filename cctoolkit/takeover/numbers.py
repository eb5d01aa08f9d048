"""The numbers by which calls come in: extensions of the contexts that trunks lead to, where they are phone numbers."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from cctoolkit.model import phone
from cctoolkit.takeover.dialplan import Dialplan, Extension
from cctoolkit.takeover.leftovers import Leftovers, Place

MOST = 2_000
USUAL = ("from-trunk", "from-pstn", "ext-did")
"""Contexts in which FreePBX lets calls of trunks in."""

_MAY_BE_MEANT = 5
"""Digits of what may be a number without its area; extensions are shorter."""

_SPECIAL = frozenset({"s", "i", "t", "h", "e", "o", "a", "fax", "T"})


class Number(Struct):
    """A number: E.164, its country, and where its calls enter, as extension and context; other forms it arrives in."""

    full: str
    country: str
    context: str
    extension: str
    place: Place
    arrives_as: list[str] = field(default_factory=list)

    def data(self, entry: str) -> dict[str, Any]:
        """Return it as a spec has it."""
        found: dict[str, Any] = {
            "number": self.full,
            "country": self.country,
            "class": phone.class_of(self.full) or "geographic",
        }
        return {**found, **({"arrives_as": self.arrives_as} if self.arrives_as else {}), "entry": entry}


def read(plan: Dialplan, contexts: Sequence[str], country: str, notes: Leftovers) -> dict[str, Number]:
    """Return the numbers by E.164."""
    found: dict[str, Number] = {}
    for context in contexts:
        for holder, extension, place in _extensions(plan, context):
            full = known(extension, country)
            if full is None:
                _note(extension, holder, place, country, notes)
            elif len(found) < MOST or full in found:
                first = Number(full, phone.country_of(full) or country, context, extension, place)
                _add(found.setdefault(full, first), holder, extension, plan, notes)
            else:
                notes.add(place, f"number {full}", f"there are {MOST} already", "import fewer at a time")
    return found


def without_extension(plan: Dialplan, contexts: Sequence[str], full: str, country: str) -> Number | None:
    """Return a number that no extension is named by, as its calls come to a range, or to what takes all calls."""
    for extension in (*phone.forms(full, country), "s"):
        for context in contexts:
            if hits := plan.find(context, extension):
                _, holder, name = hits[-1]
                place = next(iter(plan.contexts[holder].extensions[name].lines.values())).place
                return Number(full, country, context, extension, place)
    return None


def _add(number: Number, context: str, extension: str, plan: Dialplan, notes: Leftovers) -> None:
    """Take a form in which a number arrives; all of them enter at one step."""
    held = plan.contexts[context].extensions[extension]
    if extension != number.extension and _does(held) != _does(_held(plan, number)):
        why = "all its forms enter at one step in a spec"
        place = next(iter(held.lines.values())).place
        notes.add(place, f"number {number.full} in another form", why, "look whether they may")
    if extension not in (*phone.forms(number.full, number.country), *number.arrives_as):
        number.arrives_as.append(extension)


def _held(plan: Dialplan, number: Number) -> Extension:
    """Return the extension a number was found as."""
    _, context, name = plan.find(number.context, number.extension)[-1]
    return plan.contexts[context].extensions[name]


def _does(held: Extension) -> list[tuple[int, str, str]]:
    return [(priority, line.app, line.data) for priority, line in sorted(held.lines.items())]


def known(text: str, country: str) -> str | None:
    """Return an extension as E.164, where it is a number of the country, or one in full without its plus."""
    if not text.lstrip("+").isdigit() or not text.isascii() or len(text) < 7:
        return None
    own = phone.e164(text, country)
    if own is None and not text.startswith("+"):
        whole = phone.e164("+" + text, country)
        own = whole if whole and phone.assigned(whole) else None
    return own


def _note(extension: str, holder: str, place: Place, country: str, notes: Leftovers) -> None:
    if extension in _SPECIAL:
        if extension == "s":
            notes.add(
                place,
                f"[{holder}] takes calls without a number",
                "a spec has numbers alone",
                "name the number: --project NAME=NUMBER",
            )
        return
    if extension.startswith("_"):
        notes.add(
            place,
            f"[{holder}] takes a range of numbers",
            "a spec names each number",
            "name those in use: --project NAME=NUMBER,NUMBER",
        )
        return
    if len(extension) >= _MAY_BE_MEANT and extension.lstrip("+").isdigit():
        notes.add(
            place, extension, f"it is no phone number of {country} in full", "declare it in full, with arrives_as"
        )
        return
    notes.add(
        Place(place.file),
        f"extensions of [{holder}]",
        f"they are no phone numbers of {country} in full",
        "declare numbers whose calls arrive so, with arrives_as",
    )


def _extensions(plan: Dialplan, context: str) -> Iterator[tuple[str, str, Place]]:
    for held in plan.within(context):
        for name, extension in held.extensions.items():
            yield held.name, name, next(iter(extension.lines.values())).place
