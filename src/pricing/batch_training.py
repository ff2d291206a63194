"""Training of many products' models in worker processes; what is trained is kept as it comes.

A batch that was broken off goes on where it stopped: a product whose model was made in the same way, and knows the
newest day, is left as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from src.compute.executor import open_executor
from src.compute.task_stream import as_they_come
from src.config import get_settings
from src.errors import FarolError, InvalidPriceTraining
from src.notes import Note
from src.pricing.model_manager import ModelManager, PriceModel, create_model_manager
from src.pricing.price_forecaster import PriceForecaster
from src.pricing.product_history import ProductHistory
from src.pricing.products import ProductRepository
from src.pricing.recipes import BLEND, recipe_named
from src.pricing.training import TrainedProduct, TrainingOrder, pool_errors, train_product
from src.pricing.tuning import TRIALS
from src.sensors.bulk import in_parts

MOST_TRIALS = 1_000
_READ_AT_ONCE = 32
_SAVED_AT_ONCE = 16
_SECONDS_UNSAVED = 5.0
_TASKS_AHEAD = 8
_OTHERS = 40
_LIBRARIES = ("lightgbm", "src.pricing.training")


@dataclass(frozen=True)
class PricePlan:
    """How prices are to be learnt.

    Attributes
    ----------
    recipe : str
        See `src.pricing.recipes`.
    trials : int
        Hyperparameters to try, 0 to 1,000; with 0 the recipe's own serve.
    again : bool
        Train a product too whose model was made like that and knows the newest day.
    """

    recipe: str = BLEND.name
    trials: int = TRIALS
    again: bool = False

    def checked(self) -> PricePlan:
        """Return it; InvalidPriceTraining where there is no such recipe, or no such number of trials."""
        recipe_named(self.recipe)
        if not 0 <= self.trials <= MOST_TRIALS:
            raise InvalidPriceTraining(
                "{trials} trials cannot be made. Choose 0 to {most:,}.", trials=self.trials, most=MOST_TRIALS
            )
        return self


@dataclass(frozen=True)
class RefusedProduct:
    """Why a product's model was not trained."""

    sku: str
    reason: Note


@dataclass
class PriceTraining:
    """How far a training is, or what came of it.

    Attributes
    ----------
    trained : list of TrainedProduct
        Those that are saved.
    skipped : list of str
        SKUs whose models are as they would be.
    """

    total: int
    trained: list[TrainedProduct] = field(default_factory=list)
    refused: list[RefusedProduct] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    unsaved: list[TrainedProduct] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """How many products are settled, one way or another."""
        return len(self.trained) + len(self.refused) + len(self.skipped) + len(self.unsaved)


def chosen_products(skus: Iterable[str] | None = None, engine: Engine | None = None) -> list[str]:
    """Return the SKUs to train, each once: those that are named, or of all products.

    Raises
    ------
    ProductNotFound, InvalidPriceTraining
        No product has one of the SKUs; there is none at all.
    """
    products = ProductRepository(engine)
    if skus is not None:
        return products.existing(skus)
    everything = [one.sku for one in products.products()]
    if not everything:
        raise InvalidPriceTraining("There are no products yet. Import their history, or generate one.")
    return everything


def train_products(
    skus: Iterable[str] | None = None,
    plan: PricePlan = PricePlan(),
    *,
    workers: int | None = None,
    engine: Engine | None = None,
    on_progress: Callable[[PriceTraining], None] | None = None,
) -> PriceTraining:
    """Train the models of some products, or of all that have a history.

    Parameters
    ----------
    workers : int, optional
        Processes on this machine; by setting when left out.
    on_progress : callable, optional
        Called with how far it is.

    Raises
    ------
    ProductNotFound, InvalidPriceTraining
        No product has one of the SKUs, or there is none at all; the plan cannot be carried out.
    ModelNotSaved, WorkerDied, ClusterUnavailable
        The disk is full or failing; the workers cannot be had. What was saved by then stays.
    """
    started, plan = time.monotonic(), plan.checked()
    products, manager = ProductRepository(engine), create_model_manager(engine=engine)
    chosen = chosen_products(skus, engine)
    so_far = PriceTraining(len(chosen))
    saving = _Saving(manager, plan, so_far, _errors_of_others(manager, chosen))

    def tell() -> None:
        so_far.seconds = time.monotonic() - started
        if on_progress is not None:
            on_progress(so_far)

    with _open_workers(len(chosen), workers) as executor:
        orders = _orders(_histories(chosen, products, so_far), plan, manager, so_far)
        for outcome in as_they_come(_tasks(orders, executor), ahead=_TASKS_AHEAD, seconds=_SECONDS_UNSAVED):
            if isinstance(outcome, RefusedProduct):
                so_far.refused.append(outcome)
            saving.add(outcome if isinstance(outcome, TrainedProduct) else None)
            tell()
        saving.save()
    tell()
    return so_far


