"""Save, list, load, predict, delete from Python: with what a comparison makes, and with other estimators."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from src.config import PROJECT_ROOT
from src.errors import DuplicateModelName, ModelNotFound
from src.ml.model_comparison import compare_models
from src.ml.saved_models import load_saved, save_finalist
from src.utils import model_store
from src.utils.model_store import delete_model, get_models_summary, list_models, load_model, save_model

SCENARIOS = [[15.0, 14.0, 0.5], [35.0, 80.0, 9.0]]


class Nearest(ClassifierMixin, BaseEstimator):
    """An estimator of one's own: the class of the nearest training row."""

    def fit(self, rows, classes):
        self.rows_, self.classes_of_rows_ = np.asarray(rows), np.asarray(classes)
        return self

    def predict(self, rows):
        distances = ((np.asarray(rows)[:, None, :] - self.rows_[None, :, :]) ** 2).sum(axis=2)
        return self.classes_of_rows_[distances.argmin(axis=1)]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Readings of lux, temperature and vibration with the state that they stand for."""
    rng = np.random.default_rng(5)
    failing = rng.random(240) < 0.4
    return pd.DataFrame(
        {
            "lux": rng.normal(25, 5, 240),
            "temperature": np.where(failing, 75, 35) + rng.normal(0, 8, 240),
            "vibration": np.where(failing, 7, 2) + rng.normal(0, 1, 240),
            "state": np.where(failing, "failure", "normal"),
        }
    )


def in_new_process(folder: Path, code: str, *arguments: str) -> str:
    """Run code in a process that shares nothing with this one but the environment; return the last line it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,  # PyCaret leaves a log where it runs
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "estimator",
    [make_pipeline(StandardScaler(), LogisticRegression()), RandomForestClassifier(20, random_state=0), Nearest()],
    ids=["pipeline", "forest", "own class"],
)
def test_from_saving_to_deleting(settings, table, estimator):
    features = table[["lux", "temperature", "vibration"]].to_numpy()
    trained = estimator.fit(features, table["state"])
    metadata = {"model_type": type(trained).__name__, "accuracy": 0.95, "description": "for production"}

    save_model(trained, "modelo_producao_v1", metadata)

    assert list_models()["modelo_producao_v1"]["metadata"] == metadata
    row = get_models_summary().iloc[0]
    assert (row["name"], row["model_type"], row["accuracy"]) == ("modelo_producao_v1", metadata["model_type"], 0.95)
    loaded = load_model("modelo_producao_v1")
    assert loaded.predict(SCENARIOS).tolist() == trained.predict(SCENARIOS).tolist() == ["normal", "failure"]
    with pytest.raises(DuplicateModelName):
        save_model(trained, "modelo_producao_v1", metadata)
    delete_model("modelo_producao_v1")
    assert list_models() == {}
    with pytest.raises(ModelNotFound):
        load_model("modelo_producao_v1")


def test_the_best_of_a_comparison_predicts_in_a_process_without_pycaret(settings, table, tmp_path):
    comparison = compare_models(
        table, "state", include=["lightgbm", "rf", "lr"], fold=3, executor=ThreadPoolExecutor(1), split="random"
    )
    for finalist in comparison.finalists:
        save_finalist(comparison, finalist.id, finalist.artefact, f"best {finalist.id}", "saved by a test")

    answer = in_new_process(
        tmp_path,
        "import json, sys\n"
        "import pandas as pd\n"
        "from src.utils.model_store import load_model\n"
        "rows = json.loads(sys.argv[1])\n"
        "names = ['lux', 'temperature', 'vibration']\n"
        "models = [load_model(f'best {c}') for c in ('lightgbm', 'rf', 'lr')]\n"
        "lists = [m.predict(rows).tolist() for m in models]\n"
        "frames = [m.predict(pd.DataFrame(rows, columns=names)).tolist() for m in models]\n"
        "print(json.dumps([lists, frames, 'pycaret' in sys.modules]))\n",
        json.dumps(SCENARIOS),
    )

    lists, frames, imported_pycaret = json.loads(answer)
    assert lists == frames == [["normal", "failure"]] * 3
    assert not imported_pycaret
    saved = load_saved("best rf")
    assert [feature.name for feature in saved.signature.features] == ["lux", "temperature", "vibration"]
    assert saved.metadata["description"] == "saved by a test"


@pytest.mark.skipif(importlib.util.find_spec("pycaret") is None, reason="PyCaret is not installed")
def test_a_pycaret_pipeline_is_saved_and_loaded(settings, table, tmp_path):
    table.to_csv(tmp_path / "table.csv", index=False)
    trained = in_new_process(
        tmp_path,
        "import json, sys\n"
        "import pandas as pd\n"
        "from pycaret.classification import create_model, finalize_model, setup\n"
        "from src.utils.model_store import default_store, save_model\n"
        "table = pd.read_csv(sys.argv[1])\n"
        "setup(table, target='state', session_id=1, verbose=False, n_jobs=1)\n"
        "model = finalize_model(create_model('lr', verbose=False, fold=2))\n"
        "save_model(model, 'pycaret pickle')\n"
        "default_store().save(model, 'pycaret joblib', suffix='.joblib')\n"
        "print(json.dumps(model.predict(table.drop(columns='state')).tolist()))\n",
        str(tmp_path / "table.csv"),
    )

    loaded = in_new_process(
        tmp_path,
        "import json, sys\n"
        "import pandas as pd\n"
        "from src.utils.model_store import load_model\n"
        "features = pd.read_csv(sys.argv[1]).drop(columns='state')\n"
        "models = [load_model(f'pycaret {form}') for form in ('pickle', 'joblib')]\n"
        "tables = [model.predict(features).tolist() for model in models]\n"
        "from src.ml.prediction import guess_signature, predict_row\n"
        "signature = guess_signature(models[0])\n"
        "by_hand = predict_row(models[0], signature, features.iloc[0].to_dict())\n"
        "print(json.dumps([tables, signature.names, by_hand.outcome, by_hand.probabilities]))\n",
        str(tmp_path / "table.csv"),
    )

    tables, names, outcome, probabilities = json.loads(loaded)
    expected = json.loads(trained)
    assert tables == [expected] * 2
    assert names == [name for name in table.columns if name != "state"]
    assert outcome == expected[0]
    assert max(probabilities, key=probabilities.get) == outcome
    assert model_store.default_store().describe("pycaret pickle")["libraries"]["pycaret"]


def test_the_folder_is_changed_by_assignment(settings, table, tmp_path, monkeypatch):
    save_model(LogisticRegression(), "in the settings folder")
    monkeypatch.setattr(model_store, "MODELS_DIR", tmp_path / "elsewhere")

    save_model(LogisticRegression(C=2.0), "elsewhere")

    assert (tmp_path / "elsewhere" / "registry.json").exists()
    assert list(list_models()) == get_models_summary()["name"].tolist() == ["elsewhere"]
    assert load_model("elsewhere").C == 2.0
    delete_model("elsewhere")
