"""`python -m src models …`: the saved models."""

from __future__ import annotations

import json
import math
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from src.cli.terminal_text import plain, shown, time_said
from src.database.acting import acting_name
from src.errors import FileNotWritten, InvalidModelFile
from src.storage.atomic import write_atomically
from src.storage.model_summary import Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from src.storage.package_reading import Package

app = typer.Typer(
    name="models",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="List, inspect, pass on, delete and adopt saved models.",
)

Name = Annotated[str, typer.Argument(help="Name of the model.", show_default=False)]
Version = Annotated[int | None, typer.Option(help="A version other than the current one.")]

_WIDE = 110
"""Columns of a terminal that has room for the notes."""


@app.command("list")
def list_(
    search: Annotated[str, typer.Option(help="Only those with these words in name, type, target or notes.")] = "",
    sort: Annotated[Order, typer.Option(help="In which order.")] = "newest",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
) -> None:
    """List the saved models, those that are not trusted included.

    Example: `python -m src models list --search "press state" --sort score --limit 10`
    """
    from src.storage.model_summary import find_models
    from src.utils.model_store import default_store

    everything = default_store().summary()
    if everything.empty:
        Console().print(f"No models in {default_store().folder}. Train one: `python -m src train --help`.")
        return
    summary = find_models(everything, search, sort)
    if summary.empty:
        Console().print(f"None of the {len(everything)} models has {plain(repr(search))} in it.")
        return
    console = Console()
    table = Table(box=SIMPLE, pad_edge=False)
    for heading in ("Name", "Type"):
        table.add_column(heading, overflow="fold", min_width=12)
    for heading in ("Score", "Saved (UTC)", "V.", "Trusted"):
        table.add_column(heading, no_wrap=True)  # on a narrow terminal the words give way, not the figures
    if with_notes := console.width >= _WIDE:
        table.add_column("Notes", overflow="fold")
    for row in summary.head(limit or len(summary)).to_dict("records"):
        table.add_row(*_cells(row, with_notes=with_notes))
    console.print(table)
    if limit is not None and limit < len(summary):
        Console().print(f"{limit} of {len(summary)} models.")


def _cells(row: dict[Any, Any], *, with_notes: bool) -> list[str]:
    from src.evaluation.metrics import metric_title

    return [
        plain(row["name"]),
        plain(row["model_type"]),
        "—" if math.isnan(row["score"]) else f"{row['score']:.4f} {plain(metric_title(row['metric']))}",
        time_said(row["saved_at"])[:10],
        str(row["version"]),
        _trust(row),
        *([plain(row["description"])] if with_notes else []),
    ]


@app.command()
def show(
    name: Name,
    version: Version = None,
    as_json: Annotated[bool, typer.Option("--json", help="All that is known, as JSON.")] = False,
) -> None:
    """Show what a model is, what it takes and how good it was, and its versions.

    Example: `python -m src models show "boosted trees"`
    """
    from src.cli.model_facts import facts_table, features_table
    from src.ml.model_facts import facts_of
    from src.utils.model_store import default_store

    store = default_store()
    record = store.describe(name, version)
    if as_json:
        typer.echo(json.dumps(record, indent=1))
        return
    facts = facts_of(record, store.folder)
    Console().print(facts_table(facts))
    if (features := features_table(facts)) is not None:
        Console().print("\n", features, sep="")
    current = store.entries()[record["name"]]["version"]
    versions = Table("Version", "Saved (UTC)", "Current", box=None, pad_edge=False)
    for saved in store.versions(name):
        versions.add_row(str(saved.version), time_said(saved.saved_at), "yes" if saved.version == current else "")
    Console().print("\n", versions, sep="")


@app.command()
def card(
    name: Name,
    version: Version = None,
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of printing it.")] = None,
) -> None:
    """Print the model card: everything that one needs to judge a model, in Markdown.

    Example: `python -m src models card "boosted trees" --out card.md`
    """
    from src.ml.model_card import model_card
    from src.ml.model_facts import read_facts

    text = model_card(read_facts(name, version))
    if out is None:
        typer.echo(text, nl=False)
        return
    with _write_errors_named(out):
        write_atomically(out, text.encode())
    Console().print(f"Wrote {plain(str(out))}.")


@app.command()
def note(name: Name, notes: Annotated[str, typer.Argument(help="The new notes.")], version: Version = None) -> None:
    """Replace the notes of a model; it stays the same version.

    Example: `python -m src models note "boosted trees" "In use at line 2 since May"`
    """
    saved = _acts().edit_notes(acting_name(), name, notes, version)
    Console().print(f"The notes of {plain(saved.name)}, version {saved.version}, are changed.")


