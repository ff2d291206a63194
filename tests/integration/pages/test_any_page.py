"""What holds on every page: a database that is away, and one language at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from src.config import PROJECT_ROOT, get_settings
from src.database.engine import get_engine
from src.ml import model_acts
from tests.integration.pages.samples import (
    SECONDS,
    Compared,
    as_read,
    click,
    open_page,
    put_finished_job,
    put_running_job,
    run,
    shown,
    the_error,
)
from tests.integration.price_samples import BETTER, WITHOUT, WORSE, put_models, put_products

PAGES = (
    "home",
    "forecasting",
    "anomalies",
    "prices",
    "price_board",
    "train",
    "predict",
    "models",
    "data",
    "import",
    "sensors",
    "jobs",
)
NO_ANSWER = "The database does not answer: {reason}. Check FAROL_DATABASE_URL and the disk, then try again."


@pytest.fixture
def broken_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The settings name a file that is no database."""
    (tmp_path / "broken.db").write_bytes(b"This is no database. " * 100)
    monkeypatch.setenv("FAROL_DATABASE_URL", f"sqlite:///{tmp_path / 'broken.db'}")
    get_settings.cache_clear()
    yield
    get_engine().dispose()


@pytest.mark.parametrize("page", PAGES)
def test_a_database_that_does_not_answer_is_said_so(page, model, broken_database, language, say):
    app = open_page(page, language, **({"job": "0123456789abcdef"} if page in ("train", "import") else {}))
    if page == "predict":  # what needs the database there is only the history
        app = click(app, "predict")
        assert app.metric[0].value in ("normal", "warning", "failure")
    said = {as_read(error.value).split("  \n")[0] for error in app.error}
    assert said == {say(NO_ANSWER, reason="file is not a database")}


def test_the_dashboard_says_so_when_it_cannot_start(broken_database, language, say):
    app = open_dashboard(language)
    assert the_error(app).startswith(say(NO_ANSWER, reason="file is not a database"))
    assert not app.title
    assert app.sidebar.selectbox[0].label == say("Language")


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("pt", "Início"),
        ("pt-BR", "Início"),
        ("pt_BR", "Início"),
        ("en-GB", "Home"),
        ("de", "Home"),
    ],
)
def test_the_dashboard_opens_on_home_in_the_language_of_the_url(plant, asked, title):
    app = open_dashboard()
    app.query_params["lang"] = asked
    app = run(app)
    assert app.title[0].value == title
    assert app.sidebar.selectbox[0].label == {"Início": "Idioma", "Home": "Language"}[title]
    assert not app.error


def open_dashboard(language: str | None = None) -> AppTest:
    app = AppTest.from_file(str(PROJECT_ROOT / "main_dash.py"), default_timeout=SECONDS)
    if language:
        app.session_state["lang"] = language
        run(app)
    return app


LABELS = {"normal", "warning", "failure"}
"""The classes of the training table are data, and stay what they are."""


def test_a_portuguese_page_has_nothing_in_english(plant, model, classes, values, catalogue):
    finished = [put_finished_job(each.whole).job_id for each in (classes, values)]
    running = put_running_job(classes.half)
    put_products()
    put_models()
    pages = [open_page(path, "pt_BR") for path in PAGES]
    pages += [open_page("train", "pt_BR", job=job_id) for job_id in (*finished, running)]
    model_acts.save("Ana", classes.whole, *finalist_of(classes), "press", "notas")
    model_acts.save("Ana", values.whole, *finalist_of(values), "bomba")
    pages += [open_page("models", "pt_BR", model="press", **more) for more in ({}, {"with": "bomba"})]
    pages += [open_page("data", "pt_BR", view=view) for view in ("one", "export")]
    pages += [
        open_page("forecasting", "pt_BR", view=view)
        for view in ("metrics", "backtest", "components", "issued", "values")
    ]
    pages += [open_page("forecasting", "pt_BR", model="prophet")]
    pages += [
        open_page("prices", "pt_BR", view=view, sku=sku)
        for view in ("quality", "importance", "elasticity", "versions", "values")
        for sku in (BETTER, WORSE, WITHOUT)
    ]
    stretch = "20240301T100000-20240301T160000"
    pages += [open_page("anomalies", "pt_BR", view="threshold"), open_page("anomalies", "pt_BR", stretch=stretch)]
    pages += [open_page("train", "pt_BR", source="upload"), click(open_page("predict", "pt_BR"), "predict")]
    english = _patterns(text for text, portuguese in catalogue.items() if text != portuguese and text not in LABELS)
    texts = {text for app in pages for text in shown(app)}
    assert {text: pattern.pattern for text in texts for pattern in english if pattern.fullmatch(text)} == {}


def finalist_of(compared: Compared) -> tuple[str, bytes]:
    best = compared.whole.finalists[0]
    return best.id, best.artefact


def _patterns(texts: Iterable[str]) -> list[re.Pattern[str]]:
    """What texts look like once their placeholders are filled in."""
    return [re.compile(".*".join(map(re.escape, re.split(r"\{.*?\}", text)))) for text in texts]
