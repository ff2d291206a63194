"""Saved models as the rest of Farol uses them: a model with its signature, and how a comparison becomes one."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from src.errors import InvalidPredictionInput, ModelCorrupt, ModelNotSaved
from src.ml.model_comparison import Comparison
from src.ml.model_facts import facts_of
from src.ml.prediction import guess_signature
from src.ml.signature import Decision, Signature
from src.ml.training_cases import cases_as_details
from src.utils.model_store import LibraryVersionWarning, SavedModel, default_store


@dataclass(frozen=True)
class LoadedModel:
    """A saved model, ready to predict; `changed_libraries` have other versions here than when it was saved."""

    name: str
    version: int
    saved_at: str
    metadata: dict[str, Any]
    details: dict[str, Any]
    model: Any
    signature: Signature
    changed_libraries: tuple[str, ...] = ()


def load_saved(name: str, version: int | None = None) -> LoadedModel:
    """Load a saved model with its signature; one saved without gets generic feature names.

    Raises
    ------
    ModelNotFound, ModelNotTrusted, ModelCorrupt
        As in `src.utils.model_store.load_model`.
    """
    store = default_store()
    record = store.describe(name, version)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LibraryVersionWarning)
        model = store.load(name, record["version"])
    changed = [each.message.libraries for each in caught if isinstance(each.message, LibraryVersionWarning)]
    signature = facts_of(record).signature or guess_signature(model)
    return LoadedModel(
        name,
        record["version"],
        record["saved_at"],
        record["metadata"],
        record["details"],
        model,
        signature,
        tuple(chain.from_iterable(changed)),
    )


def save_finalist(
    comparison: Comparison,
    candidate: str,
    artefact: bytes,
    name: str,
    description: str = "",
    *,
    cases: bytes = b"",
    overwrite: bool = False,
    decision: Decision | None = None,
    saved_by: str = "",
) -> SavedModel:
    """Save one of a comparison's best, with all that is needed to judge and to use it.

    Parameters
    ----------
    comparison : Comparison
        A finished comparison.
    candidate : str
        Identifier of the finalist.
    artefact : bytes
        Its pickled pipeline, as the comparison made it.
    name, description : str
        What the person calls it and notes about it.
    cases : bytes
        The training cases to keep with it, where the comparison was read from a record and has none.
    overwrite : bool
        Make a new version of a model that exists.
    decision : Decision, optional
        The threshold that a person has chosen for it; without, it answers with the more probable class.
    saved_by : str
        Who saves it, as far as known.

    Raises
    ------
    ModelCorrupt
        The artefact is not the one that the comparison made.
    InvalidPredictionInput
        The decision does not fit its classes.
    InvalidModelName, DuplicateModelName, ModelNotSaved
        As in `src.utils.model_store.save_model`.
    """
    finalist = next(f for f in comparison.finalists if f.id == candidate)
    if not artefact:
        raise ModelNotSaved(
            "{candidate!r} was compared without refit, so there is no model to save. Compare again.",
            candidate=candidate,
        )
    if hashlib.sha256(artefact).hexdigest() != finalist.sha256:
        raise ModelCorrupt(
            "The file of {candidate!r} is not what the comparison made. Compare again.", candidate=candidate
        )
    if decision is not None and not finalist.holdout.thresholds:
        raise InvalidPredictionInput(
            "{candidate!r} gives no probabilities of two classes, so no threshold can decide.", candidate=candidate
        )
    result = next(r for r in comparison.candidates if r.id == candidate)
    metadata = {
        "model_type": result.model_type,
        "task": comparison.task,
        "target": comparison.target,
        "metric": comparison.metric,
        **{metric.lower(): value for metric, value in result.metrics.items() if value is not None},
        "description": description,
    }
    details = _details(comparison, candidate, cases, decision) | {"saved_by": saved_by}
    return default_store().save_artifact(artefact, name, metadata, details=details, overwrite=overwrite)


def check_new_name(name: str) -> None:
    """Check that a new model can have this name.

    Raises
    ------
    InvalidModelName, DuplicateModelName
        As `save_finalist` would.
    """
    default_store().check_new_name(name)


def _details(comparison: Comparison, candidate: str, cases: bytes, decision: Decision | None) -> dict[str, Any]:
    record = comparison.to_record()
    signature = comparison.signature
    if decision is not None:
        signature = signature.deciding(decision.positive, decision.threshold)
    return {
        "signature": signature.to_dict(),
        "decision": asdict(decision) if decision is not None else None,
        "training": comparison.fingerprint,
        "trained_at": comparison.trained_at,
        "comparison": {
            "metric": comparison.metric,
            "split": comparison.split,
            "folds": comparison.folds,
            "seed": comparison.seed,
            "train_rows": comparison.train_rows,
            "holdout_rows": comparison.holdout_rows,
            "leaderboard": [{"name": r.name, "score": r.metrics.get(comparison.metric)} for r in comparison.ranked],
            "result": next(r for r in record["candidates"] if r["id"] == candidate),
            "holdout": next(f for f in record["finalists"] if f["id"] == candidate)["holdout"],
        },
        **cases_as_details(cases or comparison.cases),
    }
