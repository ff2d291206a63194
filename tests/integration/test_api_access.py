"""Who may ask the API what: closed by default, keys for reading and for writing, no web page in between."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from src.api.keys import ApiKeys, Scope
from src.database.activities import read_activities
from src.database.engine import reading, writing
from src.database.tables import api_keys
from src.errors import ApiKeyNotFound, DuplicateApiKey, InvalidApiKey
from tests.integration.api_clients import api_client, error_of, reading_of
from tests.integration.sensor_samples import add_sensor

SENSORS, READINGS = "/api/v1/sensors", "/api/v1/readings"
CLOSED = (SENSORS, "/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css", "/nothing", "/health/", "//health")


@pytest.fixture
def keys(engine: sa.Engine) -> ApiKeys:
    return ApiKeys(engine)


@pytest.fixture
def api(keys: ApiKeys) -> Iterator[TestClient]:
    with api_client() as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def basic(password: str, user: str = "") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class TestKeys:
    def test_only_the_hash_of_a_key_is_kept(self, keys, engine):
        key = keys.create("line 3", Scope.READ)
        assert len(key) > 43
        with reading(engine) as connection:
            (row,) = connection.execute(sa.select(api_keys)).mappings()
        assert row["key_hash"] == hashlib.sha256(key.encode()).hexdigest()
        assert key not in str(dict(row))

    def test_a_key_is_found_until_it_is_revoked(self, keys):
        key = keys.create("line 3", Scope.WRITE)
        assert keys.find(key).name == "line 3"
        assert keys.find(key + "x") is None
        keys.revoke("line 3")
        assert keys.find(key) is None
        (kept,) = keys.all()
        keys.revoke("line 3")
        assert keys.all() == [kept]

    def test_a_name_is_given_once_also_after_the_key_was_revoked(self, keys):
        keys.create("line 3", Scope.READ)
        keys.revoke("line 3")
        with pytest.raises(DuplicateApiKey, match="line 3"):
            keys.create("line 3", Scope.READ)

    @pytest.mark.parametrize("name", ["", " x", "x ", "a\nb", "\x1b[31m", "é", "x" * 101])
    def test_a_name_that_could_be_mistaken_is_refused(self, keys, name):
        with pytest.raises(InvalidApiKey):
            keys.create(name, Scope.READ)

    def test_revoking_what_there_is_not_is_said(self, keys):
        with pytest.raises(ApiKeyNotFound, match="nobody"):
            keys.revoke("nobody")

    def test_who_made_and_revoked_a_key_is_remembered_once(self, keys):
        keys.create("line 3", Scope.READ, actor="Ana")
        keys.create("robot", Scope.WRITE, actor="Ana")
        with pytest.raises(DuplicateApiKey):
            keys.create("robot", Scope.READ, actor="Eve")
        keys.revoke("robot", actor="Rui")
        keys.revoke("robot", actor="Eve")
        assert [(act.actor, act.subject, str(act.action)) for act in read_activities("key")] == [
            ("Rui", "robot", "revoked"),
            ("Ana", "robot", "made, for reading and writing"),
            ("Ana", "line 3", "made, for reading only"),
        ]

    def test_a_key_that_cannot_be_remembered_is_not_made_nor_revoked(self, keys, monkeypatch):
        keys.create("line 3", Scope.READ)
        monkeypatch.setattr("src.api.keys.record_activity", _fail)
        for act in (lambda: keys.create("robot", Scope.READ), lambda: keys.revoke("line 3")):
            with pytest.raises(RuntimeError):
                act()
        (only,) = keys.all()
        assert (only.name, only.revoked_at) == ("line 3", None)


def _fail(*_: object) -> None:
    raise RuntimeError


class TestWithoutKeys:
    def test_on_this_machine_everybody_is_answered(self, api, engine):
        sensor = add_sensor(engine)
        assert api.get(SENSORS).status_code == 200
        assert api.post(READINGS, json={"readings": [reading_of(sensor)]}).json()["new"] == 1
        assert api.get("/health").json()["keys_needed"] is False

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:9", "127.8.8.8", "[::1]:8000"])
    def test_by_the_names_of_this_machine(self, api, host):
        assert api.get(SENSORS, headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.7:8000", "", "[::1", "::1"])
    def test_but_by_no_other_name(self, api, host):
        assert error_of(api.get(SENSORS, headers={"Host": host}), 421)["code"] == "host_unknown"

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
    def test_nor_for_a_web_page(self, api, origin):
        assert error_of(api.get(SENSORS, headers={"Origin": origin}), 403)["code"] == "origin_unknown"

    def test_a_page_of_this_machine_is_answered(self, api):
        assert api.get("/docs", headers={"Origin": "http://localhost:8501"}).status_code == 200

    def test_an_address_that_others_reach_is_closed_even_then(self, keys):
        with api_client(host="0.0.0.0") as api:
            assert error_of(api.get(SENSORS), 401)["code"] == "key_needed"
            assert api.get("/health").status_code == 200


class TestWithKeys:
    @pytest.mark.parametrize("path", CLOSED)
    def test_nothing_is_open_but_health(self, api, keys, path):
        keys.create("any", Scope.WRITE)
        answer = api.get(path)
        assert error_of(answer, 401)["code"] == "key_needed"
        assert answer.headers["WWW-Authenticate"].startswith(("Bearer", "Basic"))
        health = api.get("/health")
        assert (health.status_code, health.json()["keys_needed"]) == (200, True)

    def test_the_first_key_closes_a_server_that_runs(self, api, keys):
        assert api.get(SENSORS).status_code == 200
        key = keys.create("first", Scope.READ)
        error_of(api.get(SENSORS), 401)
        assert api.get(SENSORS, headers=bearer(key)).status_code == 200

    def test_a_key_that_is_revoked_opens_nothing_and_its_door_stays_closed(self, api, keys):
        key = keys.create("first", Scope.WRITE)
        keys.revoke("first")
        answer = api.get(SENSORS, headers=bearer(key))
        assert error_of(answer, 401)["code"] == "key_unknown"
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
        error_of(api.get(SENSORS), 401)

    @pytest.mark.parametrize(
        "authorization",
        ["Bearer", "Bearer ", "Bearer wrong", "bearer \xff\xfe", "Basic", "Basic !!!", "Digest x", "x" * 5_000],
    )
    def test_what_is_no_key_is_refused(self, api, keys, authorization):
        keys.create("any", Scope.WRITE)
        for path in (SENSORS, "/docs"):
            error_of(api.get(path, headers={"Authorization": authorization.encode("latin-1")}), 401)

    def test_a_key_for_reading_reads_and_predicts_but_changes_nothing(self, api, keys, engine):
        sensor, key = add_sensor(engine), keys.create("reader", Scope.READ)
        assert api.get(SENSORS, headers=bearer(key)).status_code == 200
        answer = api.post(READINGS, json={"readings": [reading_of(sensor)]}, headers=bearer(key))
        assert error_of(answer, 403)["code"] == "write_key_needed"
        asked = api.post("/api/v1/models/none/predict", json={"rows": [{}]}, headers=bearer(key))
        assert error_of(asked, 404)["code"] == "model_not_found"

    def test_a_key_for_reading_is_told_so_before_the_body_is_looked_at(self, api, keys):
        key = keys.create("reader", Scope.READ)
        error_of(api.post(READINGS, json={"readings": [{"sensor": 1, "value": "?"}]}, headers=bearer(key)), 403)

    def test_a_key_for_writing_writes_by_any_name_and_from_any_page(self, api, keys, engine):
        sensor, key = add_sensor(engine), keys.create("writer", Scope.WRITE)
        headers = bearer(key) | {"Host": "farol.example", "Origin": "https://other.example"}
        assert api.post(READINGS, json={"readings": [reading_of(sensor)]}, headers=headers).status_code == 200

    def test_a_browser_gets_the_documentation_with_the_key_as_password_and_nothing_else_so(self, api, keys):
        key = keys.create("reader", Scope.READ)
        assert api.get("/docs").headers["WWW-Authenticate"].startswith("Basic ")
        for path in ("/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css"):
            assert api.get(path, headers=basic(key, "anybody")).status_code == 200
        assert error_of(api.get(SENSORS, headers=basic(key)), 401)["code"] == "key_needed"

    def test_what_is_too_large_is_not_even_looked_at_without_a_key(self, api, keys):
        keys.create("any", Scope.WRITE)
        error_of(api.post(READINGS, content=b"x" * 9_000_000), 401)

    def test_the_last_use_is_noted_at_most_once_a_minute(self, api, keys, engine):
        key = keys.create("reader", Scope.READ)
        before = datetime.now(UTC)
        api.get(SENSORS, headers=bearer(key))
        first = keys.all()[0].last_used_at
        assert before <= first <= datetime.now(UTC)
        api.get(SENSORS, headers=bearer(key))
        assert keys.all()[0].last_used_at == first
        with writing(engine) as connection:
            connection.execute(sa.update(api_keys).values(last_used_at=first - timedelta(seconds=61)))
        api.get(SENSORS, headers=bearer(key))
        assert keys.all()[0].last_used_at > first
