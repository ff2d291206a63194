"""The API as people start it and programs ask it: a real process, real HTTP."""

from __future__ import annotations

import http.client
import socket
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from typer.testing import CliRunner

from src.__main__ import app
from src.api.keys import ApiKeys
from src.config import Settings
from src.database.migrate import upgrade_database
from src.errors import ApiUnprotected
from tests.integration.api_clients import reading_of
from tests.integration.api_server import command, free_port, running_api


def test_without_a_key_it_serves_this_machine_and_says_so_and_other_machines_not_at_all(tmp_path: Path) -> None:
    refused = command(tmp_path, "api", "--host", "0.0.0.0", "--port", str(free_port()))
    assert refused.returncode == 1
    assert "Error: Other machines can reach 0.0.0.0" in refused.stderr
    assert "Traceback" not in refused.stderr
    with running_api(tmp_path) as api:
        assert "There is no key: every program on this machine may read and write." in api.log.read_text()
        assert api.ask("/health").json["keys_needed"] is False
        assert api.ask("/api/v1/sensors").json == {"sensors": [], "count": 0}
        assert api.ask("/api/v1/sensors", Host="evil.example").status == 421
        missing = api.ask("/api/v1/readings", {"readings": [reading_of("Nobody")]})
        assert (missing.status, missing.json["error"]["code"]) == (404, "sensor_not_found")
        assert _status_of_a_body_that_never_says_how_long_it_is(api.url) == 413


def _status_of_a_body_that_never_says_how_long_it_is(url: str) -> int:
    """Send more than is taken in chunks, and no more once the answer is there."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", "/api/v1/readings")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    size = 1_000_000
    for _ in range(9):
        connection.send(f"{size:x}\r\n".encode() + b" " * size + b"\r\n")
    status = connection.getresponse().status
    connection.close()
    return status


def test_with_a_key_it_serves_other_machines_and_a_plant_can_be_followed(tmp_path: Path) -> None:
    assert command(tmp_path, "data", "demo", "--days", "10", "--equipment", "1").returncode == 0
    made = command(tmp_path, "api", "key", "create", "line 3", "--write")
    key = made.stdout.strip()
    assert "not shown again" in made.stderr
    with running_api(tmp_path, host="0.0.0.0") as api:
        assert "There is no key" not in api.log.read_text()
        assert api.ask("/api/v1/sensors").status == 401
        (first, *_) = api.ask("/api/v1/sensors", key=key).json["sensors"]
        path = f"/api/v1/sensors/{first['sensor_id']}"
        batch = {"readings": [reading_of(first["display_name"], hour) for hour in range(3)]}
        assert api.ask("/api/v1/readings", batch, key=key).json == {"received": 3, "new": 3}
        assert api.ask("/api/v1/readings", batch, key=key).json == {"received": 3, "new": 0}
        forecast = api.ask(f"{path}/forecast?periods=12", key=key)
        assert len(forecast.json["forecast"]["forecasted_values"]) == 12
        assert api.ask(f"{path}/forecast?periods=12", key=key).json == forecast.json
        assert 0 <= api.ask(f"{path}/anomalies", key=key).json["now"]["anomaly_score"] <= 1
        listed = command(tmp_path, "api", "key", "list").stdout
        assert "line 3" in listed
        assert key not in listed
        assert command(tmp_path, "api", "key", "revoke", "line 3").returncode == 0
        assert api.ask(path, key=key).status == 401
    again = command(tmp_path, "api", "--host", "0.0.0.0", "--port", str(free_port()))
    assert (again.returncode, "there is no key" in again.stderr) == (1, True)


def test_head_is_answered_as_get_without_a_body(tmp_path: Path) -> None:
    with (
        running_api(tmp_path) as api,
        closing(HTTPConnection(api.url.removeprefix("http://"), timeout=60)) as connection,
    ):
        for path, status in (("/health", 200), ("/ml/models/nope", 404), ("/ml/train/nope", 405)):
            connection.request("HEAD", path)
            answer = connection.getresponse()
            assert (answer.status, answer.read(), int(answer.headers["Content-Length"]) > 0) == (status, b"", True)
        connection.request("GET", "/health")
        assert connection.getresponse().read().startswith(b"{")


@pytest.fixture
def run(settings: Settings) -> CliRunner:
    upgrade_database()
    return CliRunner()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "farol.example", "", "127.0.0.1.evil.example"])
def test_every_address_that_others_can_reach_is_refused(run, host):
    result = run.invoke(app, ["api", "--host", host])
    assert isinstance(result.exception, ApiUnprotected)


def test_a_port_that_is_taken_is_said_and_the_command_fails(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = command(tmp_path, "api", "--port", str(taken.getsockname()[1]))
    assert refused.returncode != 0
    assert "address already in use" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_keys_are_made_listed_and_revoked(run):
    assert "There are no keys" in run.invoke(app, ["api", "key", "list"]).output
    key = run.invoke(app, ["api", "key", "create", "reader"]).stdout.strip()
    assert ApiKeys().find(key).scope == "read"
    written = run.invoke(app, ["api", "key", "create", "writer", "--write"]).stdout.strip()
    assert ApiKeys().find(written).scope == "write"
    assert run.invoke(app, ["api", "key", "revoke", "reader"]).exit_code == 0
    assert ApiKeys().find(key) is None
    listed = run.invoke(app, ["api", "key", "list"]).output
    assert "reader" in listed
    assert "writer" in listed
    assert run.invoke(app, ["api", "key", "revoke", "nobody"]).exit_code == 1
