"""Fixtures for all tests: settings that point into a temporary folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.config import Settings, get_settings
from src.database.engine import engine_for


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of their own for one test: database, models, data and logs below `tmp_path`."""
    for name in ("MODELS", "DATA", "LOG"):
        monkeypatch.setenv(f"FAROL_{name}_DIR", str(tmp_path / name.lower()))
    get_settings.cache_clear()
    settings = get_settings()
    yield settings
    engine_for(settings.effective_database_url).dispose()
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, or a skip that says what is missing."""
    folder = os.environ.get("FAROL_REAL_DATA")
    if not folder:
        pytest.skip("FAROL_REAL_DATA names no folder of real data")
    return Path(folder)
