"""`python -m src prices …`: products with a price and a quantity a day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from src.cli import price_models
from src.cli.data_import import show_problems
from src.cli.progress import progress_bar
from src.cli.terminal_text import plain
from src.config import get_settings
from src.database.acting import acting_name

if TYPE_CHECKING:
    from src.pricing.history_import import PriceImportReport

_WARNING = "yellow"

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Products: their prices and quantities.")

for _command in (price_models.train, price_models.predict, price_models.models):
    app.command()(_command)


@app.command()
def generate(
    products: Annotated[int, typer.Option(help="Products to invent: SKU001, SKU002 … 0 only with --clear.")] = 200,
    days: Annotated[int, typer.Option(help="Days of history, up to yesterday.")] = 365,
    seed: Annotated[int, typer.Option(help="Another number, other products; the same one, the same.")] = 42,
    clear: Annotated[
        bool, typer.Option("--clear", help="Remove what was generated earlier first, with its models.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Invent products with a price and a quantity a day, to try things out.

    Trend, seasons, holidays, shopping dates, promotions, and a demand that falls where the price rises. Products that
    were imported are never touched, with --clear neither; the same history again changes nothing.

    Example: `python -m src prices generate --products 50 --days 730 --clear`
    """
    from src.database.migrate import upgrade_database
    from src.pricing.synthetic_history import generate_history

    upgrade_database()
    if clear and not yes:
        typer.confirm("Remove all generated products with their history and models? Imported ones stay.", abort=True)
    made = generate_history(products, days, seed, clear=clear)
    facts = {
        "Products processed": f"{made.products:,}",
        "Price rows": f"{made.price_rows:,}",
        "Sales rows": f"{made.sales_rows:,}",
        "Products removed": f"{made.removed:,}" if clear else "",
        "Models removed": _counted(made.models_removed),
        "From": f"{made.first}" if made.first else "",
        "To": f"{made.last}" if made.last else "",
        "Took": f"{made.seconds:.1f} s",
    }
    _show_facts(facts)
    if not made.stored and not made.removed:
        typer.echo("All of it was there already: nothing was changed.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, CSV.gz or Parquet, a row a product and day.", show_default=False)],
    sku: Annotated[str | None, typer.Option(help="Column of the SKUs.")] = None,
    date: Annotated[str | None, typer.Option(help="Column of the days.")] = None,
    price: Annotated[str | None, typer.Option(help="Column of the prices.")] = None,
    quantity: Annotated[str | None, typer.Option(help="Column of the quantities.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put other values in place of stored ones, rather than keep those.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
) -> None:
    """Import real prices and quantities. Columns that are not named are known by their names.

    Rows that cannot be used are left out and told by reason, the others are stored in one transaction. Rows of the same
    product and day are joined: quantities summed, prices averaged by quantity. The same file twice changes nothing.

    Example: `python -m src prices import sales.csv --price "unit value" --dry-run`
    """
    from src.database.migrate import upgrade_database
    from src.errors import InvalidPriceFile
    from src.pricing.history_import import import_history
    from src.tables.limits import TableLimits

    upgrade_database()
    console = Console(stderr=True)
    said = {"sku": sku, "date": date, "price": price, "quantity": quantity}
    try:
        with progress_bar(console) as progress:
            bar = progress.add_task("Reading", total=1.0)
            report = import_history(
                file,
                file.name,
                columns={role: column for role, column in said.items() if column is not None},
                replace=replace,
                dry_run=dry_run,
                actor=acting_name(),
                limits=TableLimits.from_settings(get_settings()),
                on_progress=lambda share, rows: progress.update(bar, completed=share, description=f"{rows:,} rows"),
            )
    except InvalidPriceFile as error:
        show_problems(console, error)
        raise typer.Exit(1) from None
    _show_report(report)


def _show_report(report: PriceImportReport) -> None:
    console = Console()
    for note in report.notes:
        console.print(f"[dim]{plain(str(note))}[/]", highlight=False)
    facts = {
        "Rows": f"{report.rows:,}",
        "Left out": _counted(report.refused),
        "Joined": _counted(report.joined),
        "Days new": f"{report.new:,}",
        "Unchanged": f"{report.unchanged:,}",
        "Replaced": _counted(report.replaced),
        "Kept as stored": _counted(report.kept.count if report.kept else 0),
        "Nothing sold": _unsold(report),
        "Gaps": f"{report.gaps:,} days without a row" if report.gaps else "",
        "Out of order": _counted(report.unsorted),
        "Products": f"{len(report.products):,}, {len(report.created):,} of them new",
        "From": f"{report.first}",
        "To": f"{report.last}",
        "Took": f"{report.seconds:.1f} s",
    }
    _show_facts(facts)
    for refusal in (*report.refusals, *([report.kept] if report.kept else [])):
        more = f" (and {refusal.count - 1:,} more)" if refusal.count > 1 else ""
        console.print(f"[{_WARNING}]{plain(str(refusal.first))}{more}[/]", highlight=False, soft_wrap=True)
    if report.kept:
        console.print("Stored days are replaced with --replace.")
    if report.dry_run:
        console.print(f"[{_WARNING}]A dry run: nothing was changed.[/]")
    elif not report.changes_something:
        console.print("All of it was there already: nothing was changed.")


def _counted(count: int) -> str:
    return f"{count:,}" if count else ""


def _unsold(report: PriceImportReport) -> str:
    missing = f" (rows without a quantity: {report.without_quantity:,})" if report.without_quantity else ""
    return f"{report.nothing_sold:,} days{missing}" if report.nothing_sold else ""


def _show_facts(facts: dict[str, str]) -> None:
    """Print what there is to say, a line each; what is empty is left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in facts.items():
        if value:
            table.add_row(f"[dim]{name}[/]", plain(value))
    Console().print(table)
