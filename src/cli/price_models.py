"""`python -m src prices train|predict|models`: the models of prices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from src.cli.terminal_text import shown
from src.database.acting import acting_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from src.pricing.prediction import PricePrediction
    from src.pricing.training_job import PriceTrainingReport, ProductOutcome

_METRICS = ("RMSE", "MAE", "MAPE")
_SMALL = 0.1
Sku = Annotated[str, typer.Argument(help="The product.", show_default=False)]


def train(
    sku: Annotated[
        list[str] | None, typer.Option(help="A product, repeatable; all of them when left out.", show_default=False)
    ] = None,
    optimize: Annotated[bool, typer.Option(help="Search for hyperparameters.")] = True,
    trials: Annotated[int, typer.Option(help="Hyperparameters to try for each product.")] = 50,
    recipe: Annotated[str, typer.Option(help="blend, or document for comparison.")] = "blend",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Products trained at once; by setting when left out.", show_default=False)
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Train products too whose models know the newest day already.")
    ] = False,
) -> None:
    """Train the models of prices, each kept as a new version as soon as it is there.

    Broken off and begun again, it goes on where it stopped.

    Example: `python -m src prices train --trials 20 --jobs 2`
    """
    from src.database.migrate import upgrade_database
    from src.pricing.batch_training import PricePlan, chosen_products
    from src.pricing.training_job import train_prices

    upgrade_database()
    plan = PricePlan(recipe, trials if optimize else 0, again or bool(sku)).checked()
    search = f"{plan.trials} trials each" if plan.trials else "no search for hyperparameters"
    typer.echo(f"Products: {len(chosen_products(sku or None)):,}; recipe {plan.recipe}, {search}.")
    told = _Lines()
    report = train_prices(sku or None, plan, actor=acting_name(), workers=jobs, on_progress=told.tell)
    told.tell(report, report.done)
    typer.echo(
        f"{report.trained} models trained, {report.skipped} up to date already, {report.refused} not trained, "
        f"in {report.seconds:.1f} s."
    )
    if not report.trained and not report.skipped:
        raise typer.Exit(1)


def predict(
    sku: Sku,
    days_ahead: Annotated[int, typer.Option("--days-ahead", "--days", help="1 to 60.")] = 30,
    out: Annotated[
        Path | None, typer.Option(help="File to write: .csv, .csv.gz or .parquet; printed when left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Forecast a product's prices and quantities.

    Example: `python -m src prices predict SKU001 --days-ahead 14`
    """
    from src.ml.table_writing import check_place
    from src.pricing.prediction import predict_prices_for_product

    if out is not None:
        check_place(out, force=force)
    prediction = predict_prices_for_product(sku, days_ahead)
    if prediction.remark is not None:
        Console(stderr=True).print(f"The model was not used: {shown(str(prediction.remark))}", markup=False)
    if out is not None:
        _write(prediction, out)
        typer.echo(f"Days: {days_ahead}, by {prediction.model_used}, in {out}.")
        return
    table = Table(box=None)
    for heading in ("Day", "Price", "80% from", "to", "95% from", "to", "Quantity"):
        table.add_column(heading, overflow="fold")
    days, *columns = _columns(prediction).values()
    for day, *values in zip(days, *columns, strict=True):
        table.add_row(str(day), *map(_amount, values))
    Console().print(table)
    typer.echo(f"Forecast by {prediction.model_used}.")


def _amount(value: float) -> str:
    """Two digits behind the point; more of what is next to nothing."""
    if value != value:
        return "—"
    return f"{value:,.4g}" if 0 < abs(value) < _SMALL else f"{value:,.2f}"


def models(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the models of prices; a version is named by the time of its training, in UTC.

    Example: `python -m src prices models`
    """
    from src.pricing.model_manager import create_model_manager

    facts = create_model_manager().facts()
    if as_json:
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    if not facts:
        typer.echo("There are no models of prices yet. Train some: `python -m src prices train`.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("SKU", "Version", "Serves", "Error to naive", "RMSE", "MAE", "MAPE", "Data until"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "SKU")  # a narrow terminal loses nothing
    for sku, one in sorted(facts.items()):
        table.add_row(*map(Text, _listed(sku, one)))
    Console().print(table)
    winners = sum(one.get("serves") == "LightGBM" for one in facts.values())
    typer.echo(f"{len(facts)} models; {winners} are better than the last price and serve.")


class _Lines:
    """A line for each product that is settled, as they come."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, report: PriceTrainingReport, done: int) -> None:
        for outcome in report.outcomes:
            if outcome.sku not in self._told:
                self._told.add(outcome.sku)
                typer.echo(
                    f"[{len(self._told) + report.skipped}/{report.total}] {shown(outcome.sku)}: {_said(outcome)}"
                )


def _said(outcome: ProductOutcome) -> str:
    notes = " ".join(shown(str(note)) for note in outcome.notes)
    if not outcome.is_trained:
        return f"not trained. {notes}"
    metrics = ", ".join(
        f"{name} {outcome.metrics[name.lower()]:.4f}" for name in _METRICS if outcome.metrics[name.lower()] is not None
    )
    return (
        f"trained on {outcome.training_samples} days, {outcome.validation_samples} held out, {outcome.features_count} "
        f"features; {metrics}{'; tuned' if outcome.is_tuned else ''}. {notes}".rstrip()
    )


def _columns(prediction: PricePrediction) -> dict[str, NDArray[Any]]:
    one = prediction.forecast
    return {
        "date": one.dates,
        "price": one.prices,
        "lower_80": one.lower_80,
        "upper_80": one.upper_80,
        "lower_95": one.lower_95,
        "upper_95": one.upper_95,
        "quantity": one.quantities,
    }


def _write(prediction: PricePrediction, out: Path) -> None:
    import pyarrow as pa

    from src.ml.table_writing import writing_table

    columns = _columns(prediction)
    with writing_table(out, list(columns)) as table:
        table.write([pa.array(column, from_pandas=True) for column in columns.values()])  # NaN is an empty cell


def _listed(sku: str, facts: Mapping[str, Any]) -> list[str]:
    metrics = facts["metrics"]
    names = ("error_to_naive", "rmse", "mae", "mape")
    return [
        shown(sku),
        facts["version"],
        facts.get("serves", ""),
        *("—" if metrics.get(name) is None else f"{metrics[name]:.4g}" for name in names),
        facts.get("data_until", ""),
    ]
