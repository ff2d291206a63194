"""Anomaly detection: empty, well, too little data; verdicts given, changed, taken back; thresholds adopted."""

from __future__ import annotations

import re
from datetime import timedelta

import numpy as np
import pytest

from src.database.activities import read_activities
from src.database.engine import get_engine
from src.ml.anomaly_verdicts import Verdict, add_verdict, change_verdict, delete_verdict, read_verdicts
from src.ml.ml_engine import create_ml_engine
from src.sensors.sensor_manager import create_sensor_manager
from tests.integration.pages.samples import as_read, click, open_page, run, shown, the_error
from tests.integration.sensor_samples import NOON, TEN_MINUTES, add_sensor, store

ROWS, JUMP, LONG = 1_200, 1_000, 30
STRETCH = "20240308T100000-20240308T160000"


@pytest.fixture
def saw() -> int:
    """A sensor that is usual for a week and then jumps, for five hours."""
    sensor_id = add_sensor(get_engine())
    values = 40 + 5 * np.sin(np.arange(ROWS) / 144 * 2 * np.pi) + np.random.default_rng(3).normal(0, 0.5, ROWS)
    values[JUMP : JUMP + LONG] += 25
    store(get_engine(), sensor_id, values.tolist())
    return sensor_id


def figures(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def successes(app) -> list[str]:
    return [as_read(one.value) for one in app.success]


def in_url(app, name: str) -> str:
    """A parameter of the URL; AppTest has those that it was given as lists."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[-1]


def pick_first(app):
    app.selectbox(key="anomaly").select_index(1)
    return run(app)


def note(app):
    return next(area for area in app.text_area if area.key.startswith("verdict_note"))


def kinds() -> list[str]:
    return [verdict.kind for verdict in read_verdicts()]


def test_without_sensors_it_offers_the_demo_plant(language, say):
    app = open_page("anomalies", language)
    assert app.info[0].value == say("There are no sensors yet. Load the demo plant to try everything out.")
    assert app.button(key="load_demo").label == say("Load the demo plant")
    assert not app.metric


def test_a_sensor_never_trained_is_trained_and_shown(saw, language, say):
    app = open_page("anomalies", language, sensor=str(saw))
    assert figures(app)[say("Alarm threshold")] == ("1.4" if language == "en" else "1,4")
    assert any(say("detector version {version}", version=1) in text for text in shown(app))
    assert app.get("plotly_chart")
    assert not app.error
    assert any(option.startswith("2024-03-08") for option in app.selectbox(key="anomaly").options)


def test_opening_it_again_trains_nothing(saw):
    for _time in range(2):
        app = open_page("anomalies", sensor=str(saw))
        assert any("detector version 1" in text for text in shown(app))


def test_the_first_training_learns_from_28_days(saw, monkeypatch):
    asked = []
    engine_class = type(create_ml_engine())
    train = engine_class.train_anomaly_detector
    monkeypatch.setattr(
        engine_class,
        "train_anomaly_detector",
        lambda self, sensor_id, **how: asked.append(how) or train(self, sensor_id, **how),
    )
    open_page("anomalies", sensor=str(saw))
    assert asked == [{"hours": 672}]


def test_it_is_trained_anew_as_chosen(saw):
    app = click(open_page("anomalies", sensor=str(saw), learn="7", contamination="0.05"), "train_detector")
    assert re.fullmatch(r"The detector has learnt from 1,00\d readings; it is version 2 now\.", successes(app)[0])
    facts = create_ml_engine()._models.versions()[f"anomaly-{saw}"].facts
    assert (facts["hours"], facts["contamination"]) == (168, 0.05)
    acts = [str(act.action) for act in read_activities(("sensor",))]
    assert acts == ["detector trained anew: version 2"]  # the first was not anybody's doing


@pytest.mark.parametrize(("values", "said"), [([], "readings"), ([1.0] * 29, "29 good readings are too few")])
def test_too_little_data_is_said_with_a_way_out(values, said, language):
    sensor_id = add_sensor(get_engine(), "Saw light")
    if values:
        store(get_engine(), sensor_id, values)
    app = open_page("anomalies", language, sensor=str(sensor_id))
    assert said in the_error(app) if language == "en" else the_error(app)
    assert {button.key for button in app.button} == {"go_import", "go_data"}
    assert not app.metric


def test_another_sensor_is_still_to_be_chosen_after_an_error(saw):
    empty = add_sensor(get_engine(), "Saw light")
    app = open_page("anomalies", sensor=str(empty))
    the_error(app)
    app.selectbox(key="sensor").set_value(str(saw))
    app = run(app)
    assert not app.error
    assert in_url(app, "sensor") == str(saw)


def test_an_anomaly_is_picked_and_called_real_with_a_note(saw, language, say):
    app = pick_first(open_page("anomalies", language, sensor=str(saw)))
    assert in_url(app, "stretch").startswith("20240308T1")
    note(app).set_value(" bearing *loud* ")
    app = click(app, "verdict_real")
    assert successes(app) == [say("Kept as {verdict}.", verdict=say("real anomaly"))]
    (kept,) = read_verdicts([saw])
    assert (kept.kind, kept.note) == ("real", "bearing *loud*")
    assert kept.started_at <= NOON + (JUMP + LONG) * TEN_MINUTES
    table = app.dataframe[0].value
    assert table[say("Verdict")].tolist().count(say("real anomaly")) == 1
    again = open_page("anomalies", language, sensor=str(saw))
    assert any(say("real anomaly") in option for option in again.selectbox(key="anomaly").options)


def test_a_verdict_is_changed_undone_and_taken_back(saw):
    app = click(open_page("anomalies", sensor=str(saw), stretch=STRETCH), "verdict_false")
    assert kinds() == ["false"]
    app = click(app, "verdict_planned")
    assert kinds() == ["planned"]
    app = click(app, "undo_verdict")
    assert (kinds(), successes(app)) == (["false"], ["That is undone."])
    app = click(app, "take_back")
    assert (kinds(), successes(app)) == ([], ["The verdict is taken back."])
    app = click(app, "undo_verdict")
    assert kinds() == ["false"]
    assert "undo_verdict" not in {button.key for button in app.button}


def test_a_first_verdict_is_undone_at_once(saw):
    app = click(open_page("anomalies", sensor=str(saw), stretch=STRETCH), "verdict_sensor_fault")
    assert kinds() == ["sensor_fault"]
    click(app, "undo_verdict")
    assert kinds() == []


def test_the_times_of_a_verdict_can_be_others_than_those_chosen(saw):
    app = open_page("anomalies", sensor=str(saw), stretch=STRETCH)
    clock = next(field for field in app.time_input if field.key.startswith("verdict_to"))
    clock.set_value(clock.value.replace(hour=12))
    app = click(app, "verdict_real")
    (kept,) = read_verdicts()
    assert kept.ended_at - kept.started_at == timedelta(hours=2)
    assert in_url(app, "stretch") == "20240308T100000-20240308T120000"


def test_an_end_before_the_start_is_refused_and_nothing_is_lost(saw):
    app = open_page("anomalies", sensor=str(saw), stretch=STRETCH)
    note(app).set_value("typed")
    clock = next(field for field in app.time_input if field.key.startswith("verdict_to"))
    clock.set_value(clock.value.replace(hour=9))
    app = click(app, "verdict_real")
    assert "is not after its start" in the_error(app)
    assert (kinds(), note(app).value) == ([], "typed")


def test_who_changes_a_verdict_that_somebody_changed_meanwhile_is_told(saw):
    app = click(open_page("anomalies", sensor=str(saw), stretch=STRETCH), "verdict_real")
    app = run(app)
    (kept,) = read_verdicts()
    change_verdict(kept, Verdict(**{**vars(kept), "kind": "planned"}), actor="Ana")
    note(app).set_value("mine")
    app = click(app, "verdict_false")
    assert "Somebody has changed the verdict" in the_error(app)
    assert (kinds(), note(app).value) == (["planned"], "mine")
    app = click(app, "reload_verdict")
    app = click(app, "verdict_false")
    assert kinds() == ["false"]


def test_who_gives_a_verdict_after_somebody_else_is_told(saw):
    app = open_page("anomalies", sensor=str(saw), stretch=STRETCH)
    start, end = NOON + 6 * 144 * TEN_MINUTES, NOON + 8 * 144 * TEN_MINUTES
    theirs = add_verdict(Verdict(sensor_id=saw, started_at=start, ended_at=end, kind="planned"), actor="Ana")
    app = click(app, "verdict_real")
    assert "There is a verdict already, planned" in the_error(app)
    assert any("Somebody has given or changed the verdict" in as_read(one.value) for one in app.warning)
    delete_verdict(theirs, actor="Ana")
    assert kinds() == []


def test_another_sensor_has_stretches_and_thresholds_of_its_own(saw):
    other = add_sensor(get_engine(), "Saw light")
    store(get_engine(), other, np.random.default_rng(1).normal(5, 1, 900).tolist())
    for query in ({"stretch": STRETCH}, {"view": "threshold", "threshold": "2"}):
        app = open_page("anomalies", sensor=str(saw), **query)
        app.selectbox(key="sensor").set_value(str(other))
        app = run(app)
        assert not app.text_area
        assert app.query_params.get("threshold", "1.4") == "1.4"


def test_closing_the_card_forgets_the_stretch(saw):
    app = click(open_page("anomalies", sensor=str(saw), stretch=STRETCH), "close_verdict")
    assert "stretch" not in app.query_params
    assert not app.text_area


@pytest.mark.parametrize(
    "query",
    [
        {"sensor": "0", "period": "never", "view": "x", "learn": "-1", "contamination": "lots"},
        {"stretch": "now"},
        {"stretch": "20240308T160000-20240308T100000"},
        {"stretch": "00010101T000000-99991231T235959"},
        {"stretch": "20240308T100000-20240308T100000-1"},
        {"view": "threshold", "threshold": "nan"},
        {"view": "threshold", "threshold": "-1e999"},
        {"view": "threshold", "threshold": "high"},
        {"period": "custom", "from": "yesterday", "to": "9999-99-99"},
        {"period": "custom", "from": "2020-01-01", "to": "2020-01-02"},
    ],
)
def test_nonsense_in_the_url_does_no_harm(saw, query):
    app = open_page("anomalies", **query)
    assert not app.error
    assert app.metric
    assert not app.text_area


def test_a_stretch_outside_the_period_is_shown_all_the_same(saw):
    app = open_page("anomalies", sensor=str(saw), stretch="20200101T000000-20200102T000000")
    assert note(app).value == ""
    assert not app.error


def test_names_and_units_with_power_are_shown_letter_by_letter():
    from src.sensors.sensor_fields import SensorDescription

    one = create_sensor_manager().add(
        SensorDescription(display_name="=1+1 <b>*x*</b> %{x}", equipment="[a](b)", sensor_type="$x$", unit="<i>%{y}")
    )
    store(get_engine(), one.sensor_id, np.random.default_rng(1).normal(5, 1, 900).tolist())
    for view in ("anomalies", "threshold"):
        assert not open_page("anomalies", sensor=str(one.sensor_id), view=view).error


def test_a_sensor_that_is_still_learning_has_nothing_to_replay(language, say):
    sensor_id = add_sensor(get_engine(), "Saw light")
    store(get_engine(), sensor_id, np.random.default_rng(1).normal(5, 1, 31).tolist())
    app = open_page("anomalies", language, sensor=str(sensor_id))
    assert figures(app)[say("Last alarm")] == "—"
    assert say("No alarm was raised in this period, and there is no verdict.") in [one.value for one in app.info]
    app = open_page("anomalies", language, sensor=str(sensor_id), view="threshold")
    said = say("Nothing can be replayed yet: the detector is still learning what is usual.")
    assert (said in [one.value for one in app.info], len(app.select_slider)) == (True, 0)


def test_a_threshold_is_found_adopted_kept_and_given_back(saw, language, say):
    app = open_page("anomalies", language, sensor=str(saw), view="threshold")
    assert figures(app)[say("Known faults caught")] == say("{caught} of {faults}", caught=0, faults=0)
    app.text_input(key="wanted_rate").set_value("0.1" if language == "en" else "0,1")
    app = click(app, "find")
    chosen = float(in_url(app, "threshold"))
    assert chosen > 1.4
    assert figures(app)[say("Alarms a week")] == "0"
    app = click(app, "adopt")
    assert len(app.success) == 1
    assert create_ml_engine().alarm_history(saw).alarm_threshold == pytest.approx(chosen)
    assert app.button(key="adopt").disabled
    app = click(app, "former_threshold_button")
    assert create_ml_engine().alarm_history(saw).alarm_threshold == 1.4


def test_verdicts_count_in_the_replay(saw):
    past = create_ml_engine().alarm_history(saw).past
    (alarm, *_) = past.times[past.is_anomaly]
    row = int((alarm - past.times[0]) / np.timedelta64(10, "m"))
    start = NOON + (row - 1) * TEN_MINUTES + (ROWS - len(past)) * TEN_MINUTES
    for kind, caught, false in (("real", "1 of 1", "0"), ("false", "0 of 0", "1")):
        kept = add_verdict(
            Verdict(sensor_id=saw, started_at=start, ended_at=start + 3 * TEN_MINUTES, kind=kind), actor=""
        )
        shown_now = figures(open_page("anomalies", sensor=str(saw), view="threshold"))
        assert (shown_now["Known faults caught"], shown_now["False alarms"]) == (caught, false)
        delete_verdict(kept, actor="")


@pytest.mark.parametrize("typed", ["", "many", "-1", "0", "nan", "1e999"])
def test_a_rate_that_is_none_is_refused(saw, typed):
    app = open_page("anomalies", sensor=str(saw), view="threshold")
    app.text_input(key="wanted_rate").set_value(typed)
    app = click(app, "find")
    assert the_error(app)
    assert app.metric


def test_a_threshold_in_the_url_is_shown(saw):
    app = open_page("anomalies", sensor=str(saw), view="threshold", threshold="2")
    assert app.select_slider[0].value == pytest.approx(2, abs=0.1)
    assert create_ml_engine().alarm_history(saw).alarm_threshold == 1.4
