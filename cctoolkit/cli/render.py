"""render: the configuration files."""

from pathlib import Path
from typing import Annotated

import typer

from cctoolkit.cli.options import Site, say


def command(
    site: Site,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Where to write, a folder a node.", metavar="DIR")],
) -> None:
    """Write the files each node would get; secrets stay references.

    Example: cctoolkit render --site lab -o build/
    """
    from cctoolkit.errors import OperatorError
    from cctoolkit.workflow import specs

    for node, config in specs.render_site(specs.load_site(site)).items():
        for path, text in config.files.items():
            target = folder / node / path
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            except OSError as error:
                raise OperatorError(f"cannot be written: {error.strerror}", where=str(target)) from error
        say(f"{folder / node}: release {config.release}, {len(config.files)} files")
