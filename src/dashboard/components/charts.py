"""Charts that are readable on light and dark and for colour-blind readers; one message each."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots
from streamlit.delta_generator import DeltaGenerator

from src.dashboard.locale import _, number, number_marks, percent
from src.evaluation.holdout import Holdout

# Okabe & Ito's palette without yellow and black, which do not show on white or dark; its blue is a little lighter.
PALETTE = ("#1F83C4", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STATE_COLOURS = {"normal": "#009E73", "warning": "#E69F00", "failure": "#D55E00"}
NEUTRAL = "rgba(128, 140, 150, 0.7)"
_SHARES = {"light": ("#f2f5f7", "#08519c"), "dark": ("#1a262d", "#1f7fbf")}
"""Colours of the shares 0 and 1 in a matrix, by theme; the first is the theme's own second background."""


def show(figure: go.Figure, key: str, alt: str, height: int = 320) -> None:
    """Draw a figure with the house's margins; it can be saved as PNG from its tool bar."""
    figure.update_layout(
        separators=number_marks(),
        height=height,
        margin={"l": 8, "r": figure.layout.margin.r or 8, "t": 36, "b": 8},
        legend={"orientation": "h", "y": -0.25},
    )
    figure.update_yaxes(automargin=True)
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        config={"displaylogo": False, "toImageButtonOptions": {"format": "png", "filename": key, "scale": 2}},
    )


def _literal(name: str) -> str:
    """A name from data as Plotly shows it letter by letter; it knows a little HTML."""
    return html.escape(name, quote=False)


def side_by_side() -> DeltaGenerator:
    """Make a row whose cells (``row.container(width=…)``) wrap where there is no room for two."""
    return st.container(horizontal=True)


def metric_bars(models: dict[str, dict[str, float | None]]) -> go.Figure:
    """Draw a group of bars a metric, one bar a model.

    Parameters
    ----------
    models : dict
        Model's name to its metrics.
    """
    figure = go.Figure()
    for colour, (name, metrics) in zip(PALETTE, models.items(), strict=False):
        known = {metric: value for metric, value in metrics.items() if value is not None}
        figure.add_bar(x=list(known), y=list(known.values()), name=name, marker={"color": colour})
    figure.update_layout(barmode="group")
    return figure


