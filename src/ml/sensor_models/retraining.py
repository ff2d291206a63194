"""Training for many sensors: read a block, train it in the workers, save it, while the next one is under way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import Engine

from src.compute.executor import open_executor
from src.compute.task_stream import as_they_come
from src.config import get_settings
from src.database.engine import reading
from src.ml.forecasting.models import imports_of
from src.ml.sensor_models.orders import detector_orders, forecaster_orders
from src.ml.sensor_models.store import SensorModels, Version
from src.ml.sensor_models.training import (
    ANOMALY,
    AUTO,
    FORECASTER,
    FORECASTER_HOURS,
    DetectorOrder,
    DetectorSettings,
    ForecasterOrder,
    Order,
    Refused,
    Trained,
    detector_name,
    forecaster_name,
    train_all,
)
from src.sensors.bulk import in_parts
from src.sensors.history import newest_times
from src.sensors.sensor_manager import Sensor

BLOCK = 32
"""Sensors that are read at once."""
TASK = 4
"""Models that a worker trains at once: few enough that both workers end together."""
_TASKS_AHEAD = 2 * BLOCK // TASK
"""Two blocks are with the workers at most: memory stays small however many sensors there are."""
_SAVED_AT_ONCE = 128
_SECONDS_UNSAVED = 5.0
"""Longer than that nothing trained waits to be saved, so that little is lost where a training is broken off."""
TRAINING = "src.ml.sensor_models.training"


@dataclass(frozen=True)
class Plan:
    """What is to be trained, and how.

    Attributes
    ----------
    kinds : collection of str
        ``anomaly``, ``forecaster`` or both.
    model : str
        Of the forecasters.
    detector_hours, forecaster_hours, contamination : float, optional
        Where left out, as the sensor's model was trained before, or else the default.
    skip_unchanged : bool
        Leave out models that know all there is.
    """

    kinds: Collection[str] = (ANOMALY, FORECASTER)
    model: str = AUTO
    detector_hours: float | None = None
    forecaster_hours: float | None = None
    contamination: float | None = None
    skip_unchanged: bool = False

    def name(self, kind: str, sensor_id: int) -> str:
        """Return under which name a sensor's model of some kind is kept."""
        return detector_name(sensor_id) if kind == ANOMALY else forecaster_name(sensor_id, self.model)

    def version_of(self, sensor: Sensor, kind: str, versions: Mapping[str, Version]) -> Version | None:
        """Return the version of a sensor's model that the training would replace; None where there is none."""
        version = versions.get(self.name(kind, sensor.sensor_id))
        return version if version is not None and version.is_of(sensor) else None


@dataclass
class Retraining:
    """How far a retraining is, or what came of it; models are counted, not sensors.

    Attributes
    ----------
    trained, skipped : Counter
        By kind.
    refused : list of Refused
        What could not be trained, and why.
    unsaved : int
        How many are trained, and are saved with the next batch.
    """

    total: int
    trained: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    unsaved: int = 0
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """How many models are settled, one way or another."""
        return self.trained.total() + self.skipped.total() + len(self.refused) + self.unsaved

    def report(self) -> dict[str, Any]:
        """Return it as plain values; the reasons are notes."""
        return {
            "trained": self.trained.total(),
            "anomaly_detectors": self.trained[ANOMALY],
            "forecasters": self.trained[FORECASTER],
            "skipped": self.skipped.total(),
            "failed": len(self.refused),
            "failures": [asdict(one) | {"reason": one.reason} for one in self.refused],
            "seconds": self.seconds,
        }


def retrain(
    sensors: Sequence[Sensor],
    plan: Plan,
    models: SensorModels,
    *,
    engine: Engine | None = None,
    on_progress: Callable[[Retraining], None] | None = None,
) -> Retraining:
    """Train the models of some sensors in worker processes; what is trained is saved in batches as it comes.

    Raises
    ------
    ModelNotSaved
        The disk is full or failing; batches before are saved.
    WorkerDied, ClusterUnavailable
        The workers cannot be had.
    """
    started = time.monotonic()
    so_far = Retraining(len(sensors) * len(plan.kinds))

    def tell() -> None:
        so_far.seconds = time.monotonic() - started
        if on_progress is not None:
            on_progress(so_far)

    with ExitStack() as stack:
        workers = _open_workers(stack, plan)
        saving = _Saving(models, so_far, stack.enter_context(ThreadPoolExecutor(1, "saving")))
        tasks = _tasks(_orders(sensors, plan, models, so_far, engine), workers, so_far)
        for outcomes in as_they_come(tasks, ahead=_TASKS_AHEAD, seconds=_SECONDS_UNSAVED):
            outcomes = outcomes or []
            so_far.refused += [one for one in outcomes if isinstance(one, Refused)]
            saving.add([one for one in outcomes if isinstance(one, Trained)])
            tell()
        saving.finish()
        tell()
    return so_far


