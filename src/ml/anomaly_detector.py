"""Unusual values among others: Isolation Forest and Local Outlier Factor, and their weighted vote.

Requirement document 001. Values are judged each by itself, whatever their order; for readings that come one after
another there is `src.ml.anomalies.online_detector`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from src.errors import DetectorNotFitted, InvalidReadingValues
from src.ml.anomalies.fitting import JITTER, Scaling
from src.ml.anomalies.inputs import checked_contamination, checked_share, refuse_unusable
from src.ml.anomalies.isolation_forest import IsolationForest, grow_forest
from src.ml.anomalies.local_outlier_factor import LocalOutlierFactor
from src.ml.anomalies.online_detector import LEAST_ROWS
from src.ml.anomalies.tail_calibration import TailCalibration
from src.notes import Note

THRESHOLD = (0.3, 0.8)
_TREES, _NEIGHBOURS = 100, 20
_WEIGHTS = (0.5, 0.5)
"""Of the forest and of the factor: neither is the better one on sensors in general."""


class AnomalyDetector:
    """Learns from values what is usual, and says of other values how unusual they are.

    Parameters
    ----------
    contamination : float
        Expected share of anomalies among the training values, 0.01 to 0.5. It shapes the scores: a value rarer than
        this share scores above 0.5. Which scores are anomalies is a threshold of its own.
    seed : int
        Another number, other random trees.

    Raises
    ------
    InvalidDetector
        The contamination is out of its range.

    Notes
    -----
    A score is ``1 - p ** (ln 2 / ln(1 / contamination))``, where `p` is the probability of so unusual a value by the
    training values. So the bands below 0.3, 0.6 and 0.9 and above mean the same for each sensor: with a contamination
    of 0.1 they begin at values as rare as 1 in 3, 1 in 21 and 1 in 2,100.
    """

    def __init__(self, contamination: float = 0.1, seed: int = 0) -> None:
        self.contamination = checked_contamination(contamination)
        self._seed = seed
        self._scaling: Scaling | None = None
        self._forest: IsolationForest
        self._factor: LocalOutlierFactor
        self._tails: tuple[TailCalibration, TailCalibration]
        self._vote: TailCalibration

    @property
    def is_fitted(self) -> bool:
        """Whether it has learnt."""
        return self._scaling is not None

    def fit(self, data: Any) -> AnomalyDetector:
        """Learn what is usual.

        Parameters
        ----------
        data : array of float, shape (n,) or (n, 1)
            At least 30 values, finite.

        Returns
        -------
        AnomalyDetector
            Itself.

        Raises
        ------
        InvalidReadingValues
            The values are too few, not finite, no numbers, or of another shape.
        """
        values = _column(data)
        if len(values) < LEAST_ROWS:
            raise InvalidReadingValues(
                "{count} values are too few to learn from; at least {least} are needed.",
                count=len(values),
                least=LEAST_ROWS,
            )
        rng = np.random.default_rng(self._seed)
        scaling = Scaling.of(values)
        rows = scaling.apply(values)
        rows = rows + rng.normal(0.0, JITTER, rows.shape)
        self._forest = grow_forest(rows, rng, _TREES)
        self._factor = LocalOutlierFactor(rows, _NEIGHBOURS)
        scores = np.log(self._forest.scores(rows)), self._factor.own_scores
        self._tails = (TailCalibration(scores[0]), TailCalibration(scores[1]))
        self._vote = TailCalibration(
            _surprise(*(t.log_probabilities(s) for t, s in zip(self._tails, scores, strict=True)))
        )
        self._scaling = scaling
        return self

    def detect_isolation_forest(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        """Judge values by the Isolation Forest alone; as `detect_ensemble`, at its threshold of 0.5."""
        return _judged(self._scores(self._tails_of(data)[0]), 0.5)

    def detect_lof(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        """Judge values by the Local Outlier Factor alone; as `detect_ensemble`, at its threshold of 0.5."""
        return _judged(self._scores(self._tails_of(data)[1]), 0.5)

    def detect_ensemble(self, data: Any, threshold: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
        """Judge values by the weighted vote of both detectors.

        Parameters
        ----------
        data : array of float, shape (n,) or (n, 1)
            Finite; one value is enough.
        threshold : float
            From which score on a value is an anomaly, 0.3 to 0.8.

        Returns
        -------
        predictions : ndarray of int64, shape (n,)
            -1 for an anomaly, 1 for none.
        scores : ndarray of float64, shape (n,)
            0 to 1; the class says what they mean.

        Raises
        ------
        DetectorNotFitted
            `fit` comes first.
        InvalidDetector
            The threshold is out of its range.
        InvalidReadingValues
            The values are none, not finite, no numbers, or of another shape.
        """
        return _judged(self._ensemble_scores(data), checked_share(threshold, THRESHOLD, Note("threshold")))

    def calculate_anomaly_threshold(self, data: Any, percentile: float = 95.0) -> float:
        """Return the score, 0 to 1, that so many percent of some values do not exceed.

        Raises
        ------
        InvalidDetector
            The percentile is not between 0 and 100; else as `detect_ensemble`.
        """
        percentile = checked_share(percentile, (0.0, 100.0), Note("percentile"))
        return float(np.percentile(self._ensemble_scores(data), percentile))

    def get_anomaly_summary(self, data: Any, threshold: float = 0.5) -> dict[str, Any]:
        """Sum up what `detect_ensemble` finds in some values.

        Returns
        -------
        dict
            ``total_samples``, ``anomaly_count``, ``anomaly_percentage``, ``anomaly_indices`` and ``anomaly_values``
            (lists), ``threshold``; ``mean_score``, ``max_score``, ``min_score``; ``mean`` and ``std`` of the values.
        """
        predictions, scores = self.detect_ensemble(data, threshold)
        values = _column(data)[:, 0]
        places = np.flatnonzero(predictions == -1)
        return {
            "total_samples": len(values),
            "anomaly_count": len(places),
            "anomaly_percentage": 100.0 * len(places) / len(values),
            "anomaly_indices": places.tolist(),
            "anomaly_values": values[places].tolist(),
            "threshold": float(threshold),
            "mean_score": float(scores.mean()),
            "max_score": float(scores.max()),
            "min_score": float(scores.min()),
            "mean": float(values.mean()),
            "std": float(values.std()),
        }

    def _tails_of(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        """Logarithms of the tail probabilities by each detector."""
        if self._scaling is None:
            raise DetectorNotFitted("The detector has not learnt what is usual. Call fit() with values first.")
        rows = self._scaling.apply(_column(data))
        scores = np.log(self._forest.scores(rows)), self._factor.scores(rows)
        return self._tails[0].log_probabilities(scores[0]), self._tails[1].log_probabilities(scores[1])

    def _ensemble_scores(self, data: Any) -> np.ndarray:
        surprise = _surprise(*self._tails_of(data))
        return self._scores(self._vote.log_probabilities(surprise))

    def _scores(self, log_probabilities: np.ndarray) -> np.ndarray:
        return -np.expm1(log_probabilities * math.log(2) / math.log(1 / self.contamination))


def create_anomaly_detector(contamination: float = 0.1) -> AnomalyDetector:
    """Make a detector; `AnomalyDetector` says what the contamination does and which values it may have."""
    return AnomalyDetector(contamination)


def _surprise(forest: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Weigh the logarithms of both tail probabilities; more is more unusual."""
    return -(_WEIGHTS[0] * forest + _WEIGHTS[1] * factor)


def _judged(scores: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    return np.where(scores >= threshold, -1, 1), scores


def _column(data: Any) -> np.ndarray:
    """Return values as a column of finite numbers, or say what is wrong with them."""
    try:
        values = np.asarray(data, dtype=float)
    except (TypeError, ValueError) as error:
        raise InvalidReadingValues("The values are no numbers: {reason}. Give numbers.", reason=str(error)) from error
    if values.ndim not in (1, 2) or (values.ndim == 2 and values.shape[1] != 1):
        raise InvalidReadingValues(
            "The values have the shape {shape}. Give one sensor's, in one dimension or as one column.",
            shape=str(values.shape),
        )
    if not values.size:
        raise InvalidReadingValues("There are no values. Give at least one.")
    values = values.reshape(-1, 1)
    refuse_unusable(values[:, 0])
    return values
