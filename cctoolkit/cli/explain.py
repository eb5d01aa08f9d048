"""explain: what a code of `validate` or `prove` means, with an example and the cure."""

from typing import Annotated

import typer

from cctoolkit.cli.options import say


def command(
    code: Annotated[
        str, typer.Argument(help="Such as number-class, as it stands in brackets; all codes when none is given.")
    ] = "",
) -> int:
    """Explain a problem: what it means, an example, the cure.

    Example: cctoolkit explain number-class
    """
    from cctoolkit import resources
    from cctoolkit.errors import UsageError
    from cctoolkit.spec.codes import CODES, FINDINGS
    from cctoolkit.spec.problem import did_you_mean

    known = {**CODES, **FINDINGS}
    if not code:
        for name in sorted(known):
            say(f"{name:<24} {known[name]}")
        return 0
    if code not in known:
        raise UsageError(f"there is no code {code!r}", expected="one that validate or prove has said",
                         next_step=did_you_mean(code, known) or "cctoolkit explain")  # fmt: skip
    say((resources.codes() / f"{code}.md").read_text(encoding="utf-8").rstrip())
    return 0
