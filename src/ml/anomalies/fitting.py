"""Both detectors, fitted on each view of the past."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from src.ml.anomalies.isolation_forest import IsolationForest, grow_forest, joined
from src.ml.anomalies.local_outlier_factor import LocalOutlierFactor
from src.ml.anomalies.views import VIEWS

JITTER = 0.03
"""Standard deviation of the noise on training rows, in scaled units: it parts the equal values of coarse sensors."""
DETECTORS_A_FIT = 2 * len(VIEWS)
CONTAMINATION = 0.1
"""The share of the past that may be unusual, unless somebody knows better."""
_NORMAL_SPAN = 3.3
"""How many standard deviations the middle nine tenths of a normal distribution span."""
_LEAST_SPREAD = 0.2
_SMALLEST = 1e-9
"""Of the size of the values: a spread below it is rounding."""


@dataclass(frozen=True)
class Scaling:
    """Brings each column to about one unit of spread, whatever the sensor measures in."""

    centre: np.ndarray
    spread: np.ndarray

    @staticmethod
    def of(rows: np.ndarray, contamination: float = CONTAMINATION) -> Scaling:
        """Take the spread of what is not contaminated, or a fifth of the standard deviation where that is more."""
        low, centre, high = np.quantile(rows, (contamination / 2, 0.5, 1 - contamination / 2), axis=0)
        spread = np.maximum((high - low) / _span(contamination), _LEAST_SPREAD * rows.std(axis=0))
        size = np.abs(rows[:, 0]).max() or 1.0
        # What is constant has no spread to measure by; the size of the values serves, whatever their unit.
        return Scaling(centre, np.where(spread > _SMALLEST * size, spread, size))

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Scale rows; what is absurdly far away stays a number that 32 bits can hold and square."""
        return np.clip((rows - self.centre) / self.spread, -1e12, 1e12)


@dataclass(frozen=True)
class FittedDetectors:
    """An Isolation Forest and a Local Outlier Factor for each view, from one stretch of the past.

    The forests are one, half of its trees for each view: a reading alone goes down all of them in the time of half.
    """

    scaling: Scaling
    forest: IsolationForest
    factors: tuple[LocalOutlierFactor, ...]

    def log_scores(self, rows: np.ndarray) -> np.ndarray:
        """Score rows of `features`; a fit never sees the rows that it scores.

        Returns
        -------
        ndarray of float64, shape (n, DETECTORS_A_FIT)
            Natural logarithms; first the forests, a view a column, then the factors.
        """
        scaled = self.scaling.apply(rows)
        forests = self.forest.scores_by_part(scaled, len(VIEWS))
        factors = [factor.scores(scaled[:, view]) for factor, view in zip(self.factors, VIEWS, strict=True)]
        return np.log(np.column_stack([forests, *factors]))


def _span(contamination: float) -> float:
    """How many standard deviations the middle of a normal distribution spans, without so much of its ends."""
    middle = NormalDist().inv_cdf(1 - contamination / 2) / NormalDist().inv_cdf(1 - CONTAMINATION / 2)
    return _NORMAL_SPAN * middle


def fit_detectors(
    rows: np.ndarray,
    rng: np.random.Generator,
    *,
    contamination: float = CONTAMINATION,
    trees: int = 50,
    samples: int = 256,
    neighbours: int = 5,
) -> FittedDetectors:
    """Fit both detectors on rows of `features`, shape (n, 3), n at least 3, of which so large a share is unusual."""
    scaling = Scaling.of(rows, contamination)
    scaled = scaling.apply(rows)
    scaled = scaled + rng.normal(0.0, JITTER, scaled.shape)
    forest = joined([grow_forest(scaled[:, view], rng, trees, samples) for view in VIEWS])
    factors = tuple(LocalOutlierFactor(scaled[:, view], neighbours) for view in VIEWS)
    return FittedDetectors(scaling, forest, factors)
