"""What a chart draws, where a picture would have to be looked at to see it."""

from __future__ import annotations

from src.dashboard.components import charts


def test_names_from_data_are_drawn_letter_by_letter() -> None:
    (bars,) = charts.probabilities({"<b>bad</b> & odd": 0.75, "normal": 0.25}).data
    assert bars.y == ("&lt;b&gt;bad&lt;/b&gt; &amp; odd", "normal")


def test_the_share_of_a_short_bar_is_written_beside_it() -> None:
    (bars,) = charts.probabilities({"normal": 1.0, "failure": 0.0}).data
    assert bars.textposition == "outside"
    assert bars.text == ("100.0%", "0.0%")


def test_each_metric_of_a_regression_has_an_axis_of_its_own() -> None:
    models = {"Ridge": {"MAE": 0.5, "MSE": 900.0, "R2": None}, "Dummy": {"MAE": 1.0, "MSE": 4_000.0, "R2": 0.0}}
    figure = charts.metric_panels(models)
    assert [title.text for title in figure.layout.annotations] == ["MAE", "MSE", "R2"]
    assert len({bar.yaxis for bar in figure.data}) == 3
    assert [bar.name for bar in figure.data if bar.showlegend] == ["Ridge", "Dummy"]
