"""Charts that are readable on light and dark and for colour-blind readers; one message each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots
from streamlit.delta_generator import DeltaGenerator

from src.dashboard.components.chart_text import literal as _literal
from src.dashboard.locale import _, number, number_marks, percent
from src.evaluation.holdout import Holdout
from src.evaluation.thresholds import ThresholdCounts

if TYPE_CHECKING:
    from src.ml.learning_curve import LearningPoint

# Okabe & Ito's palette without yellow and black, which do not show on white or dark; its blue is a little lighter.
PALETTE = ("#1F83C4", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STATE_COLOURS = {"normal": "#009E73", "warning": "#E69F00", "failure": "#D55E00"}
NEUTRAL = "rgba(128, 140, 150, 0.7)"
_LEGEND_PIXELS = 69
"""How far below the drawing the legend begins."""
_SHARES = {"light": ("#f2f5f7", "#08519c"), "dark": ("#1a262d", "#1f7fbf")}
"""Colours of the shares 0 and 1 in a matrix, by theme; the first is the theme's own second background."""


def show(
    figure: go.Figure, key: str, alt: str, height: int = 320, *, on_select: Callable[[], None] | None = None
) -> None:
    """Draw a figure with the house's margins; it can be saved as PNG from its tool bar.

    Parameters
    ----------
    on_select : callable, optional
        Called when the reader has clicked on a point or drawn a box; the session's state says under the key which.
    """
    figure.update_layout(
        separators=number_marks(),
        height=height,
        margin={"l": 8, "r": figure.layout.margin.r or 8, "t": 36, "b": 8},
        legend={
            "orientation": "h",
            "y": -_LEGEND_PIXELS / (height - 44) if figure.layout.legend.y is None else figure.layout.legend.y,
        },
    )
    figure.update_yaxes(automargin=True)
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        on_select=on_select or "ignore",
        selection_mode=("box", "points"),
        config={"displaylogo": False, "toImageButtonOptions": {"format": "png", "filename": key, "scale": 2}},
    )


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
        figure.add_bar(x=list(known), y=list(known.values()), name=_literal(name), marker={"color": colour})
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
                x=[_literal(name)],
                y=[values[metric]],
                name=_literal(name),
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
    figure.update_layout(title={"text": _literal(title), "font": {"size": 14}})
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
                figure.add_scatter(x=x, y=y, name=_literal(name), mode="lines", line={"color": colour, "width": 2})
    if kind == "roc":
        figure.add_scatter(
            x=[0, 1], y=[0, 1], line={"dash": "dot", "color": NEUTRAL}, showlegend=False, hoverinfo="skip"
        )
    axes = (_("False positive rate"), _("True positive rate")) if kind == "roc" else (_("Recall"), _("Precision"))
    figure.update_xaxes(title=axes[0], range=[-0.01, 1.01])
    figure.update_yaxes(title=axes[1], range=[-0.01, 1.02])
    return figure


