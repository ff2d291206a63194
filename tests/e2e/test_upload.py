"""A table of one's own: what is understood of it, and what is said about one that cannot be read."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.comparisons import choose, expect_result, leaderboard, ranked, start
from tests.e2e.server import Server, running_server
from tests.e2e.widgets import (
    choose_option,
    expect_chart,
    expect_chosen,
    expect_no_error,
    keyed,
    keyed_from,
    table_with,
    upload,
    wait_for,
)

EXPANDED_MB = 20


@pytest.fixture(scope="module")
def server(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard without a plant, so that nothing but what is uploaded can be trained on."""
    settings = {"FAROL_UPLOAD_MAX_EXPANDED_MB": str(EXPANDED_MB)}
    with running_server(tmp_path_factory.mktemp("upload"), days=0, settings=settings) as server:
        yield server


@pytest.fixture
def form(page: Page, server: Server) -> Page:
    """The page Train and compare, waiting for a file."""
    page.goto(f"{server.url}/train")
    keyed(page, "source").get_by_role("radio").last.click()
    expect(keyed(page, "file")).to_be_visible()
    return page


def pump_table(rows: int = 200) -> bytes:
    """A table in which the power follows from speed and load, and the state from the power."""
    numbers = random.Random(7)
    lines = ["speed,load,power,state"]
    for _ in range(rows):
        speed, load = numbers.uniform(500, 3000), numbers.uniform(0, 1)
        power = speed * load / 100 + numbers.gauss(0, 0.5)
        lines.append(f"{speed:.1f},{load:.3f},{power:.2f},{'high' if power > 12 else 'low'}")
    return "\n".join(lines).encode()


def test_the_occupancy_file_as_it_is_can_be_trained_on(form: Page, real_data: Path) -> None:
    file = real_data / "occupancy" / "datatraining.txt"
    upload(form, file.name, file.read_bytes())
    expect(form.get_by_test_id("stCaptionContainer").filter(has_text="first column has no name")).to_be_visible()
    expect(keyed_from(form, "target_").locator("input")).to_have_value("Occupancy")
    expect_chosen(keyed_from(form, "features_"), ["Temperature", "Humidity", "Light", "CO2", "HumidityRatio"])
    for left_out in ("row_number", "date"):
        expect(form.get_by_test_id("stCaptionContainer").filter(has_text=f"'{left_out}' is left out")).to_be_visible()
    expect(keyed_from(form, "split_").get_by_role("radio", name="By time")).to_be_checked()

    choose(form, ["Linear Discriminant Analysis", "Naive Bayes", "Dummy Classifier"], rows=2_000)
    start(form)
    expect_result(form, finalists=3)
    wait_for(form, lambda: len(ranked(form)) == 3, "the leaderboard")
    rows = wait_for(form, lambda: leaderboard(form), "the leaderboard")
    assert rows[-1]["Model"] == "Dummy Classifier"
    assert float(rows[0]["Accuracy"].split()[0]) > 0.95
    expect(form.get_by_text("datatraining.txt", exact=False).first).to_be_visible()
    expect_no_error(form)


def test_a_number_is_predicted_with_charts_of_its_own(form: Page) -> None:
    upload(form, "pump.csv", pump_table())
    expect(keyed_from(form, "target_")).to_be_visible()
    choose_option(keyed_from(form, "target_"), "power")
    task = keyed_from(form, "task_")
    expect(task.get_by_role("radio", name="A number")).to_be_checked()
    candidates = {
        "lr": "Linear Regression",
        "ridge": "Ridge Regression",
        "br": "Bayesian Ridge",
        "et": "Extra Trees Regressor",
        "dummy": "Dummy Regressor",
    }
    choose(form, candidates.values(), rows=200)
    start(form)
    expect_result(form, finalists=5)
    rows = wait_for(form, lambda: table_with(form, "Rank", "Model", "R2"), "the leaderboard")
    assert rows[-1]["Model"] == "Dummy Regressor"
    assert float(rows[0]["R2"].split()[0]) > 0.9
    for candidate in candidates:
        for chart in (f"actual_{candidate}", f"residuals_{candidate}"):
            expect_chart(form, chart)
            expect(keyed(form, chart).locator(".scatterlayer path.point")).to_have_count(60)
    expect_no_error(form)


def test_a_file_that_cannot_be_read_is_refused_with_the_reason_and_a_good_one_goes_on_from_there(
    form: Page, server: Server
) -> None:
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * (EXPANDED_MB * 300_000))
    assert len(bomb) < 100_000
    bad = {
        "ragged.csv": (b"a,b\n1,2\n3,4,5\n6,7\n", "Row 3 has 3 cells"),
        "empty.csv": (b"", "empty"),
        "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "PNG"),
        "binary.csv": (bytes(range(1, 256)) * 20, "Row 1, column 1"),
        "bomb.csv.gz": (bomb, "expands to more than"),
        "header.csv": (b"a,b\n", "has a header but no rows"),
        "notes.parquet": (b"not one", "does not begin as one"),
    }
    for name, (content, reason) in bad.items():
        upload(form, name, content)
        error = form.get_by_test_id("stAlertContentError")
        expect(error, f"on {name}").to_contain_text(reason)
        expect(error).not_to_contain_text("Traceback")
        expect(form.get_by_test_id("stException")).to_have_count(0)
        expect(keyed(form, "start")).to_have_count(0)
        assert server.process is not None
        assert server.process.poll() is None

    upload(form, "pump.csv", pump_table())
    expect(keyed(form, "start")).to_be_visible()
    expect(keyed_from(form, "target_").locator("input")).to_have_value("state")
    expect_no_error(form)
