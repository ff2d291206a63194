"""A training of price models that runs or has ended, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from src.dashboard.components.job_card import show_live_job
from src.dashboard.components.page import plain, show_error
from src.dashboard.components.tables import show_table, sorted_by_value
from src.dashboard.locale import _, duration, ngettext, number, percent, signed_percent, translated
from src.dashboard.prices.price_names import server_name
from src.errors import JobNotFound
from src.jobs import Job, get_job
from src.pricing.price_forecaster import MODEL
from src.pricing.training_job import KIND, PriceTrainingReport, ProductOutcome, read_report

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


def show_product_training(job_id: str) -> bool:
    """Show the job that trains the model of one product, until it is put away; tell whether it is still going on."""
    job = _shown_job(job_id)
    if job is None or not job.is_finished:
        return job is not None
    report = _report_of(job)
    for outcome in report.outcomes if report else ():
        for note in outcome.notes:
            st.info(plain(translated(note)), icon=":material/info:")
    _offer_to_leave(_("Close"), "close_job", "close")
    return False


def show_training(job_id: str) -> None:
    """Show the job that trains the models of many products."""
    _offer_to_leave(_("All products"), "to_board", "arrow_back")
    job = _shown_job(job_id)
    if job is not None and (report := _report_of(job)) and job.is_finished:
        _result(job, report)


def progress_message(job: Job) -> str:
    """Say how many products are done."""
    if job.state == "queued":
        return _("Waiting until another job ends…")
    done, found, total = job.message.partition("/")
    if not found:
        return _("Reading what there is to learn from…")
    return _("{done} of {total} products done").format(done=number(int(done), 0), total=number(int(total), 0))


def page_of(job: Job) -> tuple[str, dict[str, str]]:
    """Return the page that shows a job, by its path, and the URL's parameters."""
    skus = job.parameters.get("skus") or []
    if len(skus) == 1:
        return "prices", {"sku": str(skus[0]), "job": job.job_id}
    return "price_board", {"job": job.job_id}


def _offer_to_leave(label: str, key: str, icon: str) -> None:
    st.button(label, icon=f":material/{icon}:", key=key, type="tertiary", on_click=_leave)


def _leave() -> None:
    st.query_params.pop("job", None)


def _shown_job(job_id: str) -> Job | None:
    try:
        job = get_job(job_id)
    except JobNotFound as error:
        show_error(error)
        return None
    show_live_job(job, progress_message)
    return job


def _report_of(job: Job) -> PriceTrainingReport | None:
    return read_report(job.result) if job.kind == KIND and job.result else None


def _result(job: Job, report: PriceTrainingReport) -> None:
    if job.state != "done":
        message = ngettext(
            "It has ended early. {count} model was trained and saved before, and stays.",
            "It has ended early. {count} models were trained and saved before, and stay.",
            report.trained,
        )
        st.warning(
            message if report.trained else _("It has ended before a model was saved."), icon=":material/stop_circle:"
        )
    trained = [outcome for outcome in report.outcomes if outcome.is_trained]
    better = sum(_is_worth_it(outcome) for outcome in trained)
    figures = {
        _("Trained"): number(report.trained, 0),
        _("Better than the naive"): number(better, 0),
        _("Not worth a model"): number(len(trained) - better, 0),
        _("Up to date already"): number(report.skipped, 0),
        _("Not trained"): number(report.refused, 0),
        _("Took"): duration(report.seconds),
    }
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(label, value, border=True)
    if report.outcomes:
        _table(sorted(report.outcomes, key=lambda outcome: (outcome.is_trained, outcome.sku)))


def _table(outcomes: Sequence[ProductOutcome]) -> None:
    show_table(
        pd.DataFrame({"place": range(len(outcomes))}),
        "outcomes",
        _("What came of the training, product by product"),
        file_name="price_training",
        download=pd.DataFrame([_raw_row(outcome) for outcome in outcomes]),
        formatted=lambda rows: _formatted([outcomes[place] for place in rows["place"]]),
        column_config={_("Remarks"): st.column_config.TextColumn(width="large")},
    )


def _formatted(outcomes: Sequence[ProductOutcome]) -> Styler:
    shares: dict[str, tuple[int, Callable[[float], str]]] = {
        _("Error against the naive"): (2, lambda share: signed_percent(share, 0)),
        "MAPE": (3, percent),
    }
    return sorted_by_value(pd.DataFrame([_row(outcome) for outcome in outcomes]), shares)


def _row(outcome: ProductOutcome) -> dict[str, Any]:
    ratio, mape = outcome.metrics.get("error_to_naive"), outcome.metrics.get("mape")
    return {
        "SKU": outcome.sku,
        _("Forecasts"): server_name(outcome.serves) if outcome.is_trained else _("not trained"),
        _("Error against the naive"): None if ratio is None else ratio - 1,
        "MAPE": None if mape is None else mape / 100,
        _("Tuned"): _("yes") if outcome.is_tuned else "",
        _("Remarks"): " ".join(translated(note) for note in outcome.notes),
    }


def _raw_row(outcome: ProductOutcome) -> dict[str, object]:
    """The row as other programs want it; the names do not depend on the language."""
    return {
        "sku": outcome.sku,
        "is_trained": outcome.is_trained,
        "serves": outcome.serves,
        "is_tuned": outcome.is_tuned,
        **outcome.metrics,
        "remarks": " ".join(str(note) for note in outcome.notes),
    }


def _is_worth_it(outcome: ProductOutcome) -> bool:
    return outcome.serves == MODEL
