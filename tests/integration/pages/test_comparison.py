"""One comparison: while it runs, when it is done, when it failed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from src.database.activities import read_activities
from src.errors import NoLeaderboard
from src.jobs import get_job, job_folder
from src.ml.model_comparison import compare_models
from src.notes import Note
from src.utils.model_store import default_store, list_models
from tests.integration.pages.samples import (
    as_read,
    click,
    open_page,
    plant_table,
    put_failed_job,
    put_finished_job,
    put_running_job,
    run,
    shown,
    the_error,
)


def test_a_running_comparison_shows_how_far_it_is_and_what_it_has(classes, language, say):
    job_id = put_running_job(classes.half)
    app = open_page("train", language, job=job_id)
    assert say("{done} of {total} candidates compared", done=1, total=4) in app.get("progress")[0].proto.text
    board = app.dataframe[0].value
    assert board[say("State")].tolist() == [say("done"), *[say("waiting")] * 3]
    assert app.button(key=f"cancel_{job_id}").label == say("Cancel")


def test_a_running_comparison_can_be_cancelled_and_keeps_what_it_has(classes, language, say):
    job_id = put_running_job(classes.half)
    app = click(open_page("train", language, job=job_id), f"cancel_{job_id}")
    assert get_job(job_id).state == "cancelled"
    assert app.success[0].value == say("The job is cancelled.")
    assert say("cancelled") in shown(app)
    assert app.button(key=f"retry_{job_id}").label == say("Try again")


def test_of_a_cancelled_comparison_there_is_what_was_done_and_nobody_waits(classes, language, say):
    job_id = put_running_job(classes.half)
    app = click(open_page("train", language, job=job_id), f"cancel_{job_id}")
    board = app.dataframe[0].value
    assert board[say("Model")].tolist() == [classes.half.best.name]
    not_done = ", ".join(candidate.name for candidate in classes.half.candidates if candidate.state == "waiting")
    assert say("Not done: {names}", names=not_done) in shown(app)
    assert say(NONE_TO_SAVE) in shown(app)
    assert not any(text == say("waiting") for text in shown(app))


def test_why_a_candidate_failed_is_said_in_the_language_of_the_reader(classes, language, say):
    text = "The worker processes cannot be started, or were stopped. The log says why."
    *others, last = classes.whole.candidates
    failed = replace(classes.whole, candidates=(*others, replace(last, state="failed", reason=Note(text))))
    app = open_page("train", language, job=put_finished_job(failed).job_id)
    assert as_read(app.warning[0].value) == f"{last.name}: {say('failed: {reason}', reason=say(text))}"


def test_a_finished_comparison_shows_the_leaderboard_and_the_best_on_the_holdout(classes, language, say):
    app = open_page("train", language, job=put_finished_job(classes.whole).job_id)
    board, holdout = (frame.value for frame in app.dataframe)
    assert board[say("Model")].tolist() == [candidate.name for candidate in classes.whole.ranked]
    assert board["AUC"].tolist()[2] == "—"
    assert ("," if language == "pt_BR" else ".") in board["Accuracy"][0]
    assert list(holdout.index) == board[say("Model")].tolist()[:2]
    assert {say("Leaderboard"), say("Save the ones worth keeping")} <= {each.value for each in app.subheader}
    assert len(app.get("plotly_chart")) == 4
    assert say("Confusion matrix of {model}", model="Logistic Regression") in shown(app)


def test_the_folds_of_the_best_are_another_view(classes, language, say):
    app = open_page("train", language, job=put_finished_job(classes.whole).job_id, look="folds")
    assert say("Score of the best models with its spread") in shown(app)
    assert say("Confusion matrix of {model}", model="Logistic Regression") not in shown(app)
    assert say("Save the ones worth keeping") in {each.value for each in app.subheader}


def test_the_leaderboard_and_the_holdout_can_be_downloaded_with_raw_numbers(classes, language, say):
    app = open_page("train", language, job=put_finished_job(classes.whole).job_id)
    assert [each.label for each in app.get("download_button")] == [say("Download as CSV")] * 2


def test_of_two_classes_it_is_said_whose_recall_it_is(language, say):
    table = plant_table().assign(state=lambda table: np.where(table["vibration"] > 6, "*failure*", "normal"))
    with ThreadPoolExecutor(1) as executor:
        two = compare_models(table, "state", executor=executor, features=["temperature"], include=["lr"], fold=2)
    texts = " ".join(shown(open_page("train", language, job=put_finished_job(two).job_id)))
    assert say("Recall, Precision and F1 are those of {label!r}.", label="normal") in texts


def test_the_figures_say_where_they_come_from(classes, language, say):
    captions = " ".join(shown(open_page("train", language, job=put_finished_job(classes.whole).job_id)))
    assert say("split: {split}", split=say("random")) in captions
    assert say("trained on {train}, held out {holdout}", train=168, holdout=72) in captions


NONE_TO_SAVE = (
    "It ended before the best were fitted, so there is none to save. To end early with a result, set a time budget."
)
TIE = "The {count} marked ≈ are within one standard error of the best: the data cannot tell them apart."


def test_the_best_alone_is_no_tie(classes, language, say):
    app = open_page("train", language, job=put_finished_job(classes.whole).job_id)
    assert app.dataframe[0].value[say("Rank")].tolist() == ["1", "2", "3", "4"]
    assert "≈" not in " ".join(shown(app))


def test_candidates_that_the_data_cannot_tell_apart_are_marked(classes, language, say):
    first, second, *others = classes.whole.candidates
    tied = replace(classes.whole, candidates=(first, replace(second, tied=True), *others))
    app = open_page("train", language, job=put_finished_job(tied).job_id)
    assert app.dataframe[0].value[say("Rank")].tolist() == ["1 ≈", "2 ≈", "3", "4"]
    assert any(say(TIE, count=2) in text for text in shown(app))


def test_charts_have_the_number_marks_of_the_language(classes, language):
    app = open_page("train", language, job=put_finished_job(classes.whole).job_id)
    marks = {json.loads(chart.proto.spec)["layout"]["separators"] for chart in app.get("plotly_chart")}
    assert marks == {",." if language == "pt_BR" else ".,"}


def test_a_finished_regression_shows_predictions_against_actual_values(values, language, say):
    app = open_page("train", language, job=put_finished_job(values.whole).job_id)
    assert "MAE" in app.dataframe[0].value.columns
    texts = shown(app)
    assert say("Predicted against actual, {model}", model="Linear Regression") in texts
    assert say("Residuals of {model}", model="Linear Regression") in texts


def test_one_of_the_best_is_saved_under_a_name(classes, language, say):
    job = put_finished_job(classes.whole)
    app = open_page("train", language, job=job.job_id)
    app.text_input(key=f"name_{job.job_id}_lr").set_value("my first")
    app.text_area(key=f"notes_{job.job_id}_lr").set_value("worth it")
    app = click(app, "save_lr")
    assert any("my first" in success.value for success in app.success)
    entry = list_models()["my first"]
    assert entry["metadata"]["description"] == "worth it"
    assert entry["metadata"]["model_type"] == "LogisticRegression"


def test_who_saved_a_model_is_kept_with_it_and_in_the_list_of_acts(classes):
    app = open_page("train", job=put_finished_job(classes.whole).job_id)
    app.session_state["acting_name"] = "Ana Souza"
    click(app, "save_lr")
    (act,) = read_activities("model")
    assert (act.actor, str(act.action)) == ("Ana Souza", "Saved version 1.")
    assert default_store().describe(act.subject)["details"]["saved_by"] == "Ana Souza"


def test_what_was_saved_is_known_to_anyone_who_opens_the_comparison(classes, language, say):
    job = put_finished_job(classes.whole)
    app = open_page("train", language, job=job.job_id)
    app.text_input(key=f"name_{job.job_id}_lr").set_value("my first")
    click(app, "save_lr")
    other = open_page("train", language, job=job.job_id)
    assert say("Saved as {names}. It is now in the list of Predict by hand.", names="'my first'") in shown(other)
    assert len(other.success) == 1


@pytest.mark.parametrize("name", ["states", "../states", ""])
def test_after_a_save_another_name_is_checked_as_the_first_was(classes, model, name, language):
    job = put_finished_job(classes.whole)
    app = open_page("train", language, job=job.job_id)
    app.text_input(key=f"name_{job.job_id}_lr").set_value("my first")
    app = click(app, "save_lr")
    app.text_input(key=f"name_{job.job_id}_lr").set_value(name)
    run(app)
    assert repr(name) in app.warning[0].value
    assert app.button(key="save_lr").disabled


@pytest.mark.parametrize("name", ["states", "../states", ""])
def test_a_name_that_is_taken_or_impossible_is_refused_at_once(classes, model, name, language):
    job = put_finished_job(classes.whole)
    app = open_page("train", language, job=job.job_id)
    app.text_input(key=f"name_{job.job_id}_lr").set_value(name)
    run(app)
    assert repr(name) in app.warning[0].value
    assert app.button(key="save_lr").disabled
    assert not app.button(key="save_dt").disabled


def test_a_fitted_model_that_is_gone_cannot_be_saved(classes, language, say):
    job = put_finished_job(classes.whole)
    (job_folder(job.job_id) / "lr.pkl").unlink()
    app = click(open_page("train", language, job=job.job_id), "save_lr")
    assert the_error(app) == say("The fitted model is no longer in the job's folder. Compare again.")
    assert list_models() == {}


def test_a_fitted_model_that_was_changed_cannot_be_saved(classes, language, say):
    job = put_finished_job(classes.whole)
    (job_folder(job.job_id) / "lr.pkl").write_bytes(b"something else")
    app = click(open_page("train", language, job=job.job_id), "save_lr")
    assert the_error(app).startswith(
        say("The file of {candidate!r} is not what the comparison made. Compare again.", candidate="lr")
    )
    assert list_models() == {}


@pytest.mark.parametrize("job_id", ["0123456789abcdef", "../../etc/passwd", "x" * 500])
def test_a_job_that_does_not_exist_is_said_so(job_id, language, say):
    app = open_page("train", language, job=job_id)
    assert the_error(app).startswith(
        say("There is no job {job_id!r}. The list of jobs shows those there are.", job_id=job_id)
    )
    assert app.button(key="new_comparison").label == say("New comparison")


def test_a_failed_comparison_says_why(language, say):
    text = "No candidate was done within {seconds} s. Raise the time budget or choose fewer rows or candidates."
    app = open_page("train", language, job=put_failed_job(NoLeaderboard(text, seconds=3)))
    assert the_error(app) == say(text, seconds=3)
    assert say("failed") in shown(app)
