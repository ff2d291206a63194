"""The settings: read once, from the environment and from `.env`, and frozen.

This is the only module that reads the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from src.errors import InvalidSettings

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def _from_project_root(path: Path) -> Path:
    """Relative folders are meant from the project's root, wherever the command was typed."""
    try:
        path = PROJECT_ROOT / path.expanduser()
        is_file = path.exists() and not path.is_dir()
    except (OSError, RuntimeError) as error:
        raise PydanticCustomError("no_folder", "{reason}", {"reason": str(error).rstrip(".")}) from None
    if is_file:
        raise PydanticCustomError("not_a_folder", "there is a file of that name, and a folder is needed")
    return path


def _url_from_project_root(url: str) -> str:
    """The same for a relative SQLite file: a job's process, started elsewhere, must find the same one."""
    if url in ("sqlite://", "sqlite:///") or (url.startswith("sqlite") and re.search(r":memory:|mode=memory", url)):
        raise PydanticCustomError("in_memory", "a job is another process and needs a database that lasts: name a file")
    prefix, separator, path = url.partition("sqlite:///")
    if prefix or not separator or not path or path.startswith((":", "/", "file:")):
        return url
    return f"sqlite:///{PROJECT_ROOT / path}"


Folder = Annotated[Path, AfterValidator(_from_project_root)]
DatabaseUrl = Annotated[str, AfterValidator(_url_from_project_root)]


def _setting(default: object, *names: str, **limits: object):
    """Declare a setting: the first name is ours, the others are accepted as aliases."""
    return Field(default=default, validation_alias=AliasChoices(*names), validate_default=True, **limits)  # type: ignore[call-overload]


class Settings(BaseSettings):
    """All settings of one process. Environment variables win over `.env`."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env",
        env_file_encoding="utf-8",
        env_prefix="FAROL_",  # or the fields' own names would be read too, and LANGUAGE is everywhere something else
        env_ignore_empty=True,  # an empty folder would mean the project's root
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    database_url: DatabaseUrl = _setting("", "FAROL_DATABASE_URL")
    """SQLAlchemy URL; empty means SQLite in the data folder."""
    models_dir: Folder = _setting(Path("models"), "FAROL_MODELS_DIR", "MODELS_DIR")
    data_dir: Folder = _setting(Path("data"), "FAROL_DATA_DIR", "DATA_DIR")
    log_dir: Folder = _setting(Path("logs"), "FAROL_LOG_DIR", "LOG_DIR")
    results_dir: Folder = _setting(Path("data/ml_results"), "FAROL_ML_RESULTS_PATH", "ML_RESULTS_PATH")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _setting("INFO", "FAROL_LOG_LEVEL")
    cache_ttl: int = _setting(3600, "FAROL_CACHE_TTL", ge=0, le=365 * 24 * 3600)
    """Seconds that loaded data stays cached."""
    workers: int = _setting(os.cpu_count() or 1, "FAROL_WORKERS", ge=1, le=256)
    """Worker processes of one job."""
    max_running_jobs: int = _setting(2, "FAROL_MAX_RUNNING_JOBS", ge=1, le=64)
    """Jobs that run at once; the others wait in the queue."""
    job_stale_seconds: float = _setting(30.0, "FAROL_JOB_STALE_SECONDS", ge=2, allow_inf_nan=False)
    """Seconds without a heartbeat after which a running job counts as lost."""
    dask_scheduler: str | None = _setting(None, "FAROL_DASK_SCHEDULER", pattern=r"^[a-z]+://\S+$")
    """Address of a Dask scheduler, such as tcp://10.0.0.5:8786; none means local processes."""
    keep_predictions_days: int = _setting(180, "FAROL_KEEP_PREDICTIONS_DAYS", ge=1, le=36_500)
    """Days after which predictions and forecasts of sensors may be cleared away."""
    keep_sensor_models: int = _setting(3, "FAROL_KEEP_SENSOR_MODELS", ge=1, le=1_000)
    """Versions of each sensor's models that are kept."""
    keep_price_models: int = _setting(3, "FAROL_KEEP_PRICE_MODELS", ge=1, le=1_000)
    """Versions of each product's price model that are kept."""
    sensor_models_mb: int = _setting(512, "FAROL_SENSOR_MODELS_MB", ge=1, le=1_000_000)
    """Memory for the models of sensors that are in use; about a third of a MB each."""
    holidays: str = _setting("BR", "FAROL_HOLIDAYS", pattern=r"^[A-Z]{2}$")
    """Country whose public holidays count in forecasts of prices; two letters of ISO 3166."""
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
        Names the variable, the value (unless it is a secret) and what it may be, in one line.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise _named(error.errors()[0]) from None
    except UnicodeDecodeError:
        raise InvalidSettings(
            "{path} is not a text file in UTF-8.", path=str(Settings.model_config["env_file"])
        ) from None


def _named(error: Mapping[str, Any]) -> InvalidSettings:
    declared = str(error["loc"][0])
    names, secret = next(
        (choices, "SecretStr" in str(field.annotation))
        for field in Settings.model_fields.values()
        if declared in (choices := _names_of(field))
    )
    value = "set to a value that is kept secret" if secret else _shortened(repr(error["input"]))
    return InvalidSettings(
        "{name} is {value}: {reason}. Change it in the environment or in .env.",
        name=_written_name(names),
        value=value,
        reason=error["msg"],
    )


def _names_of(field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else []


def _written_name(names: list[str]) -> str:
    """The one of a setting's names that is in use, in the environment or else in `.env`; pydantic tells the first."""
    file = Settings.model_config.get("env_file")
    written = {name.upper() for name in (*os.environ, *dotenv_values(file))}  # type: ignore[arg-type]
    return next((name for name in names if name in written), names[0])


def _shortened(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
