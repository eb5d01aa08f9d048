"""store: what is done with call records that are kept."""

from typing import Annotated

import typer

from cctoolkit.cli.options import Store, say, tell

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Seal days of call records, and forget what is not to be kept longer; `capture` does both once a day.

    Example: cctoolkit store seal --store records/
    """


@app.command()
def seal(
    store: Store,
    before: Annotated[
        str,
        typer.Option("--before", help="The first day that stays as it is; a week ago when not given.", metavar="DATE"),
    ] = "",
) -> None:
    """Move whole days (of UTC) out of the SQLite file, each into a folder of Parquet files beside it.

    Every command reads both as one. A day in which a call has not ended stays, and so does what comes later. A
    PostgreSQL store is not sealed.

    Example: cctoolkit store seal --store records/ --before 2026-11-01
    """
    from datetime import timedelta

    from cctoolkit.cdr.address import place
    from cctoolkit.workflow import keeping, spans

    day = spans.day(before) if before else keeping.today() - timedelta(days=7)
    sealed = keeping.seal(place(store), day, tell)
    for one in sealed:
        say(f"{one.day}: {one.calls} calls")
    say(f"{len(sealed)} days sealed")


@app.command()
def forget(
    store: Store,
    projects: Annotated[list[str], typer.Argument(help="Projects' ids, folders or files.", metavar="PROJECT...")],
) -> None:
    """Mask or drop the numbers of persons, and remove records, that the projects' specs (`privacy`) keep no longer.

    In SQLite, sealed days and PostgreSQL alike, and for ever: no replay brings them back. Doing it again changes
    nothing.

    Example: cctoolkit store forget northwind-hotline --store records/
    """
    from cctoolkit.cdr.address import place
    from cctoolkit.workflow import keeping, specs

    found = [specs.load_project(project).project for project in projects]
    done = {one.project: keeping.told(one) for one in keeping.forget(place(store), found, keeping.today())}
    for project in found:
        say(done.get(project.id, f"{project.id}: its spec keeps numbers and records (it has no privacy)"))
