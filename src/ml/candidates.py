"""The estimators that a comparison ranks.

Identifiers, names and hyperparameters are those of PyCaret 3.3.2, so that its users find the leaderboard they know
(a test holds both side by side). Nothing is imported until an estimator is made: LightGBM stays out of the dashboard.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from src.errors import InvalidComparison
from src.notes import Note

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Candidate:
    """One estimator in a comparison.

    Attributes
    ----------
    id : str
        Short identifier, such as ``rf``.
    name : str
        What people call it.
    path : str
        ``module:class`` of the estimator.
    arguments : dict
        Hyperparameters that differ from the class's own defaults.
    cost : float
        Rough time to fit, relative to a decision tree; decides who starts first and how progress is counted.
    turbo : bool
        False for those that get slow with many rows: left out unless asked for.
    seeded : bool
        Whether it takes a ``random_state``.
    probabilities : bool
        Whether a classifier of this kind gives the probability of each class.
    """

    id: str
    name: str
    path: str
    arguments: dict[str, Any] = field(default_factory=dict)
    cost: float = 1.0
    turbo: bool = True
    seeded: bool = True
    probabilities: bool = True

    @property
    def model_type(self) -> str:
        """Name of the estimator's class."""
        return self.path.split(":")[1]

    def make(self, seed: int) -> Any:
        """Make the unfitted estimator."""
        module, name = self.path.split(":")
        arguments = dict(self.arguments)
        if self.seeded:
            arguments["random_state"] = seed
        return getattr(import_module(module), name)(**arguments)


_LIGHTGBM: dict[str, Any] = {"n_jobs": 1, "verbose": -1}

CLASSIFIERS = (
    Candidate("lr", "Logistic Regression", "sklearn.linear_model:LogisticRegression", {"max_iter": 1000}, 3),
    Candidate("knn", "K Neighbors Classifier", "sklearn.neighbors:KNeighborsClassifier", cost=5, seeded=False),
    Candidate("nb", "Naive Bayes", "sklearn.naive_bayes:GaussianNB", seeded=False),
    Candidate("dt", "Decision Tree Classifier", "sklearn.tree:DecisionTreeClassifier"),
    Candidate(
        "svm",
        "SVM - Linear Kernel",
        "sklearn.linear_model:SGDClassifier",
        {"loss": "hinge", "eta0": 0.001},
        2,
        probabilities=False,
    ),
    Candidate(
        "rbfsvm", "SVM - Radial Kernel", "sklearn.svm:SVC", {"gamma": "auto", "probability": True}, 100, turbo=False
    ),
    Candidate(
        "gpc",
        "Gaussian Process Classifier",
        "sklearn.gaussian_process:GaussianProcessClassifier",
        {"copy_X_train": False},
        300,
        turbo=False,
    ),
    Candidate("mlp", "MLP Classifier", "sklearn.neural_network:MLPClassifier", {"max_iter": 500}, 40, turbo=False),
    Candidate("ridge", "Ridge Classifier", "sklearn.linear_model:RidgeClassifier", probabilities=False),
    Candidate("rf", "Random Forest Classifier", "sklearn.ensemble:RandomForestClassifier", cost=20),
    Candidate(
        "qda",
        "Quadratic Discriminant Analysis",
        "sklearn.discriminant_analysis:QuadraticDiscriminantAnalysis",
        seeded=False,
    ),
    Candidate("ada", "Ada Boost Classifier", "sklearn.ensemble:AdaBoostClassifier", cost=12),
    Candidate("gbc", "Gradient Boosting Classifier", "sklearn.ensemble:GradientBoostingClassifier", cost=30),
    Candidate(
        "lda", "Linear Discriminant Analysis", "sklearn.discriminant_analysis:LinearDiscriminantAnalysis", seeded=False
    ),
    Candidate("et", "Extra Trees Classifier", "sklearn.ensemble:ExtraTreesClassifier", cost=12),
    Candidate("lightgbm", "Light Gradient Boosting Machine", "lightgbm:LGBMClassifier", _LIGHTGBM, 6),
    Candidate("dummy", "Dummy Classifier", "sklearn.dummy:DummyClassifier", {"strategy": "prior"}),
)

