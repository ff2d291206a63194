"""Sensors and machines: empty, changed, refused, and changed by two at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from src.api.keys import ApiKeys, Scope
from src.sensors.event_changes import add_event, end_event, list_events
from src.sensors.events import Event
from src.sensors.machines import list_machines
from src.sensors.sensor_fields import SensorDescription
from src.sensors.sensor_manager import Sensor, create_sensor_manager
from tests.integration.pages.samples import as_read, click, open_page, run, shown, the_error

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def saw() -> Sensor:
    description = SensorDescription(
        display_name="Saw *heat*", equipment="Saw", sensor_type="temperature", unit="°C", warning_high=60.5
    )
    return create_sensor_manager().add(description)


def field(app: AppTest, beginning: str) -> AppTest:
    """The widget whose key begins so."""
    (found,) = [
        widget
        for kind in ("text_input", "selectbox", "text_area", "checkbox", "date_input", "time_input")
        for widget in getattr(app, kind)
        if (widget.key or "").startswith(beginning)
    ]
    return found


def stored() -> list[Sensor]:
    return create_sensor_manager().get_all_sensors()


def test_without_sensors_it_offers_the_demo_plant_and_a_form(language, say):
    app = open_page("sensors", language)
    assert app.info[0].value == say("There are no sensors yet. Add one, or load the demo plant to try everything out.")
    assert app.button(key="load_demo").label == say("Load the demo plant")
    field(app, "display_name_new").set_value("Saw heat")
    field(app, "equipment_new").set_value("Saw")
    field(app, "sensor_type_new").set_value("temperature")
    field(app, "warning_high_new").set_value("60,5")
    click(app, "submit_sensor_new_0")
    assert [(one.display_name, one.equipment, one.warning_high) for one in stored()] == [("Saw heat", "Saw", 60.5)]
    assert as_read(app.success[0].value) == say("The sensor {name} is added.", name="Saw heat")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"display_name": "  "}, "Name is empty"),
        ({"warning_high": "warm"}, "'warm', which is no number"),
        ({"warning_high": "1e999"}, "larger"),
        ({"critical_high": "50"}, "High warning limit (60.5) is above High critical limit (50.0)"),
        ({"warning_high": "1,234"}, "can be read as"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(saw, changes, message):
    app = open_page("sensors")
    for name, text in changes.items():
        field(app, f"{name}_{saw.sensor_id}").set_value(text)
    click(app, f"submit_sensor_{saw.sensor_id}_0")
    assert message in the_error(app)
    assert stored() == [saw]
    for name, text in changes.items():
        assert field(app, f"{name}_{saw.sensor_id}").value == text


def test_a_sensor_is_changed_in_the_readers_own_numbers(saw, language):
    app = open_page("sensors", language)
    limit = field(app, f"warning_high_{saw.sensor_id}")
    assert limit.value == {"en": "60.5", "pt_BR": "60,5"}[language]
    limit.set_value("61,25")
    click(app, f"submit_sensor_{saw.sensor_id}_0")
    assert stored()[0].warning_high == 61.25
    assert field(app, f"warning_high_{saw.sensor_id}").value == {"en": "61.25", "pt_BR": "61,25"}[language]
    history = open_page("sensors", language, view="history")
    assert any("60,5 → 61,25" in text or "60.5 → 61.25" in text for text in shown(history))


def test_who_saves_second_is_told_and_may_look_at_what_the_first_has_stored(saw):
    app = open_page("sensors")
    first = create_sensor_manager().update(
        saw, SensorDescription(display_name="Saw heat", equipment="Saw", sensor_type="temperature"), actor="Ana"
    )
    field(app, f"unit_{saw.sensor_id}").set_value("K")
    click(app, f"submit_sensor_{saw.sensor_id}_0")
    assert "Somebody has changed the sensor" in the_error(app)
    assert "opened it" in app.warning[0].value
    assert stored() == [first]
    click(app, "reload_sensor")
    assert not app.warning
    assert field(app, f"unit_{saw.sensor_id}").value == ""


def test_a_sensor_is_taken_out_of_use_and_back(saw):
    app = click(open_page("sensors"), "switch_sensor")
    assert not stored()[0].enabled
    click(app, "switch_sensor")
    assert stored() == [saw]


def test_a_sensor_is_deleted_only_when_its_name_is_typed(saw):
    app = open_page("sensors")
    click(app, "delete_sensor")
    assert the_error(app) == "That is not its name. Nothing is deleted."
    field(app, "confirm_").set_value("Saw *heat*")
    click(app, "delete_sensor")
    assert stored() == []
    assert as_read(app.success[0].value) == "The sensor Saw *heat* is deleted, with 0 readings."


def test_filters_come_from_the_url_and_find_by_word_and_machine(plant):
    app = open_page("sensors", search="TEMP press")
    assert app.dataframe[0].value["Name"].tolist() == ["Press 1 temperature"]
    app = open_page("sensors", machine="Pump 2")
    assert len(app.dataframe[0].value) == 3
    app = open_page("sensors", search="zzz", machine="nowhere")
    assert app.info[0].value == "No sensor fits the filters."
    click(app, "show_all")
    assert len(app.dataframe[0].value) == 12


@pytest.mark.parametrize("query", [{"view": "x"}, {"sensor": "9" * 99}, {"sensor": "abc", "search": "\0<b>"}])
def test_nonsense_in_the_url_does_no_harm(saw, query):
    app = open_page("sensors", **query)
    assert not app.error


def test_a_machine_is_renamed(plant):
    app = open_page("sensors", view="machines", rename="Pump 2")
    field(app, "new_name_").set_value("Press 1")
    click(app, "rename_machine")
    assert "already" in the_error(app)
    field(app, "new_name_").set_value("Big pump")
    click(app, "rename_machine")
    assert [machine.name for machine in list_machines()] == ["Press 1", "Big pump", "Fan 3", "Mixer 4"]


def test_an_event_that_goes_on_is_ended_at_the_press_of_a_button(saw, language, say):
    event = add_event(Event("Saw", "failure", NOON, note="*smoke*"), actor="Ana")
    app = open_page("sensors", language, view="events")
    assert app.button(key=f"end_{event.event_id}").label == say("End now")
    click(app, f"end_{event.event_id}")
    (ended,) = list_events()
    assert ended.ended_at is not None
    assert datetime.now(UTC) - ended.ended_at < timedelta(minutes=5)


def test_an_event_is_added_and_an_overlapping_one_refused(saw):
    app = open_page("sensors", view="events")
    assert app.info[0].value == "No event is known here yet."
    click(app, "submit_new_Saw_0_UTC")
    (event,) = list_events()
    assert (event.equipment, event.kind, event.ended_at) == ("Saw", "failure", None)
    click(app, "submit_new_Saw_1_UTC")
    assert "already, and this one overlaps it" in the_error(app)
    assert len(list_events()) == 1


def test_an_event_that_is_changed_keeps_its_seconds(saw):
    start = NOON.replace(second=42)
    event = add_event(Event("Saw", "failure", start), actor="Ana")
    app = open_page("sensors", view="events")
    field(app, f"note_{event.event_id}").set_value("smoke")
    click(app, f"submit_{event.event_id}_0_UTC")
    (changed,) = list_events()
    assert (changed.started_at, changed.note) == (start, "smoke")


def test_who_changes_an_event_second_is_told(saw):
    event = add_event(Event("Saw", "failure", NOON), actor="Ana")
    app = open_page("sensors", view="events")
    end_event(event, NOON + timedelta(hours=1), actor="Bia")
    field(app, f"note_{event.event_id}").set_value("smoke")
    click(app, f"submit_{event.event_id}_0_UTC")
    assert "Somebody has changed the event" in the_error(app)
    assert list_events()[0].note == ""


def test_an_event_is_deleted_only_when_its_machine_is_typed(saw):
    add_event(Event("Saw", "failure", NOON), actor="Ana")
    app = click(open_page("sensors", view="events"), "delete_event")
    assert the_error(app) == "That is not its name. Nothing is deleted."
    field(app, "confirm_event_").set_value("Saw")
    click(app, "delete_event")
    assert list_events() == []


def test_the_history_is_empty_and_then_names_who(saw, language, say):
    app = open_page("sensors", language, view="history")
    assert app.info[0].value == say("Nothing has been changed yet.")
    create_sensor_manager().set_enabled(saw, False, actor="Ana")
    app = run(app)
    assert app.dataframe[0].value[say("Who")].tolist() == ["Ana"]


def test_the_history_has_the_keys_of_the_api(saw, language, say):
    create_sensor_manager().set_enabled(saw, False, actor="Ana")
    ApiKeys().create("line 3", Scope.READ, actor="Rui")
    ApiKeys().revoke("line 3", actor="Rui")
    acts = open_page("sensors", language, view="history").dataframe[0].value
    assert acts[say("Kind")].tolist()[:2] == [say("API key")] * 2
    assert acts[say("What")].tolist()[:2] == [say("revoked"), say("made, for reading only")]
