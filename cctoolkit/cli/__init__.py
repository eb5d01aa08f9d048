"""The command line: one file a command; each parses, calls `workflow`, and chooses the exit code.

Anything heavy is imported inside the commands, so that `--help` answers at once.
"""

import typer

from cctoolkit.cli import (
    apply,
    capture,
    cdr,
    demo,
    drift,
    explain,
    fmt,
    graph,
    history,
    import_,
    kpi,
    lab,
    messages,
    new,
    override,
    plan,
    prove,
    render,
    report,
    rollback,
    schema,
    site,
    store,
    trace,
    validate,
    verify,
    watch,
)  # fmt: skip

app = typer.Typer(
    name="cctoolkit",
    help="Contact-centre projects as code for Asterisk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    new,
    validate,
    explain,
    fmt,
    graph,
    trace,
    prove,
    render,
    plan,
    apply,
    rollback,
    history,
    drift,
    override,
    verify,
    cdr,
    kpi,
    report,
    watch,
    schema,
):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)
app.add_typer(capture.app, name="capture")
app.add_typer(import_.app, name="import")
app.add_typer(messages.app, name="messages")
app.add_typer(site.app, name="site")
app.add_typer(store.app, name="store")
app.add_typer(lab.app, name="lab")
app.command(name="demo", hidden=True)(demo.command)
