"""What the pages' tests show: a small comparison, the rows its job leaves behind, and an opened page."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from src.errors import FarolError
from src.jobs import Job, get_job, job_folder, queue
from src.jobs.processes import this_host
from src.ml.comparison_job import artefact_path
from src.ml.model_comparison import Comparison, compare_models
from src.notes import Note
from src.storage.atomic import write_atomically
from src.storage.json_values import json_dict

SECONDS = 20
TITLE = "Compare models: {target} from the plant's readings"
FEATURES = ["lux", "temperature", "vibration"]
UNITS = {"lux": "lx", "temperature": "°C", "vibration": "mm/s"}


Say = Callable[..., str]
"""A text, with its values, in the language of the test."""


@dataclass(frozen=True)
class Compared:
    """A finished comparison, and the same as it stood when it was half done."""

    whole: Comparison
    half: Comparison


def plant_table(rows: int = 240) -> pd.DataFrame:
    """A training table like the plant's: hot and shaking machines fail."""
    rng = np.random.default_rng(11)
    heat, shake = rng.uniform(20, 90, rows), rng.uniform(0.5, 9, rows)
    strain = heat / 90 + shake / 9 + rng.normal(0, 0.05, rows)
    return pd.DataFrame(
        {
            "timestamp": pd.date_range("2026-01-01", periods=rows, freq="10min", tz="UTC"),
            "lux": rng.uniform(200, 800, rows),
            "temperature": heat,
            "vibration": shake,
            "state": np.select([strain > 1.4, strain > 1.1], ["failure", "warning"], "normal"),
        }
    )


def compare(target: str = "state", **choices: Any) -> Compared:
    """Compare a few quick candidates, in this process."""
    steps: list[Comparison] = []
    table = plant_table()
    with ThreadPoolExecutor(1) as executor:
        whole = compare_models(
            table, target, executor=executor, on_progress=steps.append, fold=2, n_select=2, units=UNITS, **choices
        )
    half = [step for step in steps if step.phase == "comparing" and len(step.ranked) == 1]
    return Compared(whole, half[-1])


def put_running_job(comparison: Comparison | None = None) -> str:
    """Leave a job as its worker has it while it runs."""
    job_id = secrets.token_hex(8)
    queue.insert(job_id, "compare_models", Note(TITLE, {"target": "state"}), {"target": "state"})
    assert queue.claim_next(64, this_host()) is not None
    job_folder(job_id).mkdir(parents=True)
    if comparison is not None:
        record = json_dict(comparison.to_record(), "result")
        assert queue.beat(job_id, progress=comparison.progress, message=comparison.phase, result=record)
    return job_id


def put_finished_job(comparison: Comparison) -> Job:
    """Leave a job as its worker does when the comparison is done: its record and the finalists' files."""
    job_id = put_running_job()
    for finalist in comparison.finalists:
        write_atomically(artefact_path(job_folder(job_id), finalist.id), finalist.artefact)
    assert queue.finish(job_id, "done", result=json_dict(comparison.to_record(), "result"), progress=1.0)
    return get_job(job_id)


def put_failed_job(error: FarolError) -> str:
    """Leave a job as its worker does when it fails."""
    job_id = put_running_job()
    assert queue.finish(job_id, "failed", error=error)
    return job_id


def _page(path: str) -> None:
    from src.dashboard.page_list import PAGES

    PAGES[path]()


def open_page(path: str, language: str = "en", **query: str) -> AppTest:
    """Open one page, by its path in the URL, and look for a traceback."""
    app = AppTest.from_function(_page, args=(path,), default_timeout=SECONDS)
    app.session_state["lang"] = language
    for name, value in query.items():
        app.query_params[name] = value
    return run(app)


def as_displayed(app: AppTest, place: int = 0) -> pd.DataFrame:
    """A table as the reader sees it, where its numbers are written as texts."""
    return convert_arrow_bytes_to_pandas_df(app.dataframe[place].proto.arrow_data.styler.display_values)


def run(app: AppTest) -> AppTest:
    """Run a page once more, and look for a traceback."""
    app.run()
    assert [exception.value for exception in app.exception] == []
    return app


def click(app: AppTest, key: str) -> AppTest:
    """Press a button."""
    app.button(key=key).click()
    return run(app)


def the_error(app: AppTest) -> str:
    """The error on a page, of which there must be one."""
    assert len(app.error) == 1, shown(app)
    return as_read(app.error[0].value)


def as_read(text: str) -> str:
    """A text as a reader sees it, the marks that take the power out of Markdown gone."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", text).replace("\N{WORD JOINER}", "")


TEXT_FIELDS = ("label", "body", "help", "placeholder", "text", "alt", "caption", "options")
FIGURE_FIELDS = ("text", "hovertemplate", "name")
MARKUP = re.compile(r":material/\w+:|:[a-z][a-z-]*\[|<[^>]*>|[*`\]]")


def shown(app: AppTest) -> list[str]:
    """Every text on a page: labels, texts, options, names of columns, cells, and what charts say."""
    found: list[str] = []
    for node in app.main:
        found += [str(getattr(node, "label", "") or "")] if hasattr(node, "children") else _texts_of(node)
    return [text for raw in found if (text := MARKUP.sub("", as_read(raw)).strip())]


def _texts_of(node: Any) -> Iterator[str]:
    if node.type == "dataframe":
        table = node.value
        yield from map(str, table.columns)
        if node.proto.arrow_data.styler.display_values:
            table = convert_arrow_bytes_to_pandas_df(node.proto.arrow_data.styler.display_values)
        yield from (cell for cell in table.to_numpy().ravel() if isinstance(cell, str))
    if node.type == "plotly_chart":
        yield from _texts_in_figure(json.loads(node.proto.spec))
    for field in TEXT_FIELDS:
        value = getattr(node.proto, field, "")
        if isinstance(value, str):
            yield value
        else:
            yield from (str(getattr(option, "content", option)) for option in value)


def _texts_in_figure(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        yield from (text for each in part for text in _texts_in_figure(each))
    elif isinstance(part, dict):
        yield from (part[field] for field in FIGURE_FIELDS if isinstance(part.get(field), str))
        yield from (text for each in part.values() for text in _texts_in_figure(each))