def calibration(holdouts: Mapping[str, Holdout], label: str) -> go.Figure:
    """Draw how often a class was the case against the probability that it was given; a perfect model is on the line.

    A point is the larger, the more rows it stands for.

    Parameters
    ----------
    holdouts : dict
        Model's name to what it did on the holdout; those without probabilities are left out.
    label : str
        The class.
    """
    figure = go.Figure()
    for colour, (name, holdout) in zip(PALETTE, holdouts.items(), strict=False):
        for curve in holdout.calibration:
            if curve.label == label:
                figure.add_scatter(
                    x=curve.predicted,
                    y=curve.observed,
                    name=_literal(name),
                    mode="lines+markers",
                    line={"color": colour, "width": 2},
                    marker={"size": [5 + 9 * (rows / holdout.rows) ** 0.5 for rows in curve.rows]},
                    customdata=[number(rows, 0) for rows in curve.rows],
                    hovertemplate=_("{predicted} said, {observed} was, {rows} rows").format(
                        predicted="%{x:.1%}", observed="%{y:.1%}", rows="%{customdata}"
                    ),
                )
    figure.add_scatter(x=[0, 1], y=[0, 1], line={"dash": "dot", "color": NEUTRAL}, showlegend=False, hoverinfo="skip")
    figure.update_xaxes(title=_("Probability given"), range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(title=_("Share that was so"), range=[-0.02, 1.02], tickformat=".0%")
    return figure


def threshold_costs(counts: ThresholdCounts, costs: np.ndarray[Any, Any], chosen: int, cheapest: int) -> go.Figure:
    """Draw the expected cost of 1,000 rows against the threshold, with the chosen one and the cheapest one marked.

    Parameters
    ----------
    costs : array, shape (n_thresholds,)
        As `ThresholdCounts.costs` gives them.
    chosen, cheapest : int
        Positions in the list of thresholds.
    """
    figure = go.Figure(
        go.Scatter(
            x=counts.thresholds,
            y=costs,
            mode="lines",
            line={"color": PALETTE[0], "width": 2},
            showlegend=False,
            hovertemplate="%{x:.3g}: %{y:,.4g}<extra></extra>",
        )
    )
    marks = ((cheapest, _("cheapest"), PALETTE[2], "star", 15), (chosen, _("chosen"), PALETTE[1], "circle", 11))
    for place, name, colour, symbol, size in marks:
        figure.add_scatter(
            x=[counts.thresholds[place]],
            y=[costs[place]],
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": size},
            hovertemplate="%{x:.3g}: %{y:,.4g}",
        )
    figure.add_vline(x=counts.thresholds[chosen], line={"color": NEUTRAL, "dash": "dash"})
    figure.update_xaxes(title=_("Threshold"), range=[-0.02, 1.02])
    figure.update_yaxes(title=_("Cost of 1,000 rows"), rangemode="tozero")
    return figure


def importances(names: list[str], means: list[float], spreads: list[float], axis: str) -> go.Figure:
    """Draw how much is lost without each feature, with its spread, the most important on top."""
    figure = go.Figure(
        go.Bar(
            x=means,
            y=[_literal(name) for name in names],
            orientation="h",
            marker={"color": PALETTE[0]},
            error_x={"type": "data", "array": spreads, "color": NEUTRAL, "thickness": 2},
            hovertemplate="%{y}: %{x:.4f} ± %{error_x.array:.4f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": NEUTRAL})
    figure.update_xaxes(title=_literal(axis))
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def learning_curves(points: Sequence[LearningPoint], metric: str) -> go.Figure:
    """Draw the score on fitting and on scoring rows against the number of rows, each with a band of its spread."""
    figure = go.Figure()
    lines = (
        (
            _("rows it was fitted on"),
            PALETTE[1],
            "214, 94, 0",
            "dash",
            [(p.rows, p.train, p.train_spread) for p in points],
        ),
        (
            _("rows it had not seen"),
            PALETTE[0],
            "31, 131, 196",
            "solid",
            [(p.rows, p.validation, p.validation_spread) for p in points],
        ),
    )
    for name, colour, rgb, dash, values in lines:
        known = [(rows, mean, spread or 0.0) for rows, mean, spread in values if mean is not None]
        if not known:
            continue
        rows, means, spreads = (np.array(column) for column in zip(*known, strict=True))
        figure.add_scatter(
            x=np.concatenate([rows, rows[::-1]]),
            y=np.concatenate([means + spreads, (means - spreads)[::-1]]),
            fill="toself",
            fillcolor=f"rgba({rgb}, 0.18)",
            line={"width": 0},
            mode="lines",
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=rows,
            y=means,
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            customdata=spreads,
            hovertemplate="%{x:,}: %{y:.4f} ± %{customdata:.4f}",
        )
    figure.update_xaxes(title=_("Rows to fit on"), rangemode="tozero")
    figure.update_yaxes(title=metric)
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


def contributions(parts: Mapping[str, float], texts: list[str]) -> go.Figure:
    """Draw what each feature adds to an answer or takes from it, the first on top; the sign is in the text too."""
    figure = go.Figure(
        go.Bar(
            x=list(parts.values()),
            y=[_literal(name) for name in parts],
            orientation="h",
            marker={"color": [PALETTE[0] if part >= 0 else PALETTE[1] for part in parts.values()]},
            text=[_literal(text) for text in texts],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    reach = max((abs(part) for part in parts.values()), default=0.0) or 1.0
    # Room for the texts, and on a side where nothing is for a little more than the axis.
    ends = [1.7 * reach if any(part * side > 0 for part in parts.values()) else 0.1 * reach for side in (-1, 1)]
    figure.update_xaxes(range=[-ends[0], ends[1]], showticklabels=False, zeroline=True, zerolinecolor=NEUTRAL)
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def running_scores(lines: Mapping[str, Any], title: str, *, is_share: bool) -> go.Figure:
    """Draw the running score of each model over time.

    Parameters
    ----------
    lines : dict
        Model's name to a table with the columns ``predicted_at`` and ``score``.
    """
    figure = go.Figure()
    for place, (name, line) in enumerate(lines.items()):
        figure.add_scatter(
            x=line["predicted_at"],
            y=line["score"],
            name=_literal(name),
            mode="lines+markers",
            line={"color": PALETTE[place % len(PALETTE)], "width": 2},
        )
    figure.update_yaxes(title=title)
    if is_share:
        figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%")
    else:
        figure.update_yaxes(rangemode="tozero")
    figure.update_layout(showlegend=True)
    return figure


def response(table: Any, columns: list[str], now: float, axis: str, title: str, *, is_share: bool) -> go.Figure:
    """Draw how an answer, shares of 1 perhaps, changes along one input, with a line where the input is now."""
    figure = go.Figure()
    for colour, column in zip(_colours_of(columns), columns, strict=True):
        figure.add_scatter(x=table["value"], y=table[column], name=_literal(column), line={"color": colour, "width": 2})
    figure.add_vline(x=now, line={"color": NEUTRAL, "dash": "dash"})
    figure.update_xaxes(title=_literal(axis))
    figure.update_yaxes(title=_literal(title))
    if is_share:
        figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%")
    return figure


def _colours_of(classes: list[str]) -> list[str]:
    """A colour for each class: that of the state it names, for the others those that are left."""
    taken = {STATE_COLOURS.get(name) for name in classes}
    left = cycle([colour for colour in PALETTE if colour not in taken])
    return [STATE_COLOURS.get(name) or next(left) for name in classes]


def _points(x: list[float], y: list[float], title: str) -> go.Figure:
    # Not in WebGL: a browser keeps 16 contexts, ten charts need 30, and those of the best model would go blank.
    figure = go.Figure(go.Scatter(x=x, y=y, mode="markers", marker={"size": 5, "color": PALETTE[0], "opacity": 0.5}))
    figure.update_layout(title={"text": _literal(title), "font": {"size": 14}}, showlegend=False)
    return figure


def _with_unit(text: str, unit: str) -> str:
    return _literal(f"{text} ({unit})" if unit else text)
