"""The smallest change of one input that makes a model answer with another class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from src.ml.signature import Feature, Signature

GRID = 60
_FINER = 12
_ROUNDS = 2
_DIGITS = 4

Outcomes = Callable[[pd.DataFrame], NDArray[Any]]


@dataclass(frozen=True)
class Change:
    """One input moved, all others as they are.

    Attributes
    ----------
    feature : str
    value : float or str
        The nearest value found with which the class is another one.
    outcome : str
        That class.
    share : float
        How far that is, as a part of the training range; 1 for another category.
    """

    feature: str
    value: float | str
    outcome: str
    share: float


@dataclass(frozen=True)
class _Span:
    """Between these the class changes; `beyond` is on the far side."""

    feature: Feature
    before: float
    beyond: float


def smallest_changes(outcomes: Outcomes, signature: Signature, values: Mapping[str, Any]) -> tuple[Change, ...]:
    """Look, input by input, for the smallest change within the training range that changes the class.

    Numbers are searched on a grid that is then refined; a change that comes and goes between two points of it is not
    seen.

    Parameters
    ----------
    outcomes : callable
        From a table of values to the class of each row.
    values : mapping
        The values that were asked about, by feature.

    Returns
    -------
    tuple of Change
        At most one a feature, the smallest first; empty where no single change does it.
    """
    grids = {feature.name: _grid(feature, values[feature.name]) for feature in signature.features}
    rows = [(name, value) for name, grid in grids.items() for value in grid]
    if not rows:
        return ()
    said = _ask(outcomes, values, [(next(iter(grids)), values[next(iter(grids))]), *rows])
    now, answers = said[0], dict(zip(rows, said[1:], strict=True))
    found: list[Change] = []
    spans: list[_Span] = []
    for feature in signature.features:
        other = [value for value in grids[feature.name] if answers[feature.name, value] != now]
        if feature.type in ("category", "boolean"):
            found += [Change(feature.name, value, str(answers[feature.name, value]), 1.0) for value in other[:1]]
        else:
            spans += _spans(feature, float(values[feature.name]), grids[feature.name], other)
    for _ in range(_ROUNDS):
        spans = _refined(outcomes, values, spans, now)
    found += _changes(outcomes, values, spans, now)
    return tuple(_one_a_feature(sorted(found, key=lambda change: change.share)))


def _grid(feature: Feature, value: Any) -> list[Any]:
    if feature.type == "category":
        return [category for category in feature.categories if category != value]
    if feature.type == "boolean":
        return [1.0 - float(value)] if value in (0.0, 1.0) else []
    if feature.minimum is None or feature.maximum is None or feature.minimum == feature.maximum:
        return []
    return [float(place) for place in np.linspace(feature.minimum, feature.maximum, GRID) if place != value]


def _spans(feature: Feature, value: float, grid: list[float], other: list[float]) -> list[_Span]:
    """The nearest place with another class on either side, and the last one before it without."""
    spans = []
    for side in (-1, 1):
        beyond = min(
            (place for place in other if (place - value) * side > 0), key=lambda p: abs(p - value), default=None
        )
        if beyond is not None:
            between = [place for place in grid if 0 < (place - value) * side < (beyond - value) * side]
            spans.append(_Span(feature, max(between, key=lambda p: abs(p - value), default=value), beyond))
    return spans


def _refined(outcomes: Outcomes, values: Mapping[str, Any], spans: list[_Span], now: Any) -> list[_Span]:
    grids = [np.linspace(span.before, span.beyond, _FINER + 2)[1:-1].tolist() for span in spans]
    rows = [(span.feature.name, place) for span, grid in zip(spans, grids, strict=True) for place in grid]
    said = _ask(outcomes, values, rows)
    closer = []
    for place, (span, grid) in enumerate(zip(spans, grids, strict=True)):
        differs = said[place * _FINER : (place + 1) * _FINER] != now
        first = int(np.argmax(differs)) if differs.any() else _FINER
        steps = [span.before, *grid, span.beyond]
        closer.append(_Span(span.feature, steps[first], steps[first + 1]))
    return closer


def _changes(outcomes: Outcomes, values: Mapping[str, Any], spans: list[_Span], now: Any) -> list[Change]:
    """Take the round number next to the border, if it does it as well; a person has to type it."""
    round_ones = [_rounded_away(span, float(values[span.feature.name])) for span in spans]
    rows = [
        (span.feature.name, place)
        for span, short in zip(spans, round_ones, strict=True)
        for place in (short, span.beyond)
    ]
    said = _ask(outcomes, values, rows)
    changes = []
    for place, (span, short) in enumerate(zip(spans, round_ones, strict=True)):
        takes_short = said[2 * place] != now and _within(span.feature, short)
        value, outcome = (short, said[2 * place]) if takes_short else (span.beyond, said[2 * place + 1])
        span_width = (span.feature.maximum or 0.0) - (span.feature.minimum or 0.0)
        share = abs(value - float(values[span.feature.name])) / span_width
        changes.append(Change(span.feature.name, value, str(outcome), share))
    return changes


def _rounded_away(span: _Span, value: float) -> float:
    """The next number with few digits that is not nearer to the value than the border is."""
    width = (span.feature.maximum or 0.0) - (span.feature.minimum or 0.0)
    step = 10.0 ** (np.floor(np.log10(width)) - _DIGITS + 1)
    rounding = np.ceil if span.beyond > value else np.floor
    return float(f"{rounding(span.beyond / step) * step:.12g}")


def _within(feature: Feature, value: float) -> bool:
    return feature.minimum is not None and feature.maximum is not None and feature.minimum <= value <= feature.maximum


def _one_a_feature(changes: list[Change]) -> list[Change]:
    kept: dict[str, Change] = {}
    for change in changes:
        kept.setdefault(change.feature, change)
    return list(kept.values())


def _ask(outcomes: Outcomes, values: Mapping[str, Any], rows: list[tuple[str, Any]]) -> NDArray[Any]:
    """The classes where one input has another value."""
    if not rows:
        return np.array([])
    table = {name: np.full(len(rows), value, dtype=object) for name, value in values.items()}
    for place, (name, value) in enumerate(rows):
        table[name][place] = value
    return np.asarray(outcomes(pd.DataFrame(table).infer_objects())).astype(str)
