"""A closer look at the best of a comparison: calibration, threshold, importance and learning curve."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from src.errors import InvalidComparison
from src.jobs import Job, get_job, queue
from src.jobs.processes import this_host
from src.ml.finalist_jobs import parameters_for
from src.ml.learning_curve import LearningCurve, learning_curve
from src.ml.model_comparison import Comparison, compare_models
from src.ml.permutation_importance import FeatureImportance, Importance
from src.ml.prediction import predict_row
from src.ml.saved_models import load_saved
from src.notes import Note
from src.storage.json_values import json_dict
from tests.integration.pages.samples import (
    FEATURES,
    click,
    open_page,
    plant_table,
    put_finished_job,
    run,
    shown,
    the_error,
)


@pytest.fixture(scope="session")
def binary() -> Comparison:
    """A comparison of two classes; the best gives probabilities, the second gives none."""
    table = plant_table()
    table["state"] = table["state"].where(table["state"] == "failure", "normal")
    with ThreadPoolExecutor(1) as executor:
        whole = compare_models(
            table, "state", features=FEATURES, fold=2, include=["lr", "ridge"], executor=executor, ensemble="none"
        )
    assert {finalist.id for finalist in whole.finalists} == {"lr", "ridge"}
    return whole


def look(job: Job, view: str, language: str = "en", **query: str) -> AppTest:
    return open_page("train", language, job=job.job_id, look=view, **query)


def chart(app: AppTest, key: str) -> dict:
    (found,) = (json.loads(c.proto.spec) for c in app.get("plotly_chart") if c.proto.id.endswith(f"-{key}"))
    return found


def numbers(array: dict) -> list:
    """What Plotly has packed."""
    packed = np.frombuffer(base64.b64decode(array["bdata"]), dtype=array["dtype"])
    return packed.reshape([int(size) for size in array["shape"].split(",")]).tolist()


def put_look(job: Job, comparison: Comparison, kind: str, finalist: str, state: str, result: object = None) -> str:
    """Leave a job of a closer look as its worker has it."""
    job_id = f"{len(queue.fetch_latest(50)):x}abc"
    queue.insert(job_id, kind, Note("A look"), parameters_for(job.job_id, job.parameters, comparison, finalist))
    assert queue.claim_next(64, this_host()) is not None
    if result is not None:
        assert queue.beat(job_id, progress=0.5, message="1 / 2", result=json_dict(result, "result"))  # type: ignore[arg-type]
    if state == "failed":
        text = "The table of that comparison is not in its job's folder any more. Compare again."
        assert queue.finish(job_id, "failed", error=InvalidComparison(text))
    elif state != "running":
        assert queue.finish(job_id, state)  # type: ignore[arg-type]
    return job_id


IMPORTANCE = Importance(
    "Accuracy",
    0.9,
    72,
    10,
    (FeatureImportance("vibration", 0.2, 0.01), FeatureImportance("*lux* $x$", 0.001, 0.02)),
)


def test_calibration_is_shown_of_those_that_have_one(binary, language, say):
    app = look(put_finished_job(binary), "calibration", language)
    drawn = chart(app, "calibration")
    assert [line["name"] for line in drawn["data"] if "name" in line] == ["Logistic Regression"]
    assert say("{model} gives no probabilities.", model="Ridge Classifier") in shown(app)
    holdout = look(put_finished_job(binary), "holdout", language).dataframe[1].value
    assert holdout[say("Brier score")].tolist()[1 if binary.finalists[0].id == "lr" else 0] == "—"


def test_a_model_keeps_its_colour_when_another_has_no_calibration(binary):
    job = put_finished_job(binary)
    drawn = chart(look(job, "calibration"), "calibration")["data"][0]
    place = [finalist.id for finalist in binary.finalists].index("lr")
    assert drawn["line"]["color"] == ("#1F83C4", "#D55E00")[place]


def test_several_classes_have_calibration_each_and_no_threshold(classes, language, say):
    app = look(put_finished_job(classes.whole), "threshold", language)
    views = next(each for each in app.button_group if each.key == "look_at")
    assert say("Decision threshold") not in [option.content for option in views.proto.options]
    assert say("Calibration") in [option.content for option in views.proto.options]


def test_a_regression_has_neither_calibration_nor_a_threshold(values, language, say):
    app = look(put_finished_job(values.whole), "calibration", language)
    views = next(each for each in app.button_group if each.key == "look_at")
    expected = ["Rows held out", "Folds", "Importance of features", "Learning curve"]
    assert [option.content for option in views.proto.options] == list(map(say, expected))
    assert app.query_params["look"] == "holdout"


def test_a_comparison_from_before_probabilities_were_kept_says_so(binary, language, say):
    old = replace(
        binary,
        finalists=tuple(
            replace(f, holdout=replace(f.holdout, brier=None, calibration=[], thresholds=[])) for f in binary.finalists
        ),
    )
    job = put_finished_job(old)
    text = "This comparison was made before calibration was kept. Compare again to see it."
    assert say(text) in shown(look(job, "calibration", language))
    text = "This comparison was made before thresholds were kept. Compare again to see them."
    assert say(text) in shown(look(job, "threshold", language, finalist="lr"))
    assert say("Brier score") not in look(job, "holdout", language).dataframe[1].value


# The threshold.


def test_the_cheapest_threshold_follows_the_costs_and_can_be_gone_to(binary):
    app = look(put_finished_job(binary), "threshold")
    assert app.selectbox(key="look_finalist").value == "lr"  # the one that has thresholds
    assert app.query_params["positive"] == "failure"  # the rarer class
    app.text_input(key="cost_missed").set_value("20")
    run(app)
    counts = next(c for f in binary.finalists for c in f.holdout.thresholds if c.label == "failure")
    cheapest = counts.thresholds[counts.cheapest(1, 20)]
    assert cheapest not in (0.5, counts.thresholds[counts.cheapest(20, 1)])
    compared = app.dataframe[1].value
    assert compared["Threshold"].tolist()[:2] == ["chosen: 0.5", "even odds: 0.5"]
    assert compared["Threshold"][2].startswith("cheapest: ")
    click(app, "go_cheapest")
    compared = app.dataframe[1].value["Threshold"].tolist()
    assert [text.split(": ")[1] for text in compared] == [f"{cheapest:.5g}", "0.5", f"{cheapest:.5g}"]
    slider = app.select_slider(key="threshold_lr_failure")
    assert slider.value == cheapest
    assert app.query_params["threshold"] == f"{cheapest:g}"
    assert any("No threshold is cheaper." in text for text in shown(app))
    assert app.button(key="go_cheapest").disabled


def test_a_link_shows_a_colleague_the_same_threshold(binary):
    job = put_finished_job(binary)
    app = look(job, "threshold", finalist="lr", positive="normal", false_alarm="2,5", missed="7", threshold="0.8")
    assert app.select_slider(key="threshold_lr_normal").value == 0.8
    assert [app.text_input(key=f"cost_{name}").value for name in ("false_alarm", "missed")] == ["2,5", "7"]
    matrix = chart(app, "threshold_confusion")["data"][0]
    holdout = next(f for f in binary.finalists if f.id == "lr").holdout
    assert matrix["y"] == ["failure", "normal"] == holdout.labels
    counts = holdout.thresholds[1]
    place = counts.nearest(0.8)
    right, wrong = counts.true_positives[place], counts.false_positives[place]
    assert numbers(matrix["text"]) == [[counts.negatives - wrong, wrong], [counts.positives - right, right]]


@pytest.mark.parametrize("nonsense", ["abc", "-1", "", "1e999", "1e15", "NaN", "$x$ *y*", "0x10", "1;2"])
def test_a_cost_that_is_none_is_refused_and_the_page_lives(binary, nonsense):
    app = look(put_finished_job(binary), "threshold", missed=nonsense)
    the_error(app)
    app.text_input(key="cost_missed").set_value("3")
    run(app)
    assert not app.error
    assert app.select_slider


def test_costs_that_are_both_zero_are_refused(binary, language, say):
    app = look(put_finished_job(binary), "threshold", language, missed="0", false_alarm="0")
    assert the_error(app).startswith(say("Both costs are 0, so that every threshold is as good. Type at least one."))


@pytest.mark.parametrize("nonsense", ["abc", "nan", "-1", "1e999", "", "2"])
def test_a_threshold_in_the_url_that_is_none_is_as_good_as_none(binary, nonsense):
    app = look(put_finished_job(binary), "threshold", threshold=nonsense, positive="nobody", finalist="nobody")
    assert app.select_slider[0].value == 0.5
    assert not app.error


def test_a_model_without_probabilities_says_that_there_is_no_threshold(binary, language, say):
    app = look(put_finished_job(binary), "threshold", language, finalist="ridge")
    text = "{model} gives no probabilities, so there is no threshold to choose."
    assert say(text, model="Ridge Classifier") in shown(app)


def test_a_threshold_goes_with_the_model_and_decides_when_it_predicts(binary):
    job = put_finished_job(binary)
    app = click(look(job, "threshold", threshold="0.2", missed="4"), "use_threshold")
    decides = "Decides for 'failure' from a probability of 0.2 on."
    assert decides in shown(app)
    app.text_input(key=f"name_{job.job_id}_lr").set_value("careful")
    click(app, "save_lr")
    saved = load_saved("careful")
    assert (saved.signature.positive, saved.signature.threshold) == ("failure", 0.2)
    decision = {"positive": "failure", "threshold": 0.2, "false_alarm": 1.0, "missed": 4.0}
    assert saved.details["decision"] == decision
    unsure = next(
        row
        for row in plant_rows()
        if 0.2 < predict_row(saved.model, saved.signature, row).probabilities["failure"] < 0.5
    )
    assert predict_row(saved.model, saved.signature, unsure).outcome == "failure"
    page = open_page("predict", model="careful")
    assert decides in shown(page)
    for name, value in unsure.items():
        page.text_input(key=f"careful_{name}").set_value(str(value))
    click(page, "predict")
    assert page.metric[0].value == "failure"
    share = predict_row(saved.model, saved.signature, unsure).probabilities["failure"]
    assert f"probability {share:.1%}" in shown(page)  # of the answer, not of the more probable class


def plant_rows() -> list[dict[str, float]]:
    return plant_table()[FEATURES].round(2).to_dict("records")


def test_a_threshold_can_be_taken_back_before_the_model_is_saved(binary):
    job = put_finished_job(binary)
    app = click(look(job, "threshold", threshold="0.2"), "use_threshold")
    click(app, "forget_threshold_lr")
    app.text_input(key=f"name_{job.job_id}_lr").set_value("plain")
    click(app, "save_lr")
    assert load_saved("plain").signature.threshold is None


def test_a_class_with_a_name_of_power_is_shown_letter_by_letter(binary):
    odd = "*b* $x$ :red[no]"
    holdout = next(f for f in binary.finalists if f.id == "lr").holdout
    renamed = replace(
        holdout,
        labels=[odd, "normal"],
        thresholds=[replace(holdout.thresholds[0], label=odd), holdout.thresholds[1]],
        calibration=[replace(holdout.calibration[0], label=odd), holdout.calibration[1]],
    )
    changed = tuple(replace(f, holdout=renamed) if f.id == "lr" else f for f in binary.finalists)
    app = look(put_finished_job(replace(binary, finalists=changed)), "threshold")
    assert any(odd in text for text in (as_label(each) for each in app.select_slider))


def as_label(widget: object) -> str:
    return widget.label.replace("\\", "").replace("\N{WORD JOINER}", "")  # type: ignore[attr-defined]


# What is computed when it is asked for.


@pytest.mark.parametrize(("view", "kind"), [("importance", "permutation_importance"), ("learning", "learning_curve")])
def test_nothing_is_computed_before_it_is_asked_for(binary, language, say, view, kind):
    app = look(put_finished_job(binary), view, language)
    assert app.button(key=f"compute_{kind}").label == say("Compute")
    assert len(queue.fetch_latest(10)) == 1


def test_asking_starts_a_job_and_asking_again_elsewhere_shows_the_same_one(binary, language, say):
    job = put_finished_job(binary)
    click(look(job, "importance", language, finalist="lr"), "compute_permutation_importance")
    (started,) = (each for each in queue.fetch_latest(10) if each.kind == "permutation_importance")
    queue.cancel(started.job_id)
    assert started.parameters["candidate"] == "lr"
    assert started.parameters["comparison"] == job.job_id
    again = look(job, "importance", language, finalist="lr")
    assert say("It was cancelled before it was done.") in shown(again)
    assert again.button(key="compute_permutation_importance").label == say("Compute again")


def test_while_it_runs_it_shows_how_far_it_is_and_what_it_has(binary, language, say):
    job = put_finished_job(binary)
    started = put_look(job, binary, "permutation_importance", "lr", "running", IMPORTANCE.to_record())
    app = look(job, "importance", language, finalist="lr")
    assert app.get("progress")[0].proto.text == "1 / 2"
    assert app.button(key=f"cancel_{started}").label == say("Cancel")
    assert chart(app, "importance")["data"][0]["y"] == ["vibration", "*lux* $x$"]
    click(app, f"cancel_{started}")
    assert get_job(started).state == "cancelled"


def test_a_result_is_kept_and_shown_without_a_button(binary, language, say):
    job = put_finished_job(binary)
    put_look(job, binary, "permutation_importance", "lr", "done", IMPORTANCE.to_record())
    app = look(job, "importance", language, finalist="lr")
    assert not [button for button in app.button if button.key == "compute_permutation_importance"]
    assert say("The model does about as well without any one of: {names}.", names="*lux* $x$") in " ".join(
        each.value.replace("\\", "") for each in app.caption
    )
    other = look(job, "importance", language, finalist="ridge")
    assert other.button(key="compute_permutation_importance").label == say("Compute")


def test_a_learning_curve_says_in_one_sentence_whether_more_would_help(binary, language, say):
    from src.ml.candidates import choose_candidates
    from src.ml.comparison_plan import Choices, plan_comparison

    data = plan_comparison(plant_table(120), Choices("state", features=FEATURES, fold=2)).data
    curve = learning_curve(data, choose_candidates("classification", ["dt"])[0], "Accuracy", ThreadPoolExecutor(1))
    job = put_finished_job(binary)
    put_look(job, binary, "learning_curve", "lr", "done", curve.to_record())
    app = look(job, "learning", language, finalist="lr")
    assert len([line for line in chart(app, "learning_curve")["data"] if line.get("name")]) == 2
    sentences = {
        "more": "More data would help",
        "enough": "More data of this kind would hardly help",
        "unsure": "Whether more data would help cannot be told",
    }
    if language == "en":
        assert any(sentences[curve.verdict[0]] in text for text in shown(app))


def test_of_a_curve_that_has_no_point_yet_nothing_is_drawn(binary):
    job = put_finished_job(binary)
    put_look(job, binary, "learning_curve", "lr", "running", LearningCurve("Accuracy", True).to_record())
    app = look(job, "learning", finalist="lr")
    assert app.get("progress")
    assert "learning_curve" not in str([c.proto.id for c in app.get("plotly_chart")])


def test_why_it_failed_is_said_and_it_can_be_asked_for_again(binary, language, say):
    job = put_finished_job(binary)
    put_look(job, binary, "learning_curve", "lr", "failed")
    app = look(job, "learning", language, finalist="lr")
    text = "The table of that comparison is not in its job's folder any more. Compare again."
    assert the_error(app) == say(text)
    assert app.button(key="compute_learning_curve").label == say("Compute again")


def test_a_job_that_is_no_comparison_is_not_shown_as_one(binary, language, say):
    started = put_look(put_finished_job(binary), binary, "learning_curve", "lr", "failed")
    app = open_page("train", language, job=started)
    text = "Job {job_id} is no comparison. The list of jobs shows what it is."
    assert the_error(app) == say(text, job_id=started)


def test_the_list_of_jobs_leads_back_to_the_comparison(binary, language, say):
    started = put_look(put_finished_job(binary), binary, "learning_curve", "lr", "failed")
    app = open_page("jobs", language, inspect=started)
    assert app.button(key="open_result").label == say("Open the comparison")


def test_a_new_comparison_takes_nothing_of_the_old_one_along(binary):
    app = look(put_finished_job(binary), "threshold", missed="9")
    assert "missed" in app.query_params
    click(app, "new_comparison")
    assert not {"job", "look", "finalist", "positive", "missed", "threshold"} & set(app.query_params)
