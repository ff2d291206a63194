"""`python -m src models …`."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from src.cli.models import app
from src.config import PROJECT_ROOT
from src.errors import ModelNotFound
from src.utils.model_store import ModelStore

runner = CliRunner(env={"COLUMNS": "200"})


@pytest.fixture
def store(settings) -> ModelStore:
    return ModelStore(settings.models_dir)


def run(*arguments: str, **options) -> str:
    """Run a command that must succeed; return what it printed."""
    result = runner.invoke(app, arguments, catch_exceptions=False, **options)
    assert result.exit_code == 0, result.output
    return result.output


def test_listing_no_models_says_what_to_do(store):
    assert "python -m src train" in run("list")


def test_models_are_listed_with_their_metrics_and_whether_they_are_trusted(store):
    store.save(
        1, "boosted trees", {"model_type": "LGBMClassifier", "accuracy": 0.98765, "description": "[red]notes\x1b[0m"}
    )
    store.save(2, "plain")
    (store.folder / "legacy.pkl").write_bytes(b"legacy")

    lines = {line.split("   ")[0].strip(): line for line in run("list").splitlines()[3:] if line.strip()}

    assert list(lines) == ["boosted trees", "plain", "legacy"]
    assert "LGBMClassifier" in lines["boosted trees"]
    assert "0.9877" in lines["boosted trees"]
    assert "[red]notes\N{REPLACEMENT CHARACTER}[0m" in lines["boosted trees"]  # neither markup nor escape codes
    assert "yes" in lines["plain"]
    assert "no" in lines["legacy"].split()


def test_a_model_whose_file_is_gone_is_listed_as_missing(store):
    store.save(1, "gone").path.unlink()
    assert "missing" in run("list")


def test_showing_a_model_shows_its_sidecar_and_versions(store):
    store.save(1, "model", {"accuracy": 0.5}, details={"rows": 240})
    store.save(2, "model", overwrite=True)

    shown = run("show", "model", "--version", "1")

    assert '"rows": 240' in shown
    assert "model.pkl" in shown
    assert shown.splitlines()[-2].split("│")[3].strip() == "yes"


def test_the_points_of_a_curve_are_counted_and_not_printed(store):
    store.save(1, "model", details={"holdout": {"curves": [{"recall": [0.125] * 200}]}, "matrix": [1, 2, 3]})

    shown = run("show", "model")

    assert '"200 numbers"' in shown
    assert "0.125" not in shown
    assert "matrix" in shown


def test_deleting_asks_first(store):
    store.save(1, "model")

    refused = runner.invoke(app, ["delete", "model"], input="n\n")
    assert refused.exit_code == 1
    assert list(store.entries()) == ["model"]

    run("delete", "model", input="y\n")
    assert store.entries() == {}


def test_deleting_with_yes_does_not_ask(store):
    store.save(1, "model")
    run("delete", "model", "--yes")
    assert store.entries() == {}


def test_trusting_warns_and_adopts(store):
    store.folder.mkdir()
    (store.folder / "legacy.pkl").write_bytes(pickle.dumps(5))

    assert "whatever is in it runs" in run("trust", "legacy")

    assert store.load("legacy") == 5


def test_rebuilding_restores_the_registry(store):
    store.save(1, "model")
    (store.folder / "registry.json").unlink()
    assert "1 models" in run("rebuild")
    assert store.load("model") == 1


def test_rolling_back_makes_the_older_version_current(store):
    store.save(1, "model")
    store.save(2, "model", overwrite=True)
    run("rollback", "model", "1")
    assert store.load("model") == 1


def test_a_named_error_comes_out_as_it_is(store):
    with pytest.raises(ModelNotFound):
        runner.invoke(app, ["show", "nothing"], catch_exceptions=False)


def test_on_the_command_line_a_named_error_is_one_line_whatever_was_typed(settings):
    command = [sys.executable, "-m", "src", "models", "show", "[/]"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: '[/]' cannot name a model.")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["list", "show", "delete", "trust", "rebuild", "rollback"])
def test_every_command_has_help_with_an_example(command):
    assert f"Example: python -m src models {command}" in run(command, "--help")
