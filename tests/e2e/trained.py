"""A dashboard on which somebody has trained and saved."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Browser, expect

from tests.e2e.browser import open_context
from tests.e2e.comparisons import choose, expect_result, finalists, open_candidate, start
from tests.e2e.server import Server
from tests.e2e.widgets import keyed, type_text

WITH_PROBABILITIES = {
    "lr": "Logistic Regression",
    "knn": "K Neighbors Classifier",
    "nb": "Naive Bayes",
    "lda": "Linear Discriminant Analysis",
    "rf": "Random Forest Classifier",
}
OTHERS = {"ridge": "Ridge Classifier"}
"""These give no probabilities, so that their AUC is not available."""
PRICED = [f"SKU{number:03d}" for number in range(1, 13)]
"""Products with a model, of sixty."""


@dataclass(frozen=True)
class Trained:
    """A comparison of the plant that is done, one of its best that is saved, and models for each sensor; some products.

    Attributes
    ----------
    job_id : str
        Of the comparison.
    finalists : tuple of str
        Identifiers of the best, in order.
    saved : str
        Which of them is saved; it gives probabilities.
    model, notes : str
        What it is called, and what was noted.
    """

    server: Server
    job_id: str
    finalists: tuple[str, ...]
    saved: str
    model: str = "Pump watch"
    notes: str = "Of the first week."


def train_and_save(browser: Browser, server: Server) -> Trained:
    """Compare models on the plant and save one of the best, all by hand; train all sensors and some products."""
    context = open_context(browser, [])
    page = context.new_page()
    page.goto(f"{server.url}/train")
    choose(page, [*WITH_PROBABILITIES.values(), *OTHERS.values()], rows=1_500)
    job_id = start(page)
    expect_result(page, finalists=5)
    best = finalists(page, job_id)
    trained = Trained(server, job_id, best, saved=next(name for name in best if name in WITH_PROBABILITIES))
    name, button = open_candidate(page, job_id, trained.saved)
    type_text(name, trained.model)
    type_text(keyed(page, f"notes_{job_id}_{trained.saved}").locator("textarea"), trained.notes)
    button.click()
    expect(page.get_by_test_id("stAlertContentSuccess").filter(has_text=trained.model)).to_be_visible()
    context.close()
    server.run("sensors", "train")
    server.run("prices", "generate", "--products", "60")
    server.run("prices", "train", "--no-optimize", *(word for sku in PRICED for word in ("--sku", sku)))
    return trained
