"""What came of training the models of sensors: kept as JSON with the job, and read again by whoever looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from src.notes import Note, read_note, write_note

KIND = "train_sensors"
"""Of the job."""


@dataclass(frozen=True)
class NotTrainedModel:
    """A model that was not trained; `kind` is ``anomaly`` or ``forecaster``, `reason` what `write_note` makes."""

    sensor_id: int
    sensor: str
    kind: str
    reason: str

    @property
    def why(self) -> Note:
        """The reason, to be read."""
        return read_note(self.reason)


@dataclass(frozen=True)
class TrainingReport:
    """How far a training is, or what came of it.

    Attributes
    ----------
    sensors, models : int
        How many were to be trained.
    anomaly_detectors, forecasters : int
        How many are trained and saved.
    skipped : int
        Models that knew all there is already.
    gone : int
        Sensors that were deleted, or taken out of use, before it began.
    """

    sensors: int
    models: int
    anomaly_detectors: int
    forecasters: int
    skipped: int
    gone: int
    failures: tuple[NotTrainedModel, ...]
    seconds: float

    @property
    def trained(self) -> int:
        """How many models are trained and saved."""
        return self.anomaly_detectors + self.forecasters


_RECORD = TypeAdapter(TrainingReport)


def make_report(said: Mapping[str, Any], names: Mapping[int, str], models: int, gone: int) -> TrainingReport:
    """Make a report of what `Retraining.report` says; `names` are those of the sensors, for reports outlive them."""
    failures = tuple(
        NotTrainedModel(one["sensor_id"], names[one["sensor_id"]], one["kind"], write_note(one["reason"]))
        for one in said["failures"]
    )
    counted = {name: said[name] for name in ("anomaly_detectors", "forecasters", "skipped", "seconds")}
    return TrainingReport(sensors=len(names), models=models, gone=gone, failures=failures, **counted)


def write_report(report: TrainingReport) -> dict[str, Any]:
    """Make of a report what JSON takes."""
    return _RECORD.dump_python(report, mode="json")


def read_report(record: Mapping[str, Any]) -> TrainingReport:
    """Return the report that `write_report` has written."""
    return _RECORD.validate_python(dict(record))
