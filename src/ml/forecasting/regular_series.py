"""Times and values of one sensor, as they come, to a series of equal steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidSeries
from src.ml.forecasting.frequency import Frequency, Times, infer_frequency
from src.ml.forecasting.given import read_times, read_values
from src.notes import Note

if TYPE_CHECKING:
    import pandas as pd

LEAST_VALUES = 50
MOST_STEPS = 50_000
"""Older values do not make a forecast better, but slower."""
_SPARSEST = 0.1
_SHORT_GAP = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RegularSeries:
    """Values at equal steps.

    Attributes
    ----------
    start : datetime64[us]
        UTC.
    values : ndarray of float64, shape (n_steps,)
        NaN where nothing was observed.
    filled : ndarray of float64, shape (n_steps,)
        The same without gaps: in the first steps of a gap the last value, then that of a season before. What fills a
        gap comes from before it, so that the first values are the same whatever follows.
    seasons : dict of str to int
        The seasons of which the whole series holds at least two, with their steps, the shortest first.
    notes : tuple of Note
        What was understood rather than taken as it came.
    """

    start: np.datetime64
    frequency: Frequency
    values: Floats
    filled: Floats
    seasons: Mapping[str, int]
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Where there is a value."""
        return ~np.isnan(self.values)

    @property
    def season(self) -> int:
        """Steps of the shortest season, 1 without any."""
        return next(iter(self.seasons.values()), 1)

    @property
    def longer_season(self) -> int:
        """Steps of the second season, 0 without one."""
        return next(iter(list(self.seasons.values())[1:]), 0)

    @property
    def times(self) -> Times:
        """The times of all steps."""
        return self.frequency.times(self.start, np.arange(len(self)))

    def times_after(self, periods: int) -> Times:
        """Return the times of the steps that follow."""
        return self.frequency.times(self.start, len(self) + np.arange(periods))

    def head(self, length: int) -> RegularSeries:
        """Return the first values as the series that was known then; at least half of it, so that seasons stay."""
        return replace(self, values=self.values[:length], filled=self.filled[:length])


def make_regular(timestamps: Sequence[Any] | Times | pd.DatetimeIndex, values: Sequence[Any] | Floats) -> RegularSeries:
    """Put times and values in order: sorted, one value a step, with gaps where there is none.

    Parameters
    ----------
    timestamps : sequence of datetime, or what pandas reads as such
        In any order; naive ones are taken as UTC. Values of one step are averaged.
    values : sequence of float
        As many; None or NaN is no value.

    Raises
    ------
    InvalidSeries
        A time cannot be read, a value is infinite or no number, there are fewer than 50, or they are too irregular.
    """
    stamps, numbers = read_times(timestamps), read_values(values)
    if len(stamps) != len(numbers):
        raise InvalidSeries(
            "There are {times:,} times and {values:,} values. Give one time for each value.",
            times=len(stamps),
            values=len(numbers),
        )
    present = ~np.isnan(numbers)
    notes = _missing_note(int((~present).sum()))
    order = np.argsort(stamps[present], kind="stable")
    stamps, numbers = stamps[present][order], numbers[present][order]
    unique = np.unique(stamps)
    _refuse_few(len(unique))
    frequency = infer_frequency(unique)
    places, start, jittered = _lay_out(stamps, unique, frequency)
    kept = places > places[-1] - MOST_STEPS
    if not kept.all():
        notes.append(Note("Only the last {steps:,} steps are used.", {"steps": MOST_STEPS}))
        _refuse_long_gap(len(numbers), int(kept.sum()), frequency)
        start = frequency.times(start, places[kept][:1])[0]
        places, numbers = places[kept] - places[kept][0], numbers[kept]
    on_grid = _averaged(places, numbers)
    observed = int((~np.isnan(on_grid)).sum())
    _refuse_sparse(observed, len(on_grid), frequency)
    _refuse_few(observed)
    notes += _grid_notes(len(numbers), observed, len(on_grid), frequency, jittered=jittered)
    seasons = {name: steps for name, steps in frequency.seasons.items() if 2 * steps <= len(on_grid)}
    filled = _filled(on_grid, season=next(iter(seasons.values()), 1))
    return RegularSeries(start, frequency, on_grid, filled, seasons, tuple(notes))


def _refuse_few(count: int) -> None:
    if count < LEAST_VALUES:
        raise InvalidSeries(
            "There are {count:,} values at different times; a forecaster needs at least {least}. Take a longer "
            "history.",
            count=count,
            least=LEAST_VALUES,
        )


def _refuse_long_gap(given: int, count: int, frequency: Frequency) -> None:
    if count < LEAST_VALUES:
        raise InvalidSeries(
            "Of {given:,} values, {count:,} lie within the last {steps:,} steps of {frequency}; a forecaster needs at "
            "least {least}. Leave out what lies after the long gap.",
            given=given,
            count=count,
            steps=MOST_STEPS,
            frequency=str(frequency),
            least=LEAST_VALUES,
        )


def _refuse_sparse(observed: int, steps: int, frequency: Frequency) -> None:
    if observed < _SPARSEST * steps:
        raise InvalidSeries(
            "The times are too irregular: {observed:,} of {steps:,} steps of {frequency} have a value. Take means over "
            "longer steps, or leave out what lies before a long gap.",
            observed=observed,
            steps=steps,
            frequency=str(frequency),
        )


def _lay_out(stamps: Times, unique: Times, frequency: Frequency) -> tuple[NDArray[np.int64], np.datetime64, bool]:
    """The step of each time, the time of the first step, and whether times had to be moved to their step."""
    start = unique[0]
    places = frequency.places(stamps, start)
    jittered = bool((frequency.times(start, places) != stamps).any())
    if jittered:
        start = frequency.anchor(start)
        places = frequency.places(stamps, start)
        start = frequency.times(start, places[:1])[0]
        places = places - places[0]
    return places, start, jittered


def _averaged(places: NDArray[np.int64], numbers: Floats) -> Floats:
    """The mean of the values of each step; a value alone stays exactly as it is."""
    counts = np.bincount(places)
    sums = np.bincount(places, weights=numbers)
    return np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)


def _filled(values: Floats, season: int) -> Floats:
    missing, since = np.flatnonzero(np.isnan(values)), 0
    if not len(missing):
        return values
    filled = values.copy()
    for place in missing:
        since = since + 1 if np.isnan(values[place - 1]) else 1
        back = season if since > _SHORT_GAP and season > 1 and place >= season else 1
        filled[place] = filled[place - back]
    return filled


def _missing_note(missing: int) -> list[Note]:
    return [Note("{values:,} times have no value and are left out.", {"values": missing})] if missing else []


def _grid_notes(given: int, observed: int, steps: int, frequency: Frequency, *, jittered: bool) -> list[Note]:
    notes = []
    if given > observed:
        notes.append(
            Note("{values:,} values share a step with another one; their mean counts.", {"values": given - observed})
        )
    if jittered:
        notes.append(
            Note(
                "The times are not exactly {frequency} apart; each value is taken at the nearest step.",
                {"frequency": str(frequency)},
            )
        )
    if steps > observed:
        notes.append(
            Note(
                "{gaps:,} of {steps:,} steps of {frequency} have no value; they are not learned from.",
                {"gaps": steps - observed, "steps": steps, "frequency": str(frequency)},
            )
        )
    return notes
