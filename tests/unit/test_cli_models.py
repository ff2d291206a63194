"""`python -m src models …`."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from src.cli.models import app
from src.config import PROJECT_ROOT
from src.database.activities import read_activities
from src.errors import FileNotWritten, InvalidModelFile, ModelNotFound, ModelNotTrusted
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

    assert list(lines) == ["legacy", "plain", "boosted trees"]  # the newest first
    assert "LGBMClassifier" in lines["boosted trees"]
    assert "0.9877" in lines["boosted trees"]
    assert "[red]notes\N{REPLACEMENT CHARACTER}[0m" in lines["boosted trees"]  # neither markup nor escape codes
    assert "yes" in lines["plain"]
    assert "no" in lines["legacy"].split()


def test_a_model_whose_file_is_gone_is_listed_as_missing(store):
    store.save(1, "gone").path.unlink()
    assert "missing" in run("list")


def test_showing_a_model_says_what_one_judges_it_by_and_its_versions(store):
    signature = {
        "features": [{"name": "heat[red]", "type": "number", "minimum": 20.123456, "maximum": 90.0, "unit": "°C"}],
        "target": "state",
        "task": "classification",
        "classes": ["failure", "normal"],
        "positive": "failure",
        "threshold": 0.2,
    }
    store.save(1, "model", {"model_type": "Tree", "accuracy": 0.5}, details={"signature": signature})
    store.save(2, "model", overwrite=True)

    shown = run("show", "model", "--version", "1")

    assert "model, version 1" in shown
    assert "for failure from a probability of 0.2 on" in shown
    assert "heat[red]" in shown
    assert "20.123 to 90" in shown
    assert "accuracy 0.5" in shown
    assert "{" not in shown
    assert shown.splitlines()[-1].split()[-1] == "yes"


def test_all_that_is_known_is_there_as_json(store):
    store.save(1, "model", {"accuracy": 0.5}, details={"rows": 240, "curve": [0.125] * 200})

    record = json.loads(run("show", "model", "--json"))

    assert record["details"] == {"rows": 240, "curve": [0.125] * 200}
    assert record == store.describe("model")


def test_on_a_narrow_terminal_nothing_is_cut_off(store):
    store.save(1, "boosted trees", {"model_type": "GradientBoostingClassifier", "f1": 0.9, "description": "in use"})
    listing = runner.invoke(app, ["list"], env={"COLUMNS": "80"}).output
    assert "0.9000 F1" in listing
    assert "Notes" not in listing
    assert "in use" in run("list")


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


def test_the_list_can_be_searched_sorted_and_cut(store):
    for number, name in enumerate(("alpha", "beta", "gamma")):
        store.save(number, name, {"accuracy": number / 10, "description": "" if number else "line 2"})
    assert names_in(run("list", "--sort", "name")) == ["alpha", "beta", "gamma"]
    assert names_in(run("list", "--sort", "score")) == ["gamma", "beta", "alpha"]
    assert names_in(run("list", "--search", "LINE")) == ["alpha"]
    assert "1 of 3 models." in run("list", "--limit", "1")
    assert "None of the 3 models has '[/]' in it." in run("list", "--search", "[/]")
    assert runner.invoke(app, ["list", "--sort", "luck"]).exit_code == 2


def names_in(listing: str) -> list[str]:
    return [line.split()[0] for line in listing.splitlines()[3:] if line.strip()]


def test_the_notes_are_replaced_without_a_new_version(store):
    store.save(1, "model", {"description": "old"})
    run("note", "model", "new [b]notes[/]")
    assert store.describe("model")["metadata"]["description"] == "new [b]notes[/]"
    assert len(store.versions("model")) == 1


def test_a_card_is_printed_or_written(store, tmp_path):
    store.save(1, "model", {"description": "for line 2"})
    out = tmp_path / "card.md"
    printed = run("card", "model")
    run("card", "model", "--out", str(out))
    assert printed.startswith("# Model card: model, version 1")
    assert out.read_text() == printed
    with pytest.raises(FileNotWritten, match="No such file"):
        run("card", "model", "--out", str(tmp_path / "nowhere" / "card.md"))


def test_a_model_goes_from_one_installation_to_another(store, tmp_path):
    store.save({"factor": 2}, "model", {"description": "good"})
    file = tmp_path / "model.zip"
    assert "Wrote model, version 1" in run("export", "model", "--out", str(file))
    run("delete", "model", "--yes")

    assert "good" in run("import", str(file), "--dry-run")
    assert store.entries() == {}
    assert "not trusted yet" in run("import", str(file), "--name", "from plant 2")
    with pytest.raises(ModelNotTrusted):
        store.load("from plant 2")
    run("trust", "from plant 2")
    assert store.load("from plant 2") == {"factor": 2}


def test_an_export_never_overwrites_and_leaves_nothing_half_done(store, tmp_path):
    store.save(1, "model")
    out = tmp_path / "out" / "model.zip"
    out.parent.mkdir()
    out.write_text("mine")
    with pytest.raises(FileNotWritten, match="is there already"):
        run("export", "model", "--out", str(out))
    with pytest.raises(FileNotWritten):
        run("export", "model", "--out", str(tmp_path / "nowhere" / "model.zip"))
    with pytest.raises(ModelNotFound):
        run("export", "gone", "--out", str(tmp_path / "out" / "gone.zip"))
    assert [path.name for path in out.parent.iterdir()] == ["model.zip"]
    assert out.read_text() == "mine"


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no zip at all, but long enough to be taken for one"])
def test_what_is_no_export_is_refused(store, tmp_path, content):
    file = tmp_path / "model.zip"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidModelFile):
        run("import", str(file))
    assert store.entries() == {}


def test_each_act_is_remembered_with_the_user_of_the_system(store, tmp_path, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ana")
    store.save(1, "model")
    store.save(2, "model", overwrite=True)
    run("note", "model", "notes")
    run("rollback", "model", "1")
    run("export", "model", "--out", str(tmp_path / "model.zip"))
    run("import", str(tmp_path / "model.zip"), "--name", "twin")
    run("trust", "twin")
    run("rebuild")
    run("delete", "twin", "--yes")

    acts = read_activities("model")
    assert {act.actor for act in acts} == {"ana"}
    assert [(act.subject, str(act.action).split(",")[0].split(";")[0]) for act in acts] == [
        ("twin", "Deleted it with all its versions."),
        ("", "Rebuilt the registry: 2 models."),
        ("twin", "Trusted version 1"),
        ("twin", "Imported it as version 1"),
        ("model", "Exported version 1."),
        ("model", "Made version 1 the current one"),
        ("model", "Edited the notes of version 2."),
    ]


COMMANDS = ["list", "show", "card", "note", "delete", "export", "import", "trust", "rebuild", "rollback"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    assert f"Example: python -m src models {command}" in run(command, "--help")
