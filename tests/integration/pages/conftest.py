"""What the tests of the pages start from: a database, a plant, comparisons, a model, and a language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from src.dashboard.locale import FOLDER, LANGUAGES
from src.dashboard.locale.extract import read_catalogue
from src.ml.signature import Signature, describe_features
from src.sensors.demo_plant import load_demo_plant
from src.utils.model_store import default_store
from tests.integration.pages.samples import FEATURES, UNITS, Compared, Say, compare, plant_table


@pytest.fixture(autouse=True)
def database(sqlite_database: None, components_found_once: None) -> Iterator[None]:
    """An empty database, and caches in which nothing is left of the test before."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that a page starts waits for ever: what it does is tested elsewhere, and it would outlive the test."""
    monkeypatch.setattr("src.jobs.lifecycle.start_waiting", lambda: None)


@pytest.fixture
def plant() -> None:
    load_demo_plant(days=3, equipment=4)


@pytest.fixture(scope="session")
def classes() -> Compared:
    """A comparison of classifiers."""
    return compare(include=["lr", "dt", "ridge", "dummy"])


@pytest.fixture(scope="session")
def values() -> Compared:
    """A comparison of regressors."""
    return compare("vibration", features=["lux", "temperature"], include=["lr", "dummy"])


@pytest.fixture
def model() -> str:
    """A small model as a comparison would save it, with a signature."""
    table = plant_table()
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(table[FEATURES], table["state"])
    labels = tuple(sorted(set(table["state"])))
    signature = Signature(describe_features(table[FEATURES], UNITS), "state", "classification", labels)
    metadata = {"model_type": "LogisticRegression", "accuracy": 0.93, "description": "the first one"}
    default_store().save(fitted, "states", metadata, details={"signature": signature.to_dict()})
    return "states"


@pytest.fixture(params=list(LANGUAGES))
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def catalogue() -> dict[str, str]:
    """Each text in Portuguese."""
    return {str(message.id): str(message.string) for message in read_catalogue(FOLDER / "pt_BR.po") if message.id}


@pytest.fixture
def say(language: str, catalogue: dict[str, str]) -> Say:
    """A text in the language of the test."""

    def in_language(text: str, **values: object) -> str:
        assert text in catalogue
        return (text if language == "en" else catalogue[text]).format(**values)

    return in_language
