"""Rules about phone numbers: possible in their country, told apart, of the class they are, called by nobody here."""

from collections.abc import Iterator

from cctoolkit.model import phone
from cctoolkit.model.build import Parts
from cctoolkit.model.steps.transfer import Transfer
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document


def countries(parts: Parts, document: Document) -> Iterator[Problem]:
    """A number's country must be one."""
    for index, number in parts.numbers.items():
        if number.country not in phone.countries():
            mark = document.mark(("numbers", index, "country"))
            yield Problem("unknown-country", f'there is no country "{number.country}"', document.file, mark,
                          "an ISO 3166 code such as RU or PL")  # fmt: skip


def numbers(parts: Parts, document: Document) -> Iterator[Problem]:
    """Numbers must be possible in their country, and no form may enter twice."""
    seen: dict[str, int] = {}
    for index, number in parts.numbers.items():
        if number.country not in phone.countries():
            continue
        path: Route = ("numbers", index)
        texts = [((*path, "number"), number.number)]
        texts += [((*path, "arrives_as", n), text) for n, text in enumerate(number.arrives_as)]
        for where, text in texts:
            full = phone.e164(text, number.country)
            if full is None or not phone.belongs(full, number.country):
                yield Problem("impossible-number", f'"{text}" is no phone number of {number.country}', document.file,
                              document.mark(where), hint="correct the number or its country")  # fmt: skip
                continue
            first = {seen.setdefault(form, index) for form in phone.forms(text, number.country)} - {index}
            if first:
                what = f'calls to "{text}" already enter with number {min(first) + 1} of the list'
                yield Problem("number-twice", what, document.file, document.mark(where),
                              hint="one number enters the flow once")  # fmt: skip


def arrives_twice(parts: Parts, document: Document) -> Iterator[Problem]:
    """A form a number arrives in is written once; those with +7, 7 and 8 are known without being written."""
    for index, number in parts.numbers.items():
        full = phone.e164(number.number, number.country)
        seen = {full: number.number} if full else {}
        for place, text in enumerate(number.arrives_as):
            form = phone.e164(text, number.country)
            if form in seen:
                yield Problem("arrives-twice", f'"{text}" is the same number as "{seen[form]}"', document.file,
                              document.mark(("numbers", index, "arrives_as", place)),
                              hint="leave it out: with +, without, as dialled in the country, it is one")  # fmt: skip
            elif form:
                seen[form] = text


def unassigned(parts: Parts, document: Document) -> Iterator[Problem]:
    """Warn of a number that its country's numbering plan does not know."""
    for index, number in parts.numbers.items():
        full = phone.e164(number.number, number.country)
        if full and not phone.assigned(full):
            yield Problem("number-unassigned", f'{number.country} has no number like "{number.number}"', document.file,
                          document.mark(("numbers", index, "number")), hint="check the digits")  # fmt: skip


def classes(parts: Parts, document: Document) -> Iterator[Problem]:
    """A number has the class that its country's numbering plan gives it, where the plan says."""
    for index, number in parts.numbers.items():
        full = phone.e164(number.number, number.country)
        real = phone.class_of(full) if full and phone.belongs(full, number.country) else None
        written = document.data["numbers"][index].get("class")
        # A class that is none, its schema has reported.
        if real is None or real == number.class_ or written not in (None, number.class_):
            continue
        mark = document.mark(("numbers", index, "class" if written else "number"))
        said = f", not {written}" if written else ""
        yield Problem("number-class", f'"{number.number}" is a {real} number{said}', document.file, mark,
                      f"class: {real}")  # fmt: skip


def called(parts: Parts, document: Document) -> Iterator[Problem]:
    """A transfer does not call the line it comes from, nor a number that costs a fortune a minute, however dialled."""
    own = {
        phone.digits(form): number.number
        for number in parts.numbers.values()
        if number.country in phone.countries()
        for text in (number.number, *number.arrives_as)
        for form in phone.forms(text, number.country)
    }
    here = {number.country for number in parts.numbers.values()} & phone.countries()
    for name, step in parts.flow.items():
        if not isinstance(step, Transfer):
            continue
        mark = document.mark(("flow", name, "number"))
        if (trunk := parts.trunks.get(step.trunk)) and trunk.node:
            continue  # Whether the site serves it, lint_site_passing says.
        if step.number in own:
            what = f'"{step.number}" is this line itself: the call would come back and go round'
            yield Problem("transfer-to-itself", what, document.file, mark, "another number, or a step instead")
        elif phone.premium(step.number, here):
            yield Problem("transfer-premium", f'"{step.number}" is a premium-rate number', document.file, mark,
                          "a number that costs what calls cost", "the client pays for every minute")  # fmt: skip


RULES = (countries, numbers, classes, called)