REGRESSORS = (
    Candidate("lr", "Linear Regression", "sklearn.linear_model:LinearRegression", seeded=False),
    Candidate("lasso", "Lasso Regression", "sklearn.linear_model:Lasso"),
    Candidate("ridge", "Ridge Regression", "sklearn.linear_model:Ridge"),
    Candidate("en", "Elastic Net", "sklearn.linear_model:ElasticNet"),
    Candidate("lar", "Least Angle Regression", "sklearn.linear_model:Lars"),
    Candidate("llar", "Lasso Least Angle Regression", "sklearn.linear_model:LassoLars"),
    Candidate("omp", "Orthogonal Matching Pursuit", "sklearn.linear_model:OrthogonalMatchingPursuit", seeded=False),
    Candidate("br", "Bayesian Ridge", "sklearn.linear_model:BayesianRidge", seeded=False),
    Candidate(
        "ard",
        "Automatic Relevance Determination",
        "sklearn.linear_model:ARDRegression",
        {"max_iter": 1000},
        20,
        turbo=False,
        seeded=False,
    ),
    Candidate("par", "Passive Aggressive Regressor", "sklearn.linear_model:PassiveAggressiveRegressor"),
    Candidate("ransac", "Random Sample Consensus", "sklearn.linear_model:RANSACRegressor", cost=3, turbo=False),
    Candidate(
        "tr", "TheilSen Regressor", "sklearn.linear_model:TheilSenRegressor", {"max_iter": 1000}, 60, turbo=False
    ),
    Candidate("huber", "Huber Regressor", "sklearn.linear_model:HuberRegressor", cost=2, seeded=False),
    Candidate("kr", "Kernel Ridge", "sklearn.kernel_ridge:KernelRidge", cost=100, turbo=False, seeded=False),
    Candidate("svm", "Support Vector Regression", "sklearn.svm:SVR", cost=60, turbo=False, seeded=False),
    Candidate("knn", "K Neighbors Regressor", "sklearn.neighbors:KNeighborsRegressor", cost=3, seeded=False),
    Candidate("dt", "Decision Tree Regressor", "sklearn.tree:DecisionTreeRegressor"),
    Candidate("rf", "Random Forest Regressor", "sklearn.ensemble:RandomForestRegressor", cost=60),
    Candidate("et", "Extra Trees Regressor", "sklearn.ensemble:ExtraTreesRegressor", cost=25),
    Candidate("ada", "AdaBoost Regressor", "sklearn.ensemble:AdaBoostRegressor", cost=15),
    Candidate("gbr", "Gradient Boosting Regressor", "sklearn.ensemble:GradientBoostingRegressor", cost=25),
    Candidate("mlp", "MLP Regressor", "sklearn.neural_network:MLPRegressor", {"max_iter": 500}, 40, turbo=False),
    Candidate("lightgbm", "Light Gradient Boosting Machine", "lightgbm:LGBMRegressor", _LIGHTGBM, 5),
    Candidate("dummy", "Dummy Regressor", "sklearn.dummy:DummyRegressor", seeded=False),
)


def candidates_for(task: Task) -> tuple[Candidate, ...]:
    """Return all candidates for a task."""
    return CLASSIFIERS if task == "classification" else REGRESSORS


def choose_candidates(task: Task, include: Iterable[str] | None = None, *, turbo: bool = True) -> tuple[Candidate, ...]:
    """Return the candidates to compare: those named, else all (with `turbo`, all but the slow ones).

    Raises
    ------
    InvalidComparison
        An unknown identifier, or none at all.
    """
    known = {candidate.id: candidate for candidate in candidates_for(task)}
    if include is None:
        return tuple(candidate for candidate in known.values() if candidate.turbo or not turbo)
    wanted = list(dict.fromkeys(name.strip() for name in include if name.strip()))
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise InvalidComparison(
            "No candidate for {task} is called {unknown!r}. Choose from: {known}.",
            task=task,
            unknown=", ".join(unknown),
            known=", ".join(known),
        )
    return tuple(known[name] for name in wanted)


