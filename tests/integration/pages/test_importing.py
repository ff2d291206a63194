"""Import readings: a file is looked at, tried, and imported."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from src.database.engine import get_engine
from src.errors import FarolError
from src.jobs import Job, get_job, job_folder, list_jobs, queue
from src.jobs.folder import write_attachments
from src.jobs.processes import this_host
from src.notes import Note
from src.sensors.imports import job as import_job
from src.sensors.imports.columns import ColumnMapping
from src.sensors.imports.importer import ImportOptions, import_readings
from src.storage.json_values import json_dict
from tests.integration.import_samples import GOOD, add_press, everything_in, wide
from tests.integration.pages.samples import as_read, click, open_page, put_running_job, run, shown, the_error

LONG = ColumnMapping("timestamp", "sensor", "value")


@pytest.fixture(autouse=True)
def press() -> None:
    add_press(get_engine())


@dataclass
class RunningJob:
    """What a job gives to what it runs, remembering what it is told."""

    folder: Path
    result: dict[str, Any] = field(default_factory=dict)

    def report(self, progress: float, message: str, result: dict[str, Any] | None = None) -> None:
        self.result = result or self.result


def put_import(content: bytes, name: str = "mine.csv", *, dry_run: bool = True, **options: bool) -> Job:
    """Leave a job as its worker does when an import, or the trial of one, is over."""
    job_id = secrets.token_hex(8)
    parameters = import_job.parameters_of(name, LONG, ImportOptions(**options), dry_run=dry_run, actor="Ana")
    write_attachments(job_id, {import_job.attachment_name(name): content})
    queue.insert(job_id, "import_readings", Note("Check readings: {file}", {"file": name}), parameters)
    assert queue.claim_next(64, this_host()) is not None
    running = RunningJob(job_folder(job_id))
    try:
        result = import_job.run(parameters, running)
        assert queue.finish(job_id, "done", result=json_dict(result, "result"), progress=1.0)
    except FarolError as error:
        queue.finish(job_id, "failed", error=error, result=running.result)
    return get_job(job_id)


def upload(content: bytes, language: str, name: str = "mine.csv") -> AppTest:
    app = open_page("import", language)
    app.file_uploader[0].upload(name, content, "text/csv")
    return run(app)


def keyed(widgets: Iterable[Any], what: str) -> Any:
    """The widget that asks one thing about the file."""
    (widget,) = [widget for widget in widgets if (widget.key or "").startswith(f"{what}_mine.csv_")]
    return widget


def test_without_a_file_the_page_says_what_to_do(language, say):
    app = open_page("import", language)
    assert app.info[0].value == say("Choose a file of readings. Nothing is stored before you say so.")
    assert "check" not in [button.key for button in app.button]


def test_a_file_is_shown_as_written_with_its_columns_guessed_and_checking_it_starts_a_job(language, say):
    app = upload(GOOD, language)
    assert app.dataframe[0].value.iloc[0].tolist() == ["Press temperature", "2026-03-01T12:00:00Z", "40.5"]
    assert [keyed(app.selectbox, role).value for role in ("timestamp", "sensor", "value", "quality")] == [
        "timestamp",
        "sensor",
        "value",
        "",
    ]
    before = everything_in(get_engine())["sensor_readings"]
    app = click(app, "check")
    (job,) = [job for job in list_jobs() if job.kind == "import_readings"]
    assert app.query_params["job"] == job.job_id
    assert job.parameters["dry_run"] is True
    assert ColumnMapping(**job.parameters["mapping"]) == LONG
    assert (job_folder(job.job_id) / "readings.csv").read_bytes() == GOOD
    assert everything_in(get_engine())["sensor_readings"] == before
    app = click(app, "back")
    assert keyed(app.selectbox, "value").value == "value"  # the file is still there


def test_a_wide_file_asks_which_sensor_each_column_is(language, say):
    content = wide("2026-03-01,1,2", header="time,Press temperature,V2 [mm/s]")
    app = upload(content, language)
    keyed(app.selectbox, "sensor_V2 [mm/s]").select("Press vibration")
    keyed(app.toggle, "replace").set_value(True)
    app = click(run(app), "check")
    job = get_job(app.query_params["job"])
    assert job.parameters["mapping"]["sensors"] == {
        "Press temperature": "Press temperature",
        "V2 [mm/s]": "Press vibration",
    }
    assert job.parameters["options"]["replace"] is True


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("b.csv", b"%PDF-1.7"),
        ("c.csv", b"a,a\n1,2\n"),
        ("d.parquet", b"no"),
        ("e.csv.gz", b"\x1f\x8b\0"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_once(name, content, language):
    app = upload(content, language, name)
    assert the_error(app)
    assert "check" not in [button.key for button in app.button]


def test_a_trial_shows_what_would_change_and_offers_to_import(language, say):
    trial = put_import(GOOD)
    app = open_page("import", language, job=trial.job_id)
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures[say("New readings")] == "3"
    assert app.info[0].value == say("The file is in order. This is what importing it would change.")
    app = click(app, "import")
    job = get_job(app.query_params["job"])
    assert job.parameters == trial.parameters | {"dry_run": False, "actor": ""}
    assert (job_folder(job.job_id) / "readings.csv").read_bytes() == GOOD


def test_a_file_that_is_in_the_database_has_nothing_to_import(language, say):
    import_readings(GOOD, "good.csv")
    app = open_page("import", language, job=put_import(GOOD).job_id)
    assert app.info[0].value == say("The file is in order, and all of it is there already.")
    assert "import" not in [button.key for button in app.button]


def test_stored_readings_are_replaced_only_when_the_name_of_the_file_was_typed(language):
    import_readings(GOOD, "good.csv")
    trial = put_import(GOOD.replace(b"40.5", b"39"), replace=True)
    app = open_page("import", language, job=trial.job_id)
    assert app.button(key="import").disabled
    app.text_input(key="confirm_replace").set_value("mine")
    assert run(app).button(key="import").disabled
    app.text_input(key="confirm_replace").set_value("mine.csv")
    assert not run(app).button(key="import").disabled


def test_an_import_that_is_done_says_so_and_keeps_no_copy_of_the_file(language, say):
    done = put_import(GOOD, dry_run=False)
    app = open_page("import", language, job=done.job_id)
    assert app.success[0].value == say("The readings are in the database.")
    assert app.button(key="go_data").label == say("See its quality")
    assert len(everything_in(get_engine())["sensor_readings"]) == 3
    assert not (job_folder(done.job_id) / "readings.csv").exists()


def test_a_cancelled_import_says_that_nothing_was_stored(language, say):
    job_id = put_running_job()
    app = click(open_page("import", language, job=job_id), f"cancel_{job_id}")
    assert get_job(job_id).state == "cancelled"
    assert app.success[0].value == say("The job is cancelled.")
    assert app.info[0].value == say("Nothing of the file was stored.")


def test_a_refused_file_shows_each_problem_with_its_row(language, say):
    refused = put_import(GOOD.replace(b"40.5", b'"40,5"').replace(b"vibration", b"*vib*"))
    app = open_page("import", language, job=refused.job_id)
    assert refused.state == "failed"
    said = " ".join(shown(app))
    template = "Row {row}, column {column!r}: {value!r} has a comma. Write numbers as 1234.5."
    assert say(template, row=2, column="value", value="40,5") in said
    assert "'Press *vib*'" in as_read(" ".join(markdown.value for markdown in app.markdown))
    assert "import" not in [button.key for button in app.button]


def test_the_list_of_jobs_leads_to_the_import(language):
    job = put_import(GOOD)
    assert open_page("jobs", language, inspect=job.job_id).button(key="open_result")


def test_an_unknown_import_is_said_so(language, say):
    app = open_page("import", language, job="nothing")
    assert "'nothing'" in the_error(app)
    assert app.button(key="back")


def test_another_file_of_the_same_name_is_asked_about_anew(language):
    app = upload(GOOD, language)
    keyed(app.selectbox, "quality").select("value")
    app = run(app)
    for content, layout in (
        (wide("2026-03-01,1,2", header="t,a,b"), "wide"),
        (GOOD.replace(b"value", b"reading"), "long"),
    ):
        app.file_uploader[0].upload("mine.csv", content, "text/csv")
        app = run(app)
        assert layout in [str(widget.value) for widget in app.button_group]
    assert keyed(app.selectbox, "value").value == "reading"
