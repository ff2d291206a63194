"""Training models of prices as a job, and what came of it, to be kept and read again."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import TypeAdapter
from sqlalchemy import Engine

from src.database.activities import record_activity
from src.database.engine import writing
from src.errors import InvalidPriceTraining
from src.notes import Note, read_note, write_note
from src.pricing.batch_training import PricePlan, PriceTraining, chosen_products, train_products
from src.pricing.training import TrainedProduct

if TYPE_CHECKING:
    from collections.abc import Callable

KIND = "train_prices"
logger = logging.getLogger(__name__)


class Job(Protocol):
    """What a running job can be told."""

    def report(self, progress: float, message: str, result: dict[str, Any] | None = None) -> None:
        """Tell how far it is."""


@dataclass(frozen=True)
class ProductOutcome:
    """What came of one product.

    Attributes
    ----------
    reasons : tuple of str
        Why it was not trained, or what was not as usual; what `write_note` makes.
    """

    sku: str
    is_trained: bool
    metrics: dict[str, float | None]
    training_samples: int
    validation_samples: int
    features_count: int
    is_tuned: bool
    serves: str
    reasons: tuple[str, ...]

    @property
    def notes(self) -> list[Note]:
        """The reasons, to be read."""
        return [read_note(reason) for reason in self.reasons]


@dataclass(frozen=True)
class PriceTrainingReport:
    """How far a training is, or what came of it; `skipped` are those whose models were as they would be."""

    total: int
    trained: int
    refused: int
    skipped: int
    outcomes: tuple[ProductOutcome, ...]
    seconds: float

    @property
    def done(self) -> int:
        """How many products are settled."""
        return self.trained + self.refused + self.skipped


_RECORD = TypeAdapter(PriceTrainingReport)


def parameters_for(skus: Iterable[str] | None, plan: PricePlan, *, actor: str = "") -> dict[str, Any]:
    """Return the parameters of the job.

    Parameters
    ----------
    skus : iterable of str, optional
        Whose models; of all products by default.
    actor : str
        Who has it done, for the history.

    Raises
    ------
    InvalidPriceTraining
        No product is chosen, or the plan cannot be carried out.
    """
    chosen = None if skus is None else list(skus)
    if chosen == []:
        raise InvalidPriceTraining("No product is chosen. Choose at least one.")
    plan = plan.checked()
    return {"skus": chosen, "recipe": plan.recipe, "trials": plan.trials, "again": plan.again, "actor": actor}


def run(parameters: dict[str, Any], job: Job) -> dict[str, Any]:
    """Train models; what is reported as trained is saved by then, and stays where the job is cancelled.

    Parameters
    ----------
    parameters : dict
        As `parameters_for` makes them.

    Returns
    -------
    dict
        For `read_report`.
    """
    plan = PricePlan(**{name: parameters[name] for name in ("recipe", "trials", "again")})

    def tell(report: PriceTrainingReport, done: int) -> None:
        job.report(done / max(report.total, 1), f"{done}/{report.total}", write_report(report))

    report = train_prices(parameters["skus"], plan, actor=parameters.get("actor", ""), on_progress=tell)
    logger.info("%d price models trained, %d not, in %.1f s.", report.trained, report.refused, report.seconds)
    return write_report(report)


def train_prices(
    skus: Iterable[str] | None,
    plan: PricePlan,
    *,
    actor: str = "",
    workers: int | None = None,
    engine: Engine | None = None,
    on_progress: Callable[[PriceTrainingReport, int], None] | None = None,
) -> PriceTrainingReport:
    """Train models of prices, and keep in the history that it was begun; else as `train_products`.

    Parameters
    ----------
    on_progress : callable, optional
        Called with the report so far, and with how many products are settled, those waiting to be saved too.
    """
    chosen, plan = chosen_products(skus, engine), plan.checked()
    _remember(actor, None if skus is None else chosen, engine)

    def tell(so_far: PriceTraining) -> None:
        if on_progress is not None:
            on_progress(_report(so_far), so_far.done)

    return _report(train_products(chosen, plan, workers=workers, engine=engine, on_progress=tell))


def write_report(report: PriceTrainingReport) -> dict[str, Any]:
    """Make of a report what JSON takes."""
    return _RECORD.dump_python(report, mode="json")


def read_report(record: Mapping[str, Any]) -> PriceTrainingReport:
    """Return the report that `write_report` has written."""
    return _RECORD.validate_python(dict(record))


def _report(so_far: PriceTraining) -> PriceTrainingReport:
    refused = (
        ProductOutcome(one.sku, False, {}, 0, 0, 0, False, "", (write_note(one.reason),)) for one in so_far.refused
    )
    return PriceTrainingReport(
        total=so_far.total,
        trained=len(so_far.trained),
        refused=len(so_far.refused),
        skipped=len(so_far.skipped),
        outcomes=(*map(_outcome, so_far.trained), *refused),
        seconds=so_far.seconds,
    )


def _outcome(trained: TrainedProduct) -> ProductOutcome:
    return ProductOutcome(
        sku=trained.sku,
        is_trained=True,
        metrics=trained.metrics,
        training_samples=trained.training_samples,
        validation_samples=trained.validation_samples,
        features_count=trained.features_count,
        is_tuned=trained.is_tuned,
        serves=trained.forecaster.serves,
        reasons=tuple(map(write_note, trained.notes)),
    )


def _remember(actor: str, skus: list[str] | None, engine: Engine | None) -> None:
    subject, action = "", Note("the training of all price models was started")
    if skus is not None and len(skus) == 1:
        subject, action = skus[0], Note("the training of its price model was started")
    elif skus is not None:
        action = Note("the training of {count} price models was started", {"count": len(skus)})
    with writing(engine) as connection:
        record_activity(actor, "product", subject, action, connection)
