"""A sensor's forecaster, as it is kept: trained once, and brought up to the newest hour before it forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from src.ml.forecaster import TimeSeriesForecaster
from src.ml.sensor_models.anchor import Anchor

if TYPE_CHECKING:
    from src.sensors.interval_means import IntervalMeans

MOST_STEPS_SINCE = 168
"""A forecast that begins further ahead of what was learnt is a poor one."""


@dataclass(eq=False)
class SensorForecaster:
    """A forecaster that has learnt.

    Attributes
    ----------
    anchor : Anchor
        The newest reading that it knows.
    metrics : dict, optional
        Those of the last tenth of what it has learnt; computed when they are first asked for.
    """

    forecaster: TimeSeriesForecaster
    anchor: Anchor
    metrics: dict[str, Any] | None = None

    def calculate_metrics(self) -> dict[str, Any]:
        """Return the metrics of `TimeSeriesForecaster.calculate_metrics`, computed once."""
        if self.metrics is None:
            self.metrics = self.forecaster.calculate_metrics()
        return self.metrics

    def is_outdated(self, series: IntervalMeans) -> bool:
        """Whether so much has come since the training that it is to be trained anew before it forecasts."""
        return not self.forecaster.follows_fast and self._steps_since(series) > MOST_STEPS_SINCE

    def _steps_since(self, series: IntervalMeans) -> int:
        ended = self.forecaster.series.times[-1]
        return max(int((series.timestamps[-1] - ended) // np.timedelta64(series.interval)), 0)

    def brought_up_to(self, series: IntervalMeans) -> tuple[TimeSeriesForecaster, int]:
        """Return a forecaster for what follows a newer series, and how many of its first steps that series has already.

        A model that is fitted fast takes the series in, with the calibration of its training; another one forecasts
        on from where its training ended.
        """
        since = self._steps_since(series)
        if since == 0 or not self.forecaster.follows_fast:
            return self.forecaster, since
        return self.forecaster.continued(*series.observed), 0
