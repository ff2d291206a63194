"""Predict a file: checked, run as a job, and the result taken away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from src.dashboard.machine_learning.batch_page import UPLOADED
from src.jobs import get_job, job_folder, list_jobs, queue
from src.jobs.processes import this_host
from src.ml.batch_job import run as run_batch
from src.storage.json_values import json_dict
from tests.integration.pages.samples import click, open_page, plant_table, run, shown, the_error


def with_file(language: str, content: bytes, name: str = "june.csv") -> AppTest:
    app = open_page("batch", language)
    app.session_state[UPLOADED] = name, content
    return run(app)


@pytest.fixture
def content() -> bytes:
    return plant_table(30).drop(columns="state").to_csv(index=False).encode()


def test_without_models_predicting_a_file_points_to_training(language, say):
    app = open_page("batch", language)
    assert app.info[0].value == say("There is no saved model yet. Train and compare some, and save the best.")


def test_a_file_that_fits_is_shown_with_its_first_answers(model, content, language, say):
    app = with_file(language, content)
    assert app.success[0].value == say("The columns fit the model.")
    first = app.dataframe[0].value
    assert len(first) == 20
    assert {"prediction", "probability_normal", "timestamp"} <= set(first.columns)
    assert any(
        "timestamp" in text
        and say("Kept, though the model does not take them: {columns}.", columns="timestamp") in text
        for text in shown(app)
    )


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (b"temperature,vibration\n1,2\n", "'lux'"),
        (b"lux,temperature,vibration\n1,warm,2\n", "'warm'"),
        (b"lux,temperature,vibration\n1,2\n", "2"),
        (b"", "june.csv"),
        (b"PAR1\x15", "Parquet"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_reason(model, broken, named, language):
    app = with_file(language, broken)
    assert named in the_error(app)
    assert not [button for button in app.button if button.key == "start_batch"]


def test_the_button_starts_a_job_with_the_file(model, content, language, monkeypatch):
    monkeypatch.setattr(queue, "claim_next", lambda *_: None)  # no process for it here
    app = click(with_file(language, content), "start_batch")
    job = list_jobs()[0]
    assert (job.kind, job.parameters["file"], job.parameters["model"]) == ("predict_table", "june.csv", "states")
    assert (job_folder(job.job_id) / "table.csv").read_bytes() == content
    assert app.query_params["job"] == job.job_id


class _Context:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def report(self, *_: object) -> None:
        pass


def finished_job(content: bytes) -> str:
    """Leave a job as its worker does."""
    parameters = {"model": "states", "version": 1, "file": "june.csv", "ending": ".csv"}
    queue.insert("ab12", "predict_table", _title(), parameters)
    assert queue.claim_next(64, this_host()) is not None
    folder = job_folder("ab12")
    folder.mkdir(parents=True)
    (folder / "table.csv").write_bytes(content)
    record = json.loads(json.dumps(run_batch(parameters, _Context(folder))))
    assert queue.finish("ab12", "done", result=json_dict(record, "result"), progress=1.0)
    return get_job("ab12").job_id


def _title():
    from src.notes import Note

    return Note("Predict {file} with {model}", {"file": "june.csv", "model": "states"})


def test_a_finished_job_shows_what_came_out_and_offers_the_file(model, content, language, say):
    app = open_page("batch", language, job=finished_job(content))
    assert app.metric[0].value == "30"
    assert sum(int(rows) for rows in app.dataframe[0].value[say("Rows")]) == 30
    assert "prediction" in app.dataframe[-1].value.columns
    assert not app.error


def test_a_result_that_is_gone_says_so(model, content, language, say):
    job_id = finished_job(content)
    (job_folder(job_id) / "predictions.csv").unlink()
    app = open_page("batch", language, job=job_id)
    assert app.warning[0].value.replace("\\", "") == say(
        "The result is no longer in the job's folder. Predict the file again."
    )


def test_a_job_that_does_not_exist_is_said(model, language):
    assert "beef" in the_error(open_page("batch", language, job="beef"))
