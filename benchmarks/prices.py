"""Forecasts of prices and demand: how good on real products, and how fast.

    FAROL_REAL_DATA=/data python -m benchmarks.prices [--products 40] [--origins 8] [--tuned 20] [--trials 50]

Quality, where the folder holds `sku_prices/`: forecasts from 8 origins, 30 days apart, of the 40 products with the most
days in the file. What counts are days with a row; quantities are 0 on the others. The ratio is the sum of the absolute
errors over that of the naive: the last price, or for quantities the last week. Intervals are learnt from the windows
before each origin, and so is the choice between model and last price ("as served"), over the later half of the origins.

Times, on 365 days of invented products: features, training without and with a search, prediction; also that of asking
LightGBM itself. Seconds of the processor stand beside those of the clock, as other programs may run.
"""

from __future__ import annotations

import argparse
import os
import pickle
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

os.environ.setdefault("OMP_NUM_THREADS", "1")

from src.compute.executor import open_executor
from src.evaluation.forecast_metrics import coverage
from src.evaluation.horizon_intervals import LEVELS, ErrorQuantiles
from src.pricing.backtesting import HORIZON, SEASON, WINDOWS, first_days
from src.pricing.boosted_trees import BoostedTrees
from src.pricing.boosting import BoosterSettings, lightgbm_parameters
from src.pricing.features import FEATURES, price_features
from src.pricing.product_forecast import predict_prices
from src.pricing.product_history import ProductHistory
from src.pricing.product_model import fit_product
from src.pricing.recipes import BLEND, DOCUMENT, Recipe
from src.pricing.stepping import forecast_products
from src.pricing.training import TrainedProduct, TrainingOrder, pool_errors, train_product

YEAR, PRODUCTS, COUNTRY = 365, 200, "BR"
NEEDS = ("lightgbm", "optuna", "sklearn.model_selection")
WANTED = {14: 0.97, 30: 0.90}
WANTED_QUANTITY = 0.80


