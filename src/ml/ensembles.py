"""The best candidates together as one more: a blend (their mean), or a stack (a model that learns from their answers).

What is fitted are scikit-learn's own classes, so that a saved one needs nothing of Farol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from src.errors import InvalidComparison
from src.evaluation.splits import Rows, forward_folds, inner_folds
from src.ml.candidates import Candidate, Task
from src.ml.preparation import make_preparation

if TYPE_CHECKING:
    from src.ml.candidate_fitting import TrainingData

EnsembleKind = Literal["none", "blend", "stack"]
STACK_FOLDS = 3
_BASELINE = "dummy"
_CLASSES = {
    ("blend", "classification"): "sklearn.ensemble:VotingClassifier",
    ("blend", "regression"): "sklearn.ensemble:VotingRegressor",
    ("stack", "classification"): "sklearn.ensemble:StackingClassifier",
    ("stack", "regression"): "sklearn.ensemble:StackingRegressor",
}
_NAMES = {"blend": "Blend", "stack": "Stack"}


@dataclass(frozen=True)
class Ensemble(Candidate):
    """Several candidates as one; its id is its kind.

    Attributes
    ----------
    members : tuple of Candidate
        The best first; empty as long as it is not known which they are.
    """

    members: tuple[Candidate, ...] = ()

    def make(self, seed: int) -> Any:
        """Make the unfitted estimator; how a stack divides rows is settled where it is fitted."""
        arguments: dict[str, Any] = {"estimators": [(member.id, member.make(seed)) for member in self.members]}
        if self.model_type == "VotingClassifier":
            arguments["voting"] = "soft"
        if self.model_type == "StackingClassifier":
            from sklearn.linear_model import LogisticRegression

            arguments["final_estimator"] = LogisticRegression(max_iter=1000)
        return Candidate.make(replace(self, arguments=arguments), seed)


def make_ensemble(kind: str, task: Task, members: Sequence[Candidate] = ()) -> Ensemble:
    """Make the candidate that is a blend or a stack of others.

    A blend takes the mean of values, or of the probabilities of each class (soft vote); a stack fits a logistic
    regression, or a ridge regression, on what the members answer for rows that they were not fitted on
    (Wolpert, "Stacked generalization", Neural Networks 5, 1992).

    Parameters
    ----------
    kind : {"blend", "stack"}
    members : sequence of Candidate
        The best first; none as long as it is not known which they are.
    """
    fits = STACK_FOLDS + 1 if kind == "stack" else 1
    return Ensemble(
        id=kind,
        name=_name(kind, members),
        path=_CLASSES[kind, task],
        cost=fits * sum(member.cost for member in members),
        seeded=False,
        members=tuple(members),
    )


def choose_members(kind: str, ranked: Sequence[Candidate], size: int) -> tuple[Candidate, ...]:
    """Choose the best so many of the ranked candidates.

    The baseline is left out, and so is from a blend what gives no probabilities.

    Raises
    ------
    InvalidComparison
        Fewer than two are left.
    """
    able = [
        candidate for candidate in ranked if candidate.id != _BASELINE and (kind == "stack" or candidate.probabilities)
    ]
    if len(able) < 2:
        raise InvalidComparison(
            "Fewer than two candidates can be its members: it takes no baseline, and a blend of classifiers only those "
            "that give probabilities. Compare more candidates."
        )
    return tuple(able[:size])


def fit_ensemble(ensemble: Ensemble, data: TrainingData, rows: Rows) -> Any:
    """Fit preparation and ensemble on some rows of a table; a stack learns as the comparison's split asks for.

    With random rows and with groups, its last model learns from the members' answers on inner folds of those rows.
    With a split by time it learns from their answers on later rows when they have seen earlier ones only; in the end
    they are fitted on all of the rows.

    Returns
    -------
    sklearn.pipeline.Pipeline

    Raises
    ------
    InvalidComparison
        The rows cannot be divided once more.
    """
    from sklearn.pipeline import Pipeline

    is_stack = ensemble.id == "stack"
    if is_stack and data.split.kind == "time":
        return _fit_stack_by_time(ensemble, data, rows)
    estimator = ensemble.make(data.seed)
    if is_stack:
        stratified = data.task == "classification"
        folds = inner_folds(data.split, rows, data.target, stratified=stratified, folds=STACK_FOLDS)
        estimator.set_params(cv=folds)
    pipeline = Pipeline([("prepare", make_preparation(data.features)), ("estimator", estimator)])
    pipeline.fit(data.features.iloc[rows], data.target[rows])
    if is_stack:
        estimator.set_params(cv=STACK_FOLDS)  # the positions of the rows would be saved with the model
    return pipeline


def _fit_stack_by_time(ensemble: Ensemble, data: TrainingData, rows: Rows) -> Any:
    """Fit a stack whose last model learns from forecasts only; scikit-learn's own folds would look into the future."""
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    stratified = data.task == "classification"
    folds = forward_folds(data.split, rows, data.target, stratified=stratified, folds=STACK_FOLDS)
    unfitted = ensemble.make(data.seed)
    prepare, members = _fitted(unfitted.estimators, data, rows)
    names = [name for name, _ in unfitted.estimators]
    stack = clone(unfitted).set_params(estimators=list(zip(names, members, strict=True)), cv="prefit")
    stack.fit(prepare.transform(data.features.iloc[rows]), data.target[rows])
    answers = []
    for earlier, later in folds:
        early_prepare, stack.estimators_ = _fitted(unfitted.estimators, data, earlier)
        answers.append(stack.transform(early_prepare.transform(data.features.iloc[later])))
    actual = data.target[np.concatenate([later for _, later in folds])]
    if stratified:
        actual = np.searchsorted(stack.classes_, actual)  # the last model of a stack knows classes by number
    stack.final_estimator_ = clone(stack.final_estimator_).fit(np.concatenate(answers), actual)
    stack.set_params(estimators=unfitted.estimators, cv=STACK_FOLDS).estimators_ = members
    return Pipeline([("prepare", prepare), ("estimator", stack)])


def _fitted(estimators: list[tuple[str, Any]], data: TrainingData, rows: Rows) -> tuple[Any, list[Any]]:
    from sklearn.base import clone

    prepare = make_preparation(data.features).fit(data.features.iloc[rows])
    prepared = prepare.transform(data.features.iloc[rows])
    return prepare, [clone(estimator).fit(prepared, data.target[rows]) for _, estimator in estimators]


def _name(kind: str, members: Sequence[Candidate]) -> str:
    listed = " + ".join(member.id for member in members)
    return f"{_NAMES[kind]} ({listed})" if members else _NAMES[kind]
