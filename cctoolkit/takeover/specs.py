"""Builds the specs of an import: a project for each that is asked for, and the site they run on."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from msgspec import Struct
from msgspec.structs import replace

from cctoolkit.model import phone
from cctoolkit.model.words import Language
from cctoolkit.takeover import agents, numbers, site
from cctoolkit.takeover.dialplan import afterwards
from cctoolkit.takeover.known_apps import OURS
from cctoolkit.takeover.leftovers import Leftover, Leftovers, Place
from cctoolkit.takeover.names import Names
from cctoolkit.takeover.numbers import Number
from cctoolkit.takeover.project import Share
from cctoolkit.takeover.reader import Folder
from cctoolkit.takeover.switch import Switch, open_folder
from cctoolkit.takeover.walk import Walker
from cctoolkit.takeover.wanted import Wanted, longest_name

COUNTRY = "RU"
"""Where nobody says which; as in a spec."""

_DIALPLAN = Place("extensions.conf")


class Taken(Struct, frozen=True):
    """What came out: the data of each project by id, that of the site, how much was found, and what is left over."""

    projects: dict[str, dict[str, Any]]
    site: dict[str, Any]
    counts: dict[str, int]
    left: tuple[Leftover, ...]


def take(folder: Folder, wanted: Wanted, progress: Callable[[str], None] = lambda _said: None) -> Taken:
    """Read a folder into specs; `progress` is told what is being done."""
    notes, names = Leftovers(), Names()
    progress(f"reading {len(folder.names)} files")
    if not wanted.country:
        wanted = replace(wanted, country=COUNTRY)
        notes.add(
            _DIALPLAN, "the country numbers are written for", f"it was not said: {COUNTRY} was taken", "--country"
        )
    switch = open_folder(folder, notes, longest_name(wanted))
    for trunk in switch.trunks:
        names.of(("trunk", trunk.name), trunk.name, "trunk")
    people = agents.read(switch.queues, switch.plan, switch.titles, names, notes)
    language = wanted.language or _language(switch, notes)
    walker = Walker(switch.plan, notes, language)
    contexts = _contexts(switch, wanted, notes)
    found = numbers.read(switch.plan, contexts, wanted.country, notes)
    counted = len(found)
    for full in _unlisted(found, wanted):
        if one := numbers.without_extension(switch.plan, contexts, full, wanted.country):
            counted += _note_unlisted(one, wanted, notes)
            found[full] = one
    share = Share(switch, people, names, wanted, notes)
    shares = _shares(found, wanted, notes)
    projects = {}
    for name, own in shares.items():
        scene = share.scene(walker, language, list(found.values()))
        projects[name] = share.take(name, own, scene, progress, last=name == list(shares)[-1])
    _note(switch, wanted, walker, notes, has_people=bool(people))
    data: dict[str, Any] = {
        "site": {"id": wanted.site, "title": wanted.site},
        "nodes": [site.node(switch.asterisk, switch.listeners, notes)],
        "trunks": site.carriers(switch.trunks, names, switch.listeners, notes),
        "roster": site.roster(people, switch.endpoints, notes, vacant=share.vacant),
        "projects": list(projects),
    }
    if any("mail" in step for project in projects.values() for step in project["flow"].values()):
        data["mail"] = site.mail(switch.voicemail.sender, notes)
    counts = {
        "numbers": counted,
        "steps": sum(len(one["flow"]) for one in projects.values()),
        "queues": len(switch.queues),
        "agents": len(people),
        "trunks": len(data["trunks"]),
    }
    return Taken(projects, {section: value for section, value in data.items() if value}, counts, notes.all())


def _unlisted(found: Mapping[str, Number], wanted: Wanted) -> list[str]:
    """Return the numbers that were named and are no extensions; an example of one where there is none at all."""
    named = (full for own in wanted.projects.values() for text in own if (full := _full(text, wanted)))
    unlisted = [full for full in dict.fromkeys(named) if full not in found]
    return unlisted or ([] if found else [_example(wanted)])


def _note_unlisted(number: Number, wanted: Wanted, notes: Leftovers) -> bool:
    """Note a number that is no extension; return whether it was named."""
    if number.full != _example(wanted):
        why = "what takes a range of numbers, or all calls, takes it"
        notes.add(number.place, f"number {number.full} has no extension", why, "look whether its calls go this way")
        return True
    why = f"a project has one: {number.full}, an example of a number, was written, whose calls go where any go"
    notes.add(_DIALPLAN, "no number was found", why, "name those that are called: --project NAME=NUMBER,NUMBER")
    return False


def _example(wanted: Wanted) -> str:
    return phone.example(wanted.country)[1]


def _full(text: str, wanted: Wanted) -> str | None:
    return phone.e164(text, wanted.country) or numbers.known(text, wanted.country)


def _contexts(switch: Switch, wanted: Wanted, notes: Leftovers) -> list[str]:
    """Return the contexts calls come into: those named, else those of trunks, else FreePBX's."""
    for name in wanted.contexts:
        if name not in switch.plan.contexts:
            notes.add(_DIALPLAN, f"there is no context [{name}]", "--context named it", "name one that is there")
    said = list(wanted.contexts) or [one.context for one in switch.trunks]
    there = [one for one in dict.fromkeys(said) if one in switch.plan.contexts]
    return there or [name for name in numbers.USUAL if name in switch.plan.contexts]