DESCRIPTIONS = {
    "LogisticRegression": Note(
        "Weighs each feature and turns the sum into a probability. Simple, and easy to explain."
    ),
    "KNeighborsClassifier": Note("Looks up the most similar rows of the training table and takes their majority."),
    "GaussianNB": Note("Assumes that features are independent bell curves within each class. Very fast."),
    "DecisionTreeClassifier": Note("A tree of yes-or-no questions. Easy to read, inclined to overfit."),
    "SGDClassifier": Note("Draws the straight border with the widest margin between classes. Sensitive to scales."),
    "SVC": Note("Draws a curved border with the widest margin between classes. Slow with many rows."),
    "GaussianProcessClassifier": Note("A smooth probability over all features. Very slow with many rows."),
    "MLPClassifier": Note("A small neural network. Sensitive to scales; slow to train."),
    "RidgeClassifier": Note("Least squares with small weights preferred. Fast and steady; gives no probabilities."),
    "RandomForestClassifier": Note("Many trees on random parts of rows and features vote. Strong without tuning."),
    "QuadraticDiscriminantAnalysis": Note("A bell-shaped cloud for each class, each with a shape of its own."),
    "AdaBoostClassifier": Note("Many tiny trees, each looking harder at what the ones before got wrong."),
    "GradientBoostingClassifier": Note(
        "Trees added one by one, each correcting what is left over. Strong; slow to train."
    ),
    "LinearDiscriminantAnalysis": Note(
        "A bell-shaped cloud for each class, all with the same shape: straight borders."
    ),
    "ExtraTreesClassifier": Note("Like a random forest, with splits drawn at random: smoother and faster to train."),
    "LGBMClassifier": Note("Gradient boosting on binned features. Strong and fast with many rows."),
    "DummyClassifier": Note("Always answers with the most frequent class. What any model has to beat."),
    "LinearRegression": Note("Weighs each feature and adds up. Simple, and easy to explain."),
    "Lasso": Note("Linear regression that sets weak features to zero."),
    "Ridge": Note("Linear regression with small weights preferred. Steady when features are alike."),
    "ElasticNet": Note("A mixture of lasso and ridge regression."),
    "Lars": Note("Linear regression that takes features in one by one, the most useful first."),
    "LassoLars": Note("The lasso, computed feature by feature."),
    "OrthogonalMatchingPursuit": Note("Linear regression with only the few most useful features."),
    "BayesianRidge": Note("Ridge regression that chooses by itself how small its weights are."),
    "ARDRegression": Note("Bayesian regression that finds out which features matter. Slow with many rows."),
    "PassiveAggressiveRegressor": Note("A linear model that is corrected row by row. Sensitive to scales."),
    "RANSACRegressor": Note("Linear regression on the rows that agree with each other; ignores outliers."),
    "TheilSenRegressor": Note("Linear regression by medians; robust to outliers and slow."),
    "HuberRegressor": Note("Linear regression in which outliers count less."),
    "KernelRidge": Note("Ridge regression in a transformed space. Slow with many rows."),
    "SVR": Note("Support vectors for numbers. Sensitive to scales; slow with many rows."),
    "KNeighborsRegressor": Note("The mean of the most similar rows of the training table."),
    "DecisionTreeRegressor": Note("A tree of yes-or-no questions with a number at each end. Inclined to overfit."),
    "RandomForestRegressor": Note(
        "The mean of many trees on random parts of rows and features. Strong without tuning."
    ),
    "ExtraTreesRegressor": Note("Like a random forest, with splits drawn at random."),
    "AdaBoostRegressor": Note("Many small trees, each looking harder at the largest errors so far."),
    "GradientBoostingRegressor": Note("Trees added one by one, each correcting what is left over. Strong."),
    "MLPRegressor": Note("A small neural network. Sensitive to scales; slow to train."),
    "LGBMRegressor": Note("Gradient boosting on binned features. Strong and fast with many rows."),
    "DummyRegressor": Note("Always answers with the mean. What any model has to beat."),
    "VotingClassifier": Note("The best candidates together: the mean of their probabilities decides."),
    "VotingRegressor": Note("The best candidates together: the mean of their answers."),
    "StackingClassifier": Note("The best candidates together: a logistic regression learns whom to believe, and when."),
    "StackingRegressor": Note("The best candidates together: a ridge regression learns whom to believe."),
}
"""What each estimator is, in one sentence, by the name of its class."""
