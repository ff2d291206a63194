"""Train and compare: what a comparison is made of."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from src.jobs import get_job, job_folder, list_jobs
from tests.integration.pages.samples import (
    FEATURES,
    click,
    open_page,
    plant_table,
    put_running_job,
    run,
    shown,
    the_error,
)


def test_without_readings_training_offers_the_demo_plant(language, say):
    app = open_page("train", language)
    assert "python -m src data demo" in app.info[0].value
    assert app.button(key="load_demo").label == say("Load the demo plant")
    assert not app.error


def test_training_on_the_plant_is_one_press_away(plant, language, say):
    app = open_page("train", language)
    assert app.selectbox(key="target_plant").value == "state"
    assert app.multiselect[0].value == FEATURES
    assert app.segmented_control(key="split_time-random-group").value == "time"
    assert any(say("By time") == text for text in shown(app))
    assert app.button(key="start").label == say("Train and compare models")


def test_training_starts_a_job_and_goes_to_it(plant, language):
    app = click(open_page("train", language), "start")
    (job,) = list_jobs()
    assert job.state == "queued"
    assert app.query_params["job"] == job.job_id
    assert job.parameters["target"] == "state"
    assert job.parameters["units"] == {"lux": "lx", "temperature": "°C", "vibration": "mm/s"}
    assert list(pd.read_parquet(job_folder(job.job_id) / "table.parquet")) == [
        "timestamp",
        "equipment",
        *FEATURES,
        "state",
    ]
    click(app, f"cancel_{job.job_id}")
    assert get_job(job.job_id).state == "cancelled"


def test_a_comparison_that_runs_is_led_back_to(plant, classes, language, say):
    job_id = put_running_job(classes.half)
    app = open_page("train", language)
    assert app.info[0].value.startswith(say("A comparison is running"))
    app = click(app, f"watch_{job_id}")
    assert app.query_params["job"] == job_id
    assert say("running") in shown(app)


def upload(content: bytes, language: str, name: str = "mine.csv") -> AppTest:
    app = open_page("train", language, source="upload")
    app.file_uploader[0].upload(name, content, "text/csv")
    return run(app)


def test_without_a_file_the_upload_says_what_to_do(language, say):
    app = open_page("train", language, source="upload")
    assert app.info[0].value == say("Choose a file to see what is in it. Nothing is trained before you say so.")
    assert app.file_uploader[0].label == say("CSV, CSV.gz or Parquet, one row an observation, with a header")


def test_an_uploaded_table_is_profiled_and_can_be_trained_on(language, say):
    app = upload(plant_table().to_csv().encode(), language)
    summary = say("{rows} rows, {columns} columns, {missing} missing values", rows=240, columns=6, missing=0)
    assert summary in [expander.label for expander in app.expander]
    numbered = "The first column has no name; it numbers the rows and is called {column!r}."
    assert say(numbered, column="row_number") in shown(app)
    assert app.multiselect[0].value == FEATURES
    assert app.selectbox(key="target_mine.csv").value == "state"
    assert app.button(key="start").label == say("Train and compare models")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3,4,5\n", "Row {row} has {cells} cells, but the header names {columns} columns."),
        (b"", "{name!r} is empty."),
        (b"%PDF-1.7 \x00\x01", "{name!r} is named as {expected} but holds {found}."),
        (b"a,b\n", "{name!r} has a header but no rows."),
    ],
    ids=["ragged", "empty", "binary", "no rows"],
)
def test_a_file_that_is_no_table_is_refused_with_its_reason(content, message, language, say, catalogue):
    app = upload(content, language)
    whole = next(text for text in catalogue if text.startswith(message))
    expected = say(whole, row=3, cells=3, columns=2, name="mine.csv", expected="CSV", found="PDF")
    assert the_error(app).startswith(expected)
    assert say("Reference") in the_error(app)
    assert "start" not in [button.key for button in app.button]


def test_a_target_without_values_is_refused(language, say):
    app = upload(b"a,b,empty\n" + b"1,x,\n2,y,\n" * 15, language)
    app.selectbox(key="target_mine.csv").select("empty")
    run(app)
    assert app.warning[0].value == say("This column has no values. Choose another target.")


def test_without_features_nothing_can_be_started(plant, language, say):
    app = open_page("train", language)
    app.multiselect[0].set_value([])
    run(app)
    assert app.warning[0].value == say("Choose at least one feature to predict from.")
    assert "start" not in [button.key for button in app.button]


def test_a_table_can_be_split_by_numbered_machines_and_their_number_is_no_feature(language, say):
    table = plant_table().assign(machine=lambda frame: frame.index % 6)
    app = upload(table.to_csv(index=False).encode(), language)
    assert "machine" in app.multiselect[0].value
    split = next(widget for widget in app.button_group if widget.label == say("How rows are held out"))
    split.set_value("group")
    app = run(app)
    assert app.selectbox(key="group").value == "machine"
    left_out = say("{name!r} is left out: a model is to be judged on groups that it never saw.", name="machine")
    assert left_out in " ".join(shown(app))
    (job,) = list_jobs() if not (clicked := click(app, "start")).error else [None]
    assert clicked.query_params["job"] == job.job_id
    assert get_job(job.job_id).parameters["split"] == "group:machine"
    assert "machine" not in get_job(job.job_id).parameters["features"]


def test_times_in_the_profile_are_those_of_the_reader(language, say, monkeypatch):
    monkeypatch.setattr("src.dashboard.locale.reader_zone", lambda: "America/Sao_Paulo")
    app = upload(plant_table().to_csv(index=False).encode(), language)
    profile = app.dataframe[0].value.set_index(say("Column"))
    assert profile.loc["timestamp", say("Lowest")] == "2025-12-31 21:00"


def test_a_target_that_is_the_same_everywhere_is_refused(language, say):
    app = upload(b"a,b,same\n" + b"1,x,on\n2,y,on\n" * 15, language)
    app.selectbox(key="target_mine.csv").select("same")
    run(app)
    assert app.warning[0].value == say("This column has the same value everywhere. Choose another target.")


def test_a_file_and_its_form_are_still_there_after_a_comparison_until_it_is_removed(language, say):
    app = upload(plant_table().to_csv(index=False).encode(), language)
    app.multiselect(key="features_mine.csv_state").set_value(["lux", "vibration"])
    app = click(run(app), "start")
    app = click(app, "new_comparison")
    assert app.selectbox(key="target_mine.csv").value == "state"
    assert app.multiselect(key="features_mine.csv_state").value == ["lux", "vibration"]
    assert "mine.csv" in " ".join(shown(app))
    app = click(app, "forget_file")
    assert app.info[-1].value == say("Choose a file to see what is in it. Nothing is trained before you say so.")
