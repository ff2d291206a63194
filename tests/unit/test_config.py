"""The settings: what is read from where, and what is said about a value that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.config import PROJECT_ROOT, Settings, get_settings
from src.errors import InvalidSettings


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment without any setting and a `.env` of our own; gives the path of that file."""
    for field in Settings.model_fields.values():
        for name in field.validation_alias.choices:  # type: ignore[union-attr]
            monkeypatch.delenv(name, raising=False)
    file = tmp_path / ".env"
    monkeypatch.setitem(Settings.model_config, "env_file", file)
    get_settings.cache_clear()
    yield file
    get_settings.cache_clear()


def refusal(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as refused:
        get_settings()
    return str(refused.value)


def test_without_any_variable_everything_has_its_default():
    settings = get_settings()
    assert settings.models_dir == PROJECT_ROOT / "models"
    assert settings.cache_ttl == 3600
    assert settings.effective_database_url == f"sqlite:///{PROJECT_ROOT / 'data' / 'farol.db'}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FAROL_LOG_LEVEL", "loud"),
        ("FAROL_CACHE_TTL", "-1"),
        ("FAROL_CACHE_TTL", "an hour"),
        ("FAROL_WORKERS", "0"),
        ("FAROL_WORKERS", "257"),
        ("FAROL_MAX_RUNNING_JOBS", "0"),
        ("FAROL_JOB_STALE_SECONDS", "nan"),
        ("FAROL_JOB_STALE_SECONDS", "inf"),
        ("FAROL_KEEP_PREDICTIONS_DAYS", "0"),
        ("FAROL_KEEP_PREDICTIONS_DAYS", "40000"),
        ("FAROL_LANGUAGE", "Klingon"),
        ("FAROL_UPLOAD_MAX_MB", "1.5"),
        ("FAROL_UPLOAD_MAX_EXPANDED_MB", "0"),
        ("FAROL_UPLOAD_MAX_ROWS", "many"),
        ("FAROL_UPLOAD_MAX_COLUMNS", "0"),
        ("FAROL_UPLOAD_MAX_CELLS", "0"),
        ("FAROL_ENABLE_ML_PROCESSING", "perhaps"),
        ("ENABLE_ML_PROCESSING", "perhaps"),
        ("FAROL_ENABLE_EXTERNAL_APIS", "2"),
        ("ENABLE_EXTERNAL_APIS", "2"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_with_the_name_that_was_used(name, value, monkeypatch):
    message = refusal(name, value, monkeypatch)
    assert message.startswith(f"{name} is {value!r}: ")
    assert "\n" not in message


def test_a_wrong_value_with_line_breaks_and_a_very_long_one_still_give_one_short_line(monkeypatch):
    message = refusal("FAROL_WORKERS", "two\nlines " * 1000, monkeypatch)
    assert "\n" not in message
    assert len(message) < 250


def test_a_secret_value_is_never_echoed(monkeypatch):
    message = refusal("FAROL_SIGNING_KEY", "hunter2", monkeypatch)
    assert message.startswith("FAROL_SIGNING_KEY is ")
    assert "hunter2" not in message
    assert "at least 16" in message


def test_a_file_where_a_folder_is_needed_is_refused(tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    assert "a folder is needed" in refusal("MODELS_DIR", str(tmp_path / "taken"), monkeypatch)


@pytest.mark.parametrize(
    ("alias", "field", "value", "expected"),
    [
        ("MODELS_DIR", "models_dir", "/srv/models", Path("/srv/models")),
        ("DATA_DIR", "data_dir", "/srv/data", Path("/srv/data")),
        ("LOG_DIR", "log_dir", "/srv/logs", Path("/srv/logs")),
        ("ML_RESULTS_PATH", "results_dir", "./data/elsewhere", PROJECT_ROOT / "data" / "elsewhere"),
        ("ENABLE_ML_PROCESSING", "enable_ml_processing", "false", False),
        ("ENABLE_EXTERNAL_APIS", "enable_external_apis", "true", True),
    ],
)
def test_the_names_of_the_deployment_document_are_aliases_and_ours_win(alias, field, value, expected, monkeypatch):
    monkeypatch.setenv(alias, value)
    assert getattr(get_settings(), field) == expected
    get_settings.cache_clear()
    ours = Settings.model_fields[field].validation_alias.choices[0]  # type: ignore[union-attr]
    monkeypatch.setenv(str(ours), "true" if expected is False else "false" if expected is True else "/srv/ours")
    assert getattr(get_settings(), field) != expected


def test_the_env_file_is_read_and_the_environment_wins_over_it(environment, monkeypatch):
    environment.write_text("FAROL_WORKERS=3\nFAROL_CACHE_TTL=60\nsomething_else=1\n")
    monkeypatch.setenv("FAROL_CACHE_TTL", "90")
    settings = get_settings()
    assert (settings.workers, settings.cache_ttl) == (3, 90)


def test_a_wrong_value_in_the_env_file_is_named_as_it_is_written_there(environment):
    environment.write_text("ENABLE_ML_PROCESSING=perhaps\n")
    with pytest.raises(InvalidSettings, match=r"^ENABLE_ML_PROCESSING is 'perhaps'"):
        get_settings()


def test_an_env_file_that_is_not_text_is_refused(environment):
    environment.write_bytes(b"FAROL_LANGUAGE=\xff\xfe\n")
    with pytest.raises(InvalidSettings, match="UTF-8"):
        get_settings()


def test_an_empty_variable_means_the_default_and_not_the_projects_root(monkeypatch):
    monkeypatch.setenv("FAROL_MODELS_DIR", "")
    assert get_settings().models_dir == PROJECT_ROOT / "models"


def test_variables_that_other_programs_use_are_not_ours(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en_US:en")
    monkeypatch.setenv("WORKERS", "many")
    assert get_settings().language == "auto"


def test_a_relative_sqlite_file_is_meant_from_the_projects_root(monkeypatch):
    monkeypatch.setenv("FAROL_DATABASE_URL", "sqlite:///data/other.db")
    assert get_settings().effective_database_url == f"sqlite:///{PROJECT_ROOT / 'data' / 'other.db'}"


@pytest.mark.parametrize(
    "url", ["sqlite:////srv/farol.db", "sqlite:////srv/memory/memory.db", "postgresql://user@host/farol"]
)
def test_other_database_urls_are_left_as_they_are(url, monkeypatch):
    monkeypatch.setenv("FAROL_DATABASE_URL", url)
    assert get_settings().effective_database_url == url


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("FAROL_DATABASE_URL", "sqlite://", "name a file"),
        ("FAROL_DATABASE_URL", "sqlite:///", "name a file"),
        ("FAROL_DATABASE_URL", "sqlite:///:memory:", "name a file"),
        ("FAROL_DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "name a file"),
        ("FAROL_MODELS_DIR", "~nobodyhere/models", "home directory"),
        ("FAROL_DATA_DIR", "x" * 300, "too long"),
    ],
)
def test_a_place_where_nothing_can_be_kept_is_refused_in_one_line(name, value, reason, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings, match=reason) as refused:
        get_settings()
    assert str(refused.value).startswith(f"{name} is ")
    assert "\n" not in str(refused.value)


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        get_settings().workers = 5
