"""The settings: read once, from the environment and from `.env`, and frozen.

This is the only module that reads the environment.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from src.errors import InvalidSettings

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def _from_project_root(path: Path) -> Path:
    """Relative folders are meant from the project's root, wherever the command was typed."""
    return path if path.is_absolute() else PROJECT_ROOT / path


Folder = Annotated[Path, AfterValidator(_from_project_root)]


def _setting(default: object, *names: str, **limits: object):
    """Declare a setting: the first name is ours, the others are accepted as aliases."""
    return Field(default=default, validation_alias=AliasChoices(*names), validate_default=True, **limits)  # type: ignore[call-overload]


class Settings(BaseSettings):
    """All settings of one process. Environment variables win over `.env`."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env", env_file_encoding="utf-8", frozen=True, extra="ignore", populate_by_name=True
    )

    database_url: str = _setting("", "FAROL_DATABASE_URL")
    """SQLAlchemy URL; empty means SQLite in the data folder."""
    models_dir: Folder = _setting(Path("models"), "FAROL_MODELS_DIR", "MODELS_DIR")
    data_dir: Folder = _setting(Path("data"), "FAROL_DATA_DIR", "DATA_DIR")
    log_dir: Folder = _setting(Path("logs"), "FAROL_LOG_DIR", "LOG_DIR")
    results_dir: Folder = _setting(Path("data/ml_results"), "FAROL_ML_RESULTS_PATH", "ML_RESULTS_PATH")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _setting("INFO", "FAROL_LOG_LEVEL")
    cache_ttl: int = _setting(3600, "FAROL_CACHE_TTL", ge=0)
    """Seconds that loaded data stays cached."""
    workers: int = _setting(os.cpu_count() or 1, "FAROL_WORKERS", ge=1, le=256)
    """Worker processes of one job."""
    max_running_jobs: int = _setting(2, "FAROL_MAX_RUNNING_JOBS", ge=1, le=64)
    """Jobs that run at once; the others wait in the queue."""
    job_stale_seconds: float = _setting(30.0, "FAROL_JOB_STALE_SECONDS", ge=2)
    """Seconds without a heartbeat after which a running job counts as lost."""
    dask_scheduler: str | None = _setting(None, "FAROL_DASK_SCHEDULER")
    """Address of a Dask scheduler, such as tcp://10.0.0.5:8786; none means local processes."""
    language: Literal["auto", "en", "pt_BR"] = _setting("auto", "FAROL_LANGUAGE")
    """Language of the dashboard; auto takes the browser's."""
    upload_max_mb: int = _setting(200, "FAROL_UPLOAD_MAX_MB", ge=1)
    upload_max_expanded_mb: int = _setting(1000, "FAROL_UPLOAD_MAX_EXPANDED_MB", ge=1)
    """Limit on a file once decompressed, in MB."""
    upload_max_rows: int = _setting(5_000_000, "FAROL_UPLOAD_MAX_ROWS", ge=1)
    upload_max_columns: int = _setting(1_000, "FAROL_UPLOAD_MAX_COLUMNS", ge=1)
    upload_max_cells: int = _setting(50_000_000, "FAROL_UPLOAD_MAX_CELLS", ge=1)
    signing_key: SecretStr | None = _setting(None, "FAROL_SIGNING_KEY", min_length=16)
    """Key that signs saved models; none means one is made in the data folder on first use."""
    enable_ml_processing: bool = _setting(True, "FAROL_ENABLE_ML_PROCESSING", "ENABLE_ML_PROCESSING")
    enable_external_apis: bool = _setting(False, "FAROL_ENABLE_EXTERNAL_APIS", "ENABLE_EXTERNAL_APIS")

    @property
    def effective_database_url(self) -> str:
        """The database URL, with the default spelt out."""
        return self.database_url or f"sqlite:///{self.data_dir / 'farol.db'}"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Read the settings once.

    Raises
    ------
    InvalidSettings
        Names the variable, the value and what it may be, in one line.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidSettings(
            "{name} is {value!r}: {reason}. Change it in the environment or in .env.",
            name=str(first["loc"][0]),
            value=first["input"],
            reason=first["msg"],
        ) from None
