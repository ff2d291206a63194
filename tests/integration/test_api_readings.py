"""Readings sent to the API: stored as a whole or not at all, and once however often they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from src.sensors.readings import read_readings
from tests.integration.api_clients import api_client, error_of, reading_of
from tests.integration.sensor_samples import add_sensor

PATH = "/api/v1/readings"


@pytest.fixture
def sensor(engine: sa.Engine) -> int:
    return add_sensor(engine, "Saw heat")


@pytest.fixture
def api(sensor: int) -> Iterator[TestClient]:
    with api_client() as client:
        yield client


def send(api: TestClient, *readings: dict) -> dict:
    answer = api.post(PATH, json={"readings": list(readings)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored(engine: sa.Engine) -> list[tuple]:
    return list(read_readings(engine=engine)[["sensor_id", "value", "data_quality"]].itertuples(index=False, name=None))


def test_a_batch_by_name_and_by_identifier_is_stored_and_sent_again_changes_nothing(api, engine, sensor):
    batch = [reading_of(sensor, 0), reading_of("Saw heat", 1, 2.5), reading_of(sensor, 2, 3.5, quality=2)]
    assert send(api, *batch) == {"received": 3, "new": 3}
    assert send(api, *batch) == {"received": 3, "new": 0}
    assert send(api, *batch, reading_of(sensor, 3)) == {"received": 4, "new": 1}
    assert stored(engine) == [(sensor, 1.5, 0), (sensor, 2.5, 0), (sensor, 3.5, 2), (sensor, 1.5, 0)]


def test_times_of_other_zones_are_the_same_moment(api, engine, sensor):
    send(api, reading_of(sensor, 12))
    again = reading_of(sensor) | {"timestamp": "2026-03-01T09:00:00-03:00"}
    assert send(api, again) == {"received": 1, "new": 0}


def test_the_same_reading_twice_in_a_batch_counts_once(api, engine, sensor):
    assert send(api, reading_of(sensor), reading_of("Saw heat")) == {"received": 2, "new": 1}


def test_a_reading_without_a_value_is_kept_as_missing(api, engine, sensor):
    send(api, reading_of(sensor, value=None))
    assert read_readings(engine=engine)["data_quality"].tolist() == [3]


def test_one_unknown_sensor_keeps_the_whole_batch_out_and_is_named(api, engine, sensor):
    for unknown, said in (("Nobody", "'Nobody'"), (404, "404"), (str(sensor), f"named '{sensor}'")):
        answer = api.post(PATH, json={"readings": [reading_of(sensor), reading_of(unknown)]})
        error = error_of(answer, 404)
        assert error["code"] == "sensor_not_found"
        assert said in error["message"]
    assert stored(engine) == []


@pytest.mark.parametrize("change", [{"value": 9.0}, {"quality": 1}], ids=["value", "quality"])
def test_what_is_stored_otherwise_is_not_replaced_and_the_batch_is_refused(api, engine, sensor, change):
    send(api, reading_of(sensor))
    answer = api.post(PATH, json={"readings": [reading_of(sensor, 5), reading_of(sensor) | change]})
    error = error_of(answer, 409)
    assert error["code"] == "readings_differ"
    assert "'Saw heat'" in error["message"]
    assert stored(engine) == [(sensor, 1.5, 0)]


def test_two_readings_of_a_batch_that_contradict_each_other_are_refused(api, engine, sensor):
    answer = api.post(PATH, json={"readings": [reading_of(sensor), reading_of("Saw heat", 0, 2.0)]})
    assert "1 and 2" in error_of(answer, 422)["message"]
    assert stored(engine) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"timestamp": "2026-03-01T00:00:00"}, "timezone"),
        ({"timestamp": "2026-03-01"}, "time zone"),
        ({"timestamp": 1_700_000_000}, "Times are texts"),
        ({"timestamp": "1700000000"}, "time zone"),
        ({"timestamp": "1066-10-14T09:00:00Z"}, "between 1900 and 2200"),
        ({"timestamp": "2026-02-30T00:00:00Z"}, "day"),
        ({"value": "1.5"}, "number"),
        ({"value": True}, "number"),
        ({"value": 10**400}, ""),
        ({"quality": 3}, "quality code 3"),
        ({"quality": 4}, "less than or equal to 3"),
        ({"value": None, "quality": 0}, "quality code 3"),
        ({"sensor": True}, ""),
        ({"sensor": 1.0}, ""),
        ({"sensor": 0}, ""),
        ({"colour": "red"}, "not permitted"),
    ],
    ids=str,
)
def test_a_reading_that_cannot_be_is_refused_with_its_place(api, engine, sensor, change, said):
    answer = api.post(PATH, json={"readings": [reading_of(sensor), reading_of(sensor, 1) | change]})
    error = error_of(answer, 422)
    assert error["details"][0]["where"][:3] == ["body", "readings", 1]
    assert said in error["message"]
    assert stored(engine) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("NaN", "This is no JSON: NaN"),
        ("Infinity", "This is no JSON: Infinity"),
        ("-Infinity", "This is no JSON: -Infinity"),
        ("1e999", "finite"),
    ],
)
def test_what_is_no_finite_number_is_refused(api, engine, sensor, number, said):
    body = f'{{"readings": [{{"sensor": {sensor}, "timestamp": "2026-03-01T00:00:00Z", "value": {number}}}]}}'
    answer = api.post(PATH, content=body, headers={"Content-Type": "application/json"})
    error = error_of(answer, 422)
    assert error["code"] == "invalid_request"
    assert said in error["message"]
    assert stored(engine) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b'{"readings": []}', 422),
        (b'{"readings": [{"sensor": "\\ud800", "timestamp": "2026-03-01T00:00:00Z", "value": 1}]}', 422),
        (b'{"readings": [{"sensor": "\\u0000", "timestamp": "2026-03-01T00:00:00Z", "value": 1}]}', 404),
        (b'{"readings": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b"1" * 10_000, 400),
    ],
    ids=["nothing", "torn", "list", "empty", "half a character", "NUL", "no UTF-8", "deep", "long number"],
)
def test_a_body_that_is_no_batch_is_refused(api, body, status):
    error_of(api.post(PATH, content=body, headers={"Content-Type": "application/json"}), status)


def test_a_body_that_does_not_say_that_it_is_json_is_refused(api, sensor):
    """A web page can send such a body to any address without being asked; JSON it cannot."""
    body = f'{{"readings": [{{"sensor": {sensor}, "timestamp": "2026-03-01T00:00:00Z", "value": 1}}]}}'
    error_of(api.post(PATH, content=body, headers={"Content-Type": "text/plain"}), 422)


def test_ten_thousand_readings_are_a_batch_and_one_more_are_too_many(api, engine, sensor):
    minutes = (datetime(2026, 3, 1, tzinfo=UTC) + n * timedelta(minutes=1) for n in range(10_000))
    batch = [{"sensor": sensor, "timestamp": minute.isoformat(), "value": 1.5} for minute in minutes]
    assert send(api, *batch) == {"received": 10_000, "new": 10_000}
    assert send(api, *batch) == {"received": 10_000, "new": 0}
    answer = api.post(PATH, json={"readings": [*batch, batch[0]]})
    assert "10000" in error_of(answer, 422)["message"]