@app.command()
def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete a model with all its versions.

    Example: `python -m src models delete "boosted trees" --yes`
    """
    if not yes:
        typer.confirm(f"Delete the model {shown(name)} with all its versions?", abort=True)
    _acts().delete(acting_name(), name)
    Console().print(f"Deleted {plain(name)}.")


@app.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Option(help="The file to write; it must not be there yet.", show_default=False)],
    version: Version = None,
) -> None:
    """Write a model as one file, with all that is known of it and the hashes of both.

    Example: `python -m src models export "boosted trees" --out boosted.zip`
    """
    if out.exists():
        raise FileNotWritten("{path!r} is there already. Choose another name.", path=str(out))
    unfinished = out.with_name(f".{out.name}.part")
    with _write_errors_named(out):
        try:
            with unfinished.open("wb") as file:
                record = _acts().export_to(acting_name(), file, name, version)
            unfinished.replace(out)
        finally:
            unfinished.unlink(missing_ok=True)
    Console().print(f"Wrote {plain(name)}, version {record['version']}, to {plain(str(out))}.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="What `models export` wrote.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="What to call it here; its own name where left out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check it and say what is in it.")] = False,
) -> None:
    """Take in a model from a file; it can be used once it is trusted.

    Example: `python -m src models import boosted.zip --name "boosted from plant 2"`
    """
    from src.storage.package_reading import read_package

    with _opened(file) as content:
        _describe(read_package(content))
        if dry_run:
            return
        saved = _acts().import_from(acting_name(), content, name)
    Console().print(f"Imported {plain(saved.name)}, version {saved.version}. It is not trusted yet:")
    Console().print(f"if you know where it comes from, python -m src models trust {plain(repr(saved.name))}")


@app.command()
def trust(name: Name) -> None:
    """Adopt a model that was not saved here.

    Loading a model runs whatever is in its file: do this only if you know where the file comes from.

    Example: `python -m src models trust legacy_model`
    """
    saved = _acts().trust(acting_name(), name)
    Console(stderr=True).print(
        "[yellow]From now on this file is opened when the model is loaded, and whatever is in it runs.[/] "
        "Delete the model if you are not sure where it comes from."
    )
    Console().print(f"Adopted {plain(saved.name)}, version {saved.version}, SHA-256 {saved.sha256}.")


@app.command()
def rebuild() -> None:
    """Restore the registry from the files that lie beside the models.

    Example: `python -m src models rebuild`
    """
    names = _acts().rebuild(acting_name())
    Console().print(f"The registry has {len(names)} models.")


@app.command()
def rollback(
    name: Name, version: Annotated[int, typer.Argument(help="The version to make current.", show_default=False)]
) -> None:
    """Make another version of a model the current one.

    Example: `python -m src models rollback "boosted trees" 1`
    """
    saved = _acts().go_back(acting_name(), name, version)
    Console().print(f"The current version of {plain(saved.name)} is {saved.version}.")


def _acts() -> Any:
    """Return what people can do to models, with a database in which it is remembered."""
    from src.database.migrate import upgrade_database
    from src.ml import model_acts

    upgrade_database()
    return model_acts


@contextmanager
def _write_errors_named(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileNotWritten(
            "{path!r} cannot be written: {reason}. Choose another place.", path=str(out), reason=error.strerror
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidModelFile(
            "{path!r} cannot be opened: {reason}. Check the path.", path=str(path), reason=error.strerror
        ) from error
    with file:
        yield file


def _describe(package: Package) -> None:
    record = package.record
    metadata = record["metadata"]
    table = Table(show_header=False, box=None, pad_edge=False)
    for what, value in (
        ("Name", f"{record['name']}, version {record['version']}"),
        ("Type", metadata.get("model_type")),
        ("Target", metadata.get("target")),
        ("Notes", metadata.get("description")),
        ("Saved", record["saved_at"][:16]),
        ("Size", f"{package.artefact_bytes:,} bytes"),
        ("SHA-256", record["sha256"]),
    ):
        if isinstance(value, str) and value:
            table.add_row(f"[dim]{what}[/]", plain(value))
    Console().print(table)


def _trust(row: dict[Any, Any]) -> str:
    if not isinstance(row["size_bytes"], int):
        return "[red]missing[/]"
    return "yes" if row["trusted"] else "[yellow]no[/]"