def metric_panels(models: dict[str, dict[str, float | None]]) -> go.Figure:
    """Draw a panel a metric, each with an axis of its own, one bar a model.

    Parameters
    ----------
    models : dict
        Model's name to its metrics, the same ones for each.
    """
    metrics = list(next(iter(models.values())))
    figure = make_subplots(rows=-(-len(metrics) // 3), cols=3, subplot_titles=metrics, vertical_spacing=0.25)
    for colour, (name, values) in zip(PALETTE, models.items(), strict=False):
        for place, metric in enumerate(metrics):
            figure.add_bar(
                x=[name],
                y=[values[metric]],
                name=name,
                legendgroup=name,
                showlegend=place == 0,
                marker={"color": colour},
                row=place // 3 + 1,
                col=place % 3 + 1,
            )
    figure.update_xaxes(showticklabels=False)
    return figure


def scores_with_spread(names: list[str], means: list[float], spreads: list[float], metric: str) -> go.Figure:
    """Draw the mean of each candidate with its standard deviation over the folds, on an axis that shows differences."""
    low = min(mean - spread for mean, spread in zip(means, spreads, strict=True))
    high = max(mean + spread for mean, spread in zip(means, spreads, strict=True))
    room = max(high - low, 1e-9)
    figure = go.Figure(
        go.Scatter(
            x=means[::-1],
            y=names[::-1],
            error_x={"type": "data", "array": spreads[::-1], "thickness": 2},
            mode="markers",
            marker={"size": 12, "color": PALETTE[0]},
            hovertemplate="%{y}: %{x:.4f} ± %{error_x.array:.4f}<extra></extra>",
        )
    )
    figure.update_xaxes(title=metric, range=[low - 0.1 * room, high + 0.1 * room])
    return figure


def confusion(holdout: Holdout, title: str) -> go.Figure:
    """Draw a confusion matrix: colour is the share of the actual class, text the number of rows."""
    counts = np.array(holdout.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=[_literal(label) for label in holdout.labels],
            y=[_literal(label) for label in holdout.labels],
            text=counts,
            texttemplate="%{text:,}",
            zmin=0,
            zmax=1,
            colorscale=list(_SHARES["dark" if st.context.theme.type == "dark" else "light"]),
            showscale=False,
            hovertemplate=_("actual {actual}, predicted {predicted}").format(actual="%{y}", predicted="%{x}")
            + ": %{text:,} (%{z:.1%})<extra></extra>",
        )
    )
    figure.update_xaxes(title=_("Predicted"), type="category")
    figure.update_yaxes(title=_("Actual"), type="category", autorange="reversed")
    figure.update_layout(title={"text": title, "font": {"size": 14}})
    return figure


def curves(holdouts: dict[str, Holdout], label: str, kind: str) -> go.Figure:
    """Draw the ROC (``kind="roc"``) or precision-recall curves of several models for one class."""
    figure = go.Figure()
    for colour, (name, holdout) in zip(PALETTE, holdouts.items(), strict=False):
        for curve in holdout.curves:
            if curve.label == label:
                x, y = (
                    (curve.false_positive_rate, curve.true_positive_rate)
                    if kind == "roc"
                    else (curve.recall, curve.precision)
                )
                figure.add_scatter(x=x, y=y, name=name, mode="lines", line={"color": colour, "width": 2})
    if kind == "roc":
        figure.add_scatter(
            x=[0, 1], y=[0, 1], line={"dash": "dot", "color": NEUTRAL}, showlegend=False, hoverinfo="skip"
        )
    axes = (_("False positive rate"), _("True positive rate")) if kind == "roc" else (_("Recall"), _("Precision"))
    figure.update_xaxes(title=axes[0], range=[-0.01, 1.01])
    figure.update_yaxes(title=axes[1], range=[-0.01, 1.02])
    return figure


def predicted_against_actual(holdout: Holdout, title: str, unit: str) -> go.Figure:
    """Draw predicted against actual values; a perfect model lies on the line."""
    figure = _points(holdout.actual, holdout.predicted, title)
    ends = [min(holdout.actual + holdout.predicted), max(holdout.actual + holdout.predicted)]
    figure.add_scatter(x=ends, y=ends, mode="lines", line={"dash": "dot", "color": NEUTRAL}, hoverinfo="skip")
    figure.update_xaxes(title=_with_unit(_("Actual"), unit))
    figure.update_yaxes(title=_with_unit(_("Predicted"), unit))
    return figure


def residuals(holdout: Holdout, title: str, unit: str) -> go.Figure:
    """Draw what is left over (actual minus predicted) against the prediction."""
    left = (np.array(holdout.actual) - np.array(holdout.predicted)).tolist()
    figure = _points(holdout.predicted, left, title)
    figure.add_hline(y=0, line={"dash": "dot", "color": NEUTRAL})
    figure.update_xaxes(title=_with_unit(_("Predicted"), unit))
    figure.update_yaxes(title=_with_unit(_("Residual"), unit))
    return figure


def class_shares(counts: dict[str, int]) -> go.Figure:
    """Draw how many rows each class has."""
    figure = _class_bars(counts, [number(count, 0) for count in counts.values()])
    figure.update_xaxes(title=_("Rows"))
    return figure


def probabilities(shares: dict[str, float]) -> go.Figure:
    """Draw the probability of each class, the highest on top."""
    figure = _class_bars(shares, [percent(share) for share in shares.values()])
    figure.update_xaxes(range=[0, 1], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%", title=_("Probability"))
    return figure


def _class_bars(values: Mapping[str, float], texts: list[str]) -> go.Figure:
    colours = [STATE_COLOURS.get(name, PALETTE[0]) for name in values]
    figure = go.Figure(
        go.Bar(
            x=list(values.values()),
            y=[_literal(name) for name in values],
            orientation="h",
            marker={"color": colours},
            text=texts,
            textposition="outside",  # inside, the text of a short bar would not be seen
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(type="category", autorange="reversed")
    figure.update_layout(margin={"r": 64})  # for the text beside the longest bar
    return figure


def response(table: Any, columns: list[str], now: float, axis: str, title: str, *, is_share: bool) -> go.Figure:
    """Draw how an answer, shares of 1 perhaps, changes along one input, with a line where the input is now."""
    figure = go.Figure()
    for colour, column in zip(PALETTE, columns, strict=False):
        figure.add_scatter(
            x=table["value"],
            y=table[column],
            name=_literal(column),
            line={"color": STATE_COLOURS.get(column, colour), "width": 2},
        )
    figure.add_vline(x=now, line={"color": NEUTRAL, "dash": "dash"})
    figure.update_xaxes(title=_literal(axis))
    figure.update_yaxes(title=_literal(title))
    if is_share:
        figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%")
    return figure


def _points(x: list[float], y: list[float], title: str) -> go.Figure:
    # Not in WebGL: a browser keeps 16 contexts, ten charts need 30, and those of the best model would go blank.
    figure = go.Figure(go.Scatter(x=x, y=y, mode="markers", marker={"size": 5, "color": PALETTE[0], "opacity": 0.5}))
    figure.update_layout(title={"text": title, "font": {"size": 14}}, showlegend=False)
    return figure


def _with_unit(text: str, unit: str) -> str:
    return f"{text} ({unit})" if unit else text
