"""All routes at once: none that writes lets a key for reading in, none is undocumented, errors have one shape."""

from __future__ import annotations

import logging

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts

from src import errors
from src.api.access import require_write
from src.api.app import create_app
from src.api.errors import status_of
from src.api.limits import MOST_BYTES
from src.api.routers.sensors import Forecaster
from src.config import Settings
from src.database.engine import engine_for
from src.database.migrate import upgrade_database
from src.errors import DatabaseUnavailable, FarolError, ModelCorrupt
from src.ml.forecasting.models import MODEL_NAMES
from tests.integration.api_clients import api_client, error_of

READING_METHODS = {"GET", "HEAD"}
CHANGES_NOTHING = {"/api/v1/models/{name}/predict"}


def unguarded(app: FastAPI) -> set[str]:
    """The paths that take another method than GET, and any key."""
    found = set()
    for route in iter_route_contexts(app.routes):
        guards = {each.dependency for each in getattr(route, "dependencies", None) or []}
        if (getattr(route, "methods", None) or set()) - READING_METHODS and require_write not in guards:
            found.add(route.path)
    return found


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app()


def test_every_route_that_changes_something_asks_for_a_key_that_may(app):
    assert unguarded(app) == CHANGES_NOTHING


def test_a_route_without_a_guard_would_be_seen(app):
    router = APIRouter()
    router.delete("/sensors/{sensor_id}")(lambda sensor_id: None)
    app.include_router(router, prefix="/api/v1")
    app.put("/plain")(lambda: None)
    assert unguarded(app) == CHANGES_NOTHING | {"/api/v1/sensors/{sensor_id}", "/plain"}


def test_every_operation_has_words_and_says_what_errors_look_like(app):
    operations = [one for path in app.openapi()["paths"].values() for one in path.values()]
    assert len(operations) == 13
    for operation in operations:
        assert operation["description"]
        shape = operation["responses"]["422"]["content"]["application/json"]["schema"]
        assert shape == {"$ref": "#/components/schemas/ErrorAnswer"}


def test_the_forecasters_are_those_of_the_engine_but_for_the_one_that_takes_minutes():
    assert set(Forecaster.__args__) == set(MODEL_NAMES) - {"auto_arima"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/health/", 404, "not_found"),
        ("DELETE", "/health", 405, "method_not_allowed"),
        ("GET", "/api/v1/readings", 405, "method_not_allowed"),
        ("GET", "/api/v1/sensors/x/forecast", 422, "invalid_request"),
        ("GET", "/api/v1/sensors/404/forecast", 404, "sensor_not_found"),
        ("GET", "/api/v1/sensors/404/anomalies", 404, "sensor_not_found"),
        ("GET", f"/api/v1/sensors/{2**31}/forecast", 422, "invalid_request"),
        ("GET", "/jobs/abc", 404, "job_not_found"),
        ("GET", "/jobs/%00", 404, "job_not_found"),
        ("GET", "/static-offline-docs/../app.py", 404, "not_found"),
    ],
)
def test_what_goes_wrong_has_one_shape(settings, method, path, status, code):
    upgrade_database()
    with api_client() as api:
        answer = api.request(method, path)
        assert error_of(answer, status)["code"] == code
        assert answer.status_code != 405 or answer.headers["Allow"]


def chunks(size: int):
    while size > 0:
        yield b" " * min(size, 100_000)
        size -= 100_000


@pytest.mark.parametrize("content", [b" " * (MOST_BYTES + 1), None], ids=["declared", "streamed"])
def test_a_body_that_is_too_large_is_refused(settings, content):
    upgrade_database()
    headers = {"Content-Type": "application/json"}
    with api_client() as api:
        body = chunks(MOST_BYTES + 1) if content is None else content
        answer = api.post("/api/v1/readings", content=body, headers=headers)
        assert error_of(answer, 413)["code"] == "body_too_large"
        error_of(api.post("/api/v1/readings", content=b" " * 1_000, headers=headers), 422)


def test_what_nobody_foresaw_is_logged_and_nothing_of_it_told(settings, monkeypatch, caplog):
    upgrade_database()
    monkeypatch.setattr("src.api.routers.jobs.get_job", lambda job_id: {}["secret"])
    with api_client() as api, caplog.at_level(logging.ERROR, "src.api.errors"):
        answer = api.get("/jobs/abc")
    assert error_of(answer, 500)["code"] == "internal_error"
    assert "secret" not in answer.text
    assert "secret" in caplog.text


def test_a_database_that_is_not_there_is_said_without_its_address(settings):
    database = engine_for(settings.effective_database_url)
    upgrade_database()
    with api_client() as api:
        database.dispose()
        file = settings.data_dir / "farol.db"
        file.write_bytes(b"no database at all" * 1_000)
        for journal in settings.data_dir.glob("farol.db-*"):
            journal.unlink()
        answer = api.get("/api/v1/sensors")
        assert error_of(answer, 503)["code"] == "database_unavailable"
        assert "not a database" not in answer.text
        health = api.get("/health")
        assert health.status_code == 503
        assert health.json() | {"version": ""} == {
            "status": "database unavailable",
            "version": "",
            "database": False,
            "keys_needed": None,
        }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.SensorNotFound, 404),
        (errors.JobNotFound, 404),
        (errors.InvalidModelName, 404),
        (errors.InvalidForecast, 422),
        (errors.InvalidPredictionInput, 422),
        (errors.InvalidReadings, 422),
        (errors.NoReadings, 409),
        (errors.ReadingsDiffer, 409),
        (errors.ModelNotTrusted, 409),
        (errors.ApiBusy, 503),
        (DatabaseUnavailable, 503),
        (ModelCorrupt, 500),
        (FarolError, 500),
    ],
)
def test_an_error_has_its_status(error, status):
    assert status_of(error("why")) == status
