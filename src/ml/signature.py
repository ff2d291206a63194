"""The signature of a model: the features it takes, in order, with types and what was seen in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from src.errors import InvalidPredictionInput

FeatureType = Literal["number", "boolean", "category", "time"]
MOST_CATEGORIES = 200


@dataclass(frozen=True)
class Feature:
    """One column that a model takes.

    Attributes
    ----------
    minimum, maximum, typical : float, optional
        Range and median in training; for times in days since 1970.
    categories : tuple of str
        Values seen in training, the most frequent first; for categories only.
    unit : str
        Unit of the values, where known.
    """

    name: str
    type: FeatureType
    minimum: float | None = None
    maximum: float | None = None
    typical: float | None = None
    categories: tuple[str, ...] = ()
    unit: str = ""

    @property
    def step(self) -> float:
        """A sensible step for an input: a hundredth of the range, rounded to one digit."""
        span = (self.maximum or 0.0) - (self.minimum or 0.0)
        return float(f"{span / 100:.0e}") if span > 0 else 1.0


@dataclass(frozen=True)
class Signature:
    """What goes into a model and what comes out.

    Attributes
    ----------
    positive : str, int, float or bool, optional
        The one of two classes that a row is given where its probability is at least `threshold`.
    threshold : float, optional
        None: the class with the higher probability, as the model itself decides.
    """

    features: tuple[Feature, ...]
    target: str
    task: str
    classes: tuple[Any, ...] = ()
    target_unit: str = ""
    positive: Any = None
    threshold: float | None = None

    @property
    def names(self) -> list[str]:
        """Feature names, in order."""
        return [feature.name for feature in self.features]

    def deciding(self, positive: str, threshold: float) -> Signature:
        """Return the same with a threshold for one of its two classes, which is named as people read it.

        Raises
        ------
        InvalidPredictionInput
            There are not two classes, or none is called so, or the threshold is no probability.
        """
        found = [label for label in self.classes if str(label) == positive]
        if len(self.classes) != 2 or not found:
            raise InvalidPredictionInput(
                "A threshold is for one of two classes, and {positive!r} is not one of: {classes}.",
                positive=positive,
                classes=", ".join(map(str, self.classes)),
            )
        if not 0 <= threshold <= 1:
            raise InvalidPredictionInput(
                "The threshold is {threshold}; it must be between 0 and 1.", threshold=threshold
            )
        return replace(self, positive=found[0], threshold=float(threshold))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON-able values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Signature:
        """Rebuild what `to_dict` gave."""
        features = tuple(Feature(**{**f, "categories": tuple(f["categories"])}) for f in values["features"])
        return cls(**{**values, "features": features, "classes": tuple(values["classes"])})


@dataclass(frozen=True)
class Decision:
    """From which probability of a class on a model is to decide for it, and the costs by which that was chosen.

    Attributes
    ----------
    false_alarm, missed : float, optional
        Cost of a row wrongly given the class, and of one wrongly not given it, in any unit.
    """

    positive: str
    threshold: float
    false_alarm: float | None = None
    missed: float | None = None


def feature_type(column: pd.Series) -> FeatureType:
    """Tell how a column is used as a feature."""
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "time"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    return "category"


def describe_features(frame: pd.DataFrame, units: Mapping[str, str] | None = None) -> tuple[Feature, ...]:
    """Describe each column of a training table as a feature."""
    return tuple(_describe(frame[name], (units or {}).get(str(name), "")) for name in frame.columns)


def _describe(column: pd.Series, unit: str) -> Feature:
    kind = feature_type(column)
    if kind == "category":
        counts = column.dropna().astype(str).value_counts().head(MOST_CATEGORIES)
        return Feature(str(column.name), kind, categories=tuple(counts.index))
    numbers = column_as_numbers(column)
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return Feature(str(column.name), kind, unit=unit)
    return Feature(
        str(column.name),
        kind,
        float(known.min()),
        float(known.max()),
        float(np.median(known)),
        unit="days since 1970" if kind == "time" else unit,
    )


def column_as_numbers(column: pd.Series) -> np.ndarray:
    """Return a number, boolean or time column as floats, shape (n_rows,); times are days since 1970."""
    if pd.api.types.is_datetime64_any_dtype(column):
        moments = pd.to_datetime(column, utc=True)
        return ((moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)).to_numpy(dtype=float)
    return pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)


def as_model_input(frame: pd.DataFrame, signature_or_names: Signature | list[str]) -> pd.DataFrame:
    """Put a table into the form that a model was trained on: columns by name, in order, as numbers and text.

    Serves training and prediction alike, so that one row gives the same input in both.

    Parameters
    ----------
    frame : DataFrame
        Any table that has the features, in any order.
    signature_or_names : Signature or list of str
        Signature of the model, or the names of the features where there is no signature yet.

    Returns
    -------
    DataFrame
        Number, boolean and time columns as float64, categories as object with NaN for missing.

    Raises
    ------
    InvalidPredictionInput
        A column is missing, or holds values that are not of its type.
    """
    if isinstance(signature_or_names, Signature):
        types: dict[str, FeatureType] = {f.name: f.type for f in signature_or_names.features}
    else:
        types = {name: feature_type(frame[name]) for name in signature_or_names}
    missing = [name for name in types if name not in frame.columns]
    if missing:
        raise InvalidPredictionInput("The model needs the column {column!r}, which is not there.", column=missing[0])
    return pd.DataFrame({name: _as_type(frame[name], kind) for name, kind in types.items()}, index=frame.index)


def _as_type(column: pd.Series, kind: FeatureType) -> Any:
    if kind == "category":
        values = column.astype(object)
        return values.where(values.isna(), values.map(str)).where(values.notna(), np.nan)
    try:
        return column_as_numbers(column)
    except (ValueError, TypeError):
        raise InvalidPredictionInput(
            "{column!r} takes numbers, and {value!r} is none.", column=str(column.name), value=_first_text(column)
        ) from None


def _first_text(column: pd.Series) -> str:
    bad = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
    return str(bad.iloc[0]) if len(bad) else str(column.iloc[0])
