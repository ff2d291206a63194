"""Which sensor a page is about."""

from __future__ import annotations

from collections.abc import Sequence

from src.dashboard.components.choices import choose
from src.dashboard.locale import _
from src.sensors.sensor_manager import Sensor


def choose_sensor(sensors: Sequence[Sensor], forget: Sequence[str] = ()) -> Sensor:
    """Let the reader choose one of some sensors, by name; the URL's `sensor` says which, by identifier.

    Parameters
    ----------
    forget : sequence of str
        Choices in the URL that belong to one sensor only.
    """
    by_id = {str(sensor.sensor_id): sensor for sensor in sensors}
    chosen = choose(_("Sensor"), list(by_id), "sensor", names=lambda each: by_id[each].display_name, forget=forget)
    return by_id[chosen]
