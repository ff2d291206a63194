"""Models: what there is, one of them, two of them, and what can be done with them."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from streamlit.testing.v1 import AppTest

from src.database.activities import read_activities
from src.errors import ModelNotFound, ModelNotTrusted
from src.ml import model_acts
from src.ml.model_comparison import compare_models
from src.ml.model_facts import read_facts
from src.ml.signature import Decision
from src.utils.model_store import ModelToSave, default_store, list_models, save_model
from tests.integration.pages.samples import Compared, as_read, click, open_page, plant_table, run, shown, the_error

ANA = "Ana Souza"


def keep(compared: Compared, name: str, notes: str = "", *, place: int = 0, overwrite: bool = False) -> None:
    finalist = compared.whole.finalists[place]
    model_acts.save(ANA, compared.whole, finalist.id, finalist.artefact, name, notes, overwrite=overwrite)


@pytest.fixture
def press(classes) -> str:
    """A model in two versions, the second the current one."""
    keep(classes, "press", "first *notes*")
    keep(classes, "press", "second", place=1, overwrite=True)
    return "press"


def exported(name: str) -> bytes:
    file = io.BytesIO()
    default_store().export_to(file, name)
    return file.getvalue()


def upload(app: AppTest, content: bytes) -> AppTest:
    app.file_uploader(key="model_file").set_value(("model.zip", content, "application/zip"))
    return run(app)


def names_shown(app: AppTest, say) -> list[str]:
    return app.dataframe[0].value[say("Name")].tolist()


def test_without_models_the_page_points_to_training_and_to_importing(language, say):
    app = open_page("models", language)
    assert app.info[0].value == say("There is no saved model yet. Train and compare some, and save the best.")
    assert app.button(key="go_train").label == say("Train and compare")
    assert app.file_uploader(key="model_file")


def test_models_are_listed_with_what_one_chooses_by_the_newest_first(press, values, language, say):
    keep(values, "bomba", "linha 2")
    app = open_page("models", language)
    table = app.dataframe[0].value
    assert table[say("Name")].tolist() == ["bomba", "press"]
    row = table.iloc[1]
    assert row[say("Type")]
    assert row[say("Target")] == "state"
    assert row[say("Version")] == "2"
    assert row[say("Score")].endswith("Accuracy")
    assert ("," in row[say("Score")]) is (language == "pt_BR")
    assert (row[say("Trusted")], row[say("Notes")]) == (say("yes"), "second")


def test_the_search_and_the_order_are_in_the_url(press, values, language, say):
    keep(values, "bomba", "linha 2")
    assert names_shown(open_page("models", language, search="LINHA"), say) == ["bomba"]
    app = open_page("models", language, order="oldest")
    assert names_shown(app, say) == ["press", "bomba"]
    app.selectbox(key="model_order").select("name")
    run(app)
    assert app.query_params["order"] == "name"
    app = open_page("models", language, search="[nothing](x)")
    assert app.info[0].value == say("No model has these words in it.")


def test_of_a_thousand_models_a_page_is_shown(language, say):
    default_store().save_many(ModelToSave(name=f"model {n:04d}", content=b"x") for n in range(1_000))
    app = open_page("models", language, order="name", models_page="3")
    assert names_shown(app, say)[0] == "model 0100"
    assert len(names_shown(app, say)) == 50


def test_one_is_opened_from_the_list_and_closed_again(press, language, say):
    app = open_page("models", language)
    app.selectbox(key="open_model").select("press")
    run(app)
    assert app.query_params["model"] == "press"
    assert "press" in [title.value for title in app.subheader]
    click(app, "all_models")
    assert "model" not in app.query_params
    assert names_shown(app, say) == ["press"]


def test_a_model_in_the_url_that_does_not_exist_is_said(press, language, say):
    app = open_page("models", language, model="**gone**")
    assert as_read(app.warning[0].value) == say(
        "There is no model called {name!r} here. Choose another.", name="**gone**"
    )
    assert names_shown(app, say) == ["press"]


def test_the_details_say_what_it_takes_what_it_learned_from_and_how_good_it_is(press, classes, language, say):
    app = open_page("models", language, model="press")
    texts = shown(app)
    assert [metric.label for metric in app.metric] == [
        say("Type"),
        say("Target"),
        say("{metric} over the folds", metric="Accuracy"),
        say("{metric} on the holdout", metric="Accuracy"),
        say("Size"),
    ]
    assert app.dataframe[0].value[say("Feature")].tolist() == ["lux", "temperature", "vibration"]
    assert any(classes.whole.fingerprint["sha256"][:16] in text for text in texts)
    assert any(say("saved by {name}", name=ANA) in text for text in texts)
    assert {"second", say("Confusion matrix of {model}", model="press v2"), say("ROC curves on the holdout")} <= set(
        texts
    )
    assert say("What it was compared with") in texts
    assert not app.error
    assert not app.warning


def test_of_numbers_the_pictures_of_the_holdout_are_shown(values, language, say):
    keep(values, "pump")
    texts = shown(open_page("models", language, model="pump"))
    assert say("Predicted against actual, {model}", model="pump v1") in texts


def test_a_model_saved_by_hand_is_shown_with_what_is_known(language, say):
    save_model(LogisticRegression().fit([[0.0], [1.0]], ["off", "on"]), "bare")
    app = open_page("models", language, model="bare")
    assert say("It was saved without a signature: what goes into it is not checked.") in shown(app)
    assert not app.error


def test_an_older_version_is_shown_and_one_can_go_back_to_it_and_forward_again(press, language, say):
    app = open_page("models", language, model="press", version="1")
    assert "first *notes*" in [text.value for text in app.text]
    app = click(app, "go_back")
    assert app.success[0].value == say("Version {version} is now the current one.", version=1)
    assert list_models()["press"]["version"] == 1
    app = click(open_page("models", language, model="press", version="2"), "go_back")
    assert list_models()["press"]["version"] == 2
    texts = shown(app)
    assert say("Made version {version} the current one; before it was {before}.", version=1, before=2) in texts


def test_the_version_that_is_chosen_is_in_the_url(press, language):
    app = open_page("models", language, model="press")
    app.segmented_control(key="shown_version").set_value("1")
    run(app)
    assert app.query_params["version"] == "1"
    assert "first *notes*" in [text.value for text in app.text]
    assert open_page("models", language, model="press", version="99").segmented_control[0].value == "2"


def test_the_notes_are_edited_under_the_name_that_was_given(press, language, say):
    app = open_page("models", language, model="press")
    app.session_state["acting_name"] = "Bruno"
    app.text_area(key="notes_press_2").set_value("for line 2")
    run(app)
    app = click(app, "save_notes")
    assert app.success[0].value == say("The notes are changed.")
    assert "for line 2" in [text.value for text in app.text]
    assert len(default_store().versions("press")) == 2
    assert read_activities("model", "press")[0].actor == "Bruno"


def test_an_export_is_made_checked_and_remembered(press, language, say):
    app = click(open_page("models", language, model="press", version="1"), "export")
    (button,) = [each for each in app.get("download_button") if "export_file" in each.proto.id]
    assert as_read(button.proto.label) == say("Download {file}", file="press v1.zip")
    assert str(read_activities("model", "press")[0].action) == "Exported version 1."


def test_a_file_that_is_not_what_was_saved_is_not_exported_and_that_is_said(press, settings, language):
    (settings.models_dir / list_models()["press"]["path"]).write_bytes(b"changed")
    app = click(open_page("models", language, model="press"), "export")
    assert "press@2.pkl" in the_error(app)
    assert "Exported" not in str(read_activities("model", "press")[0].action)


def test_a_model_is_deleted_only_once_its_name_is_typed(press, language, say):
    app = open_page("models", language, model="press")
    for typed in ("", "Press", "press "):
        app.text_input(key="delete_press").set_value(typed)
        run(app)
        assert app.button(key="delete").disabled
    app.text_input(key="delete_press").set_value("press")
    run(app)
    app = click(app, "delete")
    assert as_read(app.success[0].value) == say("{name!r} is deleted.", name="press")
    assert list_models() == {}
    assert say("Deleted it with all its versions.") in app.dataframe[0].value[say("What")].tolist()


def test_what_somebody_else_deleted_meanwhile_is_said(press, language, say):
    app = open_page("models", language, model="press")
    app.text_input(key="delete_press").set_value("press")
    run(app)
    default_store().delete("press")
    app.button(key="delete").click()
    run(app)
    assert as_read(app.warning[0].value) == say("There is no model called {name!r} here. Choose another.", name="press")


def test_an_imported_model_is_looked_at_then_taken_in_and_trusted(press, language, say):
    content = exported("press")
    default_store().delete("press")
    app = upload(open_page("models", language), content)
    assert "second" in [text.value for text in app.text]
    assert list_models() == {}
    app = click(app, "import")
    assert as_read(app.success[0].value) == say(
        "{name!r} is imported. It can be used once it is trusted.", name="press"
    )
    assert "go_predict" not in [button.key for button in app.button]
    with pytest.raises(ModelNotTrusted):
        default_store().load("press")
    app = click(app, "trust")
    assert as_read(app.success[0].value) == say("{name!r} is adopted.", name="press")
    assert default_store().load("press")
    assert app.button(key="go_predict")


def test_a_name_that_is_taken_is_said_before_importing(press, language):
    app = upload(open_page("models", language), exported("press"))
    assert app.button(key="import").disabled
    assert "'press'" in as_read(app.warning[0].value)
    (name,) = [field for field in app.text_input if str(field.key).startswith("import_name_")]
    name.set_value("press of plant 2")
    run(app)
    click(app, "import")
    assert set(list_models()) == {"press", "press of plant 2"}


def test_a_file_that_is_no_export_is_refused_with_the_reason(language, say):
    app = upload(open_page("models", language), b"PK\x03\x04 but then nothing that a zip file would have in it")
    assert say("it is no zip file, or it is cut off") in the_error(app)
    assert not [button for button in app.button if button.key == "import"]


def test_a_file_that_was_not_saved_here_can_be_adopted_or_deleted(settings, language, say):
    save_model(LogisticRegression().fit([[0.0], [1.0]], ["off", "on"]), "ours")
    content = (settings.models_dir / list_models()["ours"]["path"]).read_bytes()
    (settings.models_dir / "theirs.pkl").write_bytes(content)
    app = open_page("models", language)
    assert dict(zip(names_shown(app, say), app.dataframe[0].value[say("Trusted")], strict=True)) == {
        "ours": say("yes"),
        "theirs": say("no"),
    }
    app = click(open_page("models", language, model="theirs"), "trust")
    assert as_read(app.success[0].value) == say("{name!r} is adopted.", name="theirs")
    assert default_store().load("theirs")


def test_a_model_whose_file_is_gone_is_shown_as_missing_and_can_be_deleted(press, language, say):
    for version in default_store().versions("press"):
        version.path.unlink()
    app = open_page("models", language)
    assert app.dataframe[0].value[say("Trusted")].tolist() == [say("file missing")]
    app = open_page("models", language, model="press")
    app.text_input(key="delete_press").set_value("press")
    click(run(app), "delete")
    with pytest.raises(ModelNotFound):
        default_store().load("press")


def test_two_models_stand_side_by_side_with_what_differs_marked(press, values, language, say):
    keep(values, "pump")
    app = open_page("models", language, model="press", **{"with": "pump"})
    assert say("They were not tried on the same rows: their scores do not compare.") in shown(app)
    pairs = app.dataframe[1].value
    marked = dict(zip(pairs[say("What")], pairs[""], strict=True))
    assert marked[say("Target")] == "≠"
    assert marked[say("Seed")] == ""
    assert pairs[""].tolist() == sorted(pairs[""], reverse=True)


def test_two_versions_are_compared_on_the_same_rows(press, language, say):
    app = open_page("models", language, model="press", **{"with": "press@1"})
    assert not app.warning
    scores = app.dataframe[0].value
    assert {f"press v2, {say('holdout')}", f"press v1, {say('holdout')}"} <= set(scores)
    assert (
        open_page("models", language, model="press", **{"with": "nobody"}).selectbox(key="compare_with").value is None
    )


def test_details_from_elsewhere_that_make_no_sense_do_no_harm(language):
    details = {
        "signature": {"features": 3},
        "training": {"rows": 5, "sha256": "`x`", "from": "soon"},
        "comparison": {"metric": "F1", "split": "magic:x", "holdout": {"labels": ["a"]}},
        "imported": {"name": "*x*", "version": 1, "at": "never"},
        "trained_at": "0001-01-01T00:00:00+23:00",
    }
    metadata = {"model_type": ["x"], "target": 7, "accuracy": True, "description": None, "metric": {}}
    default_store().save(LogisticRegression(), "odd", metadata, details=details)
    for query in ({}, {"model": "odd"}):
        app = open_page("models", language, **query)
        assert not app.error


def test_a_model_with_a_threshold_is_judged_by_what_it_decides(language, say):
    table = plant_table().assign(state=lambda table: np.where(table["vibration"] > 6, "failure", "normal"))
    with ThreadPoolExecutor(1) as executor:
        two = compare_models(table, "state", executor=executor, features=["temperature"], include=["lr"], fold=2)
    best = two.finalists[0]
    model_acts.save(ANA, two, best.id, best.artefact, "guard", decision=Decision("failure", 0.25))
    texts = " ".join(shown(open_page("models", language, model="guard")))
    said = "0,25" if language == "pt_BR" else "0.25"
    assert say("Decides for {label!r} from a probability of {threshold} on.", label="failure", threshold=said) in texts
    text = "Decided by the threshold {threshold} for {label!r}. It was chosen on these rows, so that others may be "
    assert say(text + "decided a little worse.", label="failure", threshold=said) in texts
    accuracy = read_facts("guard").trial.holdout.metrics["Accuracy"]
    assert accuracy != best.holdout.metrics["Accuracy"]
    assert f"{accuracy:.4f}".replace(".", said[1]) in texts