class _Saving:
    """Saves what is trained, one batch at a time, beside the training of the next: it is mostly a wait for the disk."""

    def __init__(self, models: SensorModels, so_far: Retraining, thread: Executor) -> None:
        self._models, self._so_far, self._thread = models, so_far, thread
        self._finished: list[Trained] = []
        self._batch: list[Trained] = []
        self._under_way: Future[None] | None = None
        self._saved_at = time.monotonic()

    def add(self, trained: list[Trained]) -> None:
        self._finished += trained
        if self._under_way is not None and self._under_way.done():
            self._settle()
        if len(self._finished) >= _SAVED_AT_ONCE or time.monotonic() - self._saved_at > _SECONDS_UNSAVED:
            self._save()
        self._so_far.unsaved = len(self._finished) + len(self._batch)

    def finish(self) -> None:
        self._save()
        self._settle()
        self._so_far.unsaved = 0

    def _save(self) -> None:
        self._settle()
        self._batch, self._finished = self._finished, []
        self._under_way = self._thread.submit(self._models.save, self._batch)
        self._saved_at = time.monotonic()

    def _settle(self) -> None:
        if self._under_way is not None:
            self._under_way.result()
            self._so_far.trained.update(one.kind for one in self._batch)
            self._batch, self._under_way = [], None


def _open_workers(stack: ExitStack, plan: Plan) -> dict[str, Executor]:
    """Workers by kind. While the library of a slow model is imported, detectors are trained beside it already."""
    libraries = imports_of(plan.model) if FORECASTER in plan.kinds else ()
    count = get_settings().workers
    if ANOMALY in plan.kinds and libraries:
        light = stack.enter_context(open_executor(workers=max(count // 2, 1), preload=(TRAINING,)))
        heavy = stack.enter_context(open_executor(workers=count, preload=(TRAINING, *libraries)))
        return {ANOMALY: light, FORECASTER: heavy}
    return dict.fromkeys((ANOMALY, FORECASTER), stack.enter_context(open_executor(preload=(TRAINING, *libraries))))


def _orders(
    sensors: Sequence[Sensor], plan: Plan, models: SensorModels, so_far: Retraining, engine: Engine | None
) -> Iterator[list[Order | Refused]]:
    """Blocks of orders, read when they are asked for."""
    for block in in_parts(sensors, BLOCK):
        known = models.versions()
        for kind in plan.kinds:
            chosen = _to_train(block, kind, plan, known, engine) if plan.skip_unchanged else block
            so_far.skipped[kind] += len(block) - len(chosen)
            if chosen:
                yield _read(chosen, kind, plan, models, engine)


def _to_train(
    block: Sequence[Sensor], kind: str, plan: Plan, known: dict[str, Version], engine: Engine | None
) -> list[Sensor]:
    with reading(engine) as connection:
        newest = newest_times(connection, [sensor.sensor_id for sensor in block])
    return [
        sensor
        for sensor in block
        if (version := plan.version_of(sensor, kind, known)) is None
        or sensor.sensor_id not in newest
        or version.facts["data_until"] != newest[sensor.sensor_id].isoformat()
    ]


def _read(
    chosen: Sequence[Sensor], kind: str, plan: Plan, models: SensorModels, engine: Engine | None
) -> list[Order | Refused]:
    known = models.versions()
    before = {
        sensor.sensor_id: version for sensor in chosen if (version := plan.version_of(sensor, kind, known)) is not None
    }
    with reading(engine) as connection:
        if kind == FORECASTER:
            given = plan.forecaster_hours
            hours = {key: version.facts["hours"] for key, version in before.items()} if given is None else {}
            orders: list[Order | Refused] = [
                *forecaster_orders(connection, chosen, hours, given or FORECASTER_HOURS, plan.model)
            ]
            return orders
        earlier = models.get(version.name for version in before.values())
        settings = {sensor.sensor_id: _settings(plan, before.get(sensor.sensor_id)) for sensor in chosen}
        kept = {one.version.sensor_id: one.model for one in earlier.values()}
        return [*detector_orders(connection, chosen, settings, kept)]


def _settings(plan: Plan, before: Version | None) -> DetectorSettings:
    settings = DetectorSettings() if before is None else DetectorSettings.of(before.facts)
    given = {"hours": plan.detector_hours, "contamination": plan.contamination}
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def _tasks(
    blocks: Iterator[list[Order | Refused]], workers: dict[str, Executor], so_far: Retraining
) -> Iterator[Future[list[Trained | Refused]]]:
    for block in blocks:
        so_far.refused += [one for one in block if isinstance(one, Refused)]
        orders = [one for one in block if isinstance(one, DetectorOrder | ForecasterOrder)]
        for task in in_parts(orders, TASK):
            yield workers[task[0].kind].submit(train_all, task)
