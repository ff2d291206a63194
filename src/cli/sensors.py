"""`python -m src sensors …`: the models that sensors have, and the training of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from src.cli.progress import progress_bar
from src.cli.terminal_text import shown
from src.database.acting import acting_name

if TYPE_CHECKING:
    from src.ml.sensor_models.status import ModelState
    from src.ml.sensor_models.training_report import TrainingReport
    from src.sensors.sensor_manager import Sensor

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Models of sensors: train them, look at them."
)


@app.callback()
def _before() -> None:
    """Have the tables ready: these may be the first words that are typed."""
    from src.database.migrate import upgrade_database

    upgrade_database()


@app.command()
def train(
    sensor: Annotated[
        list[str] | None, typer.Option(help="Name or identifier of a sensor, repeatable; all in use when left out.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="What to train, repeatable: anomaly, forecaster; both when left out.")
    ] = None,
    model: Annotated[str, typer.Option(help="Forecaster to train, such as auto or prophet.")] = "auto",
    hours: Annotated[
        float | None, typer.Option(help="Hours to learn from; as before, or the default, when left out.")
    ] = None,
    skip_unchanged: Annotated[
        bool, typer.Option("--skip-unchanged", help="Leave models as they are where no new reading has come.")
    ] = False,
) -> None:
    """Train the anomaly detectors and forecasters of sensors, and keep each as a new version.

    Example: `python -m src sensors train --sensor 'Press 1 light' --kind forecaster`
    """
    from src.ml.sensor_models.retraining import Plan
    from src.ml.sensor_models.training_job import KINDS, train_sensors

    chosen = None if not sensor else [_find(text).sensor_id for text in sensor]
    plan = Plan(
        kinds=tuple(dict.fromkeys(kind or KINDS)),
        model=model,
        detector_hours=hours,
        forecaster_hours=hours,
        skip_unchanged=skip_unchanged,
    )
    console = Console(stderr=True)
    with progress_bar(console) as progress:
        bar = progress.add_task("Starting workers", total=None)

        def tell(so_far: TrainingReport, done: int) -> None:
            progress.update(bar, total=so_far.models, completed=done, description=f"{done} of {so_far.models} models")

        report = train_sensors(chosen, plan, actor=acting_name(), on_progress=tell)
    _print_failures(report)
    typer.echo(
        f"{report.anomaly_detectors} detectors and {report.forecasters} forecasters trained, {report.skipped} up to "
        f"date already, {len(report.failures)} not trained, in {report.seconds:.1f} s."
    )
    if not report.trained and not report.skipped:
        raise typer.Exit(1)


@app.command()
def status() -> None:
    """Show the models that each sensor has, how old and how good they are.

    Example: `python -m src sensors status`
    """
    from src.ml.ml_engine import create_ml_engine

    found = create_ml_engine().get_ml_status()
    if not found["sensors"]:
        typer.echo("There are no sensors in use.")
        return
    table = Table("Sensor", "Detector", "Forecaster", "Error at training", "Last error", "Drift", box=None)
    for row in found["sensors"]:
        table.add_row(*map(Text, _cells(row)))
    Console().print(table)
    both = f"{found['coverage']:.0%} have both"
    typer.echo(
        f"{found['total_sensors']} sensors, {found['anomaly_detectors']} with a detector, "
        f"{found['forecasters']} with a forecaster; {both}."
    )


def _find(text: str) -> Sensor:
    """Look a sensor up by its name, or else by its identifier."""
    from src.errors import SensorNotFound
    from src.sensors.sensor_manager import create_sensor_manager

    manager = create_sensor_manager()
    try:
        return manager.find([text])[0]
    except SensorNotFound:
        if text.isascii() and text.isdigit():
            return manager.get_sensor(int(text))
        raise


def _print_failures(report: TrainingReport) -> None:
    if not report.failures:
        return
    table = Table("Sensor", "Model", "Why it was not trained", box=None, pad_edge=False)
    for failure in report.failures:
        table.add_row(Text(shown(failure.sensor)), failure.kind, Text(shown(str(failure.why))))
    Console(stderr=True).print(table)


def _cells(row: dict[str, Any]) -> list[str]:
    detector, forecaster = row["anomaly_detector"], row["forecaster"]
    drifts = [str(state.drift) for state in (detector, forecaster) if state and state.drift]
    errors = (forecaster.error_at_training, forecaster.last_error) if forecaster else (None, None)
    return [
        shown(row["display_name"]),
        _version(detector),
        _version(forecaster),
        *("—" if error is None else f"{error:.4g}" for error in errors),
        drifts[0] if drifts else "",
    ]


def _version(state: ModelState | None) -> str:
    if state is None:
        return "—"
    name = f"v{state.version}" if state.model == "anomaly" else f"v{state.version} {state.model}"
    if state.trained_at is None:
        return name
    hours = (datetime.now(UTC) - state.trained_at).total_seconds() / 3600
    return f"{name}, {hours / 24:.0f} d" if hours >= 48 else f"{name}, {hours:.1f} h"
