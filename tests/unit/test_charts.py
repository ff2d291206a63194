"""What a chart draws, where a picture would have to be looked at to see it."""

from __future__ import annotations

import pandas as pd

from src.dashboard.components import charts
from src.evaluation.holdout import Holdout


def test_names_from_data_are_drawn_letter_by_letter() -> None:
    (bars,) = charts.probabilities({"<b>bad</b> & odd": 0.75, "normal": 0.25}).data
    assert bars.y == ("&lt;b&gt;bad&lt;/b&gt; &amp; odd", "normal")


def test_names_of_models_are_drawn_letter_by_letter_wherever_they_stand() -> None:
    name, shown = '<a href="//x">%{y}', '&lt;a href="//x"&gt;% {y}'
    holdout = Holdout(2, {}, [], [], [], actual=[1.0, 2.0], predicted=[1.0, 2.5])
    assert charts.metric_bars({name: {"Accuracy": 0.5}}).data[0].name == shown
    assert charts.metric_panels({name: {"R2": 0.5}}).data[0].name == shown
    assert charts.residuals(holdout, name, "<i>").layout.title.text == shown
    assert charts.residuals(holdout, name, "<i>").layout.xaxis.title.text == "Predicted (&lt;i&gt;)"


def test_the_share_of_a_short_bar_is_written_beside_it() -> None:
    (bars,) = charts.probabilities({"normal": 1.0, "failure": 0.0}).data
    assert bars.textposition == "outside"
    assert bars.text == ("100.0%", "0.0%")


def test_each_class_has_a_line_of_its_own_colour_however_many_there_are() -> None:
    for classes in (["failure", "fine"], ["a", "normal", "b", "c", "d", "warning"], list("abcdefgh")):
        table = pd.DataFrame({"value": [0.0, 1.0], **{name: [0.0, 1.0] for name in classes}})
        lines = charts.response(table, classes, 0.5, "heat", "Probability", is_share=True).data
        assert [line.name for line in lines] == classes
        assert len({line.line.color for line in lines}) == min(len(classes), len(charts.PALETTE))


def test_each_metric_of_a_regression_has_an_axis_of_its_own() -> None:
    models = {"Ridge": {"MAE": 0.5, "MSE": 900.0, "R2": None}, "Dummy": {"MAE": 1.0, "MSE": 4_000.0, "R2": 0.0}}
    figure = charts.metric_panels(models)
    assert [title.text for title in figure.layout.annotations] == ["MAE", "MSE", "R2"]
    assert len({bar.yaxis for bar in figure.data}) == 3
    assert [bar.name for bar in figure.data if bar.showlegend] == ["Ridge", "Dummy"]
