"""What a sensor's description may hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.errors import InvalidSensor
from src.sensors.quantities import PLANT_QUANTITIES
from src.sensors.sensor_fields import LIMITS, SensorDescription, checked, same_name

HEAT = SensorDescription(display_name="Saw heat", equipment="Saw", sensor_type="temperature")


def test_blanks_around_texts_are_taken_off_and_nothing_else_is_changed():
    given_ = replace(HEAT, display_name=" Saw heat\t", unit=" °C ", physical_min=-20.0, critical_high=70.0)
    assert checked(given_) == replace(given_, display_name="Saw heat", unit="°C")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"display_name": ""}, "Name is empty"),
        ({"display_name": " \t "}, "Name is empty"),
        ({"equipment": ""}, "Machine is empty"),
        ({"sensor_type": " "}, "Quantity is empty"),
        ({"display_name": "x" * 201}, "201 characters; at most 200"),
        ({"unit": "x" * 51}, "Unit has 51"),
        ({"display_name": "a\0b"}, "not shown"),
        ({"equipment": "a\nb"}, "not shown"),
        ({"platform": "\ud800"}, "not shown"),
        ({"warning_high": float("nan")}, "High warning limit is nan"),
        ({"physical_min": float("-inf")}, "Physical minimum is -inf"),
        ({"warning_low": 5.0, "warning_high": 4.0}, r"Low warning limit \(5.0\) is above High warning limit \(4.0\)"),
        ({"warning_low": 5.0, "warning_high": 5.0}, "both 5.0"),
        ({"critical_low": 6.0, "warning_low": 5.0}, "Low critical limit"),
        ({"critical_high": 4.0, "warning_high": 5.0}, "High critical limit"),
        ({"physical_max": 60.0, "critical_high": 70.0}, "Physical maximum"),
        ({"physical_min": 0.0, "critical_low": -1.0}, "Physical minimum"),
        ({"physical_min": 1.0, "physical_max": 1.0}, "both 1.0"),
        ({"critical_low": 70.0, "critical_high": 60.0}, "is above"),
    ],
)
def test_what_no_sensor_can_have_is_refused(changes, message):
    with pytest.raises(InvalidSensor, match=message):
        checked(replace(HEAT, **changes))


def test_a_warning_may_be_as_far_out_as_the_critical_limit_or_the_physical_end():
    checked(replace(HEAT, critical_low=0.0, warning_low=0.0, warning_high=1.0, critical_high=1.0, physical_max=1.0))


def test_the_demo_plants_sensors_can_be():
    for quantity in PLANT_QUANTITIES.values():
        checked(replace(HEAT, **{name: getattr(quantity, name) for name in LIMITS}))


limit = st.none() | st.integers(-3, 3).map(float)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no mistake
@given(st.tuples(*[limit] * 6))
def test_limits_are_taken_exactly_when_they_are_in_order(values):
    lows, highs = ([value for value in side if value is not None] for side in (values[:3], values[3:]))
    in_order = lows == sorted(lows) and highs == sorted(highs) and all(low < high for low in lows for high in highs)
    description = replace(HEAT, **dict(zip(LIMITS, values, strict=True)))
    if in_order:
        assert checked(description) == description
    else:
        with pytest.raises(InvalidSensor):
            checked(description)


def test_names_are_the_same_for_people_whatever_their_case_blanks_and_forms_of_letters():
    assert same_name("Straße  Ｎ") == same_name(" STRASSE n ")
    assert same_name("Pump 1") != same_name("Pump 11")
