"""Rules about times and places in a queue that do not fit each other: what is written would never happen."""

from collections.abc import Iterator

from cctoolkit.model.build import Parts
from cctoolkit.model.queue import QueueOptions
from cctoolkit.model.steps.callback import Callback
from cctoolkit.model.steps.queue import Queue
from cctoolkit.model.steps.voicemail import Voicemail
from cctoolkit.model.words import seconds
from cctoolkit.spec.builder import Route
from cctoolkit.spec.problem import Problem
from cctoolkit.spec.source import Document


def announcements(parts: Parts, document: Document) -> Iterator[Problem]:
    """What is announced has a time, and a time has something to announce.

    Source: app_queue.c of Asterisk 22, queue_exec() and wait_our_turn(): without a frequency neither the place nor
    an announcement is said, not even once.
    """
    for name, queue in parts.queues.items():
        path: Route = ("queues", name)
        raw = document.data["queues"][name]
        if (
            queue.announce_position
            and not seconds(queue.announce_frequency)
            and _fine(raw, "announce-frequency", queue)
        ):
            yield _never(document, (*path, "announce-position"), "the place in the queue", "announce-frequency: 1m")
        if (
            queue.periodic_announce
            and not seconds(queue.periodic_announce_frequency)
            and _fine(raw, "periodic-announce-frequency", queue)
        ):
            yield _never(document, (*path, "periodic-announce"), "this", "periodic-announce-frequency: 1m")


def frequencies(parts: Parts, document: Document) -> Iterator[Problem]:
    """Warn of a frequency without anything that is announced so often."""
    for name, queue in parts.queues.items():
        for key, frequency, what, cure in (
            ("announce-frequency", queue.announce_frequency, queue.announce_position, "announce-position: true"),
            ("periodic-announce-frequency", queue.periodic_announce_frequency, queue.periodic_announce,
             "periodic-announce: […]"),
        ):  # fmt: skip
            if seconds(frequency) and not what:
                yield Problem("nothing-announced", f"nothing is announced every {frequency}", document.file,
                              document.mark(("queues", name, key), key=True),
                              hint=f'write "{cure}", or leave this out')  # fmt: skip


def _fine(raw: dict[str, object], key: str, queue: QueueOptions) -> bool:
    """Say whether an option is left out, or is what was understood of it: else its schema has reported it."""
    return raw.get(key) in (None, getattr(queue, key.replace("-", "_")))


def _never(document: Document, path: Route, what: str, cure: str) -> Problem:
    return Problem("announced-never", f"{what} is never announced: nothing says how often", document.file,
                   document.mark(path, key=True), hint=f'write "{cure}"')  # fmt: skip


def messages(parts: Parts, document: Document) -> Iterator[Problem]:
    """A message can be as short as is asked, and not as long as it is cut."""
    for name, step in parts.flow.items():
        if isinstance(step, Voicemail) and seconds(step.shortest) >= seconds(step.longest):
            path: Route = ("flow", name, "shortest" if ("flow", name, "shortest") in document.values else "longest")
            what = f"every message is cut at {step.longest}, and shorter than {step.shortest} it is none"
            yield Problem("message-never", what, document.file, document.mark(path), "shortest below longest")


def callbacks(parts: Parts, document: Document) -> Iterator[Problem]:
    """All calls of a callback fall within its time."""
    for name, step in parts.flow.items():
        if isinstance(step, Callback) and (step.calls - 1) * seconds(step.between) >= seconds(step.within):
            what = f"{step.calls} calls, {step.between} after each other, take longer than {step.within}"
            yield Problem("callback-never", what, document.file, document.mark(("flow", name, "calls")),
                          "all calls before the end of within")  # fmt: skip


def waits(parts: Parts, document: Document) -> Iterator[Problem]:
    """Warn where callers leave a queue before a phone has rung out, or before the service level is decided."""
    for name, step in parts.flow.items():
        queue = parts.queues.get(step.queue) if isinstance(step, Queue) else None
        if not isinstance(step, Queue) or queue is None:
            continue
        limits = (("one phone rings", queue.timeout), ("the service level counts", queue.service_level.within))
        for what, limit in limits:
            if seconds(step.wait) < seconds(limit):
                yield Problem("wait-too-short", f"callers wait {step.wait} at most, and {what} {limit}", document.file,
                              document.mark(("flow", name, "wait")), f"at least {limit}")  # fmt: skip
                break


def places(parts: Parts, document: Document) -> Iterator[Problem]:
    """Warn of a queue longer than all the project's channels together: it is never full."""
    channels = [number.capacity for number in parts.numbers.values()]
    if not parts.whole_flow or not all(channels):
        return
    for name, queue in parts.queues.items():
        if queue.maxlen > sum(channels):
            what = f"{queue.maxlen} callers never wait: the numbers take {sum(channels)} calls at once"
            yield Problem("never-full", what, document.file, document.mark(("queues", name, "maxlen")),
                          f"at most {sum(channels)}", "or raise the capacity of the numbers")  # fmt: skip


RULES = (announcements, messages, callbacks)
