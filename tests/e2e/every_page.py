"""The pages, for the tests that go through all of them."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.browser import settled
from tests.e2e.trained import Trained
from tests.e2e.widgets import keyed

PAGES = {
    "home": "Home",
    "forecasting": "Forecasting",
    "model_status": "Model status",
    "training": "Training",
    "predict": "Predict by hand",
    "batch": "Predict a file",
    "history": "Past predictions",
    "models": "Models",
    "model": "Models",
    "train": "Train and compare",
    "result": "Train and compare",
    "data": "Data quality",
    "one_sensor": "Data quality",
    "import": "Import readings",
    "sensors": "Sensors and machines",
    "jobs": "Jobs",
    "anomalies": "Anomaly detection",
    "thresholds": "Anomaly detection",
    "prices": "Product prices",
    "price_board": "Price board",
}
"""Each page, some of them as they are with something on them, to its title."""


def open_page(page: Page, trained: Trained, name: str, language: str = "") -> None:
    """Open a page and wait until it is drawn; the one for predictions has an answer on it."""
    path = {"home": "", "result": "train", "model": "models", "one_sensor": "data", "thresholds": "anomalies"}.get(
        name, name
    )
    query = {
        "result": {"job": trained.job_id},
        "model": {"model": trained.model},
        "one_sensor": {"view": "one"},
        "anomalies": {"stretch": "20240301T100000-20240301T160000"},  # any stretch can be given a verdict
        "thresholds": {"view": "threshold"},
    }.get(name, {})
    query |= {"lang": language} if language else {}
    page.goto(f"{trained.server.url}/{path}?{'&'.join(f'{key}={value}' for key, value in query.items())}")
    if name == "predict":
        keyed(page, "predict").get_by_role("button").click()
        expect(keyed(page, "response").locator("svg.main-svg").first).to_be_visible()
    if name == "result":
        expect(keyed(page, f"save_{trained.finalists[-1]}")).to_be_attached()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    settled(page)


def title(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()
