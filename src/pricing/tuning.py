"""Search for hyperparameters: Optuna's TPE over the space of requirement document 002, judged by splits in time.

The blend's search is judged by the error a week ahead: what is best for tomorrow alone is not what is best for the days
after. Splits, early stopping and pruning keep it cheap: the bins of each split are made once, and a trial whose first
splits are worse than the median of the others ends there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from src.pricing.boosting import SEED, BoosterSettings, lightgbm_parameters
from src.pricing.product_history import ProductHistory
from src.pricing.recipes import Recipe, TrainingRows, direct_rows, one_step_rows

if TYPE_CHECKING:
    from lightgbm import Booster, Dataset
    from optuna import Trial

TRIALS = 50
SPLITS = 3
LEAST_ROWS = 100
"""From fewer days with a row nothing is learnt about hyperparameters."""
_JUDGED_AHEAD = 7
_STOPPED_AFTER = 20
_TRIALS_BEFORE_PRUNING = 5


@dataclass(frozen=True, eq=False)
class _Split:
    """Earlier days to learn from and later ones to judge by, binned once for all trials."""

    earlier: Dataset
    later: Dataset


def search_settings(history: ProductHistory, recipe: Recipe, country: str, trials: int = TRIALS) -> BoosterSettings:
    """Return the best hyperparameters that were found; the same for the same history.

    Parameters
    ----------
    history : ProductHistory
        All that the search may see; with at least `LEAST_ROWS` days with a row.
    trials : int
        At least 1.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    splits = _splits(history, recipe, country)
    study = optuna.create_study(
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=SEED),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_TRIALS_BEFORE_PRUNING),
    )
    study.optimize(lambda trial: _error(trial, splits, recipe), n_trials=trials)
    best = study.best_trial
    return BoosterSettings(**{**best.params, "n_estimators": best.user_attrs["trees"]})


def _suggested(trial: Trial) -> BoosterSettings:
    """The space of the document; rates and regularisations on a logarithmic scale."""
    return BoosterSettings(
        n_estimators=trial.suggest_int("n_estimators", 100, 1000),
        learning_rate=trial.suggest_float("learning_rate", 0.01, 0.3, log=True),
        max_depth=trial.suggest_int("max_depth", 3, 12),
        num_leaves=trial.suggest_int("num_leaves", 20, 200),
        min_child_samples=trial.suggest_int("min_child_samples", 10, 100),
        subsample=trial.suggest_float("subsample", 0.6, 1.0),
        colsample_bytree=trial.suggest_float("colsample_bytree", 0.6, 1.0),
        reg_alpha=trial.suggest_float("reg_alpha", 1e-8, 10.0, log=True),
        reg_lambda=trial.suggest_float("reg_lambda", 1e-8, 10.0, log=True),
    )


def _splits(history: ProductHistory, recipe: Recipe, country: str) -> list[_Split]:
    """TimeSeriesSplit; between the earlier and the later days as many are left out as targets reach ahead."""
    from lightgbm import Dataset
    from sklearn.model_selection import TimeSeriesSplit

    ahead = _JUDGED_AHEAD if recipe.has_direct else 0
    rows = _search_rows(history, recipe, country)
    parameters = lightgbm_parameters(BoosterSettings(), recipe.objective)
    splits = []
    for before, after in TimeSeriesSplit(SPLITS, gap=ahead).split(rows.features):
        earlier = Dataset(rows.features[before], rows.targets[before], params=parameters)
        later = earlier.create_valid(rows.features[after], rows.targets[after], params=parameters)
        splits.append(_Split(earlier.construct(), later.construct()))
    return splits


def _search_rows(history: ProductHistory, recipe: Recipe, country: str) -> TrainingRows:
    """Standardising is left out: trees cut the features at the same places with it."""
    if recipe.has_direct:
        return direct_rows(history, country, (_JUDGED_AHEAD,))
    return one_step_rows(history, recipe, country)


def _error(trial: Trial, splits: list[_Split], recipe: Recipe) -> float:
    """Mean error of the splits: RMSE as in the document for squared errors, else the mean absolute error."""
    import optuna

    parameters: dict[str, Any] = lightgbm_parameters(settings := _suggested(trial), recipe.objective)
    parameters["metric"] = "rmse" if recipe.objective == "l2" else "l1"
    errors, trees = [], []
    for number, split in enumerate(splits):
        booster = _fit(parameters, settings.n_estimators, split)
        errors.append(booster.best_score["later"][parameters["metric"]])
        trees.append(booster.best_iteration)
        trial.report(float(np.mean(errors)), number)
        if number < len(splits) - 1 and trial.should_prune():
            raise optuna.TrialPruned
    trial.set_user_attr("trees", max(round(float(np.mean(trees))), 1))
    return float(np.mean(errors))


def _fit(parameters: dict[str, Any], trees: int, split: _Split) -> Booster:
    import lightgbm

    return lightgbm.train(
        parameters,
        split.earlier,
        trees,
        valid_sets=[split.later],
        valid_names=["later"],
        callbacks=[lightgbm.early_stopping(_STOPPED_AFTER, verbose=False)],
    )