def _shares(found: dict[str, Number], wanted: Wanted, notes: Leftovers) -> dict[str, dict[str, Number]]:
    """Return the numbers of each project; those nobody asked for go to the first one without numbers of its own."""
    shares: dict[str, dict[str, Number]] = {name: {} for name in wanted.projects}
    rest = next((name for name, own in wanted.projects.items() if not own), "")
    owners: dict[str | None, str] = {}
    for name, own in wanted.projects.items():
        for text in own:
            full = _full(text, wanted)
            owners[full] = name
            if full not in found:
                what = f"a number of project {name}"
                notes.add(_DIALPLAN, what, "no context of a trunk has it", "write it as it arrives")
    for full, number in found.items():
        owner = owners.get(full, rest)
        if owner:
            shares[owner][full] = number
        else:
            by_hand = "name one: --project NAME=NUMBER"
            notes.add(number.place, f"number {full}", "no project was named for it", by_hand)
    kept = {name: own for name, own in shares.items() if own} or dict(list(shares.items())[:1])
    for name in shares.keys() - kept.keys():
        notes.add(_DIALPLAN, f"project {name}", "it would have no number", "name its numbers")
    return kept


def _language(switch: Switch, notes: Leftovers) -> str:
    said = next((one.get("defaultlanguage") for one in switch.asterisk if one.name == "options"), "")[:2]
    if said not in get_args(Language):
        said = "en"
        notes.add(Place("asterisk.conf"), "the language", "it was not said: en was written", "--language")
    return said


def _note(switch: Switch, wanted: Wanted, walker: Walker, notes: Leftovers, *, has_people: bool) -> None:
    """Note what no configuration says, what a spec always does in its own way, and what no call comes to."""
    if not wanted.time_zone:
        notes.add(_DIALPLAN, "the time zone", "no file has the switch's own: UTC was written", "--time-zone ZONE")
    if any(queue.others for queue in switch.queues.values()):
        why = (
            "a spec has its own way: nobody who talks is rung, calls are given out at once, agents log in by code, "
            "after-call work is a pause"
        )
        what = "ringinuse, autofill, static members, wrapuptime"
        notes.add(Place("queues.conf"), what, why, "read docs/import.md")
    if has_people and not wanted.certified:
        why = "no file says it, and without it nobody can log in"
        notes.add(Place("queues.conf"), "since when agents are certified", why, "--certified DATE")
    for context in switch.plan.contexts.values():
        for line in afterwards(context) if context.name in walker.met else ():
            notes.add(
                line.place, line.app, "it is done after the call, and a spec has no such thing", "look who misses it"
            )
        if context.extensions and context.name not in walker.met and not context.name.startswith(OURS):
            notes.add(
                context.place, f"[{context.name}]", "no call of a number comes there", "nothing, unless one should"
            )
