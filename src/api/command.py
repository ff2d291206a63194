"""`python -m src api`: the API served, and its keys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from src.api.keys import ApiKeys

app = typer.Typer(rich_markup_mode="markdown", help="The REST API: serve it, and make the keys for it.")
keys_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Keys: make, list, revoke.")
app.add_typer(keys_app, name="key")

_SHUTDOWN_SECONDS = 10


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to serve on; another than this machine's needs a key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8000,
) -> None:
    """Serve the REST API; its documentation is at /docs.

    Example: `python -m src api --port 8000`
    """
    if context.invoked_subcommand is None:
        _serve(host, port)


@keys_app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    write: Annotated[bool, typer.Option("--write", help="May change things, not only read.")] = False,
) -> None:
    """Make a key and print it: this once, for only its hash is kept.

    Example: `python -m src api key create line-3 --write`
    """
    from src.api.keys import Scope
    from src.database.acting import acting_name

    key = _keys().create(name, Scope.WRITE if write else Scope.READ, actor=acting_name())
    typer.echo(key)
    typer.echo("Keep it now: it is not shown again. Send it as `Authorization: Bearer KEY`.", err=True)


@keys_app.command("list")
def list_all() -> None:
    """List the keys: what for, since when, when used last.

    Example: `python -m src api key list`
    """
    from rich.console import Console
    from rich.table import Table

    keys = _keys().all()
    if not keys:
        typer.echo("There are no keys: on this machine the API answers everybody, elsewhere it is not served.")
        return
    table = Table("Name", "Scope", "Created", "Last used", "Revoked", box=None, pad_edge=False)
    for key in keys:
        table.add_row(key.name, key.scope, _moment(key.created_at), _moment(key.last_used_at), _moment(key.revoked_at))
    Console().print(table)


@keys_app.command()
def revoke(name: Annotated[str, typer.Argument(help="Name of the key, as in the list.")]) -> None:
    """Make a key useless from now on. The doors stay closed, also when it was the last one.

    Example: `python -m src api key revoke line-3`
    """
    from src.database.acting import acting_name

    _keys().revoke(name, actor=acting_name())
    typer.echo(f"The key {name} is revoked.")


def _serve(host: str, port: int) -> None:
    from src.api.access import check_start

    keys = _keys()
    check_start(host, keys)

    import uvicorn  # what is not to be served need not wait for this

    from src.api.app import create_app

    application = create_app(host)
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"The API is served on http://{shown}:{port}, its documentation on http://{shown}:{port}/docs.")
    if not keys.are_needed():
        typer.echo("There is no key: every program on this machine may read and write. `api key create` makes one.")
    uvicorn.run(
        application,
        host=host,
        port=port,
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )


def _keys() -> ApiKeys:
    """Return the keys, in a database that has a table for them. Only now: `--help` works without any database."""
    from src.api.keys import ApiKeys
    from src.database.migrate import upgrade_database

    upgrade_database()
    return ApiKeys()


def _moment(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "—"
