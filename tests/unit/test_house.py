"""Rules of the house that a linter does not see."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from src.config import PROJECT_ROOT

HEAVY = {"pycaret", "prophet", "lightgbm", "statsforecast", "optuna", "torch"}


def modules_of(folder: str) -> list[str]:
    """The dotted names of the modules in a folder."""
    files = sorted((PROJECT_ROOT / folder).rglob("*.py"))
    names = (".".join(file.relative_to(PROJECT_ROOT).with_suffix("").parts) for file in files)
    return [name.removesuffix(".__init__") for name in names]


def packages_loaded_by(modules: list[str]) -> set[str]:
    """The top-level packages that a fresh process holds after importing some modules."""
    return packages_loaded_after("\n".join(["import importlib", *(f"importlib.import_module({m!r})" for m in modules)]))


def packages_loaded_after(script: str, **environment: str) -> set[str]:
    """The top-level packages that a fresh process holds after a script."""
    script += "\nimport json, sys\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT_ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_dashboard_starts_without_any_heavy_library() -> None:
    modules = modules_of("src/dashboard")
    assert "src.dashboard.navigation" in modules
    loaded = packages_loaded_by(modules)
    assert {"streamlit", "src"} <= loaded
    assert loaded & HEAVY == set()


def test_the_api_starts_without_any_heavy_library() -> None:
    modules = modules_of("src/api")
    assert "src.api.app" in modules
    loaded = packages_loaded_by(modules)
    assert {"fastapi", "src"} <= loaded
    assert loaded & HEAVY | loaded & {"streamlit"} == set()


def test_the_command_line_says_what_it_can_do_without_what_only_its_commands_need() -> None:
    loaded = packages_loaded_by(["src.__main__"])
    assert {"typer", "src"} <= loaded
    assert loaded & {"fastapi", "sqlalchemy", "numpy", "pandas", "sklearn", "pyarrow"} == set()


A_VISIT = """
from sklearn.linear_model import LogisticRegression
from streamlit.testing.v1 import AppTest
from src.database.migrate import upgrade_database
from src.ml.ml_engine import create_ml_engine
from src.sensors.demo_plant import load_demo_plant
from src.utils.model_store import save_model

upgrade_database()
load_demo_plant(days=1, equipment=1)
create_ml_engine().detect_all()
save_model(LogisticRegression().fit([[0.0], [1.0]], ["off", "on"]), "switch")

app = AppTest.from_file("main_dash.py", default_timeout=60).run()
assert app.metric[-1].value.isdigit() and not app.error and not app.exception, app
app = AppTest.from_string("from src.dashboard.page_list import PAGES; PAGES['predict']()", default_timeout=60).run()
app.text_input[0].set_value("1")
app.button(key="predict").click().run()
assert app.metric[0].value == "on" and not app.error and not app.exception, app
"""


def test_the_plant_and_a_prediction_by_hand_need_no_heavy_library(tmp_path: Path) -> None:
    folders = {f"FAROL_{name}_DIR": str(tmp_path / name.lower()) for name in ("MODELS", "DATA", "LOG")}
    loaded = packages_loaded_after(A_VISIT, FAROL_DATABASE_URL=f"sqlite:///{tmp_path / 'farol.db'}", **folders)
    assert {"streamlit", "sklearn", "plotly"} <= loaded
    assert loaded & HEAVY == set()


def test_a_heavy_library_would_be_noticed() -> None:
    assert packages_loaded_by(["lightgbm"]) & HEAVY == {"lightgbm"}


def test_the_pictures_of_the_readme_are_there_and_small() -> None:
    pictures = re.findall(r"\((docs/pictures/[^)]+)\)", (PROJECT_ROOT / "README.md").read_text("utf-8"))
    assert len(pictures) == 9
    for picture in pictures:
        assert (PROJECT_ROOT / picture).stat().st_size < 100_000, picture
