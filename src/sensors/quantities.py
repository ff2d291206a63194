"""What the sensors of a machine measure: the features of the training table, with their units and limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """One measured quantity; its name is the `sensor_type` of its sensors and its column in the training table.

    All values are in `unit`; None means no limit on that side.
    """

    name: str
    label: str
    unit: str
    physical_min: float
    physical_max: float
    warning_low: float | None = None
    warning_high: float | None = None
    critical_low: float | None = None
    critical_high: float | None = None


LUX = Quantity("lux", "Light", "lx", 0.0, 2000.0, warning_low=230.0, critical_low=150.0)
TEMPERATURE = Quantity("temperature", "Temperature", "°C", -20.0, 150.0, warning_high=60.0, critical_high=70.0)
# The limits between the zones B/C and C/D of ISO 10816-3 for machines on rigid foundations.
VIBRATION = Quantity("vibration", "Vibration", "mm/s", 0.0, 50.0, warning_high=4.5, critical_high=7.1)

PLANT_QUANTITIES: dict[str, Quantity] = {quantity.name: quantity for quantity in (LUX, TEMPERATURE, VIBRATION)}
