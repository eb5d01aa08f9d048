"""schema: print or write the JSON Schemas."""

from typing import Annotated

import typer

from cctoolkit.cli.options import CHANGES, say, tell


def command(
    name: Annotated[str, typer.Argument(help="Such as project, site, project/queues or steps/menu; all names when none is given.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Generate schemas/ of this checkout from the structs.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Say which files of schemas/ are stale; exit code 2 when any is.")] = False,
) -> int:
    """Print a JSON Schema of the spec's language (2020-12), for editors and CI.

    Example: cctoolkit schema steps/menu
    """
    from cctoolkit.errors import UsageError
    from cctoolkit.workflow import schemas

    if write or check:
        stale = schemas.write() if write else schemas.stale()
        for path in stale:
            tell(f"{'written' if write else 'stale, run cctoolkit schema --write'}: {path}")
        return CHANGES if check and stale else 0
    known = schemas.generate()
    if name and f"{name}.schema.json" not in known:
        raise UsageError(f"there is no schema {name!r}", expected="one of " + ", ".join(k.removesuffix(".schema.json") for k in known))
    say(known[f"{name}.schema.json"].rstrip() if name else "\n".join(k.removesuffix(".schema.json") for k in known))
    return 0
