"""The plant: empty, well, and with something to do next."""

from __future__ import annotations

from tests.integration.pages.samples import (
    click,
    open_page,
    shown,
)


def test_without_sensors_the_plant_offers_the_demo_plant(language, say):
    app = open_page("plant", language)
    assert app.title[0].value == say("Plant")
    assert app.info[0].value == say("There are no sensors yet. Load the demo plant to try everything out.")
    assert app.button(key="load_demo").label == say("Load the demo plant")
    assert not app.metric


def test_the_demo_plant_is_loaded_at_the_press_of_a_button():
    app = click(open_page("plant"), "load_demo")
    assert app.success[0].value == "The demo plant is loaded."
    assert app.metric[0].value == "6"
    assert not app.info


def test_the_plant_shows_each_machine_with_its_state_and_readings(plant, language, say):
    app = open_page("plant", language)
    assert {metric.label: metric.value for metric in app.metric}[say("Machines")] == "4"
    texts = shown(app)
    assert {"Press 1", "Pump 2", "Fan 3", "Mixer 4"} <= set(texts)
    assert set(texts) & {say(state) for state in ("normal", "warning", "failure")}
    for quantity, unit in (("Light", "lx"), ("Temperature", "°C"), ("Vibration", "mm/s")):
        assert any(f"{say(quantity)} " in text and unit in text for text in texts)
    assert app.button(key="go_train").label == say("Train and compare")


def test_with_a_saved_model_the_plant_suggests_to_ask_it(plant, model, language, say):
    app = open_page("plant", language)
    assert app.button(key="go_predict").label == say("Predict by hand")
