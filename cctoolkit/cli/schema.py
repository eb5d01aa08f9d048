"""schema: print or write the JSON Schemas."""

from typing import Annotated

import typer

from cctoolkit.cli.options import CHANGES, say, tell


def command(
    name: Annotated[
        str,
        typer.Argument(help="Such as project, site, project/queues or steps/menu; all names when none is given."),
    ] = "",
    write: Annotated[
        bool, typer.Option("--write", help="Generate schemas/ of this checkout from the structs.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say which files of schemas/ are stale; exit code 2 when any is.")
    ] = False,
) -> int:
    """Print a JSON Schema of the spec's language (2020-12), for editors and CI.

    Example: cctoolkit schema steps/menu
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.spec.problem import did_you_mean, one_of
    from cctoolkit.workflow import schemas

    if write or check:
        stale = schemas.write() if write else schemas.stale()
        for path in stale:
            tell(f"{'written' if write else 'stale, run cctoolkit schema --write'}: {path}")
        return CHANGES if check and stale else 0
    texts = {path.removesuffix(".schema.json"): text for path, text in schemas.generate().items()}
    if name and name not in texts:
        near = did_you_mean(name, texts)
        raise UsageError(f"there is no schema {name!r}", expected=one_of(texts), next_step=near)
    say(texts[name].rstrip() if name else "\n".join(texts))
    return 0
