"""Training: without sensors, with some that cannot be trained, started, under way, and ended in all ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from src.database.engine import get_engine
from src.errors import NoReadings
from src.jobs import get_job, job_folder, queue
from src.jobs.processes import this_host
from src.ml.ml_engine import create_ml_engine
from src.ml.sensor_models.training_report import KIND, NotTrainedModel, TrainingReport, write_report
from src.notes import Note, write_note
from src.sensors.sensor_manager import create_sensor_manager
from tests.integration.pages.samples import as_read, click, open_page, run, shown, the_error
from tests.integration.sensor_samples import HOUR, add_sensor, store

REASON = write_note(NoReadings("The sensor {name!r} has no good readings.", name="Pump 2 light"))
REPORT = TrainingReport(3, 6, 2, 1, 1, 1, (NotTrainedModel(4, "Pump 2 light", "anomaly", REASON),), 4.2)


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """What the page has submitted; nothing is started."""
    asked: list[tuple[str, dict]] = []

    def submit(kind: str, parameters: dict, *, title: Note):
        asked.append((kind, parameters))
        return get_job(put_job())

    monkeypatch.setattr("src.dashboard.time_series.training_page.submit", submit)
    return asked


def put_job(report: TrainingReport | None = None, state: str = "", message: str = "3/6") -> str:
    """Leave a job as its worker has it while it runs, or at its end."""
    job_id = f"{len(queue.fetch_latest(100)) + 1:016x}"
    queue.insert(job_id, KIND, Note("Train the models of {count} sensors", {"count": 3}), {})
    assert queue.claim_next(64, this_host()) is not None
    job_folder(job_id).mkdir(parents=True)
    assert queue.beat(job_id, progress=0.5, message=message, result=write_report(report) if report else None)
    if state == "cancelled":
        queue.cancel(job_id)
    elif state:
        assert queue.finish(job_id, state, result=write_report(report) if report else None)
    return job_id


def figures(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_without_sensors_it_offers_the_demo_plant(language, say):
    app = open_page("training", language)
    assert app.info[0].value == say("There are no sensors yet. Load the demo plant to try everything out.")
    assert app.button(key="load_demo")
    assert not app.metric


def test_it_says_what_there_is_and_why_some_cannot_be_trained(plant, language, say):
    short = add_sensor(get_engine(), "short")
    store(get_engine(), short, [1.0, 2.0] * 10, start=datetime.now(UTC) - timedelta(days=1), step=HOUR)
    add_sensor(get_engine(), "unused", enabled=False)
    app = open_page("training", language)
    assert figures(app)[say("Can be trained")] == "12"
    assert figures(app)[say("Cannot be trained")] == "2"
    assert figures(app)[say("Without models")] == "14"
    table = app.dataframe[0].value
    assert table[say("Sensor")].tolist()[:3] == ["short", "unused", "Press 1 light"]
    answers = table[say("Can it be trained?")].tolist()
    assert "20" in answers[0]
    assert "30" in answers[0]
    assert answers[1:3] == [say("The sensor is out of use. Take it into use first."), say("yes")]
    assert table[say("Detector samples")].tolist()[0] == "20 / 30"
    assert {"en": "13 sensors are chosen.", "pt_BR": "13 sensores escolhidos."}[language] in shown(app)
    assert not app.error


def test_models_are_shown_with_version_and_age_and_those_without_can_be_chosen(plant):
    one = create_sensor_manager().get_all_sensors()[0]
    create_ml_engine().train_anomaly_detector(one.sensor_id)
    create_ml_engine().train_forecaster(one.sensor_id)
    row = open_page("training").dataframe[0].value.iloc[0]
    assert row["Detector"].startswith("v1, ")
    assert row["Forecaster"].startswith("v1, ")
    app = open_page("training", which="without")
    assert figures(app)["Sensors"] == "11"
    assert one.display_name not in app.dataframe[0].value["Sensor"].tolist()


def test_all_sensors_are_trained_as_the_plan_has_it_in_the_name_of_who_asks(plant, submitted, monkeypatch):
    monkeypatch.setattr("src.dashboard.time_series.training_page.acting_name", lambda: "Ana")
    app = open_page("training")
    app.text_input(key="contamination").set_value("0,2")
    app.text_input(key="forecaster_hours").set_value("100")
    app.toggle(key="skip_unchanged").set_value(True)
    app = click(app, "start_training")
    assert submitted == [
        (
            KIND,
            {
                "sensor_ids": None,
                "kinds": ["anomaly", "forecaster"],
                "model": "auto",
                "detector_hours": None,
                "forecaster_hours": 100.0,
                "contamination": 0.2,
                "skip_unchanged": True,
                "actor": "Ana",
            },
        )
    ]
    assert app.query_params["job"]


def test_some_sensors_come_from_the_url(plant, submitted):
    ids = [sensor.sensor_id for sensor in create_sensor_manager().get_all_sensors()]
    app = open_page("training", which="some", sensors=f"{ids[0]},{ids[4]},999,x")
    assert app.dataframe[0].value["Sensor"].tolist() == ["Press 1 light", "Pump 2 temperature"]
    click(app, "start_training")
    assert submitted[0][1]["sensor_ids"] == [ids[0], ids[4]]


def test_the_sensors_of_one_machine_are_trained(plant, submitted):
    click(open_page("training", machine="Pump 2"), "start_training")
    on_machine = [s.sensor_id for s in create_sensor_manager().get_all_sensors() if s.equipment == "Pump 2"]
    assert submitted[0][1]["sensor_ids"] == on_machine


def test_no_sensor_chosen_is_said_and_nothing_started(plant, submitted, language, say):
    app = click(open_page("training", language, which="some"), "start_training")
    assert the_error(app).startswith(say("No sensor is chosen. Choose at least one."))
    assert not submitted


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("contamination", "0.6", "contamination is 0.6"),
        ("contamination", "much", "'Contamination' is 'much'"),
        ("detector_hours", "0", "0.0 hours are no length of time"),
        ("forecaster_hours", "-5", "-5.0 hours are no length of time"),
        ("forecaster_hours", "nan", "which is no number"),
    ],
)
def test_an_option_out_of_range_is_said_before_anything_starts(plant, submitted, field, typed, message):
    app = open_page("training")
    app.text_input(key=field).set_value(typed)
    run(app)
    assert message in the_error(app)
    assert app.button(key="start_training").disabled
    assert app.dataframe


def test_no_kind_of_model_is_said(plant):
    app = open_page("training")
    app.pills(key="kinds").set_value([])
    assert the_error(run(app)).startswith("Nothing is chosen to be trained.")


def test_a_running_training_says_how_far_it_is(plant, language, say):
    app = open_page("training", language, job=put_job(REPORT))
    assert say("{done} of {total} models done", done=3, total=6) in shown(app)
    assert not app.metric
    assert not app.error


def test_a_training_that_is_done_says_what_came_of_it(plant, language, say):
    app = open_page("training", language, job=put_job(REPORT, "done"))
    assert figures(app) == {
        say("Detectors trained"): "2",
        say("Forecasters trained"): "1",
        say("Up to date already"): "1",
        say("Not trained"): "1",
        say("Took"): "4 s",
    }
    (row,) = app.dataframe[0].value.to_dict("records")
    assert list(row.values()) == [
        "Pump 2 light",
        say("Anomaly detector"),
        say("The sensor {name!r} has no good readings.", name="Pump 2 light"),
    ]
    left_out = {"en": "1 sensor was left out", "pt_BR": "1 sensor ficou de fora"}[language]
    assert any(left_out in text for text in shown(app))
    assert app.button(key="go_model_status").label == say("Model status")
    assert not app.warning


def test_a_cancelled_training_says_what_stays(plant, language):
    app = open_page("training", language, job=put_job(REPORT, "cancelled"))
    said = {"en": "3 models were trained and saved before, and stay", "pt_BR": "3 modelos já tinham sido treinados"}
    assert said[language] in app.warning[0].value


def test_a_training_that_is_gone_says_so_and_another_can_be_begun(plant):
    app = open_page("training", job="feedbeef")
    assert "feedbeef" in the_error(app)
    app = click(app, "another_training")
    assert not app.error
    assert app.button(key="start_training")


@pytest.mark.parametrize(
    "query", [{"which": "magic", "machine": "nowhere", "sensors": "²,,-1"}, {"which": "some", "training_page": "-7"}]
)
def test_nonsense_in_the_url_does_no_harm(plant, query):
    app = open_page("training", **query)
    assert not app.error
    assert app.metric


def test_a_name_with_power_is_shown_letter_by_letter(submitted):
    add_sensor(get_engine(), "*x* [a](b)")
    app = open_page("training")
    assert "*x* [a](b)" in app.dataframe[0].value["Sensor"].tolist()
    report = TrainingReport(1, 1, 0, 0, 0, 0, (NotTrainedModel(1, "*x* [a](b)", "forecaster", REASON),), 1.0)
    assert "*x* [a](b)" in app.dataframe[0].value["Sensor"].tolist()
    app = open_page("training", job=put_job(report, "done"))
    assert as_read(app.dataframe[0].value["Sensor"].tolist()[0]) == "*x* [a](b)"
