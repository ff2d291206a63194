"""Why a model answered so: what contributed, the nearest training cases, the smallest change that flips the class.

An `Explainer` is made once a model, for it lays out the model's trees and training cases; an explanation then takes
milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from src.ml.explanation.additive import Additive, Scale, additive_for
from src.ml.explanation.columns import PreparedColumns, prepared_columns
from src.ml.explanation.nearest import Case, Neighbours
from src.ml.explanation.sampled import sampled_contributions
from src.ml.explanation.smallest_change import Change, smallest_changes
from src.ml.prediction import predict_rows
from src.ml.saved_models import LoadedModel
from src.ml.signature import Signature, as_model_input
from src.ml.training_cases import cases_of

__all__ = ["Case", "Change", "Contributions", "Explainer", "Explanation", "explain"]

NEAREST = 5
_BACKGROUND = 1_000
Method = Literal["trees", "linear", "sampled"]


_ROUNDING = 1e-9
"""Parts that are so small beside the largest are what adding up leaves of nothing."""


@dataclass(frozen=True)
class Contributions:
    """What each feature adds to a base; base and parts add up to the answer.

    Attributes
    ----------
    method : {"trees", "linear", "sampled"}
        The first two are exact, the last is an estimate.
    scale : {"probability", "score", "value"}
        What is taken apart: the probability of the answered class, its score (the log-odds, or the distance from the
        border between classes), or the predicted value.
    base : float
        The answer where nothing is known of the row: the mean over training rows.
    parts : dict
        By feature, the largest first.
    """

    method: Method
    scale: Scale
    base: float
    parts: Mapping[str, float]

    @property
    def answer(self) -> float:
        """What base and parts add up to."""
        return self.base + sum(self.parts.values())


@dataclass(frozen=True)
class Explanation:
    """Why a model answered so.

    Attributes
    ----------
    contributions : Contributions, optional
        None where the model gives no figure that could be taken apart, or nothing is known to compare with.
    cases : tuple of Case
        The nearest training cases, the nearest first; empty where none were kept with the model.
    cases_kept : int
        How many were kept.
    changes : tuple of Change, optional
        Single changes that flip the class, the smallest first; None for a value.
    is_novel : bool, optional
        Whether the row lies further from its nearest case than 99 % of the cases do from theirs; None without cases.
    """

    contributions: Contributions | None
    cases: tuple[Case, ...]
    cases_kept: int
    changes: tuple[Change, ...] | None
    is_novel: bool | None


def explain(saved: LoadedModel, values: Mapping[str, Any]) -> Explanation:
    """Explain one answer of a saved model; for several answers, make an `Explainer` once.

    Parameters
    ----------
    saved : LoadedModel
    values : mapping
        A value for each feature, as in `predict_row`.

    Raises
    ------
    InvalidPredictionInput
        The model cannot take the values.
    ModelCorrupt
        The training cases that were kept with the model cannot be read.
    """
    return Explainer(saved).explain(values)


class Explainer:
    """A saved model, ready to be asked why. Its methods raise what `explain` raises."""

    def __init__(self, saved: LoadedModel) -> None:
        self._model: Any = saved.model
        self._signature: Signature = saved.signature
        cases = cases_of(saved.details, saved.signature.names)
        self._neighbours = Neighbours(cases) if cases is not None and len(cases.features) else None
        self._background = self._typical_rows()
        self._columns = prepared_columns(self._model, len(saved.signature.features))
        self._additive = self._additive_or_none(self._columns)

    def _typical_rows(self) -> pd.DataFrame | None:
        """Training rows to compare with, or, in a model without them, one row of typical values."""
        if self._neighbours is not None:
            features = self._neighbours.cases.features
            return features.iloc[np.unique(np.linspace(0, len(features) - 1, _BACKGROUND).astype(int))]
        typical: dict[str, Any] = {}
        for feature in self._signature.features:
            if feature.typical is None and not feature.categories:
                return None
            typical[feature.name] = feature.categories[0] if feature.typical is None else feature.typical
        return as_model_input(pd.DataFrame([typical]), self._signature)

    def _additive_or_none(self, columns: PreparedColumns | None) -> Additive | None:
        if columns is None:
            return None
        background = None if self._background is None else columns.prepare(self._background)
        return additive_for(columns.estimator, background)

    def explain(self, values: Mapping[str, Any]) -> Explanation:
        """Explain the answer to one row of values."""
        row = as_model_input(pd.DataFrame([dict(values)]), self._signature)
        outcome = self._outcomes(row)[0]
        is_class = self._signature.task == "classification"
        cases, is_novel = self._nearest(row)
        return Explanation(
            self._contributions(row, outcome),
            cases,
            0 if self._neighbours is None else len(self._neighbours.cases.features),
            smallest_changes(self._outcomes, self._signature, values) if is_class else None,
            is_novel,
        )

    def _outcomes(self, rows: pd.DataFrame) -> NDArray[Any]:
        return predict_rows(self._model, self._signature, rows)[0]

    def _nearest(self, row: pd.DataFrame) -> tuple[tuple[Case, ...], bool | None]:
        if self._neighbours is None:
            return (), None
        places, distances = self._neighbours.nearest(row, NEAREST)
        kept = self._neighbours.cases
        rows = kept.features.iloc[places]
        answers = self._outcomes(rows)
        cases = tuple(
            Case({str(name): value for name, value in values.items()}, actual, answer, float(distance))
            for values, actual, answer, distance in zip(
                rows.to_dict("records"), kept.target[places], answers, distances, strict=True
            )
        )
        return cases, bool(distances[0] > self._neighbours.usual)

    def _contributions(self, row: pd.DataFrame, outcome: Any) -> Contributions | None:
        place = self._place_of(outcome)
        return self._exact(row, place) or self._sampled(row, place)

    def _place_of(self, outcome: Any) -> int:
        if self._signature.task != "classification":
            return 0
        known = getattr(self._model, "classes_", ())
        classes = self._signature.classes if len(self._signature.classes) == len(known) else known
        return [str(label) for label in classes].index(str(outcome))

    def _exact(self, row: pd.DataFrame, place: int) -> Contributions | None:
        if self._additive is None or self._columns is None:
            return None
        prepared = self._columns.prepare(row)[0]
        base, parts = self._additive.split(prepared, place)
        if not self._additive.agrees(prepared, place, base, parts):
            return None
        by_feature: NDArray[np.float64] = np.zeros(row.shape[1])
        np.add.at(by_feature, self._columns.feature, parts)
        return self._named(self._additive.kind, self._additive.scale, base, by_feature)

    def _sampled(self, row: pd.DataFrame, place: int) -> Contributions | None:
        answers = self._answers_of(place)
        if answers is None or self._background is None:
            return None
        base, parts = sampled_contributions(answers[1], row, self._background)
        return self._named("sampled", answers[0], base, parts)

    def _answers_of(self, place: int) -> tuple[Scale, Callable[[pd.DataFrame], NDArray[np.float64]]] | None:
        """The figure that is taken apart: a probability, else a score, else the value; a bare class is none."""
        model = self._model

        def asked(method: str, rows: pd.DataFrame) -> NDArray[np.float64]:
            given: Any = rows if hasattr(model, "feature_names_in_") else rows.to_numpy()
            return np.asarray(getattr(model, method)(given), float).reshape(len(rows), -1)

        def score(rows: pd.DataFrame) -> NDArray[np.float64]:
            scores = asked("decision_function", rows)
            if scores.shape[1] > 1:
                return scores[:, place]
            return scores[:, 0] if place == 1 else -scores[:, 0]

        if self._signature.task != "classification":
            return "value", lambda rows: asked("predict", rows)[:, 0]
        if hasattr(model, "predict_proba"):
            return "probability", lambda rows: asked("predict_proba", rows)[:, place]
        return ("score", score) if hasattr(model, "decision_function") else None

    def _named(self, method: Method, scale: Scale, base: float, parts: NDArray[np.float64]) -> Contributions:
        parts = np.where(np.abs(parts) < _ROUNDING * np.abs(parts).max(initial=0.0), 0.0, parts)
        largest_first = np.argsort(-np.abs(parts), kind="stable")
        names = self._signature.names
        return Contributions(method, scale, base, {names[place]: float(parts[place]) for place in largest_first})