def _open_workers(products: int, workers: int | None) -> AbstractContextManager[Executor]:
    """Worker processes, or for one product, which is trained before they would have started, this process."""
    return open_executor(workers=workers, preload=_LIBRARIES) if products > 1 else ThreadPoolExecutor(1, "training")


class _Saving:
    """Saves what is trained in batches; each product's intervals come from the errors of all that are known by then."""

    def __init__(
        self, manager: ModelManager, plan: PricePlan, so_far: PriceTraining, errors: list[NDArray[np.float64]]
    ) -> None:
        self._manager, self._plan, self._so_far, self._errors = manager, plan, so_far, errors
        self._saved_at = time.monotonic()

    def add(self, trained: TrainedProduct | None) -> None:
        """Take one in, or none in a quiet moment; save once there are enough, or the last time is long ago."""
        unsaved = self._so_far.unsaved
        if trained is not None:
            unsaved.append(trained)
        if len(unsaved) >= _SAVED_AT_ONCE or time.monotonic() - self._saved_at > _SECONDS_UNSAVED:
            self.save()

    def save(self) -> None:
        """Save what is not saved yet; its intervals are from the errors known by now."""
        self._saved_at = time.monotonic()
        if not self._so_far.unsaved:
            return
        pooled = pool_errors(self._so_far.unsaved, self._errors)
        self._manager.save_many([self._to_save(one) for one in pooled])
        self._errors += [one.forecaster.log_errors for one in pooled]
        self._so_far.trained += pooled
        self._so_far.unsaved.clear()

    def _to_save(self, trained: TrainedProduct) -> PriceModel:
        metadata = trained.metadata | {"trials": self._plan.trials}
        return PriceModel(trained.sku, trained.forecaster, trained.scaler, metadata)


def _errors_of_others(manager: ModelManager, chosen: Sequence[str]) -> list[NDArray[np.float64]]:
    """What models of other products got wrong: one product's errors alone tell too little of how wrong it may be."""
    others = [sku for sku in manager.facts() if sku not in set(chosen)]
    loaded, _ = manager.load_many(others[:_OTHERS])
    return [one.model.log_errors for one in loaded.values() if isinstance(one.model, PriceForecaster)]


def _histories(skus: Sequence[str], products: ProductRepository, so_far: PriceTraining) -> Iterator[ProductHistory]:
    for some in in_parts(skus, _READ_AT_ONCE):
        found = products.histories(some)
        no_day = Note("It has no day with a price.")
        so_far.refused += [RefusedProduct(sku, no_day) for sku in some if sku not in found]
        yield from found.values()


def _orders(
    histories: Iterator[ProductHistory], plan: PricePlan, manager: ModelManager, so_far: PriceTraining
) -> Iterator[TrainingOrder]:
    country, known = get_settings().holidays, manager.facts()
    for history in histories:
        as_it_would_be = {"recipe": plan.recipe, "trials": plan.trials, "data_until": str(history.dates[-1])}
        is_up_to_date = as_it_would_be.items() <= known.get(history.sku, {}).items()
        if is_up_to_date and not plan.again and _can_be_used(manager, history.sku):
            so_far.skipped.append(history.sku)
        else:
            yield TrainingOrder(history, plan.recipe, plan.trials, country)


def _can_be_used(manager: ModelManager, sku: str) -> bool:
    """Whether the files of a model are what was saved: a damaged one is made anew."""
    try:
        manager.load(sku)
    except FarolError:
        return False
    return True


def _tasks(orders: Iterator[TrainingOrder], executor: Executor) -> Iterator[Future[TrainedProduct | RefusedProduct]]:
    return (executor.submit(_train, order) for order in orders)


def _train(order: TrainingOrder) -> TrainedProduct | RefusedProduct:
    """Train in a worker; a product that cannot be learnt from does not keep the others from it."""
    try:
        return train_product(order)
    except FarolError as error:
        return RefusedProduct(order.history.sku, Note.of(error))
