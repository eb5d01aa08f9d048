"""Every sound the project plays is on the node, in every language in which callers hear it."""

from collections.abc import Iterator

from cctoolkit.verify.checks import Evidence, Finding, Prompt

FALLBACK = "en"
"""The language Asterisk plays a sound in that is not there in the caller's. Source: main/file.c, fileexists_core."""


def judge(evidence: Evidence) -> Iterator[Finding]:
    """One finding a sound that is missing, with who plays it and where that is written; or one that all are there."""
    missing = [one for one in evidence.prompts if one.language not in one.found_in]
    for one in missing:
        yield Finding("prompts", f"{one.where} {one.played_by}", False, _told(one))
    if evidence.prompts and not missing:
        sounds = {one.sound for one in evidence.prompts}
        spoken = " and ".join(sorted({one.language for one in evidence.prompts}))
        yield Finding("prompts", f"{len(sounds)} sounds", True, f"on the node in {spoken}")


def _told(one: Prompt) -> str:
    hears = "callers hear it in English" if FALLBACK in one.found_in else "callers hear nothing"
    return (
        f'no sound "{one.sound}" in {one.language} on the node: {hears}; next: put it into sounds/{one.language}/ there'
    )
