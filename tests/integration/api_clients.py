"""Clients of the API, in this process, for tests of what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi.testclient import TestClient

from src.api.app import create_app

HERE = "http://127.0.0.1:8000"


@contextmanager
def api_client(*, host: str = "127.0.0.1", key: str = "") -> Iterator[TestClient]:
    """Ask the API on the database of the settings; what goes wrong inside is answered, not raised."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with TestClient(create_app(host), base_url=HERE, headers=headers, raise_server_exceptions=False) as client:
        yield client


def reading_of(sensor: int | str, hour: int = 0, value: float | None = 1.5, **more: Any) -> dict[str, Any]:
    """Return a reading as it is sent."""
    return {"sensor": sensor, "timestamp": f"2026-03-01T{hour:02}:00:00Z", "value": value, **more}


def error_of(answer: Any, status: int) -> Mapping[str, Any]:
    """Return what an answer says went wrong, having looked that it has the one shape and the status."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body.keys() == {"error"}
    assert {"code", "message"} <= body["error"].keys() <= {"code", "message", "details"}
    return body["error"]
