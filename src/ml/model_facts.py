"""All that is known of a saved model, in the form in which people judge it; nothing of the model itself is opened.

What lies beside a model may come from elsewhere, or from an older Farol: a part that cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from src.evaluation.holdout import Holdout, with_threshold
from src.evaluation.thresholds import ThresholdCounts
from src.ml.model_comparison import CandidateResult
from src.ml.signature import Decision, Signature
from src.ml.training_cases import KEY as CASES
from src.storage.artefacts import artefact_size
from src.storage.model_records import utc_time
from src.utils.model_store import default_store


@dataclass(frozen=True)
class Training:
    """The table that a model was trained on: where from, how large, which span of time (UTC), and a hash of it."""

    source: str = ""
    rows: int = 0
    columns: tuple[str, ...] = ()
    sha256: str = ""
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True)
class Placed:
    """One place of the leaderboard that a model comes from."""

    name: str
    score: float | None = None


@dataclass(frozen=True)
class Trial:
    """How a model was compared with others: `result` over the folds, `holdout` on rows that nobody trained on.

    Attributes
    ----------
    holdout : Holdout, optional
        As the saved model decides: by its threshold, where it has one and `by_threshold` is true.
    """

    metric: str
    split: str = ""
    folds: int = 0
    seed: int = 0
    train_rows: int = 0
    holdout_rows: int = 0
    leaderboard: tuple[Placed, ...] = ()
    result: CandidateResult | None = None
    holdout: Holdout | None = None
    by_threshold: bool = False


@dataclass(frozen=True)
class Origin:
    """Where an imported model comes from: what it was called there, and when it came."""

    name: str
    version: int
    at: str


@dataclass(frozen=True)
class ModelFacts:
    """One version of a saved model. Times are in UTC; None and empty is what is not known."""

    name: str
    version: int
    kind: str
    saved_at: datetime | None
    saved_by: str
    trained_at: datetime | None
    model_type: str
    task: str
    target: str
    notes: str
    sha256: str
    size_bytes: int | None
    libraries: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    signature: Signature | None = None
    training: Training | None = None
    trial: Trial | None = None
    decision: Decision | None = None
    """The threshold that somebody chose for it, with the costs by which; None where it decides as it was fitted."""
    origin: Origin | None = None
    has_cases: bool = False
    """Whether rows of the training table are kept with it."""

    @property
    def score(self) -> float | None:
        """The cross-validated value of the metric that it was chosen by."""
        return self.trial.result.metrics.get(self.trial.metric) if self.trial and self.trial.result else None


def read_facts(name: str, version: int | None = None) -> ModelFacts:
    """Return what is known of a version of a saved model, the current one unless told otherwise.

    Raises
    ------
    ModelNotFound, ModelNotTrusted
        As in `src.utils.model_store.ModelStore.describe`.
    """
    store = default_store()
    return facts_of(store.describe(name, version), store.folder)


def facts_of(record: Mapping[str, Any], folder: Path | None = None) -> ModelFacts:
    """Read a sidecar, or what an export says of a model.

    Parameters
    ----------
    record : dict
        As `ModelStore.describe` returns it; what an export lacks of that may be missing.
    folder : Path, optional
        Where its artefact lies.
    """
    metadata, details = record["metadata"], record["details"]
    trained = details.get("trained_at")
    signature = _read(_SIGNATURE, details.get("signature"))
    return ModelFacts(
        name=record["name"],
        version=record["version"],
        kind=record["kind"],
        saved_at=utc_time(record["saved_at"]),
        saved_by=_text(details.get("saved_by")),
        trained_at=utc_time(trained) if isinstance(trained, str) else None,
        model_type=_text(metadata.get("model_type")),
        task=_text(metadata.get("task")),
        target=_text(metadata.get("target")),
        notes=_text(metadata.get("description")),
        sha256=record["sha256"],
        size_bytes=artefact_size(folder / record["path"]) if folder else None,
        libraries={name: str(known) for name, known in record["libraries"].items()},
        metrics={name: float(value) for name, value in metadata.items() if _is_score(value)},
        signature=signature,
        training=_training(details.get("training")),
        trial=_trial(details.get("comparison"), signature),
        decision=_decision_of(signature, details.get("decision")),
        origin=_read(_ORIGIN, details.get("imported")),
        has_cases=bool(details.get(CASES)),
    )


@dataclass(frozen=True)
class FactPair:
    """One thing that is known of two models; `what` is the name of a field of `ModelFacts` or of a part of it."""

    what: str
    first: Any
    second: Any

    @property
    def differ(self) -> bool:
        """Whether the two have something else there."""
        return bool(self.first != self.second)


def compare_facts(first: ModelFacts, second: ModelFacts) -> list[FactPair]:
    """Put side by side what two models are, what they take, what they were trained on, and how they were tried."""
    sides = [_flat(facts) for facts in (first, second)]
    return [FactPair(what, sides[0][what], sides[1][what]) for what in sides[0]]


def _flat(facts: ModelFacts) -> dict[str, Any]:
    signature, training, trial = facts.signature, facts.training, facts.trial
    return {
        "model_type": facts.model_type,
        "task": facts.task,
        "target": facts.target,
        "features": tuple(signature.names) if signature else (),
        "threshold": (facts.decision.positive, f"{facts.decision.threshold:g}") if facts.decision else (),
        "version": facts.version,
        "saved_at": facts.saved_at,
        "saved_by": facts.saved_by,
        "size_bytes": facts.size_bytes,
        "source": training.source if training else "",
        "rows": training.rows if training else None,
        "start": training.start if training else None,
        "end": training.end if training else None,
        "fingerprint": training.sha256 if training else "",
        "metric": trial.metric if trial else "",
        "split": trial.split if trial else "",
        "folds": trial.folds if trial else None,
        "seed": trial.seed if trial else None,
        "holdout_rows": trial.holdout_rows if trial else None,
        "libraries": ", ".join(f"{name} {version}" for name, version in sorted(facts.libraries.items())),
        "notes": facts.notes,
    }


_SIGNATURE, _HOLDOUT, _RESULT = TypeAdapter(Signature), TypeAdapter(Holdout), TypeAdapter(CandidateResult)
_TRAINING, _TRIAL, _ORIGIN = TypeAdapter(Training), TypeAdapter(Trial), TypeAdapter(Origin)
_DECISION = TypeAdapter(Decision)
_MOST_ROWS = 2**53
_Known = TypeVar("_Known")


def _read(form: TypeAdapter[_Known], values: object) -> _Known | None:
    try:
        return form.validate_python(values) if isinstance(values, dict) else None
    except (ValidationError, OverflowError):
        return None


def _training(values: object) -> Training | None:
    if not isinstance(values, dict):
        return None
    return _read(_TRAINING, {**values, "start": values.get("from"), "end": values.get("to")})


def _decision_of(signature: Signature | None, values: object) -> Decision | None:
    """The threshold in the signature is the one that decides; what else is said of it counts where it fits that one."""
    if signature is None or signature.threshold is None:
        return None
    decision = Decision(str(signature.positive), signature.threshold)
    said = _read(_DECISION, values)
    if said is None or (said.positive, said.threshold) != (decision.positive, decision.threshold):
        return decision
    return said


def _trial(values: object, signature: Signature | None) -> Trial | None:
    if not isinstance(values, dict):
        return None
    holdout = _read(_HOLDOUT, values.get("holdout"))
    if holdout is not None and not _can_be_drawn(holdout):
        holdout = None
    decided = None
    if holdout and signature and signature.threshold is not None:
        decided = with_threshold(holdout, str(signature.positive), signature.threshold)
    parts = {
        "result": _read(_RESULT, values.get("result")),
        "holdout": decided or holdout,
        "by_threshold": decided is not None,
    }
    return _read(_TRIAL, {**values, **parts})


def _can_be_drawn(holdout: Holdout) -> bool:
    classes = len(holdout.labels)
    return (
        [len(row) for row in holdout.confusion] == [classes] * classes
        and all(0 <= count <= _MOST_ROWS for row in holdout.confusion for count in row)
        and len(holdout.actual) == len(holdout.predicted)
        and all(
            len(curve.false_positive_rate) == len(curve.true_positive_rate)
            and len(curve.recall) == len(curve.precision)
            for curve in holdout.curves
        )
        and all(len(each.predicted) == len(each.observed) == len(each.rows) for each in holdout.calibration)
        and all(counts.label in holdout.labels and _adds_up(counts) for counts in holdout.thresholds)
        and bool(classes or holdout.actual)
    )


def _adds_up(counts: ThresholdCounts) -> bool:
    return (
        len(counts.thresholds) == len(counts.true_positives) == len(counts.false_positives)
        and counts.rows <= _MOST_ROWS
        and all(0 <= right <= counts.positives for right in counts.true_positives)
        and all(0 <= wrong <= counts.negatives for wrong in counts.false_positives)
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_score(value: object) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) < 2**53)
