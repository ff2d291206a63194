"""What people do to models is done and remembered, or neither; on real databases."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from src.config import get_settings
from src.database.activities import Activity, read_activities
from src.database.engine import get_engine
from src.errors import DatabaseUnavailable, DuplicateModelName, ModelCorrupt, ModelNotFound
from src.ml import model_acts
from src.utils.model_store import default_store
from tests.integration.pages.samples import Compared, compare

ANA = "Ana Souza"


@pytest.fixture(scope="module")
def compared() -> Compared:
    return compare(include=["lr", "dummy"])


@pytest.fixture(autouse=True)
def database(engine: sa.Engine) -> None:
    """The database that the settings name, in SQLite and in PostgreSQL."""


def save(compared: Compared, name: str = "pump", *, overwrite: bool = False) -> None:
    best = compared.whole.finalists[0]
    model_acts.save(ANA, compared.whole, best.id, best.artefact, name, "notes", overwrite=overwrite)


def acts() -> list[Activity]:
    return read_activities("model")


def test_saving_is_remembered_and_kept_with_the_model(compared):
    save(compared)
    save(compared, overwrite=True)
    assert [(act.actor, act.subject, str(act.action)) for act in acts()] == [
        (ANA, "pump", "Saved version 2."),
        (ANA, "pump", "Saved version 1."),
    ]
    assert default_store().describe("pump")["details"]["saved_by"] == ANA


def test_going_back_and_forward_again_is_remembered_with_where_one_came_from(compared):
    save(compared)
    save(compared, overwrite=True)
    model_acts.go_back(ANA, "pump", 1)
    model_acts.go_back(ANA, "pump", 2)
    forward, back, *_ = acts()
    assert (back.action.values, forward.action.values) == ({"version": 1, "before": 2}, {"version": 2, "before": 1})


def test_the_whole_way_of_a_model_is_remembered(compared):
    save(compared)
    file = io.BytesIO()
    model_acts.edit_notes(ANA, "pump", "better notes")
    model_acts.export_to(ANA, file, "pump")
    model_acts.import_from("Bruno", file, "twin")
    model_acts.trust("Bruno", "twin")
    model_acts.delete("", "pump")
    assert [(act.actor, act.subject) for act in acts()] == [
        ("", "pump"),
        ("Bruno", "twin"),
        ("Bruno", "twin"),
        (ANA, "pump"),
        (ANA, "pump"),
        (ANA, "pump"),
    ]
    assert list(default_store().entries()) == ["twin"]
    assert len(read_activities("model", "pump")) == 4


def test_what_was_not_done_is_not_remembered(compared):
    save(compared)
    default_store().describe("pump")
    with pytest.raises(ModelNotFound):
        model_acts.delete(ANA, "gone")
    with pytest.raises(DuplicateModelName):
        save(compared)
    with pytest.raises(ModelNotFound):
        model_acts.go_back(ANA, "pump", 9)
    (get_settings().models_dir / "pump.pkl").write_bytes(b"changed")
    with pytest.raises(ModelCorrupt):
        model_acts.export_to(ANA, io.BytesIO(), "pump")
    assert [str(act.action) for act in acts()] == ["Saved version 1."]


def test_without_a_database_to_remember_it_nothing_is_done(compared, tmp_path, monkeypatch):
    save(compared)
    (tmp_path / "broken.db").write_bytes(b"This is no database. " * 100)
    monkeypatch.setenv("FAROL_DATABASE_URL", f"sqlite:///{tmp_path / 'broken.db'}")
    get_settings.cache_clear()
    for act in (
        lambda: model_acts.delete(ANA, "pump"),
        lambda: model_acts.edit_notes(ANA, "pump", "lost"),
        lambda: save(compared, "second"),
    ):
        with pytest.raises(DatabaseUnavailable):
            act()
    get_engine().dispose()
    assert default_store().describe("pump")["metadata"]["description"] == "notes"
    assert list(default_store().entries()) == ["pump"]