@dataclass(frozen=True)
class Windows:
    """Forecasts from all origins beside what came; each of shape (n_products, n_origins, 30), the oldest first."""

    prices: np.ndarray
    actual: np.ndarray
    naive: np.ndarray
    seasonal: np.ndarray
    quantities: np.ndarray
    actual_quantities: np.ndarray
    seasonal_quantities: np.ndarray


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    for name, default in (("products", 40), ("origins", 8), ("tuned", 20), ("trials", 50), ("workers", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    with open_executor(workers=arguments.workers, preload=NEEDS) as executor:
        folder = os.environ.get("FAROL_REAL_DATA")
        if folder:
            histories = _real_histories(Path(folder), arguments.products, arguments.origins)
            for recipe in (BLEND, DOCUMENT):
                _print_quality(recipe, _windows(executor, histories, recipe, arguments.origins))
        else:
            print("FAROL_REAL_DATA names no folder of real data: quality is not measured")
        _print_times(executor, arguments.tuned, arguments.trials, arguments.workers)


def _real_histories(folder: Path, count: int, origins: int) -> list[ProductHistory]:
    """The products with the most days, of those with a year before the first origin."""
    file = next((folder / "sku_prices").glob("*.csv"))
    table = pd.read_csv(file, dtype={"sku": str}, parse_dates=["date"]).sort_values(["sku", "date"])
    histories = [
        ProductHistory.of(
            str(sku),
            rows["date"].to_numpy("datetime64[D]"),
            rows["wholesale_price"].to_numpy(float),
            rows["quantity_kg"].fillna(0.0).clip(lower=0.0).to_numpy(float),
        )
        for sku, rows in table.groupby("sku")
    ]
    long = [history for history in histories if len(history) >= YEAR + origins * HORIZON]
    return sorted(long, key=lambda history: (-history.is_observed.sum(), history.sku))[:count]


def _windows(executor: Executor, histories: list[ProductHistory], recipe: Recipe, origins: int) -> Windows:
    started = time.perf_counter()
    cuts = [
        (history, len(history) - HORIZON * (origins - number)) for history in histories for number in range(origins)
    ]
    known = [first_days(history, cut) for history, cut in cuts]
    fits = [executor.submit(fit_product, past, recipe, recipe.settings, COUNTRY) for past in known]
    paths = forecast_products([fit.result() for fit in fits], known, HORIZON)
    print(f"{recipe.name}: {len(fits)} models, {time.perf_counter() - started:.0f} s", flush=True)
    columns = (
        paths.prices,
        [np.where(history.is_observed, history.prices, np.nan)[cut : cut + HORIZON] for history, cut in cuts],
        [np.full(HORIZON, past.prices[-1]) for past in known],
        [np.resize(past.prices[-SEASON:], HORIZON) for past in known],
        paths.quantities,
        [history.quantities[cut : cut + HORIZON] for history, cut in cuts],
        [np.resize(past.quantities[-SEASON:], HORIZON) for past in known],
    )
    return Windows(*(np.reshape(column, (len(histories), origins, HORIZON)) for column in columns))


def _print_quality(recipe: Recipe, windows: Windows) -> None:
    errors = np.abs(windows.prices - windows.actual)
    naive = np.abs(windows.naive - windows.actual)
    seasonal = np.abs(windows.seasonal - windows.actual)
    for days, wanted in WANTED.items():
        remark = _against(_ratio(errors, naive, days), wanted) if recipe is BLEND else ""
        by_product = np.nanmean(errors[..., :days], axis=(1, 2)) / np.nanmean(naive[..., :days], axis=(1, 2))
        print(
            f"{recipe.name}, price, {days} days: {_ratio(errors, naive, days):.3f} of the last price's error{remark}; "
            f"of the last week's {_ratio(errors, seasonal, days):.3f}; mean of the products' ratios "
            f"{by_product.mean():.3f}; {np.mean(by_product < 1):.0%} of the products win",
            flush=True,
        )
    served = _as_served(errors, naive)
    later = slice(errors.shape[1] // 2, None)
    print(
        f"{recipe.name}, as served in the later half, 30 days: {_ratio(served[:, later], naive[:, later], 30):.3f}; "
        f"always the model: {_ratio(errors[:, later], naive[:, later], 30):.3f}"
    )
    quantity = _ratio(
        np.abs(windows.quantities - windows.actual_quantities),
        np.abs(windows.seasonal_quantities - windows.actual_quantities),
        14,
    )
    held = _coverages(np.abs(np.log(windows.prices / windows.actual)))
    print(
        f"{recipe.name}, quantity, 14 days: {quantity:.3f} of the last week's error"
        f"{_against(quantity, WANTED_QUANTITY)}\n"
        f"{recipe.name}, intervals in the later half: {held[0]:.1%} of 80 %, {held[1]:.1%} of 95 %",
        flush=True,
    )


def _ratio(errors: np.ndarray, naive: np.ndarray, days: int) -> float:
    return float(np.nansum(errors[..., :days]) / np.nansum(naive[..., :days]))


def _as_served(errors: np.ndarray, naive: np.ndarray) -> np.ndarray:
    """The last price's errors where the model was worse in the four windows before."""
    served = errors.copy()
    for origin in range(1, errors.shape[1]):
        before = slice(max(origin - WINDOWS, 0), origin)
        worse = np.nansum(errors[:, before], axis=(1, 2)) >= np.nansum(naive[:, before], axis=(1, 2))
        served[worse, origin] = naive[worse, origin]
    return served


def _coverages(log_errors: np.ndarray) -> list[float]:
    held: dict[float, list[float]] = {level: [] for level in LEVELS}
    for origin in range(log_errors.shape[1] // 2, log_errors.shape[1]):
        before = log_errors[:, max(origin - WINDOWS, 0) : origin]
        pooled = ErrorQuantiles.of(list(before))
        for own, came in zip(before, log_errors[:, origin], strict=True):
            quantiles = ErrorQuantiles.of([own]).mixed_with(pooled)
            for level in LEVELS:
                width = quantiles.half_widths(level, HORIZON)
                share = coverage(came, -width, width)
                held[level] += [] if share is None else [share] * int((~np.isnan(came)).sum())
    return [float(np.mean(held[level])) for level in LEVELS]


def _print_times(executor: Executor, tuned: int, trials: int, workers: int) -> None:
    histories = _invented_histories(PRODUCTS)
    dates, prices, quantities = (
        histories[0].dates,
        *(np.array([getattr(history, name) for history in histories]) for name in ("prices", "quantities")),
    )
    _print_time("features of 200 × 365 days", lambda: price_features(dates, prices, quantities), wanted=1.5)
    train_product(TrainingOrder(histories[-1], trials=1))  # imports are not counted
    _print_time("training without a search", lambda: train_product(TrainingOrder(histories[0], trials=0)), wanted=1.0)
    trained = _trained_with_search(executor, histories[:tuned], trials, workers)
    models = [trained[place % tuned].forecaster for place in range(PRODUCTS)]
    pickled = [pickle.dumps(model) for model in models]
    _print_time("loading 200 models", lambda: [pickle.loads(text) for text in pickled])
    _print_time("prediction of 200 × 14 days", lambda: predict_prices(histories, models, 14), wanted=3.0)
    _print_time("prediction of 1 × 14 days", lambda: predict_prices(histories[:1], models[:1], 14), wanted=0.1)
    _print_trees_beside_library()


def timed_training(order: TrainingOrder) -> tuple[TrainedProduct, float]:
    """Train in a worker; the seconds are of its processor."""
    started = time.process_time()
    return train_product(order), time.process_time() - started


def _trained_with_search(
    executor: Executor, histories: list[ProductHistory], trials: int, workers: int
) -> list[TrainedProduct]:
    from benchmarks import prices  # a worker does not know what is called __main__ here

    started = time.perf_counter()
    orders = [TrainingOrder(history, trials=trials) for history in histories]
    futures = [executor.submit(prices.timed_training, order) for order in orders]
    trained, used = zip(*(future.result() for future in futures), strict=True)
    minutes, of_processor = (
        seconds / len(orders) * PRODUCTS / 60 for seconds in (time.perf_counter() - started, sum(used) / workers)
    )
    print(
        f"training {len(orders)} products × {trials} trials on {workers} workers: at this rate 200 take "
        f"{minutes:.1f} min{_against(minutes, 8)}, with the processors to themselves {of_processor:.1f} min; "
        f"{sum(product.is_tuned for product in trained)} keep what the search found",
        flush=True,
    )
    return pool_errors(trained)


def _print_trees_beside_library() -> None:
    """Both ways to ask 200 products' boosters for a row each."""
    import lightgbm

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(YEAR, len(FEATURES)))
    parameters = lightgbm_parameters(BoosterSettings(), "l1")
    boosters = [
        lightgbm.train(parameters, lightgbm.Dataset(rows, rng.normal(size=YEAR) + rows[:, 0]), 100) for _ in range(20)
    ] * 10
    trees = [BoostedTrees.of(booster) for booster in boosters]
    stacked, asked = BoostedTrees.stacked(trees), rows[:PRODUCTS, None]
    ours = _print_time("a day's row of 200 products, as arrays", lambda: stacked.predict(asked))
    library = _print_time(
        "the same, asked of LightGBM",
        lambda: [booster.predict(row, num_threads=1) for booster, row in zip(boosters, asked, strict=True)],
    )
    texts, arrays = [pickle.dumps(booster) for booster in boosters], [pickle.dumps(model) for model in trees]
    loaded = _print_time("loading 200 sets of arrays", lambda: [pickle.loads(text) for text in arrays])
    parsed = _print_time("loading 200 boosters of LightGBM", lambda: [pickle.loads(text) for text in texts])
    print(f"ratio {ours / library:.2f} in asking, {loaded / parsed:.2f} in loading")


def _print_time(name: str, action: Callable[[], object], wanted: float | None = None) -> float:
    """Print the best of three, by the clock, and return the processor's."""
    found = []
    for _ in range(3):
        started, used = time.perf_counter(), time.process_time()
        action()
        found.append((time.perf_counter() - started, time.process_time() - used))
    clock, processor = (min(seconds) for seconds in zip(*found, strict=True))
    remark = "" if wanted is None else _against(clock, wanted)
    print(f"{name}: {clock:.3f} s, processor {processor:.3f} s{remark}", flush=True)
    return processor


def _against(value: float, wanted: float) -> str:
    return f" (wanted {wanted:g}: {'met' if value <= wanted else 'MISSED'})"


def _invented_histories(count: int) -> list[ProductHistory]:
    """Random walks with a week's season, and demand that falls when prices rise."""
    rng = np.random.default_rng(42)
    dates = np.datetime64("2025-01-01") + np.arange(YEAR)
    week = 1 + 0.3 * np.sin(2 * np.pi * np.arange(YEAR) / 7)
    found = []
    for number in range(count):
        changes = rng.normal(0, 0.02, YEAR) * (rng.random(YEAR) < 0.5)
        prices = 10 * np.exp(np.cumsum(changes))
        found.append(
            ProductHistory.of(f"SKU{number:03}", dates, prices, rng.poisson(300 * week / prices).astype(float))
        )
    return found


if __name__ == "__main__":
    main()
